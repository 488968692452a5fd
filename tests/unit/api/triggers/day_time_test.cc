// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/day_time.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/triggers/sun.h"
#include "tests/unit/sdk/base/local_time.h"

namespace busbar::triggers {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

DayTime dayTime(const std::string& text) {
  const auto time = parseDayTime(text);
  EXPECT_TRUE(time.ok()) << text;
  return time.ok() ? *time : DayTime();
}

Between between(const char* from, const char* to) {
  return {dayTime(from), dayTime(to), std::nullopt};
}

TEST(DayTime, ReadsAndWritesTheClockAndTheSun) {
  for (const char* text : {"00:00", "19:00", "23:59:59", "06:30:05", "sunrise", "sunset+01:15",
                           "sunset-00:30", "sunrise-12:00", "sunset+00:00:01"}) {
    EXPECT_EQ(toString(dayTime(text)), text);
  }
  EXPECT_EQ(dayTime("19:00:30").offset, hours(19) + seconds(30));
  EXPECT_EQ(dayTime("sunset-00:30").offset, -minutes(30));
  EXPECT_EQ(toString(dayTime("19:00:00")), "19:00");
}

TEST(DayTime, RefusesWhatIsNoTime) {
  for (const char* text : {"",
                           "7:00",
                           "24:00",
                           "12:60",
                           "12:00:60",
                           "1200",
                           "12:00:",
                           "12.00",
                           "noon",
                           "sunrise+",
                           "sunrise 01:00",
                           "sunset+1:00",
                           "sunset+12:01",
                           "sunset*01:00",
                           "Sunset",
                           "19:00 ",
                           " 19:00",
                           "19:00+01:00",
                           "-1:00",
                           "sunriseset"}) {
    EXPECT_FALSE(parseDayTime(text).ok()) << text;
  }
}

// The instants at which `what` changes in [from, until), with what it says then.
std::vector<std::string> changes(const Between& what, const TimeZone& zone, const char* from,
                                 const char* until,
                                 const std::optional<Coordinates>& where = std::nullopt) {
  std::vector<std::string> seen;
  SysSeconds t = utc(from);
  auto answer = lookBetween(what, zone, where, t);
  bool last = answer->isTrue;
  while (answer->next < utc(until)) {
    EXPECT_GT(answer->next, t);
    EXPECT_LE(answer->since, t);
    // Nothing happens before `next`.
    EXPECT_EQ(lookBetween(what, zone, where, answer->next - seconds(1))->isTrue, last);
    t = answer->next;
    answer = lookBetween(what, zone, where, t);
    if (answer->isTrue != last) {
      last = answer->isTrue;
      seen.push_back(std::string(last ? "in " : "out ") + show(t));
    }
  }
  return seen;
}
using Seen = std::vector<std::string>;

TEST(Between, IncludesItsBeginAndNotItsEnd) {
  EXPECT_EQ(changes(between("09:00", "17:30:15"), TimeZone(), "2025-06-02 00:00:00",
                    "2025-06-03 00:00:00"),
            (Seen{"in 2025-06-02 09:00:00", "out 2025-06-02 17:30:15"}));
}

TEST(Between, GoesOverMidnight) {
  EXPECT_EQ(
      changes(between("22:00", "06:00"), TimeZone(), "2025-06-02 12:00:00", "2025-06-03 12:00:00"),
      (Seen{"in 2025-06-02 22:00:00", "out 2025-06-03 06:00:00"}));
  EXPECT_TRUE(
      lookBetween(between("00:00", "00:00"), TimeZone(), {}, utc("2025-06-02 00:00:00"))->isTrue);
  EXPECT_TRUE(
      changes(between("10:00", "10:00"), TimeZone(), "2025-06-02 00:00:00", "2025-06-05 00:00:00")
          .empty());
}

struct ZoneCase {
  const char* zone;
  const char* from;
  const char* to;
  const char* begin;  // UTC
  const char* end;
  Seen expected;
};

TEST(Between, FollowsTheClocksOfFiveZones) {
  const ZoneCase cases[] = {
      // Kolkata, UTC+5:30, has no summer time.
      {"Asia/Kolkata",
       "09:00",
       "17:00",
       "2025-03-29 18:30:00",
       "2025-03-30 18:30:00",
       {"in 2025-03-30 03:30:00", "out 2025-03-30 11:30:00"}},
      // Berlin 2025: forward on 30 March at 01:00 UTC, back on 26 October at 01:00 UTC.
      {"Europe/Berlin",
       "01:00",
       "04:00",
       "2025-03-29 12:00:00",
       "2025-03-30 12:00:00",
       {"in 2025-03-30 00:00:00", "out 2025-03-30 02:00:00"}},
      {"Europe/Berlin",
       "02:30",
       "04:00",
       "2025-03-29 12:00:00",
       "2025-03-30 12:00:00",
       {"in 2025-03-30 01:00:00", "out 2025-03-30 02:00:00"}},
      {"Europe/Berlin",
       "22:00",
       "02:30",
       "2025-03-29 12:00:00",
       "2025-03-30 12:00:00",
       {"in 2025-03-29 21:00:00", "out 2025-03-30 01:00:00"}},
      {"Europe/Berlin", "02:15", "02:45", "2025-03-29 12:00:00", "2025-03-30 12:00:00", {}},
      {"Europe/Berlin", "02:45", "02:15", "2025-03-30 00:00:00", "2025-03-30 12:00:00", {}},
      {"Europe/Berlin",
       "01:00",
       "04:00",
       "2025-10-25 12:00:00",
       "2025-10-26 12:00:00",
       {"in 2025-10-25 23:00:00", "out 2025-10-26 03:00:00"}},
      {"Europe/Berlin",
       "22:00",
       "02:30",
       "2025-10-25 12:00:00",
       "2025-10-26 12:00:00",
       {"in 2025-10-25 20:00:00", "out 2025-10-26 00:30:00"}},
      {"Europe/Berlin",
       "02:30",
       "04:00",
       "2025-10-25 12:00:00",
       "2025-10-26 12:00:00",
       {"in 2025-10-26 00:30:00", "out 2025-10-26 03:00:00"}},
      // New York 2025: forward on 9 March at 07:00 UTC, back on 2 November at 06:00 UTC.
      {"America/New_York",
       "19:00",
       "02:30",
       "2025-03-08 12:00:00",
       "2025-03-09 12:00:00",
       {"in 2025-03-09 00:00:00", "out 2025-03-09 07:00:00"}},
      {"America/New_York",
       "01:15",
       "01:45",
       "2025-11-01 12:00:00",
       "2025-11-02 12:00:00",
       {"in 2025-11-02 05:15:00", "out 2025-11-02 05:45:00"}},
      // Sydney 2025: back on 5 April at 16:00 UTC, forward on 4 October at 16:00 UTC.
      {"Australia/Sydney",
       "02:30",
       "05:00",
       "2025-04-05 06:00:00",
       "2025-04-06 06:00:00",
       {"in 2025-04-05 15:30:00", "out 2025-04-05 19:00:00"}},
      {"Australia/Sydney",
       "02:30",
       "05:00",
       "2025-10-04 06:00:00",
       "2025-10-05 06:00:00",
       {"in 2025-10-04 16:00:00", "out 2025-10-04 18:00:00"}},
      // Lord Howe moves by half an hour, 2025: back on 5 April at 15:00 UTC, forward on
      // 4 October at 15:30 UTC.
      {"Australia/Lord_Howe",
       "01:45",
       "03:00",
       "2025-04-05 06:00:00",
       "2025-04-06 06:00:00",
       {"in 2025-04-05 14:45:00", "out 2025-04-05 16:30:00"}},
      {"Australia/Lord_Howe",
       "02:10",
       "03:00",
       "2025-10-04 06:00:00",
       "2025-10-05 06:00:00",
       {"in 2025-10-04 15:30:00", "out 2025-10-04 16:00:00"}},
      // Samoa left out 30 December 2011, at 10:00 UTC.
      {"Pacific/Apia",
       "09:00",
       "17:00",
       "2011-12-29 10:00:00",
       "2011-12-31 10:00:00",
       {"in 2011-12-29 19:00:00", "out 2011-12-30 03:00:00", "in 2011-12-30 19:00:00",
        "out 2011-12-31 03:00:00"}},
  };
  for (const ZoneCase& c : cases) {
    EXPECT_EQ(changes(between(c.from, c.to), zoneNamed(c.zone), c.begin, c.end), c.expected)
        << c.zone << ' ' << c.from << ' ' << c.to;
  }
}

constexpr Coordinates kBerlin{52.52, 13.41};
constexpr Coordinates kNorth{80, 15};

TEST(Between, FollowsTheSun) {
  const auto seen = changes(between("sunset-00:30", "23:00"), zoneNamed("Europe/Berlin"),
                            "2025-06-02 10:00:00", "2025-06-03 10:00:00", kBerlin);
  const auto set = nextSunEvent(SunEvent::Set, -minutes(30), utc("2025-06-02 10:00:00"), kBerlin);
  EXPECT_EQ(seen, (Seen{"in " + show(set), "out 2025-06-02 21:00:00"}));
  EXPECT_FALSE(lookBetween(between("sunset", "23:00"), TimeZone(), std::nullopt,
                           utc("2025-06-02 10:00:00")));
}

TEST(Between, KnowsThatTheSunIsAlwaysUpOrDown) {
  struct Case {
    const char* from;
    const char* to;
    bool inSummer;
    bool inWinter;
  };
  for (const Case& c :
       {Case{"sunrise", "sunset", true, false}, Case{"sunset", "sunrise", false, true}}) {
    const Between what = between(c.from, c.to);
    EXPECT_TRUE(
        changes(what, TimeZone(), "2025-06-10 00:00:00", "2025-06-20 00:00:00", kNorth).empty());
    EXPECT_TRUE(
        changes(what, TimeZone(), "2025-12-10 00:00:00", "2025-12-20 00:00:00", kNorth).empty());
    EXPECT_EQ(lookBetween(what, TimeZone(), kNorth, utc("2025-06-10 00:00:00"))->isTrue,
              c.inSummer);
    EXPECT_EQ(lookBetween(what, TimeZone(), kNorth, utc("2025-12-10 00:00:00"))->isTrue,
              c.inWinter);
  }
}

TEST(Days, AreThoseOfTheZone) {
  const TimeZone sydney = zoneNamed("Australia/Sydney");
  const Days monday{1U << 1, std::nullopt};
  // Monday, 6 October 2025, the day after clocks went forward.
  EXPECT_FALSE(lookDays(monday, sydney, utc("2025-10-05 12:59:59")).isTrue);
  const BetweenAnswer answer = lookDays(monday, sydney, utc("2025-10-05 13:00:00"));
  EXPECT_TRUE(answer.isTrue);
  EXPECT_EQ(show(answer.since), "2025-10-05 13:00:00");
  EXPECT_EQ(show(answer.next), "2025-10-06 13:00:00");
  EXPECT_FALSE(lookDays(monday, sydney, answer.next).isTrue);
  // Sunday, on which clocks go forward, has 23 hours; in St. John's back on 2 November, 25.
  const BetweenAnswer sunday = lookDays({1, std::nullopt}, sydney, utc("2025-10-04 14:00:00"));
  EXPECT_EQ(sunday.next - sunday.since, hours(23));
  const BetweenAnswer long_ =
      lookDays({1, std::nullopt}, zoneNamed("America/St_Johns"), utc("2025-11-02 12:00:00"));
  EXPECT_EQ(long_.next - long_.since, hours(25));
}

TEST(Days, LeaveOutTheDayThatSamoaDid) {
  const TimeZone apia = zoneNamed("Pacific/Apia");
  const Days thursday{1U << 4, std::nullopt};
  const BetweenAnswer answer = lookDays(thursday, apia, utc("2011-12-30 09:59:59"));
  EXPECT_TRUE(answer.isTrue);
  EXPECT_EQ(show(answer.next), "2011-12-30 10:00:00");
  const Days saturday{1U << 6, std::nullopt};
  EXPECT_TRUE(lookDays(saturday, apia, utc("2011-12-30 10:00:00")).isTrue);
}

}  // namespace
}  // namespace busbar::triggers
