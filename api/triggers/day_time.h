// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "api/triggers/evaluator.h"
#include "api/triggers/spec.h"
#include "sdk/base/result.h"
#include "sdk/base/time_zone.h"

// Moments of the day, and what lies between two of them. Pure functions.
namespace busbar::triggers {

// "19:00", "19:00:30", "sunrise", "sunset+01:15", "sunset-00:30:00". Offsets are up to 12 hours.
Result<DayTime> parseDayTime(std::string_view text);
std::string toString(const DayTime& time);

// Whether an instant lies between `from`, which is included, and `to`, which is not. It does if
// `from` came later than `to`, so that midnight needs no rule; with equal ones it always does.
//
// Changes of the zone's offset, such as summer time: a time that clocks are put forward over comes
// when they change; with both ends in such a gap there is nothing between them on that day. A time
// that comes twice counts the first time only. So "22:00 to 02:30" ends once, and what lies between
// is as long as clocks on the wall show it, or up to the change longer or shorter.
//
// Polar day: the sun sets and rises at its midnight. Polar night: it rises and sets at its noon.
// So it is always or never between sunrise and sunset there.
//
// `next` is the first instant after `at` at which either end comes.
struct BetweenAnswer {
  bool isTrue = false;
  SysSeconds since;  // the last end before
  SysSeconds next;
};
// None: an end is the sun's, and `coordinates` are not known.
std::optional<BetweenAnswer> lookBetween(const Between& between, const TimeZone& zone,
                                         const std::optional<Coordinates>& coordinates,
                                         SysSeconds at);

// Whether the date in `zone` is one of the weekdays; both instants are midnights there.
BetweenAnswer lookDays(const Days& days, const TimeZone& zone, SysSeconds at);

}  // namespace busbar::triggers
