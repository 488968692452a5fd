// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/day_time.h"

#include <algorithm>
#include <cstdio>
#include <utility>

#include "api/triggers/sun.h"

namespace busbar::triggers {
namespace {

using std::chrono::days;
using std::chrono::seconds;

constexpr seconds kLongestOffset = std::chrono::hours(12);
// Offsets of half a day, zones a day from UTC, and the day that Samoa left out.
constexpr int kDaysAround = 3;

// "HH:MM" or "HH:MM:SS".
std::optional<seconds> parseClock(std::string_view text) {
  if (text.size() != 5 && text.size() != 8) {
    return std::nullopt;
  }
  int parts[3] = {0, 0, 0};
  for (size_t i = 0; i < text.size(); ++i) {
    if (i % 3 == 2) {
      if (text[i] != ':') {
        return std::nullopt;
      }
    } else if (text[i] < '0' || text[i] > '9') {
      return std::nullopt;
    } else {
      parts[i / 3] = parts[i / 3] * 10 + (text[i] - '0');
    }
  }
  if (parts[0] > 23 || parts[1] > 59 || parts[2] > 59) {
    return std::nullopt;
  }
  return seconds(parts[0] * 3600 + parts[1] * 60 + parts[2]);
}

std::string clockText(seconds time) {
  const auto total = static_cast<int>(time.count());
  char text[16];
  const int minutes = total / 60;
  if (total % 60 == 0) {
    std::snprintf(text, sizeof text, "%02d:%02d", minutes / 60, minutes % 60);
  } else {
    std::snprintf(text, sizeof text, "%02d:%02d:%02d", minutes / 60, minutes % 60, total % 60);
  }
  return text;
}

// When a moment of the day came or comes. `order` decides between two that come together: clocks
// on the wall by what they would have shown, the sun by what it would have done first.
struct Coming {
  SysSeconds at;
  int64_t order = 0;
  auto operator<=>(const Coming&) const = default;
};
struct Around {
  Coming last;  // at or before
  Coming next;  // after
};

Around pick(const std::vector<Coming>& comings, SysSeconds at) {
  Around around{{SysSeconds::min(), 0}, {SysSeconds::max(), 0}};
  for (const Coming& coming : comings) {
    if (coming.at <= at) {
      around.last = std::max(around.last, coming);
    } else {
      around.next = std::min(around.next, coming);
    }
  }
  return around;
}

Around wallAround(const DayTime& time, const TimeZone& zone, SysSeconds at) {
  const auto today = std::chrono::floor<days>(zone.toLocal(at));
  std::vector<Coming> comings;
  for (int day = -kDaysAround; day <= kDaysAround; ++day) {
    const LocalSeconds shown = today + days(day) + time.offset;
    comings.push_back({zone.fromLocal(shown).first, shown.time_since_epoch().count()});
  }
  return pick(comings, at);
}

Around sunAround(const DayTime& time, const Coordinates& where, SysSeconds at) {
  const auto today = sunDateOf(at, where);
  const bool isRise = time.kind == DayTime::Kind::Sunrise;
  std::vector<Coming> comings;
  for (int day = -kDaysAround; day <= kDaysAround; ++day) {
    const SunMoment moment =
        sunMoment(isRise ? SunEvent::Rise : SunEvent::Set, today + days(day), where);
    const bool isSecond = isRise == (moment.kind == SunMoment::Kind::AlwaysUp);
    comings.push_back({moment.at + time.offset, isSecond ? 1 : 0});
  }
  return pick(comings, at);
}

}  // namespace

Result<DayTime> parseDayTime(std::string_view text) {
  constexpr std::string_view kNames[] = {"sunrise", "sunset"};
  for (const std::string_view name : kNames) {
    if (!text.starts_with(name)) {
      continue;
    }
    DayTime time;
    time.kind = name == "sunrise" ? DayTime::Kind::Sunrise : DayTime::Kind::Sunset;
    const std::string_view rest = text.substr(name.size());
    if (rest.empty()) {
      return time;
    }
    const auto offset = parseClock(rest.substr(1));
    if ((rest.front() == '+' || rest.front() == '-') && offset && *offset <= kLongestOffset) {
      time.offset = rest.front() == '-' ? -*offset : *offset;
      return time;
    }
  }
  if (const auto clock = parseClock(text)) {
    return DayTime{DayTime::Kind::Wall, *clock};
  }
  return Error::of(ErrorCode::InvalidArgument,
                   "must be a time such as 19:00 or 19:00:30, or sunrise or sunset, with an offset "
                   "of up to 12 hours such as sunset-00:30");
}

std::string toString(const DayTime& time) {
  if (time.kind == DayTime::Kind::Wall) {
    return clockText(time.offset);
  }
  std::string text = time.kind == DayTime::Kind::Sunrise ? "sunrise" : "sunset";
  if (time.offset != seconds(0)) {
    text += time.offset < seconds(0) ? '-' : '+';
    text += clockText(std::chrono::abs(time.offset));
  }
  return text;
}

std::optional<BetweenAnswer> lookBetween(const Between& between, const TimeZone& zone,
                                         const std::optional<Coordinates>& coordinates,
                                         SysSeconds at) {
  Around ends[2];
  const DayTime* const times[2] = {&between.from, &between.to};
  for (size_t i = 0; i < 2; ++i) {
    if (times[i]->kind == DayTime::Kind::Wall) {
      ends[i] = wallAround(*times[i], zone, at);
    } else if (coordinates) {
      ends[i] = sunAround(*times[i], *coordinates, at);
    } else {
      return std::nullopt;
    }
  }
  return BetweenAnswer{ends[0].last >= ends[1].last, std::max(ends[0].last.at, ends[1].last.at),
                       std::min(ends[0].next.at, ends[1].next.at)};
}

BetweenAnswer lookDays(const Days& wanted, const TimeZone& zone, SysSeconds at) {
  const auto today = std::chrono::floor<days>(zone.toLocal(at));
  const unsigned weekday = std::chrono::weekday(today).c_encoding();
  SysSeconds next = zone.fromLocal(today + days(1)).first;
  if (next <= at) {  // a date that comes twice, or a day that was left out
    next = zone.spanAt(at).end;
  }
  return {(wanted.weekdays >> weekday & 1U) != 0, zone.fromLocal(today).first, next};
}

}  // namespace busbar::triggers
