// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/simulation.h"

#include <cstdlib>

#include "tests/unit/api/triggers/engine_fixture.h"
#include "tests/unit/api/triggers/random_document.h"
#include "tests/unit/sdk/base/local_time.h"

namespace busbar::triggers {
namespace {

using Texts = std::vector<std::string>;

// What is tried, and what comes of it: each call with the ms since the start.
struct Case {
  const char* name;
  const char* conditions;
  const char* rest;   // further members of the trigger, with a comma first
  const char* steps;  // openapi.yaml "TriggerSimulationStep"
  Texts calls;
  int sliceMs = 1000;  // every time in the case is a multiple of it
};

// From Monday, 2025-06-02 12:00:00 UTC; the room is in Berlin.
constexpr const char* kStart = "2025-06-02 12:00:00";
#define ON(v) R"({"values": [{"mod": "Sensor_1", "status": "x", "value": )" #v "}]}"
#define LATER(ms, v) \
  R"({"after_ms": )" #ms R"(, "values": [{"mod": "Sensor_1", "status": "x", "value": )" #v "}]}"
#define WAIT(ms) R"({"after_ms": )" #ms "}"
#define ONLINE(v) R"({"values": [{"mod": "Sensor_1", "online": )" #v "}]}"
#define X R"("left": {"mod": "Sensor_1", "status": "x"})"

const Case kCases[] = {
    {"a comparison, on each edge",
     R"({"comparisons": [{)" X R"(, "operator": "greater_than", "right": 5}]})",
     "",
     "[" ON(9) "," ON(1) "," ON(7) "," ON(8) "]",
     {"0 on", "0 off", "0 on"}},
    {"it holds from the beginning, and nothing is told of it",
     R"({"comparisons": [{)" X R"(, "operator": "equal", "right": null}]})",
     "",
     "[{}," ON(1) "]",
     {"0 on", "0 off"}},
    {"hysteresis",
     R"({"comparisons": [{)" X R"(, "operator": "greater_than", "right": 5, "hysteresis": 2}]})",
     "",
     "[" ON(6) "," ON(4) "," ON(6) "," ON(2) "]",
     {"0 on", "0 off"}},
    {"held for a time, once broken",
     R"({"comparisons": [{)" X R"(, "operator": "equal", "right": true, "for_ms": 10000}]})",
     "",
     "[" ON(true) "," LATER(9000, false) "," ON(true) "," WAIT(60000) "]",
     {"19000 on"}},
    {"a nested key, and two conditions",
     R"({"comparisons": [{"left": {"mod": "Sensor_1", "status": "x", "keys": ["a", "1"]},
                          "operator": "equal", "right": "b"},
                         {"left": {"mod": "Display_1", "status": "y"},
                          "operator": "less_than", "right": 3}]})",
     "",
     R"([{"values": [{"mod": "Sensor_1", "status": "x", "value": {"a": [0, "b"]}}]},
         {"values": [{"mod": "Display_1", "status": "y", "value": 2}]}])",
     {"0 on"}},
    {"any_match",
     R"({"comparisons": [{)" X R"(, "operator": "equal", "right": 1},
                         {)" X R"(, "operator": "equal", "right": 2}]})",
     R"(, "any_match": true)",
     "[" ON(0) "," ON(2) "," ON(1) "," ON(0) "]",
     {"0 on", "0 off"}},
    {"changed, with its debounce period",
     R"({"rule": {"changed": {"mod": "Sensor_1", "status": "x"}}})",
     R"(, "debounce_period": 4000)",
     "[" ON(1) "," ON(1) "," LATER(1000, 2) "," WAIT(10000) "," ON(3) "," WAIT(10000) "]",
     {"1000 on", "5000 off", "11000 on", "15000 off"}},
    {"became",
     R"({"rule": {"became": {)" X R"(, "operator": "equal", "right": "on"}}})",
     "",
     "[" ON("off") "," ON("on") "," ON("on") "," ON("off") "," ON("on") "]",
     {"0 on", "0 off", "0 on", "0 off"}},
    {"stale",
     R"({"rule": {"stale": {"status": {"mod": "Sensor_1", "status": "x"}, "after_ms": 30000}}})",
     "",
     "[" ON(1) "," LATER(20000, 1) "," WAIT(60000) "," ON(1) "]",
     {"50000 on", "80000 off"}},
    {"offline, with a grace",
     R"({"rule": {"offline": {"grace_ms": 5000}}})",
     "",
     "[{}," ONLINE(false) "," WAIT(4000) "," ONLINE(true) "," ONLINE(false) "," WAIT(
         9000) "," ONLINE(true) "]",
     {"9000 on", "13000 off"}},
    {"cron, in the zone of the room",
     R"({"time_dependents": [{"type": "cron", "cron": "0 30 14 * * *"}]})",
     "",
     "[{}," WAIT(3600000) "]",
     {"1800000 on", "1800000 off"},
     60'000},
    {"at",
     R"({"time_dependents": [{"type": "at", "time": 1748865660}]})",
     "",
     "[{}," WAIT(3600000) "]",
     {"60000 on", "60000 off"}},
    {"between times on weekdays, in the zone of the room",
     R"({"rule": {"all": [{"between": {"from": "14:05", "to": "14:10"}},
                          {"days": {"weekdays": ["mon", "tue"]}}]}})",
     "",
     "[{}," WAIT(172800000) "]",
     {"300000 on", "600000 off", "86700000 on", "87000000 off"},
     60'000},
    {"sunset, where the room is",
     R"({"rule": {"between": {"from": "sunset", "to": "23:00"}}})",
     "",
     "[{}," WAIT(43200000) "]",
     {"26452000 on", "32400000 off"},
     4000},
    {"a webhook, with what its body says",
     R"({"rule": {"webhook": true}})",
     R"(, "enable_webhook": true)",
     R"([{}, {"webhook": {"body": {"who": "Bob"}}}, {"webhook": {"body": {"who": "Eve"}}}])",
     {"0 on", "0 off", "0 on", "0 off"}},
    {"one of two, none, and modules of an interface",
     R"({"rule": {"one_of": [
           {"compare": {"left": {"interface": "i/1", "of": "all", "status": "x"},
                        "operator": "equal", "right": 1}},
           {"none": [{"compare": {"left": {"interface": "i/1", "of": "any", "status": "x"},
                                  "operator": "equal", "right": 1}}]}]}})",
     "",
     "[{}," ON(1) R"(,{"values": [{"mod": "Display_1", "status": "x", "value": 1}]}])",
     {"0 on", "0 off", "0 on"}},
    {"at most twice a minute",
     R"({"rule": {"changed": {"mod": "Sensor_1", "status": "x"}}})",
     R"(, "max_firings": 2, "period_ms": 60000)",
     "[" ON(1) "," LATER(1000, 2) "," LATER(1000, 3) "," LATER(1000, 4) "," LATER(58000, 5) "]",
     {"1000 on", "1000 off", "2000 on", "2000 off", "3000 off", "61000 on", "61000 off"}},
    {"every projector of the zone is on for 10 minutes, after 19:00 on a weekday, and nobody is "
     "there",
     R"({"rule": {"all": [
           {"compare": {"left": {"interface": "i/1", "zone_id": "ZONE", "of": "all", "status": "on"},
                        "operator": "equal", "right": true}, "for_ms": 600000},
           {"between": {"from": "19:00", "to": "06:00"}},
           {"days": {"weekdays": ["mon", "tue", "wed", "thu", "fri"]}},
           {"compare": {"left": {"mod": "Sensor_1", "status": "people"},
                        "operator": "equal", "right": 0}}]}})",
     "",
     R"([{"values": [{"mod": "Sensor_1", "status": "people", "value": 3},
                     {"mod": "Display_1", "status": "on", "value": true}]},
         {"after_ms": 17880000, "values": [{"mod": "Sensor_1", "status": "on", "value": true}]},
         {"after_ms": 60000, "values": [{"mod": "Sensor_1", "status": "people", "value": 0}]},
         {"after_ms": 900000},
         {"after_ms": 60000, "values": [{"mod": "Sensor_1", "status": "people", "value": 1}]}])",
     {"18480000 on", "18900000 off"},
     60'000},
};

// The same values and times, tried and in earnest.
class SimulationTest : public EngineFixture {
 protected:
  SimulationTest() {
    clock_.setUtc(int64_t{utc(kStart).time_since_epoch().count()} * 1'000'000'000);
    startMs_ = clock_.utcNs() / 1'000'000;
    auto manifest = std::make_shared<Manifest>();
    manifest->implements = {"i/1"};
    manifest_ = std::move(manifest);
    model::Zone zone = sample::zone(1);
    zone.timezone = "Europe/Berlin";
    zone.location = "52.52,13.405";
    write(zone);
    model::System room = *site_.findSystem(system_.id);
    room.zones = {zone.id};
    room.timezone = "";
    write(room, ConfigWrite::Kind::Update);
    system_ = *site_.findSystem(system_.id);
  }

  Simulation read(const json::Object& body) {
    ReadSimulation out = readSimulation(body, startMs_);
    for (const auto& error : out.errors) {
      ADD_FAILURE() << error.field << " " << error.reason;
    }
    return std::move(out.simulation);
  }

  Texts tried(const model::Trigger& trigger, const Simulation& simulation) {
    const auto result = simulate(
        trigger, std::make_shared<const Spec>(readSpec(trigger).spec),
        {site_, [this](const std::string&) { return manifest_; }, system_.id, ""}, simulation);
    Texts out;
    if (!result.ok()) {
      ADD_FAILURE() << result.error().field << " " << result.error().message;
      return out;
    }
    for (const json::Value& entry : *result->find("evaluations")->asArray()) {
      const int64_t ms = *entry.find("time_ms")->asInt() - startMs_;
      for (const json::Value& action : *entry.find("actions")->asArray()) {
        out.push_back(std::to_string(ms) + " " + *action.find("method")->asString() + " " +
                      json::write(*action.find("args")));
      }
    }
    out.push_back("count " + json::write(*result->find("trigger_count")) + ", triggered " +
                  json::write(*result->find("triggered")));
    return out;
  }

  Texts inEarnest(const model::Trigger& trigger, const Simulation& simulation, int sliceMs) {
    Texts out;
    for (const Simulation::Update& update : simulation.steps[0].updates) {
      auto& values = host_.states[modules_[indexOf(update.mod)]];
      if (update.value.isNull()) {
        values.erase(update.status);
      } else if (!update.status.empty()) {
        values[update.status] = json::write(update.value);
      }
    }
    const std::string id = save(trigger, 1);
    take(out);
    for (size_t i = 0; i < simulation.steps.size(); ++i) {
      const Simulation::Step& step = simulation.steps[i];
      for (int64_t ms = 0; ms < step.after.count(); ms += sliceMs) {
        pass(Milliseconds(sliceMs));
        take(out);
      }
      for (const Simulation::Update& update : step.updates) {
        if (i == 0) {
          continue;
        }
        if (update.status.empty()) {
          publishHealth(indexOf(update.mod), true, *update.value.asBool());
        } else {
          publish(indexOf(update.mod), update.status,
                  update.value.isNull() ? std::string() : json::write(update.value));
        }
        take(out);
      }
      if (step.webhook) {
        EXPECT_TRUE(engine_->deliver(id, step.webhookFacts, "delivery").ok());
        turn();
        take(out);
      }
    }
    const json::Object state = stateOf(id);
    EXPECT_EQ(state.find("stopped"), nullptr);
    if (state.empty()) {
      return out;
    }
    out.push_back("count " + json::write(*state.find("trigger_count")) + ", triggered " +
                  json::write(*state.find("triggered")));
    return out;
  }

  void take(Texts& out) {
    for (const std::string& call : calls()) {
      out.push_back(std::to_string(clock_.utcNs() / 1'000'000 - startMs_) + " " + call);
    }
  }
  static size_t indexOf(const std::string& mod) { return mod == "Display_1" ? 0 : 1; }

  int64_t startMs_ = 0;
};

constexpr const char* kActions = R"(, "actions": {"loop_limit": 0,
    "functions": [{"mod": "Display_1", "method": "on",
                   "args": {"cause": "{{ cause.key }}", "module": "{{ cause.module }}"}}],
    "ended": [{"function": {"mod": "Display_1", "method": "off",
                            "args": {"cause": "{{ cause.key }}", "module": "{{ cause.module }}"}}}]})";

// Each of its own, since every one has a site, an engine and a clock.
class SimulationCorpus : public SimulationTest, public testing::WithParamInterface<size_t> {};

TEST_P(SimulationCorpus, SaysWhatTheEngineDoes) {
  const Case& one = kCases[GetParam()];
  SCOPED_TRACE(one.name);
  std::string document = std::string(R"({"conditions": )") + one.conditions + one.rest + kActions;
  if (const size_t zone = document.find("ZONE"); zone != std::string::npos) {
    document.replace(zone, 4, sample::id(model::Table::Zone, 1));
  }
  const model::Trigger trigger = triggerOf(document + "}");
  const auto body = json::parse(std::string(R"({"steps": )") + one.steps + "}");
  ASSERT_TRUE(body.ok()) << body.error().message;
  const Simulation simulation = read(*body->asObject());
  const Texts happened = inEarnest(trigger, simulation, one.sliceMs);
  Texts withoutArguments;
  for (size_t i = 0; i + 1 < happened.size(); ++i) {
    withoutArguments.push_back(happened[i].substr(0, happened[i].find(" {")));
  }
  EXPECT_EQ(withoutArguments, one.calls);
  EXPECT_EQ(tried(trigger, simulation), happened);
}
INSTANTIATE_TEST_SUITE_P(Cases, SimulationCorpus, testing::Range(size_t{0}, std::size(kCases)));

// Any document, any values.
class RandomSimulation : public SimulationTest, public testing::WithParamInterface<unsigned> {
 protected:
  static constexpr int kQuantumMs = 100;

  json::Object step(bool isFirst, bool hasWebhook) {
    json::Object out;
    json::Array values;
    const int what = isFirst ? 2 : random_.roll(6);
    if (what == 0) {
      out.set("after_ms", int64_t{random_.roll(30)} * kQuantumMs);
    } else if (what == 1 && hasWebhook) {
      out.set("webhook", json::Object());
    }
    for (int i = what > 1 ? 1 + random_.roll(2) : 0; i > 0; --i) {
      json::Object value;
      value.set("mod", random_.roll(2) == 0 ? "Display_1" : "Sensor_1");
      if (!isFirst && random_.roll(4) == 0) {
        value.set("online", random_.roll(2) == 0);
      } else {
        const char* text = random_.value();
        value.set("status", "x");
        value.set("value", text == nullptr ? json::Value() : json::parse(text).value());
      }
      values.emplace_back(std::move(value));
    }
    out.set("values", std::move(values));
    return out;
  }

  RandomDocument random_{GetParam(), {kQuantumMs, "Display_1", "Sensor_1"}};
};

TEST_P(RandomSimulation, SaysWhatTheEngineDoes) {
  model::Trigger trigger = triggerOf("{" + std::string(kActions + 2) + "}");
  const model::Trigger random = random_.trigger();
  trigger.conditions = random.conditions;
  trigger.debounceMs = random.debounceMs;
  trigger.anyMatch = random.anyMatch;
  trigger.enableWebhook = random.enableWebhook;
  json::Array steps;
  for (int i = 0; i < 30; ++i) {
    steps.emplace_back(step(i == 0, trigger.enableWebhook));
  }
  json::Object body;
  body.set("steps", std::move(steps));
  const Simulation simulation = read(body);
  EXPECT_EQ(tried(trigger, simulation), inEarnest(trigger, simulation, kQuantumMs))
      << json::write(trigger.conditions) << "\n"
      << json::write(json::Value(std::move(body)));
}

unsigned seeds() {
  const char* isLong = std::getenv("BUSBAR_LONG");
  return isLong != nullptr && *isLong == '1' ? 2001 : 101;
}
INSTANTIATE_TEST_SUITE_P(Seeds, RandomSimulation, testing::Range(1U, seeds()));

}  // namespace
}  // namespace busbar::triggers
