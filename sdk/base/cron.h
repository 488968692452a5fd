// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "sdk/base/result.h"
#include "sdk/base/time_zone.h"

namespace busbar {

// When a job runs, as a cron expression: the syntax of crontab(5) with the extensions of Quartz
// that `croner` (npm) knows; tests/integration/sdk/cron compares the two.
//
//   [second] minute hour day month weekday      five fields, or six with seconds first
//   second, minute 0-59 · hour 0-23 · day 1-31 · month 1-12 or JAN-DEC · weekday 0-7 or SUN-SAT,
//   where 0 and 7 are Sunday. Names in any case.
//   *  any · a,b  list · a-b  range · */n, a-b/n  every n-th, n up to the number of values
//   ?  the same as * in day and weekday
//   L  in day: the last one of the month · 15W: the weekday, Monday to Friday, nearest to the 15th
//      in the same month · LW: the last weekday, alone in its field
//   5L or 5#L  in weekday: the last Friday of the month · 5#2: the second one
//   @yearly @annually @monthly @weekly @daily @midnight @hourly
//
// Day and weekday: when both are other than `*`, a date needs to match one of them (crontab(5)).
// `*/2` is other than `*`; cron itself takes it for `*` there. `*,L` is `*`.
//
// Changes of the zone's offset, such as summer time. A schedule is *fixed* if none of its second,
// minute and hour holds `*`, `?` or `/`:
//   skipped local time   fixed: runs once at the end of the gap, if that is on the same date.
//                        Otherwise: not run; the other times go on.
//   repeated local time  fixed: runs the first time only. Otherwise: runs both times, so that
//                        "every ten minutes" stays ten minutes.
// This is croner's rule "no-wildcard". Debian's cron differs in that a step without `*` (0-23/2)
// is fixed, that `0 0,*/2 * * *` is fixed, and that changes of three hours and more do not count.
//
// Value type; thread-compatible.
class CronSchedule {
 public:
  static constexpr size_t kMaxTextBytes = 256;
  // How far next() looks. The rarest schedule, a fifth weekday in February, comes within 40 years.
  static constexpr std::chrono::years kHorizon{41};

  // InvalidArgument with the field's name in `field` and what is allowed in the message. A schedule
  // that no year can satisfy, such as 30 February, is refused.
  static Result<CronSchedule> parse(std::string_view text);

  // The first instant after `after` that is due in `zone`; none if there is none within kHorizon,
  // and none before 1900 or after 9000.
  // Pure. Takes microseconds, some tens of them for what comes once in decades.
  std::optional<SysSeconds> next(SysSeconds after, const TimeZone& zone) const;

  const std::string& text() const { return text_; }
  bool isFixed() const { return isFixed_; }
  bool operator==(const CronSchedule& other) const { return text_ == other.text_; }

 private:
  friend class CronParser;

  static constexpr uint8_t kLastWeek = 1U << 5;
  static constexpr uint8_t kEveryWeek = 0x3f;

  uint32_t daysOf(std::chrono::year_month month) const;
  bool canEverRun() const;
  std::optional<std::chrono::seconds> nextTimeOfDay(std::chrono::seconds from) const;
  std::optional<LocalSeconds> nextLocal(LocalSeconds from, LocalSeconds until) const;
  std::optional<SysSeconds> nextIn(const TimeZone::Span& span, std::chrono::seconds offsetBefore,
                                   SysSeconds from) const;

  std::string text_;
  // Bit n stands for the value n.
  uint64_t seconds_ = 0;
  uint64_t minutes_ = 0;
  uint64_t hours_ = 0;
  uint64_t days_ = 0;
  uint64_t nearestWeekdays_ = 0;  // nW
  uint64_t months_ = 0;
  // By weekday from Sunday: bits 0-4 the first to fifth of the month, kLastWeek the last one.
  std::array<uint8_t, 7> weekdays_{};
  bool hasLastDay_ = false;
  bool hasLastWeekday_ = false;
  bool isAnyDay_ = false;
  bool isAnyWeekday_ = false;
  bool isFixed_ = false;
};

}  // namespace busbar
