// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/cron.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/unit/sdk/base/local_time.h"

namespace busbar {
namespace {

// The next `count` instants, in UTC.
std::vector<std::string> dueTimes(const char* text, const char* zone, const char* after,
                                  size_t count) {
  const auto schedule = CronSchedule::parse(text);
  EXPECT_TRUE(schedule.ok()) << text;
  std::vector<std::string> found;
  std::optional<SysSeconds> at = utc(after);
  while (schedule.ok() && at && found.size() < count) {
    at = schedule->next(*at, zoneNamed(zone));
    found.push_back(show(at));
  }
  return found;
}

using Times = std::vector<std::string>;

struct NextCase {
  const char* text;
  const char* after;
  Times due;
};

class CronNext : public testing::TestWithParam<NextCase> {};

TEST_P(CronNext, InUtc) {
  EXPECT_EQ(dueTimes(GetParam().text, "UTC", GetParam().after, GetParam().due.size()),
            GetParam().due)
      << GetParam().text;
}

INSTANTIATE_TEST_SUITE_P(
    Time, CronNext,
    testing::Values(
        NextCase{
            "* * * * *", "2025-01-01 00:00:00", {"2025-01-01 00:01:00", "2025-01-01 00:02:00"}},
        NextCase{
            "* * * * * *", "2025-12-31 23:59:58", {"2025-12-31 23:59:59", "2026-01-01 00:00:00"}},
        NextCase{
            "15 10 * * *", "2025-01-01 10:14:59", {"2025-01-01 10:15:00", "2025-01-02 10:15:00"}},
        NextCase{"15 10 * * *", "2025-01-01 10:15:00", {"2025-01-02 10:15:00"}},
        NextCase{"*/20 9-10 * * *",
                 "2025-01-01 09:30:00",
                 {"2025-01-01 09:40:00", "2025-01-01 10:00:00", "2025-01-01 10:20:00",
                  "2025-01-01 10:40:00", "2025-01-02 09:00:00"}},
        NextCase{"10-30/10,45 5 * * *",
                 "2025-01-01 05:10:00",
                 {"2025-01-01 05:20:00", "2025-01-01 05:30:00", "2025-01-01 05:45:00",
                  "2025-01-02 05:10:00"}},
        NextCase{"30 0 12 * * *", "2025-01-01 12:00:30", {"2025-01-02 12:00:30"}},
        NextCase{"5,55 59 23 * * *",
                 "2025-01-01 23:59:05",
                 {"2025-01-01 23:59:55", "2025-01-02 23:59:05"}},
        NextCase{
            "@hourly", "2025-01-01 22:30:00", {"2025-01-01 23:00:00", "2025-01-02 00:00:00"}}));

INSTANTIATE_TEST_SUITE_P(
    Date, CronNext,
    testing::Values(
        NextCase{"@yearly", "2025-06-01 00:00:00", {"2026-01-01 00:00:00"}},
        NextCase{"@annually", "2025-06-01 00:00:00", {"2026-01-01 00:00:00"}},
        NextCase{"@monthly", "2025-12-01 00:00:00", {"2026-01-01 00:00:00", "2026-02-01 00:00:00"}},
        NextCase{"@weekly", "2025-01-01 00:00:00", {"2025-01-05 00:00:00"}},
        NextCase{"@midnight", "2024-12-31 12:00:00", {"2025-01-01 00:00:00"}},
        NextCase{
            "0 0 31 * *", "2025-01-31 00:00:00", {"2025-03-31 00:00:00", "2025-05-31 00:00:00"}},
        NextCase{"0 0 29 2 *", "2024-02-29 00:00:00", {"2028-02-29 00:00:00"}},
        NextCase{"0 0 29 2 *", "2096-02-29 00:00:00", {"2104-02-29 00:00:00"}},
        NextCase{"0 0 L * *",
                 "2024-02-01 00:00:00",
                 {"2024-02-29 00:00:00", "2024-03-31 00:00:00", "2024-04-30 00:00:00"}},
        NextCase{
            "0 0 10,L 2 *", "2025-02-01 00:00:00", {"2025-02-10 00:00:00", "2025-02-28 00:00:00"}},
        NextCase{"0 0 1 FEB,4-6/2 *",
                 "2025-01-01 00:00:00",
                 {"2025-02-01 00:00:00", "2025-04-01 00:00:00", "2025-06-01 00:00:00"}},
        // 2025-02-15 is a Saturday, 2025-03-15 too, 2025-06-15 a Sunday.
        NextCase{
            "0 0 15W 2,6 *", "2025-02-01 00:00:00", {"2025-02-14 00:00:00", "2025-06-16 00:00:00"}},
        // The month is never left: the 1st is a Saturday, the 31st a Sunday.
        NextCase{"0 0 1W 2 *", "2025-01-31 00:00:00", {"2025-02-03 00:00:00"}},
        NextCase{
            "0 0 31W * *", "2025-08-01 00:00:00", {"2025-08-29 00:00:00", "2025-10-31 00:00:00"}},
        NextCase{
            "0 0 LW * *", "2025-08-01 00:00:00", {"2025-08-29 00:00:00", "2025-09-30 00:00:00"}},
        NextCase{
            "0 0 * * MON", "2025-01-01 00:00:00", {"2025-01-06 00:00:00", "2025-01-13 00:00:00"}},
        NextCase{"0 0 ? * 7", "2025-01-01 00:00:00", {"2025-01-05 00:00:00"}},
        NextCase{"0 0 * * fri-sun",
                 "2025-01-01 00:00:00",
                 {"2025-01-03 00:00:00", "2025-01-04 00:00:00", "2025-01-05 00:00:00",
                  "2025-01-10 00:00:00"}},
        NextCase{"0 0 * * */3",
                 "2025-01-01 00:00:00",
                 {"2025-01-04 00:00:00", "2025-01-05 00:00:00", "2025-01-08 00:00:00"}},
        NextCase{
            "0 0 * * 5L", "2025-01-01 00:00:00", {"2025-01-31 00:00:00", "2025-02-28 00:00:00"}},
        NextCase{"0 0 * * FRI#L", "2025-01-01 00:00:00", {"2025-01-31 00:00:00"}},
        NextCase{
            "0 0 * * 2#2", "2025-01-01 00:00:00", {"2025-01-14 00:00:00", "2025-02-11 00:00:00"}},
        NextCase{
            "0 0 * * 3#5", "2025-01-01 00:00:00", {"2025-01-29 00:00:00", "2025-04-30 00:00:00"}},
        NextCase{
            "0 0 * 2 MON#5", "2025-01-01 00:00:00", {"2044-02-29 00:00:00", "2072-02-29 00:00:00"}},
        NextCase{"0 0 * 2 THU#5",
                 "2080-01-01 00:00:00",
                 {"2080-02-29 00:00:00", "2120-02-29 00:00:00"}}));

INSTANTIATE_TEST_SUITE_P(
    DayOrWeekday, CronNext,
    testing::Values(
        NextCase{"0 0 13 * FRI",
                 "2025-06-01 00:00:00",
                 {"2025-06-06 00:00:00", "2025-06-13 00:00:00", "2025-06-20 00:00:00",
                  "2025-06-27 00:00:00", "2025-07-04 00:00:00", "2025-07-11 00:00:00",
                  "2025-07-13 00:00:00"}},
        NextCase{
            "0 0 13 * ?", "2025-06-01 00:00:00", {"2025-06-13 00:00:00", "2025-07-13 00:00:00"}},
        NextCase{"0 0 *,L * MON#1",
                 "2025-01-01 00:00:00",
                 {"2025-01-06 00:00:00", "2025-02-03 00:00:00"}},
        NextCase{"0 0 30 2 MON", "2025-02-01 00:00:00", {"2025-02-03 00:00:00"}},
        NextCase{"0 0 */15 * MON",
                 "2025-06-01 00:00:00",
                 {"2025-06-02 00:00:00", "2025-06-09 00:00:00", "2025-06-16 00:00:00"}}));

struct ZoneCase {
  const char* zone;
  const char* text;
  const char* after;
  Times due;
};

class CronInZone : public testing::TestWithParam<ZoneCase> {};

TEST_P(CronInZone, FollowsTheWrittenRules) {
  const ZoneCase& c = GetParam();
  EXPECT_EQ(dueTimes(c.text, c.zone, c.after, c.due.size()), c.due) << c.text << " in " << c.zone;
}

INSTANTIATE_TEST_SUITE_P(
    ClocksForward, CronInZone,
    testing::Values(
        ZoneCase{"Europe/Berlin",
                 "30 2 * * *",
                 "2025-03-29 00:00:00",
                 {"2025-03-29 01:30:00", "2025-03-30 01:00:00", "2025-03-31 00:30:00"}},
        ZoneCase{"Europe/Berlin",
                 "10,40 2,3 * * *",
                 "2025-03-29 12:00:00",
                 {"2025-03-30 01:00:00", "2025-03-30 01:10:00", "2025-03-30 01:40:00"}},
        ZoneCase{"Europe/Berlin",
                 "0 2,3 * * *",
                 "2025-03-29 12:00:00",
                 {"2025-03-30 01:00:00", "2025-03-31 00:00:00"}},
        ZoneCase{"Europe/Berlin", "0 3 * * *", "2025-03-29 12:00:00", {"2025-03-30 01:00:00"}},
        ZoneCase{"Europe/Berlin", "30 2 30 3 *", "2025-03-30 01:00:00", {"2026-03-30 00:30:00"}},
        ZoneCase{"Europe/Berlin",
                 "*/30 * * * *",
                 "2025-03-30 00:00:00",
                 {"2025-03-30 00:30:00", "2025-03-30 01:00:00", "2025-03-30 01:30:00"}},
        ZoneCase{"Europe/Berlin", "*/30 2 * * *", "2025-03-29 12:00:00", {"2025-03-31 00:00:00"}},
        ZoneCase{"America/New_York",
                 "30 2 * * *",
                 "2025-03-08 12:00:00",
                 {"2025-03-09 07:00:00", "2025-03-10 06:30:00"}},
        ZoneCase{"Australia/Lord_Howe",
                 "15 2 * * *",
                 "2025-10-04 00:00:00",
                 {"2025-10-04 15:30:00", "2025-10-05 15:15:00"}},
        ZoneCase{"Australia/Lord_Howe",
                 "*/15 * * * *",
                 "2025-10-04 15:00:00",
                 {"2025-10-04 15:15:00", "2025-10-04 15:30:00"}},
        // Midnight itself is skipped.
        ZoneCase{"America/Sao_Paulo",
                 "0 0 * * *",
                 "2018-11-03 12:00:00",
                 {"2018-11-04 03:00:00", "2018-11-05 02:00:00"}},
        // 30 December 2011 did not come; what was due on it is left out.
        ZoneCase{"Pacific/Apia",
                 "0 12 * * *",
                 "2011-12-29 00:00:00",
                 {"2011-12-29 22:00:00", "2011-12-30 22:00:00"}},
        ZoneCase{"Pacific/Apia", "0 12 30 12 *", "2011-12-29 00:00:00", {"2012-12-29 22:00:00"}}));

INSTANTIATE_TEST_SUITE_P(
    ClocksBack, CronInZone,
    testing::Values(
        ZoneCase{"Europe/Berlin",
                 "30 2 * * *",
                 "2025-10-25 12:00:00",
                 {"2025-10-26 00:30:00", "2025-10-27 01:30:00"}},
        // Asked between the two half past twos.
        ZoneCase{"Europe/Berlin", "30 2 * * *", "2025-10-26 00:45:00", {"2025-10-27 01:30:00"}},
        ZoneCase{"Europe/Berlin",
                 "0 2-3 * * *",
                 "2025-10-25 12:00:00",
                 {"2025-10-26 00:00:00", "2025-10-26 02:00:00"}},
        ZoneCase{"Europe/Berlin",
                 "*/30 * * * *",
                 "2025-10-26 00:00:00",
                 {"2025-10-26 00:30:00", "2025-10-26 01:00:00", "2025-10-26 01:30:00",
                  "2025-10-26 02:00:00"}},
        ZoneCase{"America/New_York",
                 "30 1 * * *",
                 "2025-11-01 12:00:00",
                 {"2025-11-02 05:30:00", "2025-11-03 06:30:00"}},
        ZoneCase{"America/New_York",
                 "@hourly",
                 "2025-11-02 04:00:00",
                 {"2025-11-02 05:00:00", "2025-11-02 06:00:00", "2025-11-02 07:00:00"}},
        ZoneCase{"Australia/Lord_Howe",
                 "45 1 * * *",
                 "2025-04-05 00:00:00",
                 {"2025-04-05 14:45:00", "2025-04-06 15:15:00"}},
        ZoneCase{"Australia/Lord_Howe",
                 "45 * * * *",
                 "2025-04-05 14:00:00",
                 {"2025-04-05 14:45:00", "2025-04-05 15:15:00"}},
        // 23:00 comes again: the day ends twice.
        ZoneCase{"America/Sao_Paulo",
                 "30 23 * * *",
                 "2018-02-17 12:00:00",
                 {"2018-02-18 01:30:00", "2018-02-19 02:30:00"}},
        ZoneCase{"Asia/Kolkata",
                 "30 2 * * *",
                 "2025-03-29 12:00:00",
                 {"2025-03-29 21:00:00", "2025-03-30 21:00:00"}}));

TEST(CronSchedule, EndsWithoutAnAnswerOutsideOfItsYears) {
  const auto schedule = CronSchedule::parse("* * * * *");
  ASSERT_TRUE(schedule.ok());
  for (const SysSeconds after : {SysSeconds::min(), SysSeconds::max(), utc("1899-12-31 23:59:59"),
                                 utc("9000-01-01 00:00:01")}) {
    EXPECT_FALSE(schedule->next(after, TimeZone()));
  }
  EXPECT_TRUE(schedule->next(utc("9000-01-01 00:00:00"), zoneNamed("Europe/Berlin")));
}

}  // namespace
}  // namespace busbar
