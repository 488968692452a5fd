// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/function_sender.h"

#include <algorithm>
#include <array>

namespace busbar::triggers {
namespace {

// States of the module or its device that pass. Whoever asks for repeats accepts that a call may
// have had its effect before it failed.
constexpr std::array<std::string_view, 8> kPassing{
    "module_not_running", "module_busy",      "driver_crashed", "device_offline",
    "deadline_exceeded",  "module_restarted", "module_moved",   "module_stopped"};

bool mayPass(const Error& error) {
  const std::string_view reason = error.reason.empty() ? toString(error.code) : error.reason;
  return std::find(kPassing.begin(), kPassing.end(), reason) != kPassing.end();
}

}  // namespace

FunctionSender::FunctionSender(const ActionRunner::Surroundings& around,
                               const ActionRunner::Job& job, const CallFunction& call,
                               std::string args, Milliseconds timeout)
    : loop_(around.loop),
      host_(around.host),
      inside_(around.inside),
      firingId_(job.firingId),
      instanceId_(job.instanceId),
      caller_(job.caller),
      call_(call),
      args_(std::move(args)),
      timeout_(timeout) {}

void FunctionSender::send(bool, Done done) {
  done_ = std::move(done);
  const unsigned attempt = ++attempt_;
  failures_.clear();
  std::vector<std::string> modules;
  if (call_.interface.empty()) {
    modules.push_back(inside_.moduleOf(instanceId_, call_.mod));
    if (modules.front().empty()) {
      end({Error::because(ErrorCode::NotFound, "module_not_found",
                          "the system has no module " + call_.mod),
           {},
           false});
      return;
    }
  } else {
    modules = inside_.modulesOf(instanceId_, call_.interface);
    std::erase_if(modules, [this](const auto& id) { return answers_.count(id) != 0; });
  }
  open_ = modules.size();
  if (modules.empty()) {
    finish();
    return;
  }
  for (const std::string& moduleId : modules) {
    if (attempt_ == attempt) {  // else withdrawn by what a call has caused
      call(moduleId, attempt);
    }
  }
}

void FunctionSender::call(const std::string& moduleId, unsigned attempt) {
  calls_[moduleId] = 0;
  inside_.callBegins(firingId_, moduleId);
  if (attempt_ != attempt) {
    return;
  }
  ExecuteRequest request;
  request.moduleId = moduleId;
  request.function = call_.method;
  request.args = args_;
  request.caller = caller_;
  request.deadline = loop_.now() + timeout_;
  const auto id = host_.execute(
      std::move(request), [weak = weak_from_this(), moduleId, attempt](Result<ExecuteReply> reply) {
        if (const auto self = weak.lock()) {
          static_cast<FunctionSender*>(self.get())->answered(moduleId, attempt, std::move(reply));
        }
      });
  if (attempt_ != attempt) {
    host_.cancel(id);
  } else if (const auto found = calls_.find(moduleId); found != calls_.end()) {
    found->second = id;
  }
}

void FunctionSender::answered(const std::string& moduleId, unsigned attempt,
                              Result<ExecuteReply> reply) {
  if (attempt != attempt_ || calls_.erase(moduleId) == 0) {
    return;
  }
  inside_.callEnded(firingId_, moduleId);
  if (attempt != attempt_) {
    return;
  }
  if (reply.ok()) {
    answers_[moduleId] = answerOrNote(std::move(reply->resultJson));
  } else {
    failures_.emplace_back(moduleId, std::move(reply).error());
  }
  if (--open_ == 0) {
    finish();
  }
}

std::string FunctionSender::answerText() const {
  if (call_.interface.empty()) {
    return answers_.empty() ? std::string() : answers_.begin()->second;
  }
  std::string all = "{";
  for (const auto& [moduleId, answer] : answers_) {
    all += all.size() > 1 ? "," : "";
    json::appendString(all, moduleId);
    all += ":" + answer;
  }
  return answerOrNote(all + "}");
}

void FunctionSender::finish() {
  if (failures_.empty()) {
    end({Status(), answerText(), false});
    return;
  }
  Error error = failures_.front().second;
  const bool mayRepeat = std::all_of(failures_.begin(), failures_.end(),
                                     [](const auto& failure) { return mayPass(failure.second); });
  if (!call_.interface.empty()) {
    error.message = std::to_string(failures_.size()) + " of " +
                    std::to_string(failures_.size() + answers_.size()) + " modules failed; " +
                    failures_.front().first + ": " + error.message;
  }
  end({std::move(error), call_.interface.empty() ? std::string() : answerText(), mayRepeat});
}

void FunctionSender::end(AttemptEnd outcome) {
  auto done = std::exchange(done_, nullptr);
  done(std::move(outcome));
}

void FunctionSender::withdraw() {
  ++attempt_;
  done_ = nullptr;
  for (const auto& [moduleId, id] : std::exchange(calls_, {})) {
    inside_.callEnded(firingId_, moduleId);
    host_.cancel(id);
  }
}

}  // namespace busbar::triggers
