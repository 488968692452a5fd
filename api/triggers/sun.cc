// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/sun.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace busbar::triggers {
namespace {

using std::chrono::days;
using std::chrono::hours;
using std::chrono::seconds;
using std::chrono::sys_days;

constexpr double kZenith = 90.833;
constexpr int kRounds = 12;  // the time converges by a factor of some hundreds in each
constexpr double kSecondsPerDegree = 240;
constexpr int kHorizonDays = 400;

double radians(double degrees) {
  return degrees * std::numbers::pi / 180;
}
double degrees(double radians) {
  return radians * 180 / std::numbers::pi;
}

struct Solar {
  double declination;     // radians
  double equationOfTime;  // seconds
};

// `t`: seconds since 1970 UTC. Names as in Meeus.
Solar sunAt(double t) {
  const double T = (t / 86400 + 2440587.5 - 2451545) / 36525;
  const double L0 = radians(std::fmod(280.46646 + T * (36000.76983 + T * 0.0003032), 360));
  const double M = radians(357.52911 + T * (35999.05029 - 0.0001537 * T));
  const double e = 0.016708634 - T * (0.000042037 + 0.0000001267 * T);
  const double C = std::sin(M) * (1.914602 - T * (0.004817 + 0.000014 * T)) +
                   std::sin(2 * M) * (0.019993 - 0.000101 * T) + std::sin(3 * M) * 0.000289;
  const double omega = radians(125.04 - 1934.136 * T);
  const double lambda = L0 + radians(C - 0.00569 - 0.00478 * std::sin(omega));
  const double epsilon0 =
      23 + (26 + (21.448 - T * (46.815 + T * (0.00059 - T * 0.001813))) / 60) / 60;
  const double epsilon = radians(epsilon0 + 0.00256 * std::cos(omega));
  const double y = std::tan(epsilon / 2) * std::tan(epsilon / 2);
  const double equation = y * std::sin(2 * L0) - 2 * e * std::sin(M) +
                          4 * e * y * std::sin(M) * std::cos(2 * L0) -
                          0.5 * y * y * std::sin(4 * L0) - 1.25 * e * e * std::sin(2 * M);
  return {std::asin(std::sin(epsilon) * std::sin(lambda)), degrees(equation) * kSecondsPerDegree};
}

double meanNoon(sys_days date, const Coordinates& where) {
  return static_cast<double>(seconds(date.time_since_epoch() + hours(12)).count()) -
         where.longitude * kSecondsPerDegree;
}

double noonOf(sys_days date, const Coordinates& where) {
  const double mean = meanNoon(date, where);
  const double first = mean - sunAt(mean).equationOfTime;
  return mean - sunAt(first).equationOfTime;
}

SysSeconds rounded(double t) {
  return SysSeconds(seconds(std::llround(t)));
}

}  // namespace

SunMoment sunMoment(SunEvent event, sys_days date, const Coordinates& where) {
  const double mean = meanNoon(date, where);
  const double latitude = radians(std::clamp(where.latitude, -89.999, 89.999));
  const double sign = event == SunEvent::Rise ? -1 : 1;
  double t = mean;
  double cosHour = 0;
  for (int round = 0; round < kRounds; ++round) {
    const Solar sun = sunAt(t);
    cosHour = std::cos(radians(kZenith)) / (std::cos(latitude) * std::cos(sun.declination)) -
              std::tan(latitude) * std::tan(sun.declination);
    const double hour = degrees(std::acos(std::clamp(cosHour, -1.0, 1.0)));
    const double next = mean - sun.equationOfTime + sign * hour * kSecondsPerDegree;
    const bool isSettled = std::abs(next - t) < 0.1;
    t = next;
    if (isSettled) {
      break;
    }
  }
  if (cosHour > 1) {
    return {SunMoment::Kind::AlwaysDown, rounded(noonOf(date, where))};
  }
  if (cosHour < -1) {
    const double other = noonOf(date + days(event == SunEvent::Rise ? -1 : 1), where);
    return {SunMoment::Kind::AlwaysUp, rounded((noonOf(date, where) + other) / 2)};
  }
  return {SunMoment::Kind::Happens, rounded(t)};
}

sys_days sunDateOf(SysSeconds t, const Coordinates& where) {
  return std::chrono::floor<days>(t + seconds(std::llround(where.longitude * kSecondsPerDegree)));
}

std::optional<SysSeconds> nextSunEvent(SunEvent event, seconds offset, SysSeconds after,
                                       const Coordinates& where) {
  const sys_days first = sunDateOf(after - offset, where) - days(1);
  for (int i = 0; i < kHorizonDays; ++i) {
    const SunMoment moment = sunMoment(event, first + days(i), where);
    if (moment.kind == SunMoment::Kind::Happens && moment.at + offset > after) {
      return moment.at + offset;
    }
  }
  return std::nullopt;
}

}  // namespace busbar::triggers
