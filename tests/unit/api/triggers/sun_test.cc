// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/sun.h"

#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/sdk/base/local_time.h"

namespace busbar::triggers {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using std::chrono::sys_days;

// "Rise and Set for the Sun for 2019", U. S. Naval Observatory, Astronomical Applications
// Department (aa.usno.navy.mil/data/RS_OneYear), in Universal Time; its table lists a time under
// the date that it has there, which for W150 is the day after for sets.
constexpr const char* kUsno2019 = "USNO 2019";
// "Sun and Moon Data for One Day", the same office, for Tromso at E19.0 N69.5.
constexpr const char* kUsnoTromso = "USNO, Tromso 2014";
// timeanddate.com/sun, December 2019, in the local time of each city.
constexpr const char* kTimeAndDate = "timeanddate.com";

struct Published {
  const char* source;
  double latitude;
  double longitude;
  const char* date;  // of the sun's day
  const char* rise;  // UTC
  const char* set;
};

constexpr Published kPublished[] = {
    {kUsno2019, 29, -81, "2019-01-01", "2019-01-01 12:18:00", "2019-01-01 22:38:00"},
    {kUsno2019, 29, -81, "2019-03-20", "2019-03-20 11:28:00", "2019-03-20 23:35:00"},
    {kUsno2019, 29, -81, "2019-06-21", "2019-06-21 10:26:00", "2019-06-22 00:26:00"},
    {kUsno2019, 29, -81, "2019-11-03", "2019-11-03 11:38:00", "2019-11-03 22:37:00"},
    {kUsno2019, 60, 0, "2019-01-01", "2019-01-01 09:02:00", "2019-01-01 15:05:00"},
    {kUsno2019, 60, 0, "2019-04-15", "2019-04-15 04:45:00", "2019-04-15 19:17:00"},
    {kUsno2019, 60, 0, "2019-06-21", "2019-06-21 02:36:00", "2019-06-21 21:28:00"},
    {kUsno2019, 60, 0, "2019-10-31", "2019-10-31 07:19:00", "2019-10-31 16:08:00"},
    {kUsno2019, -60, -150, "2019-01-15", "2019-01-15 13:12:00", "2019-01-16 07:06:00"},
    {kUsno2019, -60, -150, "2019-06-20", "2019-06-20 19:06:00", "2019-06-21 00:58:00"},
    {kUsno2019, -60, -150, "2019-09-22", "2019-09-22 15:48:00", "2019-09-23 03:59:00"},
    {kUsno2019, 80, 0, "2019-03-15", "2019-03-15 06:41:00", "2019-03-15 17:42:00"},
    {kUsno2019, 80, 0, "2019-10-01", "2019-10-01 06:41:00", "2019-10-01 16:54:00"},
    {kUsno2019, -80, -150, "2019-03-20", "2019-03-20 15:46:00", "2019-03-21 04:24:00"},
    {kUsno2019, -80, -150, "2019-09-20", "2019-09-20 15:58:00", "2019-09-21 03:53:00"},
    {kUsnoTromso, 69.5, 19, "2014-04-01", "2014-04-01 03:50:00", "2014-04-01 17:49:00"},
    {kUsnoTromso, 69.5, 19, "2014-04-30", "2014-04-30 01:29:00", "2014-04-30 19:58:00"},
    // Sydney, UTC+11
    {kTimeAndDate, -33.87, 151.21, "2019-12-01", "2019-11-30 18:37:00", "2019-12-01 08:50:00"},
    {kTimeAndDate, -33.87, 151.21, "2019-12-31", "2019-12-30 18:46:00", "2019-12-31 09:09:00"},
    // Sao Paulo, UTC-3
    {kTimeAndDate, -23.55, -46.63, "2019-12-15", "2019-12-15 08:14:00", "2019-12-15 21:48:00"},
    // Moscow, UTC+3
    {kTimeAndDate, 55.75, 37.62, "2019-12-21", "2019-12-21 05:57:00", "2019-12-21 12:57:00"},
};

sys_days dateOf(const char* date) {
  return std::chrono::floor<std::chrono::days>(utc(std::string(date) + " 00:00:00"));
}

TEST(Sun, RisesAndSetsAsPublishedTablesSay) {
  for (const Published& row : kPublished) {
    const Coordinates where{row.latitude, row.longitude};
    for (const SunEvent event : {SunEvent::Rise, SunEvent::Set}) {
      const char* expected = event == SunEvent::Rise ? row.rise : row.set;
      const SunMoment moment = sunMoment(event, dateOf(row.date), where);
      EXPECT_EQ(moment.kind, SunMoment::Kind::Happens);
      const seconds off = std::chrono::abs(moment.at - utc(expected));
      EXPECT_LE(off, minutes(2)) << row.source << ' ' << row.latitude << ' ' << row.longitude << ' '
                                 << expected << " is " << show(moment.at);
    }
  }
}

// The tables print **** and ---- there.
TEST(Sun, PolarDayAndNightAreAsPublishedTablesSay) {
  struct Row {
    double latitude;
    double longitude;
    const char* date;
    SunMoment::Kind kind;
  };
  constexpr auto kUp = SunMoment::Kind::AlwaysUp;
  constexpr auto kDown = SunMoment::Kind::AlwaysDown;
  const Row rows[] = {
      {80, 0, "2019-04-16", kUp},       {80, 0, "2019-06-21", kUp},
      {80, 0, "2019-08-26", kUp},       {80, 0, "2019-02-18", kDown},
      {80, 0, "2019-12-21", kDown},     {80, 0, "2019-10-25", kDown},
      {-80, -150, "2019-06-21", kDown}, {-80, -150, "2019-04-20", kDown},
      {-80, -150, "2019-12-21", kUp},   {-80, -150, "2019-02-21", kUp},
      {69.5, 19, "2014-05-20", kUp},    {69.5, 19, "2014-07-23", kUp},
      {90, 0, "2019-06-21", kUp},       {-90, 0, "2019-06-21", kDown},
  };
  for (const Row& row : rows) {
    for (const SunEvent event : {SunEvent::Rise, SunEvent::Set}) {
      const Coordinates where{row.latitude, row.longitude};
      EXPECT_EQ(sunMoment(event, dateOf(row.date), where).kind, row.kind)
          << row.latitude << ' ' << row.date;
    }
  }
}

TEST(Sun, AlwaysUpMeetsAtMidnightAndAlwaysDownAtNoon) {
  const Coordinates north{80, 0};
  const SunMoment set = sunMoment(SunEvent::Set, dateOf("2019-06-21"), north);
  const SunMoment rise = sunMoment(SunEvent::Rise, dateOf("2019-06-22"), north);
  EXPECT_EQ(set.at, rise.at);
  EXPECT_LE(std::chrono::abs(set.at - utc("2019-06-22 00:02:00")), minutes(1));
  const SunMoment down = sunMoment(SunEvent::Set, dateOf("2019-12-21"), north);
  EXPECT_EQ(down.at, sunMoment(SunEvent::Rise, dateOf("2019-12-21"), north).at);
  EXPECT_LE(std::chrono::abs(down.at - utc("2019-12-21 11:58:00")), minutes(1));
}

TEST(Sun, TheNextEventIsAfterAndLeavesOutWhatDoesNotHappen) {
  const Coordinates north{80, 0};
  const auto next = [&north](SunEvent event, const char* after, seconds offset = seconds(0)) {
    return nextSunEvent(event, offset, utc(after), north);
  };
  // The table's first sunset after polar day is on 30 August, the first sunrise on 31 August; the
  // first of the year on 21 February.
  const auto set = next(SunEvent::Set, "2019-06-01 00:00:00");
  ASSERT_TRUE(set);
  EXPECT_LE(std::chrono::abs(*set - utc("2019-08-30 23:01:00")), hours(24));
  const auto rise = next(SunEvent::Rise, "2019-12-01 00:00:00");
  ASSERT_TRUE(rise);
  EXPECT_GT(*rise, utc("2020-02-19 00:00:00"));
  EXPECT_LT(*rise, utc("2020-02-23 00:00:00"));

  const auto plain = next(SunEvent::Rise, "2019-03-15 00:00:00");
  const auto late = next(SunEvent::Rise, "2019-03-15 00:00:00", hours(1));
  ASSERT_TRUE(plain && late);
  EXPECT_EQ(*late - *plain, hours(1));
  EXPECT_GT(*nextSunEvent(SunEvent::Rise, seconds(0), *plain, north), *plain);
  EXPECT_EQ(nextSunEvent(SunEvent::Rise, seconds(0), *plain - seconds(1), north), plain);
}

TEST(Sun, EachDayHasOneRiseAndOneSetInOrder) {
  for (const double longitude : {-179.9, -75.0, 0.0, 13.4, 179.9}) {
    for (const double latitude : {-65.0, -33.9, 0.0, 52.5, 65.0}) {
      const Coordinates where{latitude, longitude};
      SysSeconds last = utc("2024-01-01 00:00:00") - hours(48);
      for (int day = 0; day < 366; ++day) {
        const sys_days date = dateOf("2024-01-01") + std::chrono::days(day);
        const SunMoment rise = sunMoment(SunEvent::Rise, date, where);
        const SunMoment set = sunMoment(SunEvent::Set, date, where);
        ASSERT_EQ(rise.kind, SunMoment::Kind::Happens);
        ASSERT_LT(last, rise.at);
        ASSERT_LT(rise.at, set.at);
        EXPECT_EQ(sunDateOf(rise.at, where), date);
        last = set.at;
      }
    }
  }
}

}  // namespace
}  // namespace busbar::triggers
