// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/evaluator.h"

#include <string>

#include <gtest/gtest.h>

#include "tests/unit/api/triggers/evaluator_rig.h"

namespace busbar::triggers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

std::string compare(const char* mod, const char* op, const char* right, const char* more = "") {
  return std::string(R"({"left":{"mod":")") + mod + R"(","status":"x"},"operator":")" + op +
         R"(","right":)" + right + more + "}";
}
std::string comparisons(const std::vector<std::string>& entries) {
  std::string all;
  for (const std::string& entry : entries) {
    all += (all.empty() ? "" : ",") + entry;
  }
  return "{\"comparisons\":[" + all + "]}";
}
std::string rule(const std::string& node) {
  return "{\"rule\":" + node + "}";
}
std::string rise(const char* mod) {  // a node that is true while the module says 1
  return "{\"compare\":" + compare(mod, "equal", "1") + "}";
}

TEST(Evaluator, WithoutConditionsNothingEverFires) {
  EvaluatorRig rig("{}");
  EXPECT_EQ(rig.evaluate(), "");
  EXPECT_EQ(rig.last().wake, Instant::max());
  EXPECT_TRUE(rig.evaluator().conditions().empty());
}

TEST(Evaluator, FiresOnceWhenAllHold) {
  EvaluatorRig rig(
      comparisons({compare("A_1", "equal", "1"), compare("B_1", "greater_than", "5")}));
  EXPECT_EQ(rig.evaluate(), "");
  EXPECT_EQ(rig.set("A_1", "x", "1"), "");
  EXPECT_EQ(rig.set("B_1", "x", "6"), "rose fire()");
  EXPECT_EQ(rig.set("B_1", "x", "7"), "");
  EXPECT_EQ(rig.set("A_1", "x", "1.0"), "");
  EXPECT_EQ(rig.set("A_1", "x", "2"), "fell");
  EXPECT_EQ(rig.set("A_1", "x", "1"), "rose fire()");
  EXPECT_TRUE(rig.evaluator().triggered());
}

TEST(Evaluator, FiresWhenAnyHoldsIfThatIsAsked) {
  model::Trigger trigger;
  trigger.anyMatch = true;
  trigger.conditions =
      json::parse(comparisons({compare("A_1", "equal", "1"), compare("B_1", "equal", "1")}))
          .value();
  EvaluatorRig rig(trigger, {}, "2025-06-02 12:00:00");
  EXPECT_EQ(rig.set("A_1", "x", "1"), "rose fire()");
  EXPECT_EQ(rig.set("B_1", "x", "1"), "");
  EXPECT_EQ(rig.set("A_1", "x", "0"), "");
  EXPECT_EQ(rig.set("B_1", "x", "0"), "fell");
}

TEST(Evaluator, GroupsCombineTheirMembers) {
  struct Case {
    const char* kind;
    const char* expected;  // for none, one, two and three members true
  };
  for (const Case& c :
       {Case{"all", "...T"}, Case{"any", ".TTT"}, Case{"one_of", ".T.T"}, Case{"none", "T..."}}) {
    EvaluatorRig rig(rule(std::string("{\"") + c.kind + "\":[" + rise("A_1") + "," + rise("B_1") +
                          "," + rise("C_1") + "]}"));
    std::string seen;
    rig.evaluate();
    for (const char* mod : {"", "A_1", "B_1", "C_1"}) {
      rig.set(mod, "x", "1");
      seen += rig.evaluator().triggered() ? 'T' : '.';
    }
    EXPECT_EQ(seen, c.expected) << c.kind;
  }
}

TEST(Evaluator, MembersThatTradePlacesDoNotBreakWhatIsHeld) {
  EvaluatorRig rig(rule("{\"any\":[" + rise("A_1") + "," + rise("B_1") + "],\"for_ms\":1000}"));
  rig.set("A_1", "x", "1");
  rig.move(milliseconds(900));
  rig.put("A_1", "x", "0");
  rig.set("B_1", "x", "1");
  EXPECT_EQ(rig.run(seconds(1)), "0.1:rose fire()");
}

TEST(Evaluator, ANestedRuleSaysWhichOfItsConditionsHold) {
  EvaluatorRig rig(rule("{\"all\":[{\"none\":[" + rise("A_1") + "]},{\"any\":[" + rise("B_1") +
                        "," + rise("C_1") + "]}]}"));
  EXPECT_EQ(rig.set("C_1", "x", "1"), "rose fire()");
  std::string keys;
  for (const auto& state : rig.evaluator().conditions()) {
    keys += std::string(state.key) + (state.isTrue ? "+ " : "- ");
  }
  EXPECT_EQ(
      keys,
      "rule+ rule/all/0+ rule/all/0/none/0- rule/all/1+ rule/all/1/any/0- rule/all/1/any/1+ ");
}

TEST(Evaluator, ADurationCountsFromWhenItBeganToHold) {
  EvaluatorRig rig(comparisons({compare("A_1", "greater_than", "5", R"(,"for_ms":10000)")}));
  EXPECT_EQ(rig.set("A_1", "x", "6"), "");
  EXPECT_TRUE(rig.stateOf("comparison_0").isHeld);
  EXPECT_EQ(rig.stateOf("comparison_0").next, rig.now().now + seconds(10));
  rig.move(seconds(9));
  EXPECT_EQ(rig.set("A_1", "x", "7"), "");  // still holds: goes on
  EXPECT_EQ(rig.run(seconds(1)), "1:rose fire()");
  EXPECT_FALSE(rig.stateOf("comparison_0").isHeld);
  EXPECT_EQ(rig.set("A_1", "x", "5"), "fell");
  rig.set("A_1", "x", "6");
  rig.move(seconds(9));
  rig.set("A_1", "x", "5");  // breaks it
  rig.set("A_1", "x", "6");
  EXPECT_EQ(rig.run(seconds(20)), "10:rose fire()");
}

TEST(Evaluator, HysteresisKeepsWhatIsTrueOnBothSides) {
  struct Case {
    const char* op;
    std::vector<const char*> values;
    const char* expected;
  };
  const Case cases[] = {
      {"greater_than", {"20", "20.5", "20", "18", "17.9", "18", "20.1"}, ".TTT..T"},
      {"greater_than_or_equal", {"19", "20", "18", "17", "19"}, ".TT.."},
      {"less_than", {"20", "19.9", "20", "22", "22.1", "20", "19"}, ".TTT..T"},
      {"less_than_or_equal", {"21", "20", "22", "23", "21"}, ".TT.."},
  };
  for (const Case& c : cases) {
    EvaluatorRig rig(comparisons({compare("A_1", c.op, "20", R"(,"hysteresis":2)")}));
    std::string seen;
    for (const char* value : c.values) {
      rig.set("A_1", "x", value);
      seen += rig.evaluator().triggered() ? 'T' : '.';
    }
    EXPECT_EQ(seen, c.expected) << c.op;
  }
}

TEST(Evaluator, HysteresisIsOfEachModule) {
  EvaluatorRig rig(comparisons({R"({"left":{"interface":"i/1","of":"all","status":"x"},
      "operator":"greater_than","right":20,"hysteresis":5})"}),
                   0, {{"i/1", {"m1", "m2"}}});
  rig.set("m1", "x", "21");
  rig.set("m1", "x", "16");
  EXPECT_EQ(rig.set("m2", "x", "16"), "");  // never was above
  EXPECT_EQ(rig.set("m2", "x", "21"), "rose fire()");
  EXPECT_EQ(rig.set("m2", "x", "15"), "");
  EXPECT_EQ(rig.set("m2", "x", "\"?\""), "fell");
  EXPECT_EQ(rig.set("m2", "x", "16"), "");  // what was wrong broke it
}

TEST(Evaluator, QuantifiersSpeakOfModulesThatComeAndGo) {
  struct Case {
    const char* of;
    const char* expected;
  };
  // No module; one says 1; of two one; of two both; one left that does not; none left.
  for (const Case& c : {Case{"any", ".TTT.."}, Case{"all", ".T.T.."}, Case{"none", "T...TT"}}) {
    EvaluatorRig rig(comparisons({std::string(R"({"left":{"interface":"i/1","of":")") + c.of +
                                  R"(","status":"x"},"operator":"equal","right":1})"}));
    std::string seen;
    const auto look = [&] {
      rig.evaluate();
      seen += rig.evaluator().triggered() ? 'T' : '.';
    };
    look();
    rig.rebind({{"i/1", {"m1"}}});
    rig.put("m1", "x", "1");
    look();
    rig.rebind({{"i/1", {"m1", "m2"}}});
    rig.put("m2", "x", "0");
    look();
    rig.put("m2", "x", "1");
    look();
    rig.rebind({{"i/1", {"m2"}}});
    rig.put("m2", "x", "0");
    look();
    rig.rebind({});
    look();
    EXPECT_EQ(seen, c.expected) << c.of;
  }
}

TEST(Evaluator, RebindKeepsWhatIsHeld) {
  EvaluatorRig rig(
      comparisons(
          {R"({"left":{"interface":"i/1","of":"all","status":"x"},"operator":"equal","right":1,
                      "for_ms":10000})"}),
      0, {{"i/1", {"m1", "m2"}}});
  rig.put("m1", "x", "1");
  rig.set("m2", "x", "1");
  rig.move(seconds(4));
  rig.rebind({{"i/1", {"m3", "m2"}}});
  rig.put("m3", "x", "1");
  EXPECT_EQ(rig.run(seconds(10)), "6:rose fire()");
}

TEST(Evaluator, RebindKeepsWhatEachModuleSaid) {
  EvaluatorRig latched(comparisons({R"({"left":{"interface":"i/1","of":"any","status":"x"},
      "operator":"greater_than","right":20,"hysteresis":5})"}),
                       0, {{"i/1", {"m1", "m2"}}});
  latched.set("m2", "x", "21");
  latched.rebind({{"i/1", {"m2", "m3"}}});
  EXPECT_EQ(latched.set("m2", "x", "16"), "");
  EXPECT_TRUE(latched.evaluator().triggered());
  for (const char* edge : {"became", "changed"}) {
    EvaluatorRig rig(rule(edge == std::string("became")
                              ? "{\"became\":" + compare("A_1", "greater_than", "5") + "}"
                              : R"({"changed":{"mod":"A_1","status":"x"}})"));
    rig.set("A_1", "x", "1");
    rig.rebind();
    EXPECT_EQ(rig.set("A_1", "x", "6"), "rose fire()") << edge;
  }
}

TEST(Evaluator, ASideOfSeveralModulesMayStandRight) {
  EvaluatorRig rig(comparisons({R"({"left":{"mod":"A_1","status":"limit"},"operator":"less_than",
      "right":{"interface":"i/1","of":"any","status":"x"}})"}),
                   0, {{"i/1", {"m1", "m2"}}});
  rig.put("A_1", "limit", "10");
  rig.put("m1", "x", "5");
  EXPECT_EQ(rig.set("m2", "x", "11"), "rose fire()");
  const auto state = rig.stateOf("comparison_0");
  EXPECT_EQ(state.left, json::Value(10));
  EXPECT_EQ(json::write(state.right), R"({"m1":5,"m2":11})");
  EXPECT_EQ(rig.set("A_1", "limit", "12"), "fell");
}

TEST(Evaluator, AMissingStatusIsNullAndAMissingModuleIsAProblem) {
  EvaluatorRig rig(
      comparisons({compare("A_1", "equal", "null"), compare("B_1", "greater_than", "1")}), 0,
      {{"gone", {"A_1"}}});
  rig.evaluate();
  EXPECT_FALSE(rig.isTrue("comparison_0"));
  EXPECT_EQ(rig.stateOf("comparison_0").problem, "no_module");
  EXPECT_EQ(rig.stateOf("comparison_1").problem, "no_value");
  EXPECT_EQ(rig.evaluator().comparisonErrors(), 0U);
  rig.rebind({});
  rig.set("A_1", "x", nullptr);
  EXPECT_TRUE(rig.isTrue("comparison_0"));
  EXPECT_EQ(rig.stateOf("comparison_0").problem, "no_value");
  rig.set("B_1", "x", "\"hot\"");
  EXPECT_EQ(rig.stateOf("comparison_1").problem, "wrong_type");
  EXPECT_EQ(rig.evaluator().comparisonErrors(), 1U);
  EXPECT_EQ(rig.set("B_1", "x", "2"), "rose fire()");
  EXPECT_EQ(rig.stateOf("comparison_1").problem, "");
}

TEST(Evaluator, ChangedIsAnEdgeBetweenTwoValues) {
  EvaluatorRig rig(rule(R"({"changed":{"mod":"A_1","status":"x","keys":["k"]}})"));
  EXPECT_EQ(rig.set("A_1", "x", R"({"k":1,"o":1})"), "");  // the first one
  EXPECT_EQ(rig.set("A_1", "x", R"({"k":1.0,"o":2})"), "");
  EXPECT_EQ(rig.set("A_1", "x", R"({"k":2})"), "rose fire()");
  EXPECT_EQ(rig.last().wake, rig.now().now);
  EXPECT_EQ(rig.evaluate(), "fell");
  EXPECT_EQ(rig.set("A_1", "x", nullptr), "");  // it is gone for a while
  EXPECT_EQ(rig.set("A_1", "x", R"({"k":2})"), "");
  EXPECT_EQ(rig.set("A_1", "x", nullptr), "");
  EXPECT_EQ(rig.set("A_1", "x", R"({"o":1})"), "rose fire()");  // k is null now
  rig.evaluate();
  rig.forget("A_1", "x");
  EXPECT_EQ(rig.set("A_1", "x", R"({"k":3})"), "");
  EXPECT_EQ(rig.set("A_1", "x", R"({"k":4})"), "rose fire()");
}

TEST(Evaluator, ForgettingCountsAlsoWhenTheSameValueComesNext) {
  EvaluatorRig rig(rule(R"({"changed":{"mod":"A_1","status":"x"}})"));
  rig.set("A_1", "x", "1");
  rig.forget("A_1", "x");
  EXPECT_EQ(rig.set("A_1", "x", "1"), "");
  EXPECT_EQ(rig.set("A_1", "x", "2"), "rose fire()");
}

TEST(Evaluator, APulseLastsForTheDebouncePeriod) {
  EvaluatorRig rig(rule(R"({"changed":{"mod":"A_1","status":"x"}})"), 1000);
  rig.set("A_1", "x", "1");
  EXPECT_EQ(rig.set("A_1", "x", "2"), "rose fire()");
  rig.move(milliseconds(600));
  EXPECT_EQ(rig.set("A_1", "x", "3"), "");  // longer, not again
  EXPECT_EQ(rig.run(seconds(2)), "1:fell");
  EXPECT_EQ(rig.set("A_1", "x", "4"), "rose fire()");
}

TEST(Evaluator, PulsesInARowAreEdgesEachThoughNobodyLooksBetween) {
  EvaluatorRig rig(rule(R"({"changed":{"mod":"A_1","status":"x"}})"));
  rig.set("A_1", "x", "1");
  EXPECT_EQ(rig.set("A_1", "x", "2"), "rose fire()");
  EXPECT_EQ(rig.set("A_1", "x", "3"), "fell rose fire()");
  EXPECT_EQ(rig.evaluate(), "fell");
  EXPECT_EQ(rig.evaluate(), "");
  EXPECT_EQ(rig.last().wake, Instant::max());
}

TEST(Evaluator, APulseMayHaveToHoldForPartOfItsTime) {
  EvaluatorRig rig(rule(R"({"changed":{"mod":"A_1","status":"x"},"for_ms":400})"), 1000);
  rig.set("A_1", "x", "1");
  EXPECT_EQ(rig.set("A_1", "x", "2"), "");
  EXPECT_EQ(rig.run(seconds(2)), "0.4:rose fire() 1:fell");
}

TEST(Evaluator, BecameIsTheEdgeOfAComparison) {
  EvaluatorRig rig(rule("{\"became\":" + compare("A_1", "greater_than", "5") + "}"));
  EXPECT_EQ(rig.set("A_1", "x", "6"), "");  // the first one
  EXPECT_EQ(rig.set("A_1", "x", "5"), "");
  EXPECT_EQ(rig.set("A_1", "x", "6"), "rose fire()");
  EXPECT_EQ(rig.run(seconds(0)), "0:fell");
  EXPECT_EQ(rig.set("A_1", "x", "7"), "");
  EXPECT_EQ(rig.set("A_1", "x", nullptr), "");
  EXPECT_EQ(rig.set("A_1", "x", "8"), "");  // it was so before it went
  rig.set("A_1", "x", "1");
  rig.set("A_1", "x", nullptr);
  EXPECT_EQ(rig.set("A_1", "x", "8"), "rose fire()");  // and now it was not
}

TEST(Evaluator, BecameOfSeveralModulesIsNotHeldUpByOneWithoutAValue) {
  EvaluatorRig rig(rule(R"({"became":{"left":{"interface":"i/1","of":"all","status":"x"},
      "operator":"equal","right":1}})"),
                   0, {{"i/1", {"m1", "m2", "m3"}}});
  rig.set("m1", "x", "0");
  rig.set("m2", "x", "1");
  EXPECT_EQ(rig.set("m1", "x", "1"), "rose fire()");
  rig.evaluate();
  EXPECT_EQ(rig.set("m3", "x", "0"), "");
  EXPECT_EQ(rig.set("m3", "x", "1"), "rose fire()");
}

TEST(Evaluator, ForgettingOneModuleForgetsNothingOfTheOthers) {
  EvaluatorRig rig(rule(R"({"became":{"left":{"interface":"i/1","of":"any","status":"x"},
      "operator":"equal","right":1}})"),
                   0, {{"i/1", {"m1", "m2"}}});
  rig.set("m1", "x", "0");
  rig.set("m2", "x", "0");
  rig.forget("m1", "x");
  EXPECT_EQ(rig.set("m1", "x", "1"), "");
  rig.set("m1", "x", "0");
  rig.forget("m1", "x");
  EXPECT_EQ(rig.set("m2", "x", "1"), "rose fire()");
}

TEST(Evaluator, AForgottenValueIsNotComparedWithANewOne) {
  EvaluatorRig rig(rule(R"({"became":{"left":{"mod":"A_1","status":"x"},"operator":"greater_than",
      "right":{"mod":"B_1","status":"x"}}})"));
  rig.set("A_1", "x", "1");
  rig.set("B_1", "x", "5");
  rig.forget("A_1", "x");
  rig.set("B_1", "x", "6");
  EXPECT_EQ(rig.set("A_1", "x", "10"), "");
  rig.set("A_1", "x", "1");
  EXPECT_EQ(rig.set("A_1", "x", "10"), "rose fire()");
}

TEST(Evaluator, StaleIsForWantOfUpdatesAlsoWithTheSameValue) {
  EvaluatorRig rig(rule(R"({"stale":{"status":{"mod":"A_1","status":"x"},"after_ms":60000}})"));
  rig.set("A_1", "x", "1");
  rig.move(seconds(50));
  EXPECT_EQ(rig.set("A_1", "x", "1"), "");
  EXPECT_EQ(rig.run(seconds(59)), "");
  rig.set("A_1", "x", nullptr);  // no update
  EXPECT_EQ(rig.run(seconds(5)), "1:rose fire()");
  EXPECT_EQ(rig.set("A_1", "x", "1"), "fell");
}

TEST(Evaluator, AWebhookIsAPulse) {
  EvaluatorRig rig(rule(R"({"all":[{"webhook":true},)" + rise("A_1") + "]}"), 2000);
  rig.evaluate();
  rig.evaluator().deliverWebhook(rig.now());
  EXPECT_EQ(rig.evaluate(), "rose fire()");  // the condition at the top
  EXPECT_TRUE(rig.isTrue("webhook"));
  EXPECT_TRUE(rig.isTrue("rule/all/0"));
  EXPECT_FALSE(rig.isTrue("rule"));
  rig.set("A_1", "x", "1");
  EXPECT_TRUE(rig.isTrue("rule"));
  EXPECT_EQ(rig.run(seconds(3)), "2:fell");
}

TEST(Evaluator, SetsOfAnotherTriggersStatusAreStatuses) {
  EvaluatorRig rig(comparisons(
      {R"({"left":{"trigger":"trigger-1","status":"in_use"},"operator":"equal","right":true})"}));
  EXPECT_EQ(rig.set("trigger-1", "in_use", "true"), "rose fire()");
}

const char* const kOffline = R"({"offline":{"grace_ms":5000,"interface":"i/1"}})";

TEST(Evaluator, OfflineFiresForEachModuleOnceAndAgainAfterItCameBack) {
  EvaluatorRig rig(rule(kOffline), 0, {{"i/1", {"m1", "m2", "m3"}}});
  for (const char* mod : {"m1", "m2", "m3"}) {
    rig.set(mod, "", "true");
  }
  rig.set("m1", "", "false");
  EXPECT_EQ(rig.run(seconds(3)), "");
  rig.set("m2", "", "false");
  EXPECT_EQ(rig.run(seconds(10)), "2:rose fire(m1) 5:fire(m2)");
  EXPECT_EQ(rig.set("m1", "", "true"), "");
  EXPECT_EQ(rig.set("m1", "", "false"), "");
  EXPECT_EQ(rig.run(seconds(10)), "5:fire(m1)");
  EXPECT_EQ(rig.set("m1", "", "true"), "");
  EXPECT_EQ(rig.set("m2", "", nullptr), "fell");  // nobody knows
}

TEST(Evaluator, OfflineFiresForSeveralAtOnce) {
  EvaluatorRig rig(rule(kOffline), 0, {{"i/1", {"m1", "m2", "m3"}}});
  rig.put("m1", "", "false");
  rig.set("m3", "", "false");
  EXPECT_EQ(rig.run(seconds(5)), "5:rose fire(m1) fire(m3)");
}

TEST(Evaluator, OfflineIsNamedByAFiringThatSomethingElseCaused) {
  EvaluatorRig rig(rule(std::string("{\"all\":[") + kOffline + "," + rise("A_1") + "]}"), 0,
                   {{"i/1", {"m1", "m2"}}});
  rig.set("m1", "", "false");
  rig.run(seconds(10));
  EXPECT_EQ(rig.set("A_1", "x", "1"), "rose fire(m1)");
  EXPECT_EQ(rig.set("A_1", "x", "0"), "fell");
  EXPECT_EQ(rig.set("A_1", "x", "1"), "rose fire(m1)");
}

TEST(Evaluator, WhatIsNotOfflineNamesNobody) {
  EvaluatorRig rig(rule(std::string("{\"none\":[") + kOffline + "]}"), 0, {{"i/1", {"m1"}}});
  EXPECT_EQ(rig.evaluate(), "rose fire()");
  rig.set("m1", "", "false");
  EXPECT_EQ(rig.run(seconds(10)), "5:fell");
  EXPECT_EQ(rig.set("m1", "", "true"), "rose fire()");
}

TEST(Evaluator, ModulesOfOfflineMayComeAndGo) {
  EvaluatorRig rig(rule(R"({"offline":{"grace_ms":5000}})"), 0, {{"all", {"m1", "m2"}}});
  rig.set("m1", "", "false");
  rig.run(seconds(3));
  rig.rebind({{"all", {"m3", "m1"}}});
  rig.put("m3", "", "false");
  EXPECT_EQ(rig.evaluate(), "");
  EXPECT_EQ(rig.run(seconds(10)), "2:rose fire(m1) 5:fire(m3)");
  rig.rebind({{"all", {"m3"}}});
  EXPECT_EQ(rig.evaluate(), "");
  rig.rebind({});
  EXPECT_EQ(rig.evaluate(), "fell");
  EXPECT_EQ(rig.stateOf("rule").problem, "no_module");
}

TEST(Evaluator, ProgressChangesWithWhatMatters) {
  EvaluatorRig rig(comparisons({compare("A_1", "greater_than", "5")}));
  rig.evaluate();
  rig.evaluator().progress();
  rig.set("A_1", "x", "1");
  rig.set("A_1", "x", "2");
  EXPECT_FALSE(rig.last().progressChanged);
  rig.set("A_1", "x", "6");
  EXPECT_TRUE(rig.last().progressChanged);
  rig.evaluate();
  EXPECT_TRUE(rig.last().progressChanged);  // until it is asked for
  rig.evaluator().progress();
  rig.set("A_1", "x", "7");
  EXPECT_FALSE(rig.last().progressChanged);
}

}  // namespace
}  // namespace busbar::triggers
