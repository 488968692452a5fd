// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/trigger_words.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace busbar::cli {
namespace {

json::Value wordsOf(std::string_view text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : json::Value();
}

struct Words {
  const char* document;
  const char* text;
};

TEST(TriggerWords, OperandsAreConstantsOrStatuses) {
  const std::vector<Words> cases{
      {R"("on")", R"("on")"},
      {"null", "null"},
      {"21.5", "21.5"},
      {R"({"mod":"Display_1","status":"power"})", "Display_1.power"},
      {R"({"mod":"Display_1","status":"s","keys":["a","0"]})", "Display_1.s.a.0"},
      {R"({"interface":"powerable/1","of":"any","status":"power","zone_id":"zone-1"})",
       "any of powerable/1.power in zone-1"},
      {R"({"trigger":"trigger-1","status":"scene"})", "trigger-1.scene"}};
  for (const Words& each : cases) {
    EXPECT_EQ(operandText(wordsOf(each.document)), each.text);
  }
}

TEST(TriggerWords, EveryKindOfNodeReadsAsAPhrase) {
  const std::vector<Words> cases{
      {R"({"compare":{"left":{"mod":"A_1","status":"n"},"operator":"greater_than_or_equal","right":3},"for_ms":10000})",
       "A_1.n >= 3 for 10 s"},
      {R"({"became":{"left":{"mod":"A_1","status":"n"},"operator":"starts_with","right":"x"}})",
       R"(A_1.n starts with "x" comes true)"},
      {R"({"changed":{"mod":"A_1","status":"n"}})", "A_1.n changes"},
      {R"({"stale":{"status":{"mod":"A_1","status":"n"},"after_ms":90000}})",
       "A_1.n is not updated for 90 s"},
      {R"({"offline":{"grace_ms":1500}})", "any module is offline for 1500 ms"},
      {R"({"offline":{"grace_ms":0,"interface":"powerable/1","zone_id":"zone-1"}})",
       "any module of powerable/1 in zone-1 is offline"},
      {R"({"offline":{"mod":"A_1","grace_ms":60000}})", "A_1 is offline for 1 min"},
      {R"({"cron":{"cron":"0 8 * * 1-5","timezone":"Europe/Berlin"}})",
       "cron 0 8 * * 1-5 (Europe/Berlin)"},
      {R"({"sun":"sunset-00:30"})", "at sunset-00:30"},
      {R"({"between":{"from":"19:00","to":"sunrise"}})", "from 19:00 to sunrise"},
      {R"({"days":{"weekdays":["mon","tue"],"timezone":"UTC"}})", "on mon, tue (UTC)"},
      {R"({"webhook":true})", "its webhook is called"},
      {R"({"all":[{"webhook":true},{"webhook":true}],"for_ms":7200000})", "all of 2 for 2 h"},
      {R"({"one_of":[{"webhook":true}]})", "one of 1"}};
  for (const Words& each : cases) {
    EXPECT_EQ(nodeText(wordsOf(each.document)), each.text);
  }
}

TEST(TriggerWords, WhatIsNoNodeReadsAsItIs) {
  for (const char* each : {"5", "[]", "{}", "null"}) {
    EXPECT_EQ(nodeText(wordsOf(each)), each);
  }
  EXPECT_EQ(nodeText(wordsOf(R"({"compare":5})")), "null  null");
  EXPECT_EQ(nodeText(wordsOf(R"({"new_kind":{}})")), "new_kind");
}

TEST(TriggerWords, KeysNameConditions) {
  const json::Value conditions = wordsOf(R"({
    "comparisons":[{"left":1,"operator":"equal","right":2},
                   {"left":{"mod":"A_1","status":"on"},"operator":"and","right":true,"for_ms":3000}],
    "time_dependents":[{"type":"cron","cron":"@daily","timezone":"UTC"}],
    "rule":{"any":[{"webhook":true},{"all":[{"changed":{"mod":"A_1","status":"n"}}]}]}})");
  EXPECT_EQ(conditionText(conditions, "comparison_0"), "1 = 2");
  EXPECT_EQ(conditionText(conditions, "comparison_1"), "A_1.on and true for 3 s");
  EXPECT_EQ(conditionText(conditions, "time_0"), "cron @daily (UTC)");
  EXPECT_EQ(conditionText(conditions, "webhook"), "its webhook is called");
  EXPECT_EQ(conditionText(conditions, "rule"), "any of 2");
  EXPECT_EQ(conditionText(conditions, "rule/any/0"), "its webhook is called");
  EXPECT_EQ(conditionText(conditions, "rule/any/1/all/0"), "A_1.n changes");
  for (const char* none : {"comparison_2", "comparison_x", "comparison_", "time_1", "rule/any/2",
                           "rule/any/1/none/0", "rule//", "other", ""}) {
    EXPECT_EQ(conditionText(conditions, none), "") << none;
  }
  EXPECT_EQ(conditionText(json::Value(), "rule"), "");
}

TEST(TriggerWords, ActionsComeInTheOrderInWhichTheyRun) {
  const auto texts = actionTexts(wordsOf(R"({
    "ended":[{"status":{"name":"scene","value":{"a":1}}}],
    "steps":[{"parallel":[{"webhook":{"url":"https://a.example/x"}},
                          {"trigger":{"trigger_id":"trigger-2"}}]},
             {"function":{"interface":"powerable/1","method":"power","args":{"state":false}}}],
    "mailers":[{"emails":["a@b.example","c@d.example"],"content":"x"}],
    "functions":[{"mod":"Display_1","method":"on","args":{}}]})"));
  const std::vector<std::pair<std::string, std::string>> wanted{
      {"functions/0", "Display_1.on()"},
      {"mailers/0", "mail to a@b.example, c@d.example"},
      {"steps/0", "2 side by side"},
      {"steps/0/parallel/0", "POST https://a.example/x"},
      {"steps/0/parallel/1", "trigger trigger-2"},
      {"steps/1", R"(all of powerable/1.power({"state":false}))"},
      {"ended/0", R"(status scene = {"a":1})"}};
  EXPECT_EQ(texts, wanted);
  EXPECT_TRUE(actionTexts(json::Value()).empty());
}

TEST(TriggerWords, SummariesCount) {
  const json::Value trigger = wordsOf(R"({"enable_webhook":true,
    "conditions":{"comparisons":[{},{}],"time_dependents":[{}],"rule":{"webhook":true}},
    "actions":{"functions":[{}],"mailers":[{},{}],"ended":[{}]}})");
  EXPECT_EQ(conditionsSummary(trigger), "2 comparisons, 1 time, rule, webhook");
  EXPECT_EQ(actionsSummary(trigger), "1 function, 2 mails, 1 at the end");
  EXPECT_EQ(conditionsSummary(wordsOf("{}")), "");
}

}  // namespace
}  // namespace busbar::cli
