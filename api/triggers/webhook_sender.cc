// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/webhook_sender.h"

#include <utility>

namespace busbar::triggers {
namespace {

// What the guard or the request's own form refuses stays refused.
bool mayEndBetter(ErrorCode code) {
  return code != ErrorCode::InvalidArgument && code != ErrorCode::PermissionDenied;
}

}  // namespace

WebhookSender::WebhookSender(const ActionRunner::Surroundings& around, const ActionRunner::Job& job,
                             std::string step, HttpRequest request)
    : loop_(around.loop),
      http_(around.http),
      profile_(around.webhooks),
      secret_(job.signingSecret),
      firingId_(job.firingId),
      step_(std::move(step)),
      request_(std::move(request)) {}

// Calls `f` with this and what comes, unless this attempt is over.
template <class F>
auto WebhookSender::guarded(F f) {
  return [weak = weak_from_this(), attempt = attempt_, f](auto&&... arguments) {
    const auto self = weak.lock();
    auto* const sender = static_cast<WebhookSender*>(self.get());
    if (sender != nullptr && sender->attempt_ == attempt && sender->done_) {
      f(*sender, std::forward<decltype(arguments)>(arguments)...);
    }
  };
}

void WebhookSender::send(bool isRetry, Done done) {
  ++attempt_;
  done_ = std::move(done);
  status_ = 0;
  body_.clear();
  HttpRequest request = request_;
  stampWebhook(request,
               {secret_, firingId_, step_, loop_.clock().utcNs() / 1'000'000'000, isRetry});
  HttpStream stream;
  stream.head = guarded([](WebhookSender& self, HttpHead head) { self.status_ = head.status; });
  stream.body = guarded([](WebhookSender& self, std::string_view piece) { self.body(piece); });
  stream.end = guarded([](WebhookSender& self, Status status) {
    if (status.ok() || self.status_ != 0) {
      self.answered();
    } else {
      self.failed(std::move(status).error());
    }
  });
  auto id = http_.stream(profile_, std::move(request), std::move(stream));
  if (!id.ok()) {
    failed(std::move(id).error());
    return;
  }
  id_ = *id;
}

void WebhookSender::body(std::string_view piece) {
  body_ += piece.substr(0, ActionRunner::kMaxAnswerBytes - body_.size());
  if (body_.size() == ActionRunner::kMaxAnswerBytes) {
    http_.cancel(std::exchange(id_, 0));
    answered();
  }
}

void WebhookSender::answered() {
  Status status = judgeWebhook(status_);
  const bool mayRepeat = !status.ok() && mayRepeatWebhook(status_);
  end({std::move(status), describeAnswer(status_, body_, ActionRunner::kMaxAnswerBytes),
       mayRepeat});
}

void WebhookSender::failed(Error error) {
  const bool mayRepeat = mayEndBetter(error.code);
  end({std::move(error), {}, mayRepeat});
}

void WebhookSender::end(AttemptEnd outcome) {
  auto done = std::exchange(done_, nullptr);
  done(std::move(outcome));
}

void WebhookSender::withdraw() {
  ++attempt_;
  done_ = nullptr;
  http_.cancel(std::exchange(id_, 0));
}

}  // namespace busbar::triggers
