// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_config_store.h"
#include "tests/support/fake_host_client.h"
#include "tests/support/present.h"
#include "tests/support/sample_records.h"
#include "tests/support/trigger_engine.h"

namespace busbar::triggers {

// The engine over a site, a store and a host in memory: a room with modules Display_1 and Sensor_1
// that run. A test saves triggers, publishes statuses, and looks at the calls that come.
class EngineFixture : public testing::Test {
 protected:
  EngineFixture() {
    EXPECT_TRUE(await<void>(*loop_, [this](Callback<void(Status)> done) {
                  site_.follow(store_, clock_.now() + Milliseconds(10'000), std::move(done));
                }).ok());
    write(sample::driver(1));
    system_ = sample::system(1);
    for (const int n : {1, 2}) {
      model::Module mod = sample::mod(n, 1);
      mod.customName = n == 1 ? "Display" : "Sensor";
      mod.running = true;
      write(mod);
      host_.healths[mod.id] = {"running", true, true, "", "", 0, ""};
      modules_.push_back(mod.id);
      system_.modules.push_back(mod.id);
    }
    write(system_);
    startEngine();
  }
  ~EngineFixture() override { engine_.reset(); }

  void startEngine() {
    engine_ = std::make_unique<Engine>(
        Engine::Surroundings{*loop_, site_, host_, *triggerStore_, store_, election_, ids_, log_,
                             http_, nullptr, [this](const std::string&) { return manifest_; }});
    engine_->listen([this](std::string_view id, std::string_view state) {
      states_.push_back(std::string(id) + " " + std::string(state));
    });
    EXPECT_TRUE(await<void>(*loop_, [this](Callback<void(Status)> done) {
                  engine_->start(std::move(done));
                }).ok());
    turn();
  }
  // As kill -9 does: what is not in the store is forgotten.
  void kill() {
    engine_.reset();
    triggerStore_ = std::make_unique<FakeTriggerStore>(*loop_, disk_);
    host_.calls.clear();
  }

  void write(model::Record record, ConfigWrite::Kind kind = ConfigWrite::Kind::Insert) {
    auto done = await<std::vector<ConfigChange>>(
        *loop_, [&](Callback<void(Result<std::vector<ConfigChange>>)> finished) {
          store_.apply({{kind, std::move(record)}}, {}, clock_.now() + Milliseconds(10'000),
                       std::move(finished));
        });
    ASSERT_TRUE(done.ok()) << done.error().message << done.error().field;
  }

  // Saves trigger `n`, and an instance of it in the room; returns the instance's id.
  std::string save(std::string_view document, int n = 1) { return save(triggerOf(document, n), n); }

  // `document` holds conditions, actions and whatever else differs from an empty trigger.
  static model::Trigger triggerOf(std::string_view document, int n = 1) {
    model::Trigger trigger;
    trigger.id = sample::id(model::Table::Trigger, n);
    trigger.name = "Trigger " + std::to_string(n);
    const auto parsed = json::parse(document);
    EXPECT_TRUE(parsed.ok()) << parsed.error().message;
    for (const auto& [name, value] : *parsed->asObject()) {
      set(trigger, name, value);
    }
    return trigger;
  }
  std::string save(const model::Trigger& trigger, int n) {
    const auto read = readSpec(trigger);
    for (const auto& error : read.errors) {
      ADD_FAILURE() << error.field << ": " << error.reason;
    }
    write(trigger);
    model::TriggerInstance instance;
    instance.id = sample::id(model::Table::TriggerInstance, n);
    instance.triggerId = trigger.id;
    instance.systemId = system_.id;
    instance.webhookSecret = "a secret of this test only";
    write(instance);
    turn();
    return instance.id;
  }

  static void set(model::Trigger& trigger, const std::string& name, const json::Value& value) {
    if (name == "conditions") {
      trigger.conditions = value;
    } else if (name == "actions") {
      trigger.actions = value;
    } else if (name == "debounce_period") {
      trigger.debounceMs = *value.asInt();
    } else if (name == "any_match") {
      trigger.anyMatch = *value.asBool();
    } else if (name == "max_firings") {
      trigger.maxFirings = *value.asInt();
    } else if (name == "period_ms") {
      trigger.periodMs = *value.asInt();
    } else if (name == "enable_webhook") {
      trigger.enableWebhook = *value.asBool();
    } else {
      ADD_FAILURE() << "the fixture does not know " << name;
    }
  }

  // Display_1 is 0, Sensor_1 is 1.
  void publish(size_t mod, const std::string& status, const std::string& json) {
    host_.states[modules_[mod]][status] = json;
    host_.publishState(modules_[mod], status, json);
    turn();
  }
  void publishHealth(size_t mod, bool isRunning, bool isConnected) {
    ModuleHealth& health = host_.healths[modules_[mod]];
    health.state = isRunning ? "running" : "starting";
    health.running = isRunning;
    health.connected = isConnected;
    HostEvent event;
    event.kind = HostEvent::Kind::Module;
    event.moduleId = modules_[mod];
    event.health = &health;
    host_.publish(event);
    turn();
  }
  // Lets everything happen that is due.
  void turn() {
    for (int i = 0; i < 8; ++i) {
      loop_->runOnce(Milliseconds(0));
    }
  }
  void pass(Milliseconds time) {
    clock_.advance(time);
    turn();
  }

  // "method args" of each call since the last time; each is answered with null.
  std::vector<std::string> calls() {
    std::vector<std::string> out;
    for (int round = 0; round < 16 && !host_.calls.empty(); ++round) {
      auto open = std::move(host_.calls);
      host_.calls.clear();
      for (auto& call : open) {
        out.push_back(call.request.function + " " + call.request.args);
        call.done(ExecuteReply{"null", 200});
      }
      turn();
    }
    return out;
  }

  json::Object stateOf(const std::string& instanceId) {
    const auto state = engine_->stateOf(instanceId);
    EXPECT_TRUE(state.has_value());
    return state ? *json::parse(state->json)->asObject() : json::Object();
  }
  std::vector<Firing> firings() {
    std::vector<Firing> out;
    for (const auto& [id, row] : disk_->firings) {
      out.push_back(test::present(toFiring(row)));
    }
    return out;
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_{std::move(EventLoop::create(clock_)).value()};
  FakeConfigStore store_{*loop_};
  Site site_;
  FakeHostClient host_;
  std::shared_ptr<FakeTriggerStore::Data> disk_ = std::make_shared<FakeTriggerStore::Data>();
  std::unique_ptr<FakeTriggerStore> triggerStore_ =
      std::make_unique<FakeTriggerStore>(*loop_, disk_);
  Election election_;
  model::IdGenerator ids_{clock_};
  std::unique_ptr<Logger> logger_ = Logger::discarding();
  Logger& log_ = *logger_;
  NoResolver resolver_;
  HttpClient http_{*loop_, resolver_};
  std::shared_ptr<const Manifest> manifest_;
  model::System system_;
  std::vector<std::string> modules_;
  std::vector<std::string> states_;
  std::unique_ptr<Engine> engine_;
};

}  // namespace busbar::triggers
