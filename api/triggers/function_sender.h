// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include "api/triggers/step_sender.h"

namespace busbar::triggers {

// Calls a function of one module, or of every module of an interface side by side. A repeated
// attempt leaves out the modules that have answered already. Loop-only.
class FunctionSender : public StepSender {
 public:
  // `args` is JSON text.
  FunctionSender(const ActionRunner::Surroundings& around, const ActionRunner::Job& job,
                 const CallFunction& call, std::string args, Milliseconds timeout);

  void send(bool isRetry, Done done) override;
  void withdraw() override;

 private:
  void call(const std::string& moduleId, unsigned attempt);
  void answered(const std::string& moduleId, unsigned attempt, Result<ExecuteReply> reply);
  void finish();
  std::string answerText() const;
  void end(AttemptEnd outcome);

  EventLoop& loop_;
  HostClient& host_;
  ActionRunner::Inside& inside_;
  const std::string firingId_;
  const std::string instanceId_;
  const CallerInfo caller_;
  const CallFunction call_;
  const std::string args_;
  const Milliseconds timeout_;

  unsigned attempt_ = 0;
  size_t open_ = 0;  // calls of this attempt that have no answer yet
  std::map<std::string, HostClient::CallId> calls_;
  std::map<std::string, std::string> answers_;  // JSON text by module, of all attempts
  std::vector<std::pair<std::string, Error>> failures_;
  Done done_;
};

}  // namespace busbar::triggers
