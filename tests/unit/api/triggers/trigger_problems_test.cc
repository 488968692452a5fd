// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/trigger_problems.h"

#include <gtest/gtest.h>

#include "tests/support/sample_records.h"

namespace busbar::triggers {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kSwitchManifest = R"({
  "manifest_version": 1, "id": "com.acme.switch", "version": "1.0.0", "name": "Switch",
  "module_name": "Switch", "vendor": "Acme", "description": "A switch.", "license": "Apache-2.0",
  "role": "device", "implements": ["powerable/1"], "links": [],
  "settings": {"type": "object", "properties": {}, "additionalProperties": true},
  "functions": {
    "power": {"title": "Power", "description": "On or off.", "params": {"type": "object",
      "properties": {"state": {"type": "boolean"}}, "required": ["state"],
      "additionalProperties": false}, "order": ["state"], "kind": "command"}},
  "status": [{"key": "power", "schema": {"type": ["boolean", "null"]}, "description": "On."}],
  "permissions": []
})";

// Room 1 has a switch and trigger 2 at work; room 2, in zone 1, has a module whose driver nobody
// can read.
class TriggerProblemsTest : public testing::Test {
 protected:
  TriggerProblemsTest() {
    auto parsed = Manifest::parse(kSwitchManifest);
    EXPECT_TRUE(parsed.ok()) << parsed.error().field << parsed.error().message;
    manifest_ = std::make_shared<const Manifest>(std::move(*parsed));
    model::Driver driver = sample::driver(1);
    driver.moduleName = "Switch";
    model::System one = sample::system(1);
    one.modules = {sample::id(model::Table::Module, 1)};
    model::System two = sample::system(2);
    two.modules = {sample::id(model::Table::Module, 2)};
    two.zones = {sample::id(model::Table::Zone, 1)};
    site_.reset({1,
                 {driver, sample::driver(2), sample::mod(1, 1), sample::mod(2, 2), one, two,
                  sample::zone(1), sample::trigger(2), sample::trigger(3),
                  sample::triggerInstance(1, 2, 1)}});
  }

  // "path code" of each problem of a trigger with these members, in a room.
  Texts problems(const std::string& conditions, const std::string& actions = "{}", int room = 1) {
    model::Trigger trigger;
    trigger.name = "T";
    trigger.conditions = *json::parse(conditions);
    trigger.actions = *json::parse(actions);
    const ReadSpec read = readSpec(trigger);
    for (const auto& error : read.errors) {
      ADD_FAILURE() << error.field << " " << error.reason;
    }
    Texts out;
    for (const TriggerProblem& problem :
         triggerProblems(site_, manifestOf_, read.spec, sample::id(model::Table::System, room))) {
      EXPECT_NE(problem.message.find(": "), std::string::npos) << problem.message;
      out.push_back(problem.path + " " + problem.code);
    }
    return out;
  }
  Texts rule(const std::string& node, int room = 1) {
    return problems("{\"rule\":" + node + "}", "{}", room);
  }
  Texts step(const std::string& text) { return problems("{}", R"({"steps":[)" + text + "]}"); }

  Site site_;
  std::shared_ptr<const Manifest> manifest_;
  ManifestOf manifestOf_ = [this](const std::string& driverId) {
    return driverId == sample::id(model::Table::Driver, 1) ? manifest_ : nullptr;
  };
};

TEST_F(TriggerProblemsTest, WhatFitsHasNone) {
  EXPECT_EQ(problems("{}"), Texts{});
  EXPECT_EQ(rule(R"({"all":[
      {"compare":{"left":{"mod":"Switch_1","status":"power"},"operator":"equal","right":true}},
      {"changed":{"mod":"Switch","status":"power"}},
      {"stale":{"status":{"interface":"powerable/1","status":"power"},"after_ms":1000}},
      {"offline":{"grace_ms":0}},
      {"offline":{"grace_ms":0,"mod":"Switch_1"}},
      {"compare":{"left":{"trigger":"trigger-01J9ZQ4X0N0000000000000002","status":"x"},
        "operator":"equal","right":1}}]})"),
            Texts{});
  EXPECT_EQ(step(R"({"function":{"mod":"Switch_1","method":"power","args":[true]}},
      {"function":{"interface":"powerable/1","method":"power","args":{"state":false}}},
      {"trigger":{"trigger_id":"trigger-01J9ZQ4X0N0000000000000002"}},
      {"status":{"name":"x","value":1}})"),
            Texts{});
}

TEST_F(TriggerProblemsTest, ConditionsAreNamedByTheirPlaceInTheDocument) {
  EXPECT_EQ(problems(R"({"comparisons":[{"left":1,"operator":"equal","right":1},
      {"left":{"mod":"Swtich_1","status":"power"},"operator":"equal",
       "right":{"mod":"Switch_1","status":"pwoer"}}]})"),
            (Texts{"conditions.comparisons.1.left.mod no_module",
                   "conditions.comparisons.1.right.status no_status"}));
  EXPECT_EQ(rule(R"({"any":[{"days":{"weekdays":["mon"]}},{"none":[
      {"became":{"left":{"mod":"Other_1","status":"x"},"operator":"equal","right":1}},
      {"changed":{"mod":"Switch_2","status":"power"}},
      {"stale":{"status":{"mod":"Switch_1","status":"x"},"after_ms":1}},
      {"offline":{"grace_ms":0,"mod":"Other_1"}}]}]})"),
            (Texts{"conditions.rule.any.1.none.0.became.left.mod no_module",
                   "conditions.rule.any.1.none.1.changed.mod no_module",
                   "conditions.rule.any.1.none.2.stale.status.status no_status",
                   "conditions.rule.any.1.none.3.offline.mod no_module"}));
}

TEST_F(TriggerProblemsTest, InterfacesZonesAndOtherTriggersMustBeThere) {
  EXPECT_EQ(rule(R"({"changed":{"interface":"powreable/1","status":"power"}})"),
            Texts{"conditions.rule.changed.interface no_interface"});
  EXPECT_EQ(rule(R"({"changed":{"interface":"powerable/1","status":"pwoer"}})"),
            Texts{"conditions.rule.changed.status no_status"});
  EXPECT_EQ(rule(R"({"changed":{"interface":"powerable/1","status":"power",
                     "zone_id":"zone-01J9ZQ4X0N0000000000000009"}})"),
            Texts{"conditions.rule.changed.zone_id no_zone"});
  EXPECT_EQ(rule(R"({"changed":{"interface":"lighting/1","status":"anything"}})"), Texts{})
      << "sets may be empty";
  for (const char* other : {"3", "9"}) {
    EXPECT_EQ(rule(R"({"compare":{"left":{"trigger":"trigger-01J9ZQ4X0N000000000000000)" +
                   std::string(other) + R"(","status":"x"},"operator":"equal","right":1}})"),
              Texts{"conditions.rule.compare.left.trigger no_trigger"})
        << "not at work here, or nowhere";
  }
}

TEST_F(TriggerProblemsTest, ActionsAreCheckedAgainstTheManifest) {
  EXPECT_EQ(problems("{}", R"({"functions":[{"mod":"Swtich_1","method":"power"},
      {"mod":"Switch_1","method":"pwoer"},
      {"mod":"Switch_1","method":"power","args":{"state":"on"}},
      {"mod":"Switch_1","method":"power"},
      {"mod":"Switch_1","method":"power","args":[true,1]},
      {"mod":"Switch_1","method":"power","args":{"state":"{{ cause.left }}"}}],
      "ended":[{"function":{"mod":"Switch_1","method":"x"}}]})"),
            (Texts{"actions.functions.0.mod no_module", "actions.functions.1.method no_function",
                   "actions.functions.2.args.state bad_arguments",
                   "actions.functions.3.args.state bad_arguments",
                   "actions.functions.4.args bad_arguments",
                   "actions.ended.0.function.method no_function"}));
  EXPECT_EQ(step(R"({"parallel":[{"function":{"interface":"powerable/1","method":"x"}},
      {"function":{"interface":"x/1","method":"x"}}]},
      {"trigger":{"trigger_id":"trigger-01J9ZQ4X0N0000000000000003"}})"),
            (Texts{"actions.steps.0.parallel.0.function.method no_function",
                   "actions.steps.0.parallel.1.function.interface no_interface",
                   "actions.steps.1.trigger.trigger_id no_trigger"}));
}

TEST_F(TriggerProblemsTest, ADriverThatNobodyCanReadIsGivenTheBenefitOfTheDoubt) {
  EXPECT_EQ(rule(R"({"changed":{"mod":"Display_1","status":"anything"}})", 2), Texts{});
  EXPECT_EQ(problems("{}", R"({"functions":[{"mod":"Display_1","method":"anything"}]})", 2),
            Texts{});
}

}  // namespace
}  // namespace busbar::triggers
