// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "sdk/base/cron.h"

namespace busbar {
namespace {

struct RefusedCase {
  const char* text;
  const char* field;
  const char* says;
};

class CronRefuses : public testing::TestWithParam<RefusedCase> {};

TEST_P(CronRefuses, NamesTheFieldAndWhatIsAllowed) {
  const auto schedule = CronSchedule::parse(GetParam().text);
  ASSERT_FALSE(schedule.ok());
  EXPECT_EQ(schedule.error().code, ErrorCode::InvalidArgument);
  EXPECT_EQ(schedule.error().field, GetParam().field);
  EXPECT_NE(schedule.error().message.find(GetParam().says), std::string::npos)
      << schedule.error().message;
}

INSTANTIATE_TEST_SUITE_P(
    Table, CronRefuses,
    testing::Values(RefusedCase{"", "", "0 fields; there are five"},
                    RefusedCase{"   ", "", "0 fields"}, RefusedCase{"* * * *", "", "4 fields"},
                    RefusedCase{"0 0 0 1 1 * 2025", "", "7 fields"},
                    RefusedCase{"@reboot", "", "none of @yearly"},
                    RefusedCase{"@daily 5", "", "2 fields"},
                    RefusedCase{"60 * * * *", "minute", "\"60\": out of range; allowed are 0-59"},
                    RefusedCase{"60 0 * * * *", "second", "out of range"},
                    RefusedCase{"-1 * * * *", "minute", "not a value"},
                    RefusedCase{"0 24 * * *", "hour", "allowed are 0-23"},
                    RefusedCase{"0 0 0 * *", "day", "allowed are 1-31"},
                    RefusedCase{"0 0 32 * *", "day", "out of range"},
                    RefusedCase{"0 0 * 13 *", "month", "1-12, JAN-DEC"},
                    RefusedCase{"0 0 * 0 *", "month", "out of range"},
                    RefusedCase{"0 0 * JANUARY *", "month", "not a value"},
                    RefusedCase{"0 0 * * 8", "weekday", "0-7, SUN-SAT"},
                    RefusedCase{"0 0 * MON *", "month", "not a value"},
                    RefusedCase{"x * * * *", "minute", "not a value"},
                    RefusedCase{"100 * * * *", "minute", "not a value"},
                    RefusedCase{"1,,2 * * * *", "minute", "empty part of a list"},
                    RefusedCase{"1, * * * *", "minute", "empty part of a list"},
                    RefusedCase{"5-1 * * * *", "minute", "goes upwards"},
                    RefusedCase{"0 0 * * FRI-MON", "weekday", "goes upwards"},
                    RefusedCase{"1-2-3 * * * *", "minute", "not a value"},
                    RefusedCase{"1- * * * *", "minute", "not a value"},
                    RefusedCase{"*/0 * * * *", "minute", "a step is a number from 1 to 60"},
                    RefusedCase{"*/61 * * * *", "minute", "from 1 to 60"},
                    RefusedCase{"0 */25 * * *", "hour", "from 1 to 24"},
                    RefusedCase{"*/ * * * *", "minute", "a step is a number"},
                    RefusedCase{"5/15 * * * *", "minute", "follows * or a range, as in 0-59/2"},
                    RefusedCase{"/15 * * * *", "minute", "follows * or a range"},
                    RefusedCase{"? * * * *", "minute", "not a value"},
                    RefusedCase{"L * * * *", "minute", "not a value"},
                    RefusedCase{"0 0 L-3 * *", "day", "not a value"},
                    RefusedCase{"0 0 5L * *", "day", "not a value"},
                    RefusedCase{"0 0 LW,3 * *", "day", "LW stands alone"},
                    RefusedCase{"0 0 W * *", "day", "W follows one day"},
                    RefusedCase{"0 0 1-5W * *", "day", "W follows one day"},
                    RefusedCase{"0 0 32W * *", "day", "W follows one day"},
                    RefusedCase{"0 0 * * 5W", "weekday", "not a value"},
                    RefusedCase{"0 0 * * L", "weekday", "not a value"},
                    RefusedCase{"0 0 * * 5#6", "weekday", "after # comes 1 to 5"},
                    RefusedCase{"0 0 * * 5#0", "weekday", "after # comes 1 to 5"},
                    RefusedCase{"0 0 * * #2", "weekday", "not a value"},
                    RefusedCase{"0 0 * * 1-5#2", "weekday", "not a value"},
                    RefusedCase{"0 0 1#2 * *", "day", "not a value"},
                    RefusedCase{"0 0 30 2 *", "day", "day \"30\" does not exist in month \"2\""},
                    RefusedCase{"0 0 31 4,6,9,11 *", "day", "does not exist"},
                    RefusedCase{"0 0 30W FEB ?", "day", "does not exist"},
                    RefusedCase{"\x01 * * * *", "minute", "\"?\": not a value"}));

TEST(CronSchedule, RefusesALongText) {
  std::string text = "0 0 1";
  while (text.size() < CronSchedule::kMaxTextBytes) {
    text += ",1";
  }
  const auto schedule = CronSchedule::parse(text + " * *");
  ASSERT_FALSE(schedule.ok());
  EXPECT_NE(schedule.error().message.find("256 bytes"), std::string::npos);
}

class CronAccepts : public testing::TestWithParam<const char*> {};

TEST_P(CronAccepts, AndKeepsTheText) {
  const auto schedule = CronSchedule::parse(GetParam());
  ASSERT_TRUE(schedule.ok()) << schedule.error().message;
  EXPECT_EQ(schedule->text(), GetParam());
}

INSTANTIATE_TEST_SUITE_P(Table, CronAccepts,
                         testing::Values("* * * * *", "* * * * * *", " 0\t0  * * * ", "@Daily",
                                         "0 0 29 2 *", "0 0 30 2 MON", "0 0 * 2 MON#5",
                                         "0 0 1W,15W,L jan,DEC-dec fri-sun,2#1,3L,4#l",
                                         "0 0 lw * ?", "*/60 */24 */31 */12 */7", "0 0 ?/2 * *",
                                         "00 09 * * *"));

struct FixedCase {
  const char* text;
  bool isFixed;
};

class CronIsFixed : public testing::TestWithParam<FixedCase> {};

TEST_P(CronIsFixed, WithoutWildcardAndStepInTheTime) {
  const auto schedule = CronSchedule::parse(GetParam().text);
  ASSERT_TRUE(schedule.ok());
  EXPECT_EQ(schedule->isFixed(), GetParam().isFixed);
}

INSTANTIATE_TEST_SUITE_P(
    Table, CronIsFixed,
    testing::Values(FixedCase{"30 2 * * *", true}, FixedCase{"10,40 2-4 */2 * *", true},
                    FixedCase{"@daily", true}, FixedCase{"@hourly", false},
                    FixedCase{"* 2 * * *", false}, FixedCase{"0 0-23/2 * * *", false},
                    FixedCase{"0,30 0 2 * * *", true}, FixedCase{"*/5 0 2 * * *", false}));

}  // namespace
}  // namespace busbar
