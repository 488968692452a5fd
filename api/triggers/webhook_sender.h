// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "api/triggers/step_sender.h"
#include "api/triggers/webhook_call.h"

namespace busbar::triggers {

// Sends a webhook. Once the head of an answer is there its status counts, whatever becomes of the
// body, of which only the beginning is read. Loop-only.
class WebhookSender : public StepSender {
 public:
  WebhookSender(const ActionRunner::Surroundings& around, const ActionRunner::Job& job,
                std::string step, HttpRequest request);

  void send(bool isRetry, Done done) override;
  void withdraw() override;

 private:
  template <class F>
  auto guarded(F f);
  void body(std::string_view piece);
  void answered();
  void failed(Error error);
  void end(AttemptEnd outcome);

  EventLoop& loop_;
  HttpClient& http_;
  const std::shared_ptr<const HttpProfile> profile_;  // shared with the client, for its connections
  const std::string secret_;
  const std::string firingId_;
  const std::string step_;
  const HttpRequest request_;

  unsigned attempt_ = 0;
  HttpRequestId id_ = 0;
  int status_ = 0;  // 0: no head yet
  std::string body_;
  Done done_;
};

}  // namespace busbar::triggers
