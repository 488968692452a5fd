// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <optional>

#include "api/triggers/evaluator.h"
#include "sdk/base/time_zone.h"

// When the sun rises and sets, by the equations of NOAA's Solar Calculator
// (gml.noaa.gov/grad/solcalc/calcdetails.html), which are those of Meeus, Astronomical Algorithms,
// chapter 25 (low accuracy). The sun's centre is 0.833 degrees below the horizon then: refraction
// and half its disc, as in published tables. They agree to a minute, beyond 72 degrees of latitude
// and shortly before and after a polar night or day to some minutes. Height and mountains do not
// count.
//
// Years 1900 to 2100. Pure functions.
namespace busbar::triggers {

enum class SunEvent { Rise, Set };

struct SunMoment {
  enum class Kind {
    Happens,
    AlwaysUp,    // polar day: `at` is the sun's midnight, before a rise and after a set
    AlwaysDown,  // polar night: `at` is the sun's noon
  };
  Kind kind = Kind::Happens;
  SysSeconds at;
};

// The sun's day is the one around the noon that is nearest to 12:00 of `date` in local mean time,
// which is four minutes of time a degree of longitude from UTC.
SunMoment sunMoment(SunEvent event, std::chrono::sys_days date, const Coordinates& where);

// The date of the sun's day that `t` lies in, in local mean time.
std::chrono::sys_days sunDateOf(SysSeconds t, const Coordinates& where);

// The first event after `after` that happens, with `offset` added to each; none within 400 days.
std::optional<SysSeconds> nextSunEvent(SunEvent event, std::chrono::seconds offset,
                                       SysSeconds after, const Coordinates& where);

}  // namespace busbar::triggers
