// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/action_runner.h"

#include <utility>

#include "api/triggers/action_run.h"

namespace busbar::triggers {

void ActionRunner::Core::run(Job job) {
  const uint64_t id = ++lastRun_;
  const auto run = std::make_shared<Run>(*this, id, std::move(job));
  runs_.emplace(id, run);
  around.loop.defer([weak = std::weak_ptr<Run>(run)] {
    if (const auto begun = weak.lock()) {
      begun->nextGroup();
    }
  });
}

void ActionRunner::Core::close() {
  waiting_.clear();
  for (const auto& [id, run] : std::exchange(runs_, {})) {
    run->close();
  }
}

void ActionRunner::Core::wantSlot(uint64_t runId, size_t leaf) {
  waiting_.emplace_back(runId, leaf);
  requestPump();
}

void ActionRunner::Core::leaveSlot() {
  --inFlight_;
  if (!waiting_.empty()) {
    requestPump();
  }
}

void ActionRunner::Core::requestPump() {
  if (!std::exchange(pumpQueued_, true)) {
    around.loop.defer([weak = weak_from_this()] {
      if (const auto core = weak.lock()) {
        core->pumpQueued_ = false;
        core->pump();
      }
    });
  }
}

void ActionRunner::Core::pump() {
  while (inFlight_ < kMaxInFlight && !waiting_.empty()) {
    const auto [runId, leaf] = waiting_.front();
    waiting_.pop_front();
    const auto found = runs_.find(runId);
    if (found != runs_.end()) {
      const auto run = found->second;
      ++inFlight_;
      run->slotGiven(leaf);
    }
  }
}

ActionRunner::ActionRunner(Surroundings surroundings)
    : core_(std::make_shared<Core>(surroundings)) {}

ActionRunner::~ActionRunner() {
  core_->close();
}

void ActionRunner::run(Job job) {
  core_->run(std::move(job));
}

size_t ActionRunner::running() const {
  return core_->running();
}

}  // namespace busbar::triggers
