// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/cron_timer.h"

#include <algorithm>
#include <utility>

namespace busbar {
namespace {

SysSeconds secondOf(int64_t utcNs) {
  return SysSeconds(std::chrono::floor<std::chrono::seconds>(Nanoseconds(utcNs)));
}

}  // namespace

CronTimer::CronTimer(CronSchedule schedule, TimeZone zone, const Clock& clock, LongJump longJump)
    : schedule_(std::move(schedule)),
      zone_(std::move(zone)),
      clock_(clock),
      longJump_(longJump),
      lastNow_(clock.now()),
      lastUtcNs_(clock.utcNs()) {
  settle(secondOf(lastUtcNs_));
}

void CronTimer::settle(SysSeconds until) {
  settled_ = until;
  due_ = schedule_.next(until, zone_);
  if (due_ && due_ == fired_) {
    due_ = schedule_.next(*due_, zone_);
  }
}

std::optional<SysSeconds> CronTimer::poll() {
  const Instant now = clock_.now();
  const int64_t utcNs = clock_.utcNs();
  const Nanoseconds lived = now - lastNow_;
  const Nanoseconds jump = Nanoseconds(utcNs - lastUtcNs_) - lived;
  lastNow_ = now;
  lastUtcNs_ = utcNs;
  const SysSeconds wall = secondOf(utcNs);
  if (jump >= kCorrection && longJump_ == LongJump::Skip) {
    // Only the time since the last poll was lived through; by the new clock it began here.
    settle(std::max(settled_, secondOf(utcNs - lived.count())));
  } else if (settled_ - wall >= kCorrection) {
    settle(wall);
  }
  if (!due_ || *due_ > wall) {
    return std::nullopt;
  }
  fired_ = due_;
  settle(wall);
  return fired_;
}

Instant CronTimer::nextPoll() const {
  if (!due_) {
    return Instant::max();
  }
  if (*due_ - secondOf(lastUtcNs_) > kLongestWait) {  // in seconds first: a due year may not fit ns
    return lastNow_ + kLongestWait;
  }
  const Nanoseconds wait = Nanoseconds(due_->time_since_epoch()) - Nanoseconds(lastUtcNs_);
  return lastNow_ + std::clamp<Nanoseconds>(wait, Nanoseconds(0), kLongestWait);
}

}  // namespace busbar
