// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include <gtest/gtest.h>

#include "api/triggers/evaluator.h"
#include "tests/unit/api/triggers/evaluator_rig.h"

namespace busbar::triggers {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

std::string ruleOnly(const std::string& node) {
  return "{\"rule\":" + node + "}";
}
int64_t epoch(const char* text) {
  return utc(text).time_since_epoch().count();
}
std::string at(const char* text) {
  return ruleOnly("{\"at\":" + std::to_string(epoch(text)) + "}");
}

TEST(EvaluatorTime, CronIsAPulse) {
  EvaluatorRig rig(R"({"time_dependents":[{"type":"cron","cron":"*/5 * * * *"}]})", 1000);
  rig.evaluate();
  EXPECT_EQ(rig.stateOf("time_0").next, rig.now().now + minutes(5));
  EXPECT_LE(rig.last().wake, rig.now().now + minutes(1));
  EXPECT_EQ(rig.run(minutes(11)), "300:rose fire() 301:fell 600:rose fire() 601:fell");
}

TEST(EvaluatorTime, WhatIsDueWhenItBeginsIsNotOwed) {
  EvaluatorRig rig(ruleOnly(R"({"cron":{"cron":"0 12 * * *"}})"));
  EXPECT_EQ(rig.run(hours(23)), "");
  EvaluatorRig late(at("2025-06-02 12:00:00"));
  EXPECT_EQ(late.run(hours(23)), "");
}

TEST(EvaluatorTime, CronIsMeantInItsZoneOrThatOfThePlace) {
  EvaluatorRig rig(ruleOnly(R"({"any":[{"cron":{"cron":"0 20 * * *"}},
      {"cron":{"cron":"0 20 * * *","timezone":"America/New_York"}}]})"));
  rig.place().zone = zoneNamed("Europe/Berlin");
  rig.rebind();
  rig.evaluate();
  // 18:00 UTC and 24:00 UTC; it is 12:00.
  EXPECT_EQ(rig.run(hours(24)), "21600:rose fire() 21600:fell 43200:rose fire() 43200:fell");
}

TEST(EvaluatorTime, AtComesOnce) {
  EvaluatorRig rig(at("2025-06-02 12:30:00"));
  rig.evaluate();
  EXPECT_EQ(rig.run(hours(1)), "1800:rose fire() 1800:fell");
  rig.jump(-hours(1));
  EXPECT_EQ(rig.run(hours(4)), "");
  rig.jump(-hours(5));
  EXPECT_EQ(rig.run(hours(9)), "");
  EXPECT_EQ(rig.last().wake, Instant::max());
}

TEST(EvaluatorTime, TheWallClockMayJump) {
  struct Case {
    seconds jump;
    const char* expected;
  };
  // The moment is in an hour. Looked at each minute, a jump is noticed.
  for (const Case& c : {Case{hours(2), "60:rose fire() 60:fell"}, Case{hours(4), ""},
                        Case{-hours(1), "7200:rose fire() 7200:fell"},
                        Case{minutes(30), "1800:rose fire() 1800:fell"}}) {
    for (const std::string& node :
         {at("2025-06-02 13:00:00"), ruleOnly(R"({"cron":{"cron":"0 13 2 6 *"}})")}) {
      EvaluatorRig rig(node);
      rig.evaluate();
      rig.jump(c.jump);
      EXPECT_EQ(rig.run(hours(10)), c.expected) << node << ' ' << c.jump.count();
    }
  }
  EvaluatorRig rig(ruleOnly(R"({"cron":{"cron":"0 13 2 6 *","missed":"run_once"}})"));
  rig.evaluate();
  rig.jump(hours(4));
  EXPECT_EQ(rig.run(hours(10)), "60:rose fire() 60:fell");
}

TEST(EvaluatorTime, AnAtThatWasJumpedOverComesWhenTheClockIsPutBack) {
  EvaluatorRig rig(at("2025-06-02 13:00:00"));
  rig.evaluate();
  rig.jump(hours(48));
  EXPECT_EQ(rig.run(minutes(2)), "");
  rig.jump(-hours(48));
  EXPECT_EQ(rig.run(hours(2)), "3480:rose fire() 3480:fell");
}

TEST(EvaluatorTime, DurationsDoNotJump) {
  EvaluatorRig rig(
      R"({"comparisons":[{"left":{"mod":"A_1","status":"x"},"operator":"equal","right":1,"for_ms":60000}]})");
  rig.set("A_1", "x", "1");
  rig.jump(hours(5));
  EXPECT_EQ(rig.evaluate(), "");
  rig.jump(-hours(9));
  EXPECT_EQ(rig.run(seconds(100)), "60:rose fire()");
}

TEST(EvaluatorTime, BetweenIsALevelAndNoticesJumps) {
  EvaluatorRig rig(ruleOnly(R"({"between":{"from":"13:00","to":"14:00"}})"));
  rig.evaluate();
  EXPECT_EQ(rig.run(hours(3)), "3600:rose fire() 7200:fell");
  rig.jump(-hours(2));  // 13:00
  EXPECT_LE(rig.last().wake, rig.now().now + minutes(1));
  EXPECT_EQ(rig.run(hours(2)), "60:rose fire() 3600:fell");
  rig.jump(-minutes(90));
  EXPECT_EQ(rig.evaluate(), "rose fire()");
  EXPECT_EQ(rig.stateOf("rule").next, rig.now().now + minutes(30));
}

TEST(EvaluatorTime, DaysFollowTheZoneOfThePlace) {
  EvaluatorRig rig(ruleOnly(R"({"all":[{"days":{"weekdays":["tue"]}},
      {"between":{"from":"00:00","to":"00:00"},"for_ms":3600000}]})"));
  rig.place().zone = zoneNamed("Asia/Kolkata");
  rig.rebind();
  rig.evaluate();
  // Tuesday begins at 18:30 UTC; Monday is the 2nd.
  EXPECT_EQ(rig.run(hours(48)), "23400:rose fire() 109800:fell");
}

TEST(EvaluatorTime, TheDayOfSummerTimeIsFollowed) {
  EvaluatorRig rig(
      ruleOnly(R"({"between":{"from":"02:30","to":"04:00","timezone":"Europe/Berlin"}})"), 0, {},
      "2025-03-29 23:00:00");
  rig.evaluate();
  // 02:30 does not come: from 03:00 on, which is 01:00 UTC.
  EXPECT_EQ(rig.run(hours(12)), "7200:rose fire() 10800:fell");
}

TEST(EvaluatorTime, TheSunNeedsCoordinates) {
  EvaluatorRig rig(
      ruleOnly(R"({"any":[{"sun":"sunset-00:30"},{"between":{"from":"sunset","to":"23:00"}}]})"), 0,
      {}, "2019-10-31 12:00:00");
  EXPECT_EQ(rig.run(hours(24)), "");
  EXPECT_EQ(rig.stateOf("rule/any/0").problem, "no_coordinates");
  EXPECT_EQ(rig.stateOf("rule/any/1").problem, "no_coordinates");
  EXPECT_EQ(rig.stateOf("rule/any/1").next, std::nullopt);
  rig.place().coordinates = Coordinates{60, 0};
  rig.rebind();
  rig.evaluate();
  EXPECT_EQ(rig.stateOf("rule/any/0").problem, "");
  // The sun sets at 16:05 on 1 November (USNO), which is four hours from now.
  const auto next = rig.stateOf("rule/any/0").next;
  ASSERT_TRUE(next);
  const auto wait = *next - rig.now().now;
  EXPECT_LE(std::chrono::abs(wait - (hours(4) + minutes(5) - minutes(30))), minutes(2));
  rig.run(hours(3));
  EXPECT_EQ(rig.take(), "");
  rig.run(hours(1));
  EXPECT_EQ(rig.take(), "rose fire() fell");
  rig.run(hours(8));
  EXPECT_EQ(rig.take(), "rose fire() fell");
}

TEST(EvaluatorTime, WakesAreNotSoonerThanNeeded) {
  EvaluatorRig rig(ruleOnly(R"({"all":[
      {"compare":{"left":{"mod":"A_1","status":"x"},"operator":"equal","right":1},"for_ms":90000},
      {"stale":{"status":{"mod":"B_1","status":"x"},"after_ms":30000}}]})"));
  rig.evaluate();
  EXPECT_EQ(rig.last().wake, rig.now().now + seconds(30));
  rig.set("A_1", "x", "1");
  EXPECT_EQ(rig.last().wake, rig.now().now + seconds(30));
  rig.move(seconds(30));
  rig.evaluate();
  EXPECT_EQ(rig.last().wake, rig.now().now + seconds(60));
  rig.move(seconds(60));
  EXPECT_EQ(rig.evaluate(), "rose fire()");
  EXPECT_EQ(rig.last().wake, Instant::max());
}

}  // namespace
}  // namespace busbar::triggers
