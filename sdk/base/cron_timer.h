// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "sdk/base/clock.h"
#include "sdk/base/cron.h"
#include "sdk/base/time_zone.h"

namespace busbar {

// Decides when a cron schedule fires on a wall clock that stops, slews and jumps. It does not wait:
// its owner calls poll() at nextPoll(), and earlier when it likes, such as when the kernel tells of
// a change of the clock.
//
//   in time or late      Every due instant since the last one fires, together once.
//                        A process or machine that was held or suspended is late.
//   jump forward < 3 h   What the clock jumped over fires, together once, at once.
//   jump forward >= 3 h  What the clock jumped over is left out; the new time counts. With CatchUp:
//                        as a smaller one.
//   jump backward < 3 h  Nothing fires until the clock passes the last firing again: no instant
//                        fires twice.
//   jump backward >= 3 h The new time counts at once. The instant that fired last does not fire
//                        again; an earlier one does when the clock comes to it.
//
// Three hours are the limit of Debian's cron(8), which takes more for a correction of the clock.
// A jump is what the wall clock moved beyond the boot clock, which no one sets and which runs
// through a suspend.
//
// Thread-compatible.
class CronTimer {
 public:
  static constexpr std::chrono::hours kCorrection{3};
  // A jump is noticed after this at the latest, if the owner polls at nextPoll().
  static constexpr std::chrono::seconds kLongestWait{60};

  // What a jump forward of kCorrection and more leaves out.
  enum class LongJump { Skip, CatchUp };

  // Counts from the clock's present time: what is due at or before it does not fire. `clock` must
  // outlive the timer.
  CronTimer(CronSchedule schedule, TimeZone zone, const Clock& clock,
            LongJump longJump = LongJump::Skip);

  // The instant that fires now, the earliest one when several do; none if nothing does.
  std::optional<SysSeconds> poll();
  // When to poll next, by the reading of the last poll(); Instant::max(): it never fires.
  Instant nextPoll() const;

  const CronSchedule& schedule() const { return schedule_; }
  const TimeZone& zone() const { return zone_; }

 private:
  void settle(SysSeconds until);

  CronSchedule schedule_;
  TimeZone zone_;
  const Clock& clock_;
  LongJump longJump_;
  Instant lastNow_;
  int64_t lastUtcNs_;
  SysSeconds settled_;  // instants up to here have fired, or will not
  std::optional<SysSeconds> due_;
  std::optional<SysSeconds> fired_;  // the last one
};

}  // namespace busbar
