// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/step_sender.h"

#include <algorithm>
#include <utility>

#include "api/triggers/function_sender.h"
#include "api/triggers/template.h"
#include "api/triggers/webhook_sender.h"

namespace busbar::triggers {
namespace {

bool mailMayPass(ErrorCode code) {
  return code == ErrorCode::Unavailable || code == ErrorCode::DeadlineExceeded ||
         code == ErrorCode::ResourceExhausted;
}

class MailSender : public StepSender {
 public:
  MailSender(Mailer* mailer, Mail mail, Milliseconds timeout)
      : mailer_(mailer), mail_(std::move(mail)), timeout_(timeout) {}

  void send(bool, Done done) override {
    if (mailer_ == nullptr) {
      done({Error::because(ErrorCode::FailedPrecondition, "mail_not_configured",
                           "this site has no mail server; name one in [mail] of the configuration"),
            {},
            false});
      return;
    }
    done_ = std::move(done);
    mailer_->send(mail_, timeout_, [weak = weak_from_this(), attempt = ++attempt_](Status status) {
      if (const auto self = weak.lock()) {
        static_cast<MailSender*>(self.get())->sent(attempt, std::move(status));
      }
    });
  }
  void withdraw() override {
    ++attempt_;
    done_ = nullptr;
  }

 private:
  void sent(unsigned attempt, Status status) {
    if (attempt == attempt_ && done_) {
      const bool mayRepeat = !status.ok() && mailMayPass(status.error().code);
      auto done = std::exchange(done_, nullptr);
      done({std::move(status), {}, mayRepeat});
    }
  }

  Mailer* const mailer_;
  const Mail mail_;
  const Milliseconds timeout_;
  unsigned attempt_ = 0;
  Done done_;
};

// Steps that happen inside of the engine, at once.
class InsideSender : public StepSender {
 public:
  explicit InsideSender(Callback<Status()> act) : act_(std::move(act)) {}
  void send(bool, Done done) override { done({act_(), {}, false}); }
  void withdraw() override {}

 private:
  Callback<Status()> act_;
};

using Made = Result<std::shared_ptr<StepSender>>;

struct Make {
  Made operator()(const CallFunction& call) const {
    auto args = render(call.args.isNull() ? json::Value(json::Object()) : call.args, job.facts);
    if (!args) {
      return args.error();
    }
    return Made(
        std::make_shared<FunctionSender>(around, job, call, json::write(*args), step.timeout));
  }
  Made operator()(const SendMail& from) const {
    auto subject = renderHeader(from.subject.empty() ? job.mailSubject : from.subject, job.facts);
    if (!subject) {
      return subject.error();
    }
    auto text = renderText(from.text, job.facts);
    if (!text) {
      return text.error();
    }
    Mail mail{from.to, std::move(*subject), std::move(*text), job.firingId + "." + step.key};
    std::replace(mail.messageId.begin(), mail.messageId.end(), '/', '.');
    return Made(std::make_shared<MailSender>(around.mailer, std::move(mail), step.timeout));
  }
  Made operator()(const CallWebhook& call) const {
    auto request = buildWebhook(call, job.facts);
    if (!request) {
      return request.error();
    }
    request->timeout = step.timeout;
    request->connectTimeout = std::min(request->connectTimeout, step.timeout);
    return Made(std::make_shared<WebhookSender>(around, job, step.key, std::move(*request)));
  }
  Made operator()(const SetStatus& status) const {
    auto value = render(status.value, job.facts);
    if (!value) {
      return value.error();
    }
    return Made(std::make_shared<InsideSender>(
        [&inside = around.inside, id = job.instanceId, firing = job.firingId, name = status.name,
         value = *value] { return inside.setStatus(id, firing, name, value); }));
  }
  Made operator()(const CallTrigger& call) const {
    return Made(std::make_shared<InsideSender>(
        [&inside = around.inside, id = job.instanceId, trigger = call.triggerId,
         firing = job.firingId] { return inside.callTrigger(id, trigger, firing); }));
  }
  Made operator()(const Parallel&) const {
    return Error::of(ErrorCode::Internal, "a Parallel is no step of its own");
  }

  const ActionRunner::Surroundings& around;
  const ActionRunner::Job& job;
  const Step& step;
};

}  // namespace

Result<std::shared_ptr<StepSender>> makeSender(const ActionRunner::Surroundings& around,
                                               const ActionRunner::Job& job, const Step& step) {
  return std::visit(Make{around, job, step}, step.what);
}

std::string answerOrNote(std::string text) {
  if (text.size() <= ActionRunner::kMaxAnswerBytes) {
    return text;
  }
  return R"({"left_out":"an answer of )" + std::to_string(text.size()) + R"( bytes"})";
}

}  // namespace busbar::triggers
