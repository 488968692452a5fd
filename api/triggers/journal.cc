// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/journal.h"

#include <utility>

namespace busbar::triggers {

Journal::Journal(EventLoop& loop, TriggerStore& store, ProgressOf progressOf)
    : loop_(loop), store_(store), progressOf_(std::move(progressOf)) {}

Journal::~Journal() {
  *alive_ = false;
  loop_.cancel(timer_);
}

void Journal::write(TriggerWrite write, Stored stored) {
  waiting_.push_back({std::move(write), std::move(stored)});
  arm(Milliseconds(0));
}

void Journal::progressChanged(const std::string& instanceId) {
  progress_.insert(instanceId);
  arm(kProgressDelay);
}

void Journal::flush(Callback<void()> done) {
  if (waiting_.empty() && progress_.empty() && inFlight_ == 0) {
    done();
    return;
  }
  for (const std::string& id : std::exchange(progress_, {})) {
    if (std::string document = progressOf_(id); !document.empty()) {
      waiting_.push_back({TriggerProgress{id, std::move(document)}, {}});
    }
  }
  flushes_.push_back(std::move(done));
  arm(Milliseconds(0));
}

// One transaction at a time: what comes meanwhile makes the next one.
void Journal::arm(Milliseconds delay) {
  if (inFlight_ > 0 || willBegin_) {
    return;
  }
  if (delay == Milliseconds(0)) {
    willBegin_ = true;
    loop_.defer([this, alive = alive_] {
      if (*alive) {
        begin();
      }
    });
  } else if (timer_ == 0) {
    timer_ = loop_.runAfter(delay, [this] {
      timer_ = 0;
      begin();
    });
  }
}

void Journal::begin() {
  willBegin_ = false;
  loop_.cancel(std::exchange(timer_, 0));
  if (inFlight_ > 0) {
    return;
  }
  std::vector<TriggerWrite> writes;
  writes.reserve(progress_.size() + waiting_.size());
  std::set<std::string> progress = std::exchange(progress_, {});
  auto stored = std::make_shared<std::vector<Stored>>();  // shared with the completion
  for (Entry& entry : std::exchange(waiting_, {})) {
    writes.push_back(std::move(entry.write));
    if (entry.stored) {
      stored->push_back(std::move(entry.stored));
    }
  }
  // Last: what waits may hold an older one, from a flush.
  for (const std::string& id : progress) {
    if (std::string document = progressOf_(id); !document.empty()) {
      writes.emplace_back(TriggerProgress{id, std::move(document)});
    }
  }
  inFlight_ = writes.size();
  if (writes.empty()) {
    finish(std::move(stored), {}, {});
    return;
  }
  store_.applyTriggers(
      std::move(writes), loop_.now() + kWriteLimit,
      [this, alive = alive_, stored, progress = std::move(progress)](Status outcome) mutable {
        if (*alive) {
          finish(std::move(stored), std::move(progress), std::move(outcome));
        }
      });
}

void Journal::finish(std::shared_ptr<std::vector<Stored>> stored, std::set<std::string> progress,
                     Status outcome) {
  inFlight_ = 0;
  lastWrite_ = outcome;
  if (!outcome.ok()) {
    progress_.merge(progress);
  }
  const auto alive = alive_;
  for (Stored& one : *stored) {
    one(outcome);
    if (!*alive) {
      return;
    }
  }
  if (!waiting_.empty()) {
    arm(Milliseconds(0));
  } else if (!progress_.empty()) {
    arm(outcome.ok() ? kProgressDelay : kAgainAfter);
  }
  if ((waiting_.empty() && progress_.empty() && inFlight_ == 0) || !outcome.ok()) {
    for (auto& done : std::exchange(flushes_, {})) {
      done();
    }
  }
}

}  // namespace busbar::triggers
