// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "api/triggers/action_runner.h"
#include "api/triggers/spec.h"
#include "sdk/base/callback.h"
#include "sdk/base/result.h"

namespace busbar::triggers {

// How one attempt of a step ended.
struct AttemptEnd {
  Status status;
  std::string answer;      // JSON text of at most ActionRunner::kMaxAnswerBytes, or empty
  bool mayRepeat = false;  // of a failure: another attempt may end better
};

// What one step asks of the outside, its templates filled in already. Keeps copies of what it needs
// of the job, so that it may outlive it. Loop-only.
class StepSender : public std::enable_shared_from_this<StepSender> {
 public:
  using Done = Callback<void(AttemptEnd)>;

  StepSender() = default;
  StepSender(const StepSender&) = delete;
  StepSender& operator=(const StepSender&) = delete;
  virtual ~StepSender() = default;

  // One attempt; the one before is over or withdrawn. `done` comes at most once, possibly before
  // this returns; everything but another send() is allowed in it.
  virtual void send(bool isRetry, Done done) = 0;
  // `done` of the attempt under way does not come any more; what can be called back is.
  virtual void withdraw() = 0;
};

// Errors of templates, with their reason. Shared with callbacks under way. `step` is no Parallel.
Result<std::shared_ptr<StepSender>> makeSender(const ActionRunner::Surroundings& around,
                                               const ActionRunner::Job& job, const Step& step);

// `text` when it is short enough, else a note of its length.
std::string answerOrNote(std::string text);

}  // namespace busbar::triggers
