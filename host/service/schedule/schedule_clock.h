// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <set>
#include <unordered_map>
#include <utility>

#include "sdk/base/event_loop.h"

namespace busbar {

// Polls all schedules of a host: each when it is due, and all of them together once a minute, for
// that is how a change of the wall clock is noticed (sdk/base/cron_timer.h). However many there
// are, one timer of the loop waits. Loop-only.
class ScheduleClock {
 public:
  static constexpr std::chrono::seconds kTick{60};
  // In one turn of the loop, so that a thousand that are due in the same second do not hold it up.
  static constexpr size_t kPollsPerTurn = 256;

  class Job {
   public:
    // Returns when to poll next; none: it is over, and the job may be gone. Must not remove others.
    virtual std::optional<Instant> poll() = 0;

   protected:
    ~Job() = default;
  };

  explicit ScheduleClock(EventLoop& loop);
  ScheduleClock(const ScheduleClock&) = delete;
  ScheduleClock& operator=(const ScheduleClock&) = delete;
  ~ScheduleClock();

  // Polls `job` at `first`, or within kTick, until it is over or removed.
  void add(Job& job, Instant first);
  void remove(Job& job);  // unknown is fine
  size_t size() const { return jobs_.size(); }

 private:
  void place(Job& job, Instant when);
  void run();
  void arm();

  EventLoop& loop_;
  Instant tick_;                            // the next poll of all
  std::unordered_map<Job*, Instant> jobs_;  // Instant::max(): waits for the tick
  std::set<std::pair<Instant, Job*>> due_;  // the others
  TimerId timer_ = 0;
  Instant armed_ = Instant::max();
};

}  // namespace busbar
