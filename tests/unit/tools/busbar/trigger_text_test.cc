// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/trigger_text.h"

#include <string>

#include <gtest/gtest.h>

namespace busbar::cli {
namespace {

json::Value answer(std::string_view text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : json::Value();
}

// 2026-07-01 12:00:00 UTC.
constexpr const char* kTrigger = R"({"id":"trigger-1","name":"Empty room","any_match":false,
  "debounce_period":0,"enable_webhook":false,
  "conditions":{"comparisons":[
    {"left":{"mod":"Projector_1","status":"power"},"operator":"equal","right":true},
    {"left":{"mod":"Sensor_1","status":"occupied"},"operator":"equal","right":false,"for_ms":10000}]},
  "actions":{"functions":[{"mod":"Projector_1","method":"power","args":{"state":false}}],
             "steps":[{"webhook":{"url":"https://log.example/"}}]}})";
constexpr const char* kExplanation = R"({"id":"trig-1","trigger_id":"trigger-1","name":"Empty room",
  "system_id":"sys-1","system_name":"Meeting room 1","enabled":true,"problems":[],"at_work":true,
  "time_zone":"Europe/Berlin",
  "state":{"triggered":false,"trigger_count":2,"action_errors":1,"comparison_errors":0,
           "conditions":{"comparison_0":true,"comparison_1":false}},
  "conditions":[{"key":"comparison_0","is_true":true,"left":true,"right":true},
                {"key":"comparison_1","is_true":false,"held":true,"left":false,"right":false,
                 "next_ms":1782907205000}],
  "evaluations":[{"time_ms":1782907195000,"cause":"status","triggered":false,"fired":false,
    "conditions":[{"key":"comparison_0","is_true":true},{"key":"comparison_1","is_true":false,"held":true}]},
    {"time_ms":1782907100000,"cause":"time","triggered":true,"fired":true,
    "conditions":[{"key":"comparison_0","is_true":true},{"key":"comparison_1","is_true":true}]}],
  "suppressed":3,
  "firings":[{"id":"fire-1","time_ms":1782907100000,"over":true,"retry":true,"failures":1,
    "cause":{"kind":"status","module_id":"mod-1","status":"occupied","value":false},
    "steps":[{"key":"functions/0","state":"done","attempts":1,"retry":true,"answer":"true","time_ms":1},
             {"key":"steps/0","state":"failed","attempts":4,"retry":false,"code":"webhook_status",
              "message":"the answer was 500","time_ms":2}]}]})";

TEST(TriggerText, ExplainsWhatHoldsAndWhatComesNextInTheSystemsTimeZone) {
  EXPECT_EQ(explanationText(answer(kExplanation), answer(kTrigger)),
            R"(Empty room in Meeting room 1 (trig-1)
It is not triggered and has fired 2 times.
Not true yet: comparison_1 (not for long enough yet).
1 of its steps failed.
3 firings were left out, beyond what it may do in its period.

Conditions, all of which must be true
  true  comparison_0  Projector_1.power = true            left true, right true
  held  comparison_1  Sensor_1.occupied = false for 10 s  left false, right false

What time alone changes next
  2026-07-01 14:00:05 Europe/Berlin  comparison_1

Last changes, newest first
  2026-07-01 13:59:55 Europe/Berlin  status  not triggered     comparison_0 true, comparison_1 held
  2026-07-01 13:58:20 Europe/Berlin  time    triggered, fired  comparison_0 true, comparison_1 true

Last firings, newest first
  2026-07-01 13:58:20 Europe/Berlin  fire-1  by status occupied = false  over
    functions/0  done    1 attempt, repeated after a restart  Projector_1.power({"state":false})  answer true
    steps/0      failed  4 attempts                           POST https://log.example/           webhook_status: the answer was 500
)");
}

TEST(TriggerText, ExplainsWithoutTheTriggersDocument) {
  const std::string text = explanationText(answer(kExplanation), json::Value());
  EXPECT_NE(text.find("held  comparison_1"), std::string::npos) << text;
  EXPECT_EQ(explanationText(json::Value(), json::Value()), " in  ()\nIt is not enabled.\n");
}

std::string explained(std::string_view members) {
  return explanationText(
      answer(R"({"id":"trig-1","name":"N","system_name":"S","enabled":true,"at_work":true,)" +
             std::string(members) + "}"),
      json::Value());
}

TEST(TriggerText, SaysWhyNothingHappens) {
  EXPECT_NE(explained(R"("state":{"stopped":"It was stopped because it sets itself off: N -> N."})")
                .find("\nIt was stopped because it sets itself off: N -> N.\n"),
            std::string::npos);
  EXPECT_NE(explained(R"("conditions":[])").find("no condition"), std::string::npos);
  EXPECT_NE(explanationText(answer(R"({"enabled":true,"at_work":false})"), json::Value())
                .find("not at work now"),
            std::string::npos);
  const std::string any = explanationText(answer(R"({"enabled":true,"at_work":true,"conditions":[
                 {"key":"rule","is_true":false},{"key":"rule/any/0","is_true":false}]})"),
                                          answer(R"({"any_match":true})"));
  EXPECT_NE(any.find("None of its conditions is true: rule.\n"), std::string::npos) << any;
  EXPECT_NE(any.find("of which one must be true"), std::string::npos) << any;
}

TEST(TriggerText, ShowsProblemsInWords) {
  const std::string text = explained(
      R"("problems":[{"path":"actions.functions.0.mod","code":"unknown_module",
                      "message":"the system has no module Display_2"}],
         "conditions":[{"key":"comparison_0","is_true":false,"problem":"no_module"},
                       {"key":"comparison_1","is_true":false,"left":"a","right":1,"problem":"wrong_type"},
                       {"key":"rule","is_true":false,"problem":"a_new_one"}])");
  EXPECT_NE(text.find("Does not fit this system\n  actions.functions.0.mod  the system has no"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("false  comparison_0    there is no such module in the system\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("left \"a\", right 1; the values cannot"), std::string::npos) << text;
  EXPECT_NE(text.find("a_new_one"), std::string::npos) << text;
}

TEST(TriggerText, WhatOthersWroteDoesNotSteerTheTerminal) {
  const std::string text = explained(
      R"("problems":[{"path":"\u001b[2J","message":"a\nb"}],
         "state":{"stopped":"\u001b]0;x\u0007","status":{"\u001b[1m":"\u001b[31m"}},
         "conditions":[{"key":"rule","is_true":false,"left":"\u001b[31mred"}],
         "firings":[{"id":"fire-\u001b[1m","time_ms":1,"note":"\u001b[1m","steps":[
           {"key":"steps/0","state":"done","attempts":1,"answer":"\"\u001b[31m\""}]}])");
  EXPECT_EQ(text.find('\x1b'), std::string::npos) << text;
  EXPECT_EQ(text.find('\a'), std::string::npos);
  EXPECT_EQ(stateLine(answer(R"({"stopped":"\u001b[2J"})")).find('\x1b'), std::string::npos);
}

TEST(TriggerText, LongValuesAreCut) {
  const std::string text = explained(R"("conditions":[{"key":"rule","is_true":false,"left":")" +
                                     std::string(500, 'x') + R"("}])");
  EXPECT_NE(text.find("left \"xxx"), std::string::npos) << text;
  EXPECT_EQ(text.find(std::string(60, 'x')), std::string::npos) << text;
}

TEST(TriggerText, ATriggerReadsAsWhenAndWhat) {
  EXPECT_EQ(triggerText(answer(R"({"id":"trigger-1","name":"Empty room","description":"Saves lamps",
    "any_match":true,"enable_webhook":true,"debounce_period":5000,"max_firings":3,"period_ms":3600000,
    "conditions":{"comparisons":[{"left":1,"operator":"less_than","right":2}],
                  "time_dependents":[{"type":"cron","cron":"@daily"}],"rule":{"webhook":true}},
    "actions":{"functions":[{"mod":"A_1","method":"off","args":[]}]}})")),
            R"(Empty room (trigger-1)
  description      Saves lamps
  debounce_period  5 s
  max_firings      3 times in 1 h

When one of
  comparison_0  1 < 2
  time_0        cron @daily
  webhook       its webhook is called
  rule          its webhook is called

It does
  functions/0  A_1.off()
)");
  EXPECT_EQ(triggerText(answer(R"({"id":"trigger-1","name":"N"})")),
            "N (trigger-1)\n\nWhen all of\n  nothing: it is never triggered\n\nIt does\n  nothing "
            "but to count\n");
}

TEST(TriggerText, ASimulationSaysWhatWouldRun) {
  const json::Value result = answer(R"({"time_zone":"America/New_York","triggered":true,
    "trigger_count":1,"evaluations":[
    {"step":0,"time_ms":1782907200000,"cause":"start","triggered":false,"fired":0,"ended":false,
     "conditions":[{"key":"comparison_0","is_true":false,"left":null,"right":true,"problem":"no_value"}],
     "actions":[]},
    {"step":1,"time_ms":1782907260000,"cause":"status","triggered":true,"fired":1,"ended":false,
     "conditions":[{"key":"comparison_0","is_true":true,"left":true,"right":true}],
     "actions":[{"key":"functions/0","kind":"function","mod":"Projector_1","method":"power","args":[false]},
       {"key":"mailers/0","kind":"mail","emails":["a@b.example"],"subject":"S","content":"text"},
       {"key":"steps/0","kind":"parallel","steps":[
         {"key":"steps/0/parallel/0","kind":"webhook","method":"POST","url":"https://x.example/","body":null},
         {"key":"steps/0/parallel/1","kind":"status","name":"scene","value":3,
          "problem":"status.Display_1.x has no value"}]},
       {"key":"steps/1","kind":"trigger","trigger_id":"trigger-2"}]}]})");
  EXPECT_EQ(simulationText(result, answer(kTrigger)),
            R"(2026-07-01 08:00:00 America/New_York  step 0, start: not triggered
  false  comparison_0  Projector_1.power = true  left null, right true; there is no such status now
2026-07-01 08:01:00 America/New_York  step 1, status: triggered, would fire
  true  comparison_0  Projector_1.power = true  left true, right true
  would run
    functions/0         Projector_1.power([false])
    mailers/0           mail to a@b.example: "text"
    steps/0             2 steps side by side
    steps/0/parallel/0  POST https://x.example/
    steps/0/parallel/1  status scene = 3             would fail: status.Display_1.x has no value
    steps/1             trigger trigger-2
At the end it is triggered; it would have fired once. Nothing was done.
)");
}

TEST(TriggerText, StatesFitOneLine) {
  EXPECT_EQ(
      stateLine(answer(
          R"({"triggered":true,"trigger_count":1,"conditions":{"rule":true,"webhook":false}})")),
      "triggered, fired once; rule true, webhook false");
  EXPECT_EQ(stateLine(json::Value()), "not triggered, fired 0 times");
}

TEST(TriggerText, CellsOfFirings) {
  const json::Value firing = answer(
      R"({"cause":{"kind":"webhook","delivery_id":"dlv-1"},"note":"given up: the trigger was changed",
          "steps":[{"key":"functions/0","state":"done"},{"key":"functions/1","state":"failed","code":"timeout"},
                   {"key":"steps/0","state":"failed","code":"x"},{"key":"steps/1","state":"skipped"}]})");
  EXPECT_EQ(causeText(firing), "webhook dlv-1");
  EXPECT_EQ(progressText(firing), "1 done, 2 failed, 1 skipped");
  EXPECT_EQ(failuresText(firing),
            "functions/1 timeout, steps/0 x; given up: the trigger was changed");
  const json::Value none = answer(R"({"cause":{"kind":"time"},"steps":[]})");
  EXPECT_EQ(causeText(none), "time");
  EXPECT_EQ(progressText(none), "nothing to do");
  EXPECT_EQ(failuresText(none), "");
}

}  // namespace
}  // namespace busbar::cli
