// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/cron.h"

#include <algorithm>
#include <bit>

namespace busbar {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::local_days;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::year_month;
using std::chrono::year_month_day;

// next() answers between them, so that no sum overflows.
constexpr std::chrono::sys_days kEarliest{std::chrono::year(1900) / 1 / 1};
constexpr std::chrono::sys_days kLatest{std::chrono::year(9000) / 1 / 1};
// Samoa left out a whole day in 2011.
constexpr days kLongestChange{2};

// The lowest set bit at or above `from`; -1 when there is none.
int nextBit(uint64_t bits, unsigned from) {
  const uint64_t rest = from < 64 ? bits >> from << from : 0;
  return rest == 0 ? -1 : std::countr_zero(rest);
}

unsigned lowest(uint64_t bits) {
  return static_cast<unsigned>(std::countr_zero(bits));
}

unsigned lastDayOf(year_month month) {
  return static_cast<unsigned>((month / std::chrono::last).day());
}

unsigned weekdayOf(year_month month, unsigned day) {
  return std::chrono::weekday(local_days(month / std::chrono::day(day))).c_encoding();
}

// The day from Monday to Friday nearest to `day` without leaving the month.
unsigned nearestWeekday(unsigned day, unsigned weekday, unsigned lastDay) {
  if (weekday == 6) {
    return day == 1 ? day + 2 : day - 1;
  }
  if (weekday == 0) {
    return day == lastDay ? day - 2 : day + 1;
  }
  return day;
}

}  // namespace

uint32_t CronSchedule::daysOf(year_month month) const {
  const unsigned last = lastDayOf(month);
  const unsigned firstWeekday = weekdayOf(month, 1);
  uint64_t byDay = days_;
  for (int n = nextBit(nearestWeekdays_, 1); n > 0 && n <= static_cast<int>(last);
       n = nextBit(nearestWeekdays_, static_cast<unsigned>(n) + 1)) {
    const auto day = static_cast<unsigned>(n);
    byDay |= uint64_t{1} << nearestWeekday(day, (firstWeekday + day - 1) % 7, last);
  }
  if (hasLastDay_) {
    byDay |= uint64_t{1} << last;
  }
  if (hasLastWeekday_) {
    byDay |= uint64_t{1} << nearestWeekday(last, (firstWeekday + last - 1) % 7, last);
  }
  uint64_t byWeekday = 0;
  for (unsigned day = 1; day <= last && !isAnyWeekday_; ++day) {
    const uint8_t weeks = weekdays_[(firstWeekday + day - 1) % 7];
    const bool isLast = day + 7 > last;
    if ((weeks & (1U << ((day - 1) / 7))) != 0 || (isLast && (weeks & kLastWeek) != 0)) {
      byWeekday |= uint64_t{1} << day;
    }
  }
  const uint64_t both = isAnyWeekday_ ? byDay : isAnyDay_ ? byWeekday : byDay | byWeekday;
  const uint64_t inMonth = ((uint64_t{1} << last) - 1) << 1;
  return static_cast<uint32_t>(both & inMonth);
}

bool CronSchedule::canEverRun() const {
  // 28 years hold every pairing of weekdays and dates.
  for (int year = 2000; year < 2028; ++year) {
    for (int month = nextBit(months_, 1); month > 0;
         month = nextBit(months_, static_cast<unsigned>(month) + 1)) {
      const std::chrono::month m(static_cast<unsigned>(month));
      if (daysOf(std::chrono::year(year) / m) != 0) {
        return true;
      }
    }
  }
  return false;
}

std::optional<seconds> CronSchedule::nextTimeOfDay(seconds from) const {
  const auto total = static_cast<unsigned>(from.count());
  const unsigned hour = total / 3600;
  const unsigned minute = total / 60 % 60;
  const auto at = [](unsigned h, unsigned m, unsigned s) {
    return hours(h) + minutes(m) + seconds(s);
  };
  if ((hours_ >> hour & 1) != 0) {
    if ((minutes_ >> minute & 1) != 0) {
      if (const int s = nextBit(seconds_, total % 60); s >= 0) {
        return at(hour, minute, static_cast<unsigned>(s));
      }
    }
    if (const int m = nextBit(minutes_, minute + 1); m >= 0) {
      return at(hour, static_cast<unsigned>(m), lowest(seconds_));
    }
  }
  if (const int h = nextBit(hours_, hour + 1); h >= 0) {
    return at(static_cast<unsigned>(h), lowest(minutes_), lowest(seconds_));
  }
  return std::nullopt;
}

// The first local time in [from, until) that matches, as if there were no zones.
std::optional<LocalSeconds> CronSchedule::nextLocal(LocalSeconds from, LocalSeconds until) const {
  if (from >= until) {
    return std::nullopt;
  }
  const auto firstDay = std::chrono::floor<days>(from);
  const year_month_day date(firstDay);
  year_month month = date.year() / date.month();
  auto day = static_cast<unsigned>(date.day());
  seconds timeOfDay = from - firstDay;
  while (local_days(month / 1) < until) {
    const bool isWanted = (months_ >> static_cast<unsigned>(month.month()) & 1) != 0;
    const uint32_t monthDays = isWanted ? daysOf(month) : 0;
    for (int d = nextBit(monthDays, day); d > 0;
         d = nextBit(monthDays, static_cast<unsigned>(d) + 1)) {
      const bool isFirst = static_cast<unsigned>(d) == day;
      if (const auto time = nextTimeOfDay(isFirst ? timeOfDay : seconds(0))) {
        const LocalSeconds found =
            local_days(month / std::chrono::day(static_cast<unsigned>(d))) + *time;
        return found < until ? std::optional(found) : std::nullopt;
      }
    }
    month += std::chrono::months(1);
    day = 1;
    timeOfDay = seconds(0);
  }
  return std::nullopt;
}

// The first due instant in `span` at or after `from`, which lies in it. `offsetBefore` held until
// the span began.
std::optional<SysSeconds> CronSchedule::nextIn(const TimeZone::Span& span, seconds offsetBefore,
                                               SysSeconds from) const {
  const seconds forward = span.offset - offsetBefore;
  if (isFixed_ && forward > seconds(0) && from == span.begin) {
    const LocalSeconds gapEnd = span.toLocal(span.begin);
    const LocalSeconds sameDate = std::chrono::floor<days>(gapEnd);
    if (nextLocal(std::max(gapEnd - forward, sameDate), gapEnd)) {
      return span.begin;
    }
  }
  if (isFixed_ && forward < seconds(0)) {
    from = std::max(from, span.begin - forward);  // the repeated times had their turn
  }
  const auto local = nextLocal(span.toLocal(from), span.toLocal(span.end));
  return local ? std::optional(span.toUtc(*local)) : std::nullopt;
}

std::optional<SysSeconds> CronSchedule::next(SysSeconds after, const TimeZone& zone) const {
  if (after < kEarliest || after > kLatest) {
    return std::nullopt;
  }
  const SysSeconds horizon = after + std::chrono::ceil<seconds>(kHorizon);
  SysSeconds from = after + seconds(1);
  TimeZone::Span span = zone.spanAt(from);
  seconds offsetBefore = span.begin > from - kLongestChange
                             ? zone.spanAt(span.begin - seconds(1)).offset
                             : span.offset;
  while (from < horizon) {
    const SysSeconds spanEnd = span.end;
    span.end = std::min(span.end, horizon);
    if (const auto found = nextIn(span, offsetBefore, from)) {
      return found;
    }
    if (spanEnd >= horizon) {
      break;
    }
    offsetBefore = span.offset;
    from = spanEnd;
    span = zone.spanAt(from);
  }
  return std::nullopt;
}

}  // namespace busbar
