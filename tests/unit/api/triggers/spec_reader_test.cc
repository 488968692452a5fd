// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "api/triggers/action_reader.h"
#include "api/triggers/condition_reader.h"
#include "api/triggers/spec.h"

namespace busbar::triggers {
namespace {

json::Value parsed(const std::string& text) {
  auto value = json::parse(text);
  EXPECT_TRUE(value.ok()) << text;
  return value.ok() ? *value : json::Value();
}

model::Trigger triggerOf(const std::string& conditions, const std::string& actions = "{}") {
  model::Trigger trigger;
  trigger.conditions = parsed(conditions);
  trigger.actions = parsed(actions);
  return trigger;
}

std::string errorsOf(const model::FieldErrors& errors) {
  std::string text;
  for (const model::FieldError& error : errors) {
    text += error.field + " " + error.reason + "\n";
  }
  return text;
}

const Condition& ruleOf(const ReadSpec& read) {
  EXPECT_EQ(errorsOf(read.errors), "");
  return read.spec.conditions.back();
}

TEST(ReadSpec, ReadsTheDocumentsOfPlaceOs) {
  model::Trigger trigger = triggerOf(
      R"({"comparisons":[
            {"left":{"mod":"Display_1","status":"power","keys":["a","b"]},"operator":"equal","right":true},
            {"left":5,"operator":"less_than","right":{"mod":"Lamp_2","status":"level"}}],
          "time_dependents":[{"type":"at","time":1700000000,"cron":null},
            {"type":"cron","cron":"0 8 * * 1-5","timezone":"Australia/Sydney","time":null}]})",
      R"({"functions":[{"mod":"Display_1","method":"power","args":{"on":true}}],
          "mailers":[{"emails":["a@example.org"],"content":"It is on"}]})");
  trigger.enableWebhook = true;
  trigger.supportedMethods = {"POST", "PUT"};
  trigger.debounceMs = 500;
  const ReadSpec read = readSpec(trigger);
  ASSERT_EQ(errorsOf(read.errors), "");
  const auto& conditions = read.spec.conditions;
  ASSERT_EQ(conditions.size(), 5U);
  const char* keys[] = {"comparison_0", "comparison_1", "time_0", "time_1", "webhook"};
  for (size_t i = 0; i < conditions.size(); ++i) {
    EXPECT_EQ(conditions[i].key, keys[i]);
  }
  const Compare& compare = std::get<Compare>(conditions[0].what);
  EXPECT_EQ(std::get<StatusRef>(compare.left).keys, (std::vector<std::string>{"a", "b"}));
  EXPECT_EQ(std::get<json::Value>(compare.right), json::Value(true));
  EXPECT_EQ(std::get<Cron>(conditions[3].what).zone->name(), "Australia/Sydney");
  ASSERT_EQ(read.spec.begin.size(), 2U);
  EXPECT_EQ(read.spec.begin[0].key, "functions/0");
  EXPECT_EQ(std::get<CallFunction>(read.spec.begin[0].what).method, "power");
  EXPECT_EQ(read.spec.begin[1].key, "mailers/0");
  EXPECT_EQ(read.spec.webhook.methods, trigger.supportedMethods);
  EXPECT_EQ(read.spec.debounce, Milliseconds(500));
}

TEST(ReadSpec, NoConditionIsAllowed) {
  EXPECT_EQ(errorsOf(readSpec(model::Trigger()).errors), "");
  model::Trigger nothing;
  nothing.conditions = nothing.actions = nothing.webhook = json::Value();
  EXPECT_EQ(errorsOf(readSpec(nothing).errors), "");
}

TEST(ReadSpec, ReadsEachKindOfARule) {
  model::Trigger trigger = triggerOf(R"({"rule":{"all":[
      {"any":[{"compare":{"left":{"interface":"powerable/1","of":"all","status":"power","zone_id":"zone-1"},
                          "operator":"greater_than","right":1.5,"hysteresis":0.5}}],"for_ms":600000},
      {"one_of":[{"changed":{"mod":"A_1","status":"x"}}]},
      {"none":[{"became":{"left":{"trigger":"trigger-1","status":"s"},"operator":"equal","right":null}}]},
      {"stale":{"status":{"mod":"A_1","status":"x"},"after_ms":1000}},
      {"offline":{"grace_ms":0}}, {"offline":{"grace_ms":5,"mod":"A_1"}},
      {"offline":{"grace_ms":5,"interface":"powerable/1","zone_id":"zone-1"}},
      {"at":1700000000}, {"cron":{"cron":"@daily","missed":"run_once"}}, {"sun":"sunset-00:30"},
      {"between":{"from":"19:00","to":"sunrise","timezone":"Europe/Berlin"}},
      {"days":{"weekdays":["mon","fri"]}}, {"webhook":true}]}})");
  trigger.enableWebhook = true;
  const ReadSpec read = readSpec(trigger);
  const auto& members = std::get<Group>(ruleOf(read).what).members;
  ASSERT_EQ(members.size(), 13U);
  EXPECT_EQ(members[0].holdFor, Milliseconds(600'000));
  EXPECT_EQ(members[0].key, "rule/all/0");
  const Condition& compare = std::get<Group>(members[0].what).members[0];
  EXPECT_EQ(compare.key, "rule/all/0/any/0");
  EXPECT_EQ(std::get<StatusRef>(std::get<Compare>(compare.what).left).of, Quantifier::All);
  EXPECT_TRUE(std::get<Cron>(members[8].what).runMissed);
  EXPECT_EQ(std::get<Days>(members[11].what).weekdays, 0b0100010);
  const auto operands = operandsOf(read.spec);
  ASSERT_EQ(operands.size(), 7U);
  EXPECT_EQ(operands[0].interface, "powerable/1");
  EXPECT_EQ(operands[2].triggerId, "trigger-1");
  EXPECT_EQ(operands[4], (StatusRef{"", "", "", Quantifier::Any, "", "", {}}));
  EXPECT_EQ(operands[5].mod, "A_1");
}

TEST(ReadSpec, ReadsEachKindOfAStep) {
  const ReadSpec read = readSpec(triggerOf("{}", R"({"steps":[
      {"function":{"interface":"powerable/1","method":"power","args":["{{status.A_1.x}}"]},
       "timeout_ms":5000,"retry":{"times":3,"first_ms":100,"longest_ms":2000},"on_failure":"stop"},
      {"mail":{"emails":["a@example.org"],"content":"x","subject":"y"}},
      {"parallel":[{"webhook":{"url":"https://example.org/{{system.id}}?a=1","method":"PUT",
                               "headers":{"X-A":"b"},"body":{"a":[1]}}},
                   {"status":{"name":"in_use","value":null}}]},
      {"trigger":{"trigger_id":"trigger-2"}}],
     "ended":[{"status":{"name":"in_use","value":false}}],"loop_limit":0})"));
  ASSERT_EQ(errorsOf(read.errors), "");
  ASSERT_EQ(read.spec.begin.size(), 4U);
  EXPECT_EQ(read.spec.begin[0].retry.times, 3U);
  EXPECT_EQ(read.spec.begin[0].timeout, Milliseconds(5000));
  EXPECT_EQ(read.spec.begin[0].onFailure, Step::OnFailure::Stop);
  const auto& steps = std::get<Parallel>(read.spec.begin[2].what).steps;
  EXPECT_EQ(steps[1].key, "steps/2/parallel/1");
  EXPECT_EQ(std::get<CallWebhook>(steps[0].what).method, "PUT");
  EXPECT_EQ(read.spec.ended.at(0).key, "ended/0");
  EXPECT_EQ(read.spec.loopLimit, 0U);
}

struct Bad {
  const char* document;
  const char* field;
};

TEST(ReadSpec, NamesWhatIsWrongInConditionsByItsPath) {
  const Bad cases[] = {
      {R"([])", "conditions"},
      {R"({"extra":1})", "conditions.extra"},
      {R"({"comparisons":{}})", "conditions.comparisons"},
      {R"({"comparisons":[5]})", "conditions.comparisons.0"},
      {R"({"comparisons":[{"left":1,"operator":"equals","right":1}]})",
       "conditions.comparisons.0.operator"},
      {R"({"comparisons":[{"left":1,"right":1}]})", "conditions.comparisons.0.operator"},
      {R"({"comparisons":[{"operator":"equal","right":1}]})", "conditions.comparisons.0.left"},
      {R"({"comparisons":[{"left":[1],"operator":"equal","right":1}]})",
       "conditions.comparisons.0.left"},
      {R"({"comparisons":[{"left":{"mod":"A_1","status":"x"},"operator":"greater_than","right":"5"}]})",
       "conditions.comparisons.0.right"},
      {R"({"comparisons":[{"left":true,"operator":"less_than","right":{"mod":"A_1","status":"x"}}]})",
       "conditions.comparisons.0.left"},
      {R"({"comparisons":[{"left":"ab","operator":"contains","right":1}]})",
       "conditions.comparisons.0.right"},
      {R"({"comparisons":[{"left":{"mod":"A_1"},"operator":"equal","right":1}]})",
       "conditions.comparisons.0.left.status"},
      {R"({"comparisons":[{"left":{"status":"x"},"operator":"equal","right":1}]})",
       "conditions.comparisons.0.left"},
      {R"({"comparisons":[{"left":{"mod":"A_1","interface":"a/1","status":"x"},"operator":"equal","right":1}]})",
       "conditions.comparisons.0.left"},
      {R"({"comparisons":[{"left":{"mod":"A_1","of":"any","status":"x"},"operator":"equal","right":1}]})",
       "conditions.comparisons.0.left.of"},
      {R"({"comparisons":[{"left":{"mod":"A_1","status":"x","keys":[1]},"operator":"equal","right":1}]})",
       "conditions.comparisons.0.left.keys.0"},
      {R"({"comparisons":[{"left":{"mod":"A_1","status":"x","keys":["1","2","3","4","5","6","7","8","9","10","11","12","13","14","15","16","17"]},"operator":"equal","right":1}]})",
       "conditions.comparisons.0.left.keys"},
      {R"({"comparisons":[{"left":{"interface":"a/1","of":"some","status":"x"},"operator":"equal","right":1}]})",
       "conditions.comparisons.0.left.of"},
      {R"({"comparisons":[{"left":{"interface":"a/1","of":"any","status":"x"},"operator":"equal","right":{"interface":"a/1","of":"all","status":"y"}}]})",
       "conditions.comparisons.0.right"},
      {R"({"comparisons":[{"left":1,"operator":"equal","right":1,"hysteresis":1}]})",
       "conditions.comparisons.0.hysteresis"},
      {R"({"comparisons":[{"left":1,"operator":"less_than","right":1,"hysteresis":-1}]})",
       "conditions.comparisons.0.hysteresis"},
      {R"({"comparisons":[{"left":1,"operator":"equal","right":1,"for_ms":-5}]})",
       "conditions.comparisons.0.for_ms"},
      {R"({"comparisons":[{"left":1,"operator":"equal","right":1,"for_ms":1.5}]})",
       "conditions.comparisons.0.for_ms"},
      {R"({"time_dependents":[{"type":"never"}]})", "conditions.time_dependents.0.type"},
      {R"({"time_dependents":[{"type":"at"}]})", "conditions.time_dependents.0.time"},
      {R"({"time_dependents":[{"type":"at","time":-1}]})", "conditions.time_dependents.0.time"},
      {R"({"time_dependents":[{"type":"cron","cron":"0 0 30 2 *"}]})",
       "conditions.time_dependents.0.cron"},
      {R"({"time_dependents":[{"type":"cron","cron":"* * * * *","timezone":"Mars/Base"}]})",
       "conditions.time_dependents.0.timezone"},
      {R"({"time_dependents":[{"type":"cron","cron":"* * * * *","missed":"always"}]})",
       "conditions.time_dependents.0.missed"},
      {R"({"rule":{}})", "conditions.rule"},
      {R"({"rule":{"all":[],"any":[]}})", "conditions.rule"},
      {R"({"rule":{"all":[]}})", "conditions.rule.all"},
      {R"({"rule":{"all":[{"webhook":true}]}})", "conditions.rule.all.0.webhook"},
      {R"({"rule":{"all":[{"at":1,"tea":2}]}})", "conditions.rule.all.0.tea"},
      {R"({"rule":{"sun":"19:00"}})", "conditions.rule.sun"},
      {R"({"rule":{"between":{"from":"25:00","to":"sunset"}}})", "conditions.rule.between.from"},
      {R"({"rule":{"days":{"weekdays":["mon","mon"]}}})", "conditions.rule.days.weekdays"},
      {R"({"rule":{"days":{"weekdays":["monday"]}}})", "conditions.rule.days.weekdays"},
      {R"({"rule":{"stale":{"status":{"mod":"A_1","status":"x"}}}})",
       "conditions.rule.stale.after_ms"},
      {R"({"rule":{"stale":{"status":{"mod":"A_1","status":"x","keys":["a"]},"after_ms":5}}})",
       "conditions.rule.stale.status.keys"},
      {R"({"rule":{"offline":{}}})", "conditions.rule.offline.grace_ms"},
      {R"({"rule":{"offline":{"grace_ms":1,"mod":"A_1","zone_id":"zone-1"}}})",
       "conditions.rule.offline.mod"},
      {R"({"rule":{"changed":{"interface":"a/1","of":"all","status":"x"}}})",
       "conditions.rule.changed.of"},
      {R"({"rule":{"changed":{"mod":"A_1","status":"x"},"for_ms":100}})", "conditions.rule.for_ms"},
  };
  for (const Bad& c : cases) {
    const ReadSpec read = readSpec(triggerOf(c.document));
    const bool isNamed =
        std::any_of(read.errors.begin(), read.errors.end(),
                    [&c](const model::FieldError& error) { return error.field == c.field; });
    EXPECT_TRUE(isNamed && read.errors.size() == 1) << c.document << '\n' << errorsOf(read.errors);
  }
}

TEST(ReadSpec, NamesWhatIsWrongInActionsByItsPath) {
  const Bad cases[] = {
      {R"({"extra":1})", "actions.extra"},
      {R"({"functions":[{"mod":"A_1"}]})", "actions.functions.0.method"},
      {R"({"functions":[{"method":"x"}]})", "actions.functions.0"},
      {R"({"functions":[{"mod":"A_1","method":"x","args":5}]})", "actions.functions.0.args"},
      {R"({"mailers":[{"emails":[],"content":"x"}]})", "actions.mailers.0.emails"},
      {R"({"mailers":[{"emails":["a@b\nc"],"content":"x"}]})", "actions.mailers.0.emails.0"},
      {R"({"mailers":[{"emails":["a@example.org"]}]})", "actions.mailers.0.content"},
      {R"({"steps":[{}]})", "actions.steps.0"},
      {R"({"steps":[{"function":{"mod":"A_1","method":"x"},"mail":{}}]})", "actions.steps.0"},
      {R"({"steps":[{"parallel":[]}]})", "actions.steps.0.parallel"},
      {R"({"steps":[{"parallel":[{"parallel":[]}]}]})", "actions.steps.0.parallel.0.parallel"},
      {R"({"steps":[{"parallel":[{"trigger":{"trigger_id":"t"}}],"timeout_ms":500}]})",
       "actions.steps.0.timeout_ms"},
      {R"({"steps":[{"trigger":{}}]})", "actions.steps.0.trigger.trigger_id"},
      {R"({"steps":[{"status":{"name":"x"}}]})", "actions.steps.0.status.value"},
      {R"({"steps":[{"trigger":{"trigger_id":"t"},"timeout_ms":99}]})",
       "actions.steps.0.timeout_ms"},
      {R"({"steps":[{"trigger":{"trigger_id":"t"},"retry":{"times":11}}]})",
       "actions.steps.0.retry.times"},
      {R"({"steps":[{"trigger":{"trigger_id":"t"},"retry":{"first_ms":500,"longest_ms":100}}]})",
       "actions.steps.0.retry.longest_ms"},
      {R"({"steps":[{"trigger":{"trigger_id":"t"},"on_failure":"panic"}]})",
       "actions.steps.0.on_failure"},
      {R"({"steps":[{"webhook":{"url":"ftp://example.org/"}}]})", "actions.steps.0.webhook.url"},
      {R"({"steps":[{"webhook":{"url":"https://{{system.name}}.example.org/"}}]})",
       "actions.steps.0.webhook.url"},
      {R"({"steps":[{"webhook":{"url":"https://u:p@example.org/"}}]})",
       "actions.steps.0.webhook.url"},
      {R"({"steps":[{"webhook":{"url":"https://example.org/","method":"TRACE"}}]})",
       "actions.steps.0.webhook.method"},
      {R"({"steps":[{"webhook":{"url":"https://example.org/","headers":{"A B":"c"}}}]})",
       "actions.steps.0.webhook.headers.A B"},
      {R"({"steps":[{"webhook":{"url":"https://example.org/","headers":{"A":"b\r\nC: d"}}}]})",
       "actions.steps.0.webhook.headers.A"},
      {R"({"ended":[{"status":{"value":1}}]})", "actions.ended.0.status.name"},
      {R"({"loop_limit":101})", "actions.loop_limit"},
  };
  for (const Bad& c : cases) {
    const ReadSpec read = readSpec(triggerOf("{}", c.document));
    ASSERT_EQ(read.errors.size(), 1U) << c.document << '\n' << errorsOf(read.errors);
    EXPECT_EQ(read.errors[0].field, c.field) << c.document;
  }
}

TEST(ReadSpec, NamesWhatIsWrongInTheRest) {
  const auto only = [](auto change) {
    model::Trigger trigger;
    change(trigger);
    const ReadSpec read = readSpec(trigger);
    return read.errors.size() == 1 ? read.errors[0].field : errorsOf(read.errors);
  };
  EXPECT_EQ(only([](auto& t) { t.debounceMs = -1; }), "debounce_period");
  EXPECT_EQ(only([](auto& t) { t.maxFirings = 5; }), "period_ms");
  EXPECT_EQ(only([](auto& t) { t.periodMs = -1; }), "period_ms");
  EXPECT_EQ(only([](auto& t) { t.supportedMethods = {"BREW"}; }), "supported_methods");
  EXPECT_EQ(only([](auto& t) { t.webhook = parsed(R"({"proof":"trust"})"); }), "webhook.proof");
  EXPECT_EQ(only([](auto& t) {
              t.webhook = parsed(R"({"checks":[{"pointer":"a","operator":"equal","value":1}]})");
            }),
            "webhook.checks.0.pointer");
  EXPECT_EQ(only([](auto& t) {
              t.webhook = parsed(R"({"checks":[{"pointer":"/~2","operator":"equal","value":1}]})");
            }),
            "webhook.checks.0.pointer");
  EXPECT_EQ(only([](auto& t) {
              t.webhook =
                  parsed(R"({"checks":[{"pointer":"","operator":"less_than","value":"x"}]})");
            }),
            "webhook.checks.0.value");
  EXPECT_EQ(
      only([](auto& t) {
        t.webhook = parsed(
            R"({"proof":"hmac","checks":[{"pointer":"/a~1b","operator":"equal","value":null}]})");
      }),
      "");
}

std::string repeated(const std::string& text, int times, const std::string& between = ",") {
  std::string all;
  for (int i = 0; i < times; ++i) {
    all += i == 0 ? text : between + text;
  }
  return all;
}

TEST(ReadSpec, IsBounded) {
  const std::string compare = R"({"left":1,"operator":"equal","right":1})";
  EXPECT_EQ(
      errorsOf(readSpec(triggerOf("{\"comparisons\":[" + repeated(compare, 200) + "]}")).errors),
      "");
  const std::string tooMany = "{\"comparisons\":[" + repeated(compare, 150) +
                              "],\"rule\":{\"all\":[" + repeated(R"({"at":1})", 50) + "]}}";
  EXPECT_EQ(readSpec(triggerOf(tooMany)).errors.at(0).field, "conditions.rule.all.49");
  EXPECT_EQ(
      readSpec(triggerOf("{\"comparisons\":[" + repeated(compare, 201) + "]}")).errors.at(0).field,
      "conditions.comparisons");

  const auto nested = [](int depth) {
    return "{\"rule\":" + repeated("{\"all\":[", depth - 1, "") + "{\"at\":1}" +
           repeated("]}", depth - 1, "") + "}";
  };
  EXPECT_EQ(errorsOf(readSpec(triggerOf(nested(8))).errors), "");
  EXPECT_EQ(readSpec(triggerOf(nested(9))).errors.size(), 1U);

  const std::string step = R"({"trigger":{"trigger_id":"t"}})";
  EXPECT_EQ(errorsOf(readSpec(triggerOf("{}", "{\"steps\":[" + repeated(step, 100) + "]}")).errors),
            "");
  EXPECT_EQ(readSpec(triggerOf("{}", "{\"steps\":[{\"parallel\":[" + repeated(step, 60) +
                                         "]}],\"ended\":[" + repeated(step, 40) + "]}"))
                .errors.at(0)
                .field,
            "actions.ended.39");

  const std::string longText(64 * 1024 + 1, 'x');
  EXPECT_EQ(readSpec(triggerOf(R"({"comparisons":[{"left":")" + longText +
                               R"(","operator":"equal","right":1}]})"))
                .errors.at(0)
                .field,
            "conditions.comparisons.0.left");
  EXPECT_EQ(readSpec(triggerOf("{}", R"({"steps":[{"status":{"name":"x","value":")" + longText +
                                         R"("}}]})"))
                .errors.at(0)
                .field,
            "actions.steps.0.status.value");
  std::string wrong = "{";
  for (int i = 0; i < 100; ++i) {
    wrong += (i > 0 ? ",\"" : "\"") + std::to_string(i) + "\":1";
  }
  EXPECT_EQ(readSpec(triggerOf(wrong + "}")).errors.size(), 20U);
}

TEST(ReadSpec, WhatIsWrittenReadsAsTheSame) {
  model::Trigger trigger = triggerOf(
      R"({"comparisons":[{"left":{"mod":"A_1","status":"x","keys":["0"]},"operator":"greater_than","right":2.5,
            "hysteresis":0.5,"for_ms":1000}],
          "time_dependents":[{"type":"cron","cron":"@daily","timezone":"UTC","missed":"run_once"},{"type":"at","time":5}],
          "rule":{"none":[{"stale":{"status":{"interface":"a/1","of":"none","status":"x","zone_id":"z"},"after_ms":5}},
            {"offline":{"grace_ms":7,"interface":"a/1"}},{"sun":"sunrise+00:10"},
            {"between":{"from":"sunset-01:00","to":"22:00:01","timezone":"Asia/Kolkata"}},
            {"days":{"weekdays":["sun","sat"]}},{"changed":{"trigger":"t","status":"s"}},
            {"one_of":[{"became":{"left":{"mod":"A_1","status":"x"},"operator":"contains","right":"a"}},{"webhook":true}],"for_ms":9}]}})",
      R"({"functions":[{"mod":"A_1","method":"x","retry":{"times":1}}],
          "mailers":[{"emails":["a@example.org"],"content":"x","on_failure":"stop"}],
          "steps":[{"parallel":[{"webhook":{"url":"https://example.org","headers":{"A":"b"}}}]}],
          "ended":[{"status":{"name":"a","value":[1]}}]})");
  trigger.enableWebhook = true;
  const ReadSpec first = readSpec(trigger);
  ASSERT_EQ(errorsOf(first.errors), "");
  model::Trigger again = trigger;
  again.conditions = toJson(first.spec.conditions);
  again.actions = actionsJson(first.spec);
  const ReadSpec second = readSpec(again);
  ASSERT_EQ(errorsOf(second.errors), "");
  EXPECT_EQ(json::write(toJson(second.spec.conditions)), json::write(again.conditions));
  EXPECT_EQ(json::write(actionsJson(second.spec)), json::write(again.actions));
  EXPECT_EQ(operandsOf(second.spec), operandsOf(first.spec));
}

}  // namespace
}  // namespace busbar::triggers
