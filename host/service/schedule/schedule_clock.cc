// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/schedule/schedule_clock.h"

#include <algorithm>

namespace busbar {

ScheduleClock::ScheduleClock(EventLoop& loop) : loop_(loop) {}

ScheduleClock::~ScheduleClock() {
  loop_.cancel(timer_);
}

void ScheduleClock::add(Job& job, Instant first) {
  if (jobs_.empty()) {
    tick_ = loop_.now() + kTick;
  }
  place(job, first);
  arm();
}

void ScheduleClock::remove(Job& job) {
  if (const auto it = jobs_.find(&job); it != jobs_.end()) {
    due_.erase({it->second, &job});
    jobs_.erase(it);
  }
}

void ScheduleClock::place(Job& job, Instant when) {
  remove(job);
  if (when >= tick_) {
    jobs_[&job] = Instant::max();
    return;
  }
  jobs_[&job] = when;
  due_.emplace(when, &job);
}

void ScheduleClock::run() {
  const Instant now = loop_.now();
  if (now >= tick_) {
    tick_ = now + kTick;
    for (auto& [job, when] : jobs_) {
      if (when == Instant::max()) {
        when = now;
        due_.emplace(now, job);
      }
    }
  }
  for (size_t n = 0; n < kPollsPerTurn && !due_.empty() && due_.begin()->first <= now; ++n) {
    Job* job = due_.begin()->second;
    remove(*job);
    if (const std::optional<Instant> next = job->poll()) {
      place(*job, *next);
    }
  }
  arm();
}

void ScheduleClock::arm() {
  const Instant next = jobs_.empty()  ? Instant::max()
                       : due_.empty() ? tick_
                                      : std::min(tick_, due_.begin()->first);
  if (timer_ != 0 && next == armed_) {
    return;
  }
  loop_.cancel(timer_);
  timer_ = 0;
  armed_ = next;
  if (next != Instant::max()) {
    // Later than now: what is due now and was left over belongs to the next turn.
    timer_ = loop_.runAt(std::max(next, loop_.now() + Nanoseconds(1)), [this] {
      timer_ = 0;
      run();
    });
  }
}

}  // namespace busbar
