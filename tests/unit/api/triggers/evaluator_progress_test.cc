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

const char* const kHeld =
    R"({"comparisons":[{"left":{"mod":"A_1","status":"x"},"operator":"equal","right":1,"for_ms":600000}]})";

TEST(EvaluatorProgress, ARunningDurationGoesOnAndCountsTheTimeBetween) {
  EvaluatorRig rig(kHeld);
  rig.set("A_1", "x", "1");
  rig.run(minutes(4));
  rig.restart(minutes(3));
  EXPECT_EQ(rig.evaluate(), "");  // also before the owner delivers
  EXPECT_TRUE(rig.stateOf("comparison_0").isHeld);
  rig.set("A_1", "x", "1");
  EXPECT_EQ(rig.run(minutes(10)), "180:rose fire()");
}

TEST(EvaluatorProgress, ADurationThatEndedMeanwhileFiresAtOnce) {
  EvaluatorRig rig(kHeld);
  rig.set("A_1", "x", "1");
  rig.restart(hours(1));
  EXPECT_EQ(rig.set("A_1", "x", "1"), "rose fire()");
}

TEST(EvaluatorProgress, ADurationThatBrokeMeanwhileBeginsAnew) {
  EvaluatorRig rig(kHeld);
  rig.set("A_1", "x", "1");
  rig.run(minutes(4));
  rig.restart(minutes(3));
  rig.set("A_1", "x", "0");
  rig.set("A_1", "x", "1");
  EXPECT_EQ(rig.run(minutes(20)), "600:rose fire()");
}

TEST(EvaluatorProgress, WhatIsTriggeredDoesNotFireAgainWhileValuesComeInOneByOne) {
  EvaluatorRig rig(R"({"comparisons":[
      {"left":{"mod":"A_1","status":"x"},"operator":"equal","right":1},
      {"left":{"mod":"B_1","status":"x"},"operator":"less_than","right":{"mod":"C_1","status":"x"}}]})");
  rig.put("A_1", "x", "1");
  rig.put("B_1", "x", "1");
  EXPECT_EQ(rig.set("C_1", "x", "2"), "rose fire()");
  rig.restart(minutes(1));
  EXPECT_EQ(rig.evaluate(), "");
  EXPECT_EQ(rig.set("A_1", "x", "1"), "");
  EXPECT_EQ(rig.set("B_1", "x", "3"), "");  // nobody knows C_1 yet
  EXPECT_EQ(rig.set("C_1", "x", "4"), "");
  EXPECT_EQ(rig.set("C_1", "x", "3"), "fell");
}

TEST(EvaluatorProgress, AnEdgeOverARestartIsNotLost) {
  EvaluatorRig rig(R"({"rule":{"changed":{"mod":"A_1","status":"x"}}})");
  rig.set("A_1", "x", R"({"a":1,"b":2})");
  rig.restart();
  EXPECT_EQ(rig.set("A_1", "x", R"({"b":2,"a":1.0})"), "");
  rig.restart();
  rig.restart();
  EXPECT_EQ(rig.set("A_1", "x", R"({"a":2})"), "rose fire()");
}

TEST(EvaluatorProgress, LargeValuesAreKnownByTheirDigest) {
  EvaluatorRig rig(R"({"rule":{"changed":{"mod":"A_1","status":"x"}}})");
  const std::string a = "{\"n\":1,\"t\":\"" + std::string(70'000, 'a') + "\"}";
  const std::string same = "{\"t\":\"" + std::string(70'000, 'a') + "\",\"n\":1.0}";
  const std::string b = "{\"n\":1,\"t\":\"" + std::string(69'999, 'a') + "b\"}";
  rig.set("A_1", "x", a.c_str());
  rig.restart();
  EXPECT_LT(json::write(rig.evaluator().progress()).size(), 1000U);
  EXPECT_EQ(rig.set("A_1", "x", same.c_str()), "");
  rig.restart();
  EXPECT_EQ(rig.set("A_1", "x", b.c_str()), "rose fire()");
}

TEST(EvaluatorProgress, BecameRemembersWhatItSaidLast) {
  const char* const became =
      R"({"rule":{"became":{"left":{"mod":"A_1","status":"x"},"operator":"greater_than","right":5}}})";
  for (const auto& [before, expected] : {std::pair("1", "rose fire()"), std::pair("6", "")}) {
    EvaluatorRig rig(became);
    rig.set("A_1", "x", before);
    rig.restart();
    EXPECT_EQ(rig.set("A_1", "x", "7"), expected) << before;
  }
}

TEST(EvaluatorProgress, HysteresisStaysLatched) {
  const char* const hysteresis =
      R"({"comparisons":[{"left":{"mod":"A_1","status":"x"},"operator":"greater_than","right":20,"hysteresis":5}]})";
  EvaluatorRig rig(hysteresis);
  rig.set("A_1", "x", "21");
  rig.restart();
  EXPECT_EQ(rig.set("A_1", "x", "17"), "");
  EXPECT_TRUE(rig.evaluator().triggered());
  EXPECT_EQ(rig.set("A_1", "x", "14"), "fell");
  rig.restart();
  EXPECT_EQ(rig.set("A_1", "x", "17"), "");
  EXPECT_FALSE(rig.evaluator().triggered());
}

TEST(EvaluatorProgress, APulseLastsOnlyAsLongAsItWouldHave) {
  EvaluatorRig rig(R"({"rule":{"changed":{"mod":"A_1","status":"x"}}})", 60'000);
  rig.set("A_1", "x", "1");
  rig.set("A_1", "x", "2");
  rig.run(seconds(10));
  rig.restart(seconds(20));
  EXPECT_EQ(rig.evaluate(), "");
  EXPECT_EQ(rig.run(minutes(5)), "30:fell");
}

TEST(EvaluatorProgress, APulseThatNobodyLookedAtIsNotLost) {
  EvaluatorRig rig(R"({"rule":{"changed":{"mod":"A_1","status":"x"}}})");
  rig.set("A_1", "x", "1");
  rig.put("A_1", "x", "2");
  rig.restart();
  EXPECT_EQ(rig.evaluate(), "rose fire()");
}

TEST(EvaluatorProgress, StaleCountsOn) {
  EvaluatorRig rig(R"({"rule":{"stale":{"status":{"mod":"A_1","status":"x"},"after_ms":600000}}})");
  rig.set("A_1", "x", "1");
  rig.run(minutes(4));
  rig.restart(minutes(3));
  rig.evaluate();
  EXPECT_EQ(rig.run(minutes(10)), "180:rose fire()");
}

TEST(EvaluatorProgress, UpdatesChangeItSeldom) {
  EvaluatorRig rig(R"({"rule":{"stale":{"status":{"mod":"A_1","status":"x"},"after_ms":600000}}})");
  rig.set("A_1", "x", "1");
  rig.evaluator().progress();
  rig.run(seconds(59));
  rig.set("A_1", "x", "1");
  EXPECT_FALSE(rig.last().progressChanged);
  rig.run(seconds(2));
  rig.set("A_1", "x", "1");
  EXPECT_TRUE(rig.last().progressChanged);
}

TEST(EvaluatorProgress, OfflineModulesAreNotNamedTwice) {
  EvaluatorRig rig(R"({"rule":{"offline":{"grace_ms":60000}}})", 0, {{"all", {"m1", "m2"}}});
  rig.put("m1", "", "false");
  rig.set("m2", "", "true");
  EXPECT_EQ(rig.run(minutes(2)), "60:rose fire(m1)");
  rig.set("m2", "", "false");
  rig.run(seconds(20));
  rig.restart(seconds(10));
  rig.put("m1", "", "false");
  rig.set("m2", "", "false");
  EXPECT_EQ(rig.run(minutes(2)), "30:fire(m2)");
}

TEST(EvaluatorProgress, WhatWasMissedRunsOnceIfThatIsAsked) {
  const auto missed = [](const char* how) {
    return std::string(R"({"rule":{"cron":{"cron":"0 * * * *","missed":")") + how + "\"}}}";
  };
  EvaluatorRig skip(missed("skip"));
  skip.evaluate();
  skip.run(minutes(30));
  skip.restart(hours(5));
  EXPECT_EQ(skip.run(minutes(20)), "");
  EvaluatorRig once(missed("run_once"));
  once.evaluate();
  once.run(minutes(30));
  once.restart(hours(5));
  EXPECT_EQ(once.evaluate(), "rose fire()");
  EXPECT_EQ(once.run(minutes(40)), "0:fell 1800:rose fire() 1800:fell");
  once.restart(minutes(5));
  EXPECT_EQ(once.run(minutes(30)), "");
}

TEST(EvaluatorProgress, AnAtThatPassedMeanwhileComesLateButNotTooLate) {
  const std::string at =
      "{\"rule\":{\"at\":" + std::to_string(utc("2025-06-02 13:00:00").time_since_epoch().count()) +
      "}}";
  EvaluatorRig late(at);
  late.evaluate();
  late.restart(hours(3));
  EXPECT_EQ(late.evaluate(), "rose fire()");
  late.restart();
  EXPECT_EQ(late.run(hours(1)), "0:fell");
  EvaluatorRig tooLate(at);
  tooLate.evaluate();
  tooLate.restart(hours(4));
  EXPECT_EQ(tooLate.run(hours(1)), "");
}

TEST(EvaluatorProgress, WhatHasNoPlaceInAChangedDocumentIsDropped) {
  EvaluatorRig rig(kHeld);
  rig.set("A_1", "x", "1");
  rig.run(minutes(9));
  // The same key, another condition.
  rig.restartWith(
      R"({"comparisons":[{"left":{"mod":"A_1","status":"x"},"operator":"less_than","right":5,"for_ms":600000}]})");
  rig.set("A_1", "x", "1");
  EXPECT_EQ(rig.run(minutes(20)), "600:rose fire()");
  // Another key for a condition that was there, and a new one.
  rig.restartWith(R"({"rule":{"any":[{"at":5}]}})");
  EXPECT_EQ(rig.evaluate(), "fell");
}

TEST(EvaluatorProgress, SurvivesAnyDocument) {
  const char* const documents[] = {
      "{}",
      R"({"version":1,"triggered":5,"conditions":[]})",
      R"({"conditions":{"rule":5,"rule/all/0":{"form":5}}})",
      R"({"triggered":true,"conditions":{"rule":{"form":"?","raw":true,"since":-9223372036854775808}}})",
  };
  for (const char* document : documents) {
    EvaluatorRig rig(R"({"rule":{"all":[{"changed":{"mod":"A_1","status":"x"}}]}})");
    rig.evaluator().restore(*json::parse(document).value().asObject(), rig.now());
    rig.evaluate();
    rig.set("A_1", "x", "1");
    rig.evaluate();
    EXPECT_FALSE(rig.evaluator().triggered());
  }
  // Right forms with wrong members.
  const char* const kinds = R"({"rule":{"any":[
      {"changed":{"mod":"A_1","status":"x"}}, {"stale":{"status":{"mod":"A_1","status":"x"},"after_ms":5}},
      {"offline":{"grace_ms":5}}, {"at":5},
      {"became":{"left":{"mod":"A_1","status":"x"},"operator":"equal","right":1}}],"for_ms":5}})";
  EvaluatorRig rig(kinds, 0, {{"all", {"m1"}}});
  rig.put("m1", "", "false");
  rig.set("A_1", "x", "1");
  const std::string good = json::write(rig.evaluator().progress());
  for (size_t at = 0; (at = good.find(':', at)) != std::string::npos; ++at) {
    for (const char* wrong : {"9223372036854775807", "[]", "{\"m1\":true,\"A_1\":7}"}) {
      const size_t end = good.find_first_of(",}", at);
      const auto value = json::parse(good.substr(0, at + 1) + wrong + good.substr(end));
      if (value.ok() && value->asObject() != nullptr) {
        EvaluatorRig other(kinds, 0, {{"all", {"m1"}}});
        other.evaluator().restore(*value->asObject(), other.now());
        other.run(minutes(1));
      }
    }
  }
}

}  // namespace
}  // namespace busbar::triggers
