// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/engine.h"

#include "tests/unit/api/triggers/engine_fixture.h"

namespace busbar::triggers {
namespace {

using Texts = std::vector<std::string>;

constexpr const char* kWhenOn = R"({
  "conditions": {"comparisons": [{"left": {"mod": "Sensor_1", "status": "power"},
                                  "operator": "equal", "right": true}]},
  "actions": {"functions": [{"mod": "Display_1", "method": "show", "args": {"n": 1}}]}})";
constexpr const char* kTwoSteps = R"({
  "conditions": {"comparisons": [{"left": {"mod": "Sensor_1", "status": "power"},
                                  "operator": "equal", "right": true}]},
  "actions": {"functions": [{"mod": "Display_1", "method": "first"},
                            {"mod": "Display_1", "method": "second"}]}})";
constexpr const char* kEachChange = R"({
  "conditions": {"rule": {"changed": {"mod": "Sensor_1", "status": "count"}}},
  "actions": {"functions": [{"mod": "Display_1", "method": "show",
                             "args": {"n": "{{ cause.left }}", "id": "{{ firing.id }}"}}]}})";

// Its own function changes what it looks at.
constexpr const char* kSelf = R"({
  "conditions": {"rule": {"changed": {"mod": "Sensor_1", "status": "count"}}},
  "actions": {"functions": [{"mod": "Sensor_1", "method": "show"}]}})";

class EngineTest : public EngineFixture {
 protected:
  // Of the only call that waits.
  std::string waiting() {
    turn();
    return host_.calls.size() == 1 ? host_.calls[0].request.function
                                   : std::to_string(host_.calls.size()) + " calls";
  }
  void answer() {
    auto call = std::move(host_.calls.front());
    host_.calls.erase(host_.calls.begin());
    call.done(ExecuteReply{"null", 200});
    turn();
  }
};

TEST_F(EngineTest, FiresOncePerEdge) {
  save(kWhenOn);
  EXPECT_EQ(calls(), Texts());
  publish(1, "power", "true");
  EXPECT_EQ(calls(), Texts{R"(show {"n":1})"});
  publish(1, "power", "true");
  EXPECT_EQ(calls(), Texts());
  publish(1, "power", "false");
  EXPECT_EQ(calls(), Texts());
  publish(1, "power", "true");
  EXPECT_EQ(calls(), Texts{R"(show {"n":1})"});
}

TEST_F(EngineTest, CallsAsAdminWithATraceOfItsOwn) {
  save(kWhenOn);
  publish(1, "power", "true");
  ASSERT_EQ(host_.calls.size(), 1U);
  const ExecuteRequest& call = host_.calls[0].request;
  EXPECT_EQ(call.moduleId, modules_[0]);
  EXPECT_EQ(call.caller.role, model::UserRole::Admin);
  EXPECT_EQ(call.caller.userId, "");
  EXPECT_EQ(call.caller.traceparent.size(), 55U);
}

TEST_F(EngineTest, TellsItsStateAsClientsKnowIt) {
  const std::string id = save(kWhenOn);
  publish(1, "power", "true");
  calls();
  EXPECT_EQ(json::write(json::Value(stateOf(id))),
            R"({"triggered":true,"trigger_count":1,"action_errors":0,"comparison_errors":0,)"
            R"("conditions":{"comparison_0":true}})");
  ASSERT_FALSE(states_.empty());
  EXPECT_EQ(states_.back(), id + " " + json::write(json::Value(stateOf(id))));
}

TEST_F(EngineTest, CountsStepsThatFailAlsoOverARestart) {
  const std::string id = save(kTwoSteps);
  host_.refusal = Error::because(ErrorCode::NotFound, "function_not_found", "none");
  publish(1, "power", "true");
  EXPECT_EQ(*stateOf(id).find("action_errors")->asInt(), 2);
  pass(Journal::kProgressDelay);
  kill();
  startEngine();
  EXPECT_EQ(*stateOf(id).find("action_errors")->asInt(), 2);
}

TEST_F(EngineTest, RunsWhatBelongsToTheEnd) {
  save(R"({"conditions": {"comparisons": [{"left": {"mod": "Sensor_1", "status": "power"},
                                           "operator": "equal", "right": true}]},
           "actions": {"ended": [{"function": {"mod": "Display_1", "method": "clear"}}]}})");
  publish(1, "power", "true");
  EXPECT_EQ(calls(), Texts());
  publish(1, "power", "false");
  EXPECT_EQ(calls(), Texts{"clear {}"});
  const auto all = firings();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_TRUE(all[1].isEnd);
  EXPECT_EQ(all[1].cause.firingId, all[0].id);
}

TEST_F(EngineTest, HasAFiringOnDiskBeforeItsActionStarts) {
  save(kWhenOn);
  triggerStore_->hold();
  publish(1, "power", "true");
  EXPECT_EQ(waiting(), "0 calls");
  triggerStore_->release();
  EXPECT_EQ(waiting(), "show");
  const auto all = firings();
  ASSERT_EQ(all.size(), 1U);
  ASSERT_EQ(all[0].steps.size(), 1U);
  EXPECT_EQ(all[0].steps[0].state, StepRecord::State::Sending);
  EXPECT_FALSE(all[0].isOver);
}

TEST_F(EngineTest, SendsNothingThatTheStoreDidNotTake) {
  save(kWhenOn);
  triggerStore_->failWrites(Error::of(ErrorCode::Unavailable, "no disk"));
  publish(1, "power", "true");
  EXPECT_EQ(waiting(), "0 calls");
  EXPECT_FALSE(engine_->lastWrite().ok());
}

TEST_F(EngineTest, RepeatsAnActionThatWasSentAndNotRecordedAndSaysSo) {
  save(kWhenOn);
  publish(1, "power", "true");
  ASSERT_EQ(waiting(), "show");
  const std::string id = firings()[0].id;
  kill();
  startEngine();
  EXPECT_EQ(waiting(), "show");
  answer();
  const auto all = firings();
  ASSERT_EQ(all.size(), 1U);
  EXPECT_EQ(all[0].id, id);
  EXPECT_TRUE(all[0].isRetry);
  EXPECT_TRUE(all[0].isOver);
  EXPECT_TRUE(all[0].steps[0].isRetry);
}

TEST_F(EngineTest, DoesNotRepeatWhatWasRecorded) {
  save(kTwoSteps);
  publish(1, "power", "true");
  ASSERT_EQ(waiting(), "first");
  answer();
  ASSERT_EQ(waiting(), "second");
  kill();
  startEngine();
  EXPECT_EQ(waiting(), "second");
  answer();
  EXPECT_EQ(waiting(), "0 calls");
  kill();
  startEngine();
  EXPECT_EQ(waiting(), "0 calls");
}

TEST_F(EngineTest, WaitsForModulesBeforeItGoesOn) {
  save(kWhenOn);
  publish(1, "power", "true");
  ASSERT_EQ(waiting(), "show");
  kill();
  host_.healths[modules_[0]].state = "starting";
  startEngine();
  EXPECT_EQ(waiting(), "0 calls");
  host_.healths[modules_[0]].state = "running";
  pass(Milliseconds(250));
  EXPECT_EQ(waiting(), "show");
}

TEST_F(EngineTest, FiresOnceAfterAnEdgeThatCameWhileItWasDown) {
  save(kEachChange);
  publish(1, "count", "1");
  publish(1, "count", "2");
  EXPECT_EQ(calls().size(), 1U);
  pass(Journal::kProgressDelay);
  kill();
  host_.states[modules_[1]]["count"] = "5";
  startEngine();
  const auto after = calls();
  ASSERT_EQ(after.size(), 1U);
  EXPECT_NE(after[0].find(R"("n":5)"), std::string::npos);
}

TEST_F(EngineTest, DoesNotFireAgainAfterARestartWhereNothingChanged) {
  save(kWhenOn);
  publish(1, "power", "true");
  calls();
  kill();
  startEngine();
  EXPECT_EQ(calls(), Texts());
  publish(1, "power", "false");
  publish(1, "power", "true");
  EXPECT_EQ(calls().size(), 1U);
}

TEST_F(EngineTest, KeepsAValueWhileItsModuleStartsAnew) {
  save(kWhenOn);
  publish(1, "power", "true");
  calls();
  publishHealth(1, false, true);
  publish(1, "power", "");
  publish(1, "power", "true");
  publishHealth(1, true, true);
  EXPECT_EQ(calls(), Texts());
}

TEST_F(EngineTest, TakesAStatusForGoneWhenItsModuleRunsWithoutIt) {
  const std::string id = save(kWhenOn);
  publish(1, "power", "true");
  calls();
  publishHealth(1, false, true);
  publish(1, "power", "");
  publishHealth(1, true, true);
  EXPECT_TRUE(engine_->stateOf(id)->triggered);
  for (int i = 0; i < 14; ++i) {
    pass(Milliseconds(500));
  }
  EXPECT_FALSE(engine_->stateOf(id)->triggered);
}

TEST_F(EngineTest, TakesAStatusForGoneAtOnceWhenItsDriverRemovesIt) {
  const std::string id = save(kWhenOn);
  publish(1, "power", "true");
  publish(1, "power", "");
  EXPECT_FALSE(engine_->stateOf(id)->triggered);
}

TEST_F(EngineTest, RemembersForHowLongSomethingHeldAcrossARestart) {
  save(R"({"conditions": {"comparisons": [{"left": {"mod": "Sensor_1", "status": "power"},
                                           "operator": "equal", "right": true, "for_ms": 60000}]},
           "actions": {"functions": [{"mod": "Display_1", "method": "off"}]}})");
  publish(1, "power", "true");
  pass(Milliseconds(40'000));
  kill();
  clock_.advance(Milliseconds(10'000));
  startEngine();
  pass(Milliseconds(9'000));
  EXPECT_EQ(calls(), Texts());
  pass(Milliseconds(1'500));
  EXPECT_EQ(calls(), Texts{"off {}"});
}

TEST_F(EngineTest, ReadsAModuleAgainWhereUpdatesWereMissed) {
  save(kEachChange);
  publish(1, "count", "1");
  host_.states[modules_[1]]["count"] = "2";
  // One update that nobody saw, and one of another status after it.
  host_.skipSequence(modules_[1]);
  publish(1, "other", "7");
  const auto seen = calls();
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_NE(seen[0].find(R"("n":2)"), std::string::npos);
  EXPECT_EQ(engine_->counts().gaps, 1U);
}

TEST_F(EngineTest, FiresForEachModuleThatGoesOffline) {
  save(R"({"conditions": {"rule": {"offline": {"grace_ms": 5000}}},
           "actions": {"functions": [{"mod": "Display_1", "method": "tell",
                                      "args": {"who": "{{ cause.module }}"}}]}})");
  publishHealth(1, true, false);
  pass(Milliseconds(4'000));
  EXPECT_EQ(calls(), Texts());
  pass(Milliseconds(2'000));
  EXPECT_EQ(calls(), Texts{R"(tell {"who":"Sensor"})"});
  publishHealth(0, true, false);
  pass(Milliseconds(6'000));
  EXPECT_EQ(calls(), Texts{R"(tell {"who":"Display"})"});
  publishHealth(1, true, true);
  publishHealth(1, true, false);
  pass(Milliseconds(6'000));
  EXPECT_EQ(calls(), Texts{R"(tell {"who":"Sensor"})"});
}

TEST_F(EngineTest, AModuleThatSomebodyStoppedIsNotOffline) {
  save(R"({"conditions": {"rule": {"offline": {"grace_ms": 1000}}},
           "actions": {"functions": [{"mod": "Display_1", "method": "tell"}]}})");
  model::Module mod = *site_.findModule(modules_[1]);
  mod.running = false;
  write(mod, ConfigWrite::Kind::Update);
  publishHealth(1, false, false);
  pass(Milliseconds(5'000));
  EXPECT_EQ(calls(), Texts());
}

TEST_F(EngineTest, FiresAtMostSoOftenInAPeriod) {
  const std::string id = save(R"({
      "max_firings": 2, "period_ms": 60000,
      "conditions": {"rule": {"changed": {"mod": "Sensor_1", "status": "count"}}},
      "actions": {"functions": [{"mod": "Display_1", "method": "show"}]}})");
  for (int n = 0; n < 6; ++n) {
    publish(1, "count", std::to_string(n));
  }
  EXPECT_EQ(calls().size(), 2U);
  EXPECT_EQ(engine_->counts().suppressed, 3U);
  pass(Milliseconds(60'000));
  publish(1, "count", "9");
  EXPECT_EQ(calls().size(), 1U);
  EXPECT_EQ(*engine_->explain(id)->find("suppressed")->asInt(), 3);
}

TEST_F(EngineTest, StopsATriggerThatSetsItselfOffThroughItsModule) {
  const std::string id = save(kSelf);
  publish(1, "count", "0");
  publish(1, "count", "1");
  int rounds = 0;
  for (; rounds < 50 && !host_.calls.empty(); ++rounds) {
    publish(1, "count", std::to_string(rounds + 2));
    answer();
  }
  EXPECT_LT(rounds, 50);
  const json::Object state = stateOf(id);
  ASSERT_NE(state.find("stopped"), nullptr) << "rounds: " << rounds;
  EXPECT_NE(state.find("stopped")->asString()->find("Trigger 1 -> Trigger 1"), std::string::npos);
  EXPECT_EQ(engine_->counts().loops, 1U);
}

TEST_F(EngineTest, NamesTheCircleOfTriggersThatCallEachOther) {
  const std::string first = sample::id(model::Table::Trigger, 1);
  const std::string second = sample::id(model::Table::Trigger, 2);
  const auto calling = [](const std::string& other) {
    return R"({"conditions": {"comparisons": [{"left": {"mod": "Sensor_1", "status": "power"},
               "operator": "equal", "right": true}]},
               "actions": {"steps": [{"trigger": {"trigger_id": ")" +
           other + R"("}}]}})";
  };
  const std::string one = save(calling(second), 1);
  const std::string two = save(calling(first), 2);
  publish(1, "power", "true");
  for (int i = 0; i < 200; ++i) {
    turn();
  }
  EXPECT_GE(engine_->counts().loops, 1U);
  const std::string told = engine_->stateOf(one)->json + engine_->stateOf(two)->json;
  EXPECT_TRUE(told.find("Trigger 1 -> Trigger 2 -> Trigger 1") != std::string::npos ||
              told.find("Trigger 2 -> Trigger 1 -> Trigger 2") != std::string::npos)
      << told;
  EXPECT_LT(firings().size(), 60U);
}

TEST_F(EngineTest, AStoppedTriggerWorksAgainWhenItIsSaved) {
  const std::string id = save(kSelf);
  publish(1, "count", "0");
  publish(1, "count", "1");
  for (int i = 0; i < 50 && !host_.calls.empty(); ++i) {
    publish(1, "count", std::to_string(i + 2));
    answer();
  }
  model::TriggerInstance row = *site_.findTriggerInstance(id);
  row.important = !row.important;
  write(row, ConfigWrite::Kind::Update);
  turn();
  pass(Milliseconds(5'000));
  publish(1, "count", "1000");
  EXPECT_EQ(calls().size(), 1U);
}

TEST_F(EngineTest, OneTriggerSetsAStatusThatAnotherLooksAt) {
  const std::string first = sample::id(model::Table::Trigger, 1);
  const std::string setter = save(R"({
      "conditions": {"comparisons": [{"left": {"mod": "Sensor_1", "status": "power"},
                                      "operator": "equal", "right": true}]},
      "actions": {"steps": [{"status": {"name": "sign", "value": "in use"}}],
                  "ended": [{"status": {"name": "sign", "value": null}}]}})");
  save(
      R"({"conditions": {"comparisons": [{"left": {"trigger": ")" + first + R"(", "status": "sign"},
                                           "operator": "equal", "right": "in use"}]},
           "actions": {"functions": [{"mod": "Display_1", "method": "light"}]}})",
      2);
  publish(1, "power", "true");
  EXPECT_EQ(calls(), Texts{"light {}"});
  EXPECT_EQ(*stateOf(setter).find("status")->find("sign")->asString(), "in use");
  publish(1, "power", "false");
  turn();
  EXPECT_EQ(stateOf(setter).find("status"), nullptr);
}

TEST_F(EngineTest, ADeliverySetsItOff) {
  const std::string id = save(R"({
      "enable_webhook": true, "conditions": {},
      "actions": {"functions": [{"mod": "Display_1", "method": "show",
                                 "args": {"n": "{{ webhook.body.n }}"}}]}})");
  json::Object facts;
  facts.set("method", "POST");
  json::Object body;
  body.set("n", 7);
  facts.set("body", std::move(body));
  ASSERT_TRUE(engine_->deliver(id, facts, "dlv-1").ok());
  turn();
  EXPECT_EQ(calls(), Texts{R"(show {"n":7})"});
  ASSERT_TRUE(engine_->deliver(id, facts, "dlv-2").ok());
  turn();
  EXPECT_EQ(calls().size(), 1U);
  EXPECT_EQ(firings()[0].cause.deliveryId, "dlv-1");
  EXPECT_EQ(engine_->deliver("trig-unknown", {}, "dlv-3").error().reason, "trigger_not_at_work");
}

TEST_F(EngineTest, ADisabledInstanceDoesNothing) {
  const std::string id = save(kWhenOn);
  model::TriggerInstance row = *site_.findTriggerInstance(id);
  row.enabled = false;
  write(row, ConfigWrite::Kind::Update);
  turn();
  EXPECT_FALSE(engine_->stateOf(id).has_value());
  publish(1, "power", "true");
  EXPECT_EQ(calls(), Texts());
  row = *site_.findTriggerInstance(id);
  row.enabled = true;
  write(row, ConfigWrite::Kind::Update);
  turn();
  EXPECT_EQ(calls().size(), 1U);
}

TEST_F(EngineTest, BeginsAnewWhenTheTriggerIsChanged) {
  const std::string id = save(kWhenOn);
  publish(1, "power", "true");
  calls();
  model::Trigger trigger = *site_.findTrigger(sample::id(model::Table::Trigger, 1));
  trigger.actions = *json::parse(R"({"functions": [{"mod": "Display_1", "method": "other"}]})");
  write(trigger, ConfigWrite::Kind::Update);
  turn();
  EXPECT_EQ(calls(), Texts{"other {}"});
  EXPECT_EQ(engine_->stateOf(id)->count, 1);
}

TEST_F(EngineTest, ForgetsAnInstanceThatIsErased) {
  const std::string id = save(kWhenOn);
  publish(1, "power", "true");
  calls();
  ASSERT_EQ(disk_->progress.count(id), 1U);
  write(*site_.findTriggerInstance(id), ConfigWrite::Kind::Erase);
  turn();
  EXPECT_EQ(disk_->progress.count(id), 0U);
  EXPECT_TRUE(disk_->firings.empty());
}

TEST_F(EngineTest, WhatAnErasedInstanceHadUnderWayLeavesNothingAndSendsNoMore) {
  const std::string id = save(kTwoSteps);
  publish(1, "power", "true");
  ASSERT_EQ(waiting(), "first");
  write(*site_.findTriggerInstance(id), ConfigWrite::Kind::Erase);
  turn();
  answer();
  EXPECT_EQ(waiting(), "0 calls");
  EXPECT_TRUE(disk_->firings.empty());
  EXPECT_EQ(engine_->counts().open, 0U);
}

TEST_F(EngineTest, WhatAnErasedInstanceLeftUnfinishedIsForgottenAfterTheNextStart) {
  const std::string id = save(kTwoSteps);
  publish(1, "power", "true");
  ASSERT_EQ(waiting(), "first");
  kill();
  write(*site_.findTriggerInstance(id), ConfigWrite::Kind::Erase);
  startEngine();
  turn();
  EXPECT_EQ(waiting(), "0 calls");
  EXPECT_TRUE(disk_->firings.empty());
}

TEST_F(EngineTest, FollowsModulesThatChangePlaces) {
  save(kWhenOn);
  model::System room = *site_.findSystem(system_.id);
  room.modules = {modules_[0]};
  write(room, ConfigWrite::Kind::Update);
  turn();
  publish(1, "power", "true");
  EXPECT_EQ(calls(), Texts());
  room = *site_.findSystem(system_.id);
  room.modules = {modules_[0], modules_[1]};
  write(room, ConfigWrite::Kind::Update);
  turn();
  EXPECT_EQ(calls().size(), 1U);
}

TEST_F(EngineTest, KeepsOfEvaluationsNoMoreThanFits) {
  const std::string id = save(kWhenOn);
  for (int i = 0; i < 40; ++i) {
    publish(1, "power", i % 2 == 0 ? "true" : "\"" + std::string(100'000, 'x') + "\"");
    calls();
  }
  const auto explained = engine_->explain(id);
  ASSERT_TRUE(explained.has_value());
  const json::Array& kept = *explained->find("evaluations")->asArray();
  ASSERT_EQ(kept.size(), Instance::kKeptEvaluations);
  EXPECT_LE(json::write(json::Value(kept)).size(), kept.size() * Instance::kMaxNoteBytes);
  EXPECT_EQ(kept[0].find("conditions")->asArray()->at(0).find("left"), nullptr);
  EXPECT_TRUE(*kept[1].find("conditions")->asArray()->at(0).find("left")->asBool());
  EXPECT_FALSE(*kept[0].find("triggered")->asBool());
}

TEST_F(EngineTest, WorksOnlyWhereItIsElected) {
  election_.isOurs = false;
  pass(Engine::kElectionBeat);
  const std::string id = save(kWhenOn);
  EXPECT_FALSE(engine_->stateOf(id).has_value());
  publish(1, "power", "true");
  EXPECT_EQ(calls(), Texts());
  election_.isOurs = true;
  pass(Engine::kElectionBeat);
  EXPECT_EQ(calls().size(), 1U);
}

TEST_F(EngineTest, LosesNothingWhenAnotherOneIsElected) {
  const std::string id = save(kWhenOn);
  publish(1, "power", "true");
  calls();
  pass(Engine::kElectionBeat - Journal::kProgressDelay / 2);
  publish(1, "power", "false");
  election_.isOurs = false;
  pass(Journal::kProgressDelay / 2);  // the next look at elections, before progress is due
  EXPECT_FALSE(engine_->stateOf(id).has_value());
  EXPECT_NE(disk_->progress[id].document.find(R"("triggered":false)"), std::string::npos)
      << disk_->progress[id].document;
}

TEST_F(EngineTest, ReadsBackWhatWasOnItsWayWhenItIsElectedAgain) {
  const std::string id = save(kWhenOn);
  publish(1, "power", "true");
  calls();
  pass(Journal::kProgressDelay);
  triggerStore_->hold();
  publish(1, "power", "false");
  publish(1, "power", "true");  // the second firing, which the disk does not have yet
  election_.isOurs = false;
  pass(Engine::kElectionBeat);
  election_.isOurs = true;
  pass(Engine::kElectionBeat);
  EXPECT_FALSE(engine_->stateOf(id).has_value());
  triggerStore_->release();
  turn();
  EXPECT_EQ(*stateOf(id).find("trigger_count")->asInt(), 2);
}

TEST_F(EngineTest, StopsWhenItsFiringsAreOver) {
  save(kWhenOn);
  publish(1, "power", "true");
  ASSERT_EQ(waiting(), "show");
  bool isStopped = false;
  engine_->stop(clock_.now() + Milliseconds(1'000), [&] { isStopped = true; });
  turn();
  EXPECT_FALSE(isStopped);
  answer();
  pass(Milliseconds(50));
  EXPECT_TRUE(isStopped);
  EXPECT_TRUE(firings()[0].isOver);
}

TEST_F(EngineTest, StopsAtItsLimitAndGoesOnAfterTheNextStart) {
  save(kWhenOn);
  publish(1, "power", "true");
  ASSERT_EQ(waiting(), "show");
  bool isStopped = false;
  engine_->stop(clock_.now() + Milliseconds(100), [&] { isStopped = true; });
  for (int i = 0; i < 10; ++i) {
    pass(Milliseconds(50));
  }
  EXPECT_TRUE(isStopped);
  kill();
  startEngine();
  EXPECT_EQ(waiting(), "show");
}

TEST_F(EngineTest, ExplainsItself) {
  const std::string id = save(kWhenOn);
  publish(1, "power", "7");
  const auto explained = engine_->explain(id);
  ASSERT_TRUE(explained.has_value());
  const json::Array& conditions = *explained->find("conditions")->asArray();
  ASSERT_EQ(conditions.size(), 1U);
  EXPECT_EQ(*conditions[0].find("key")->asString(), "comparison_0");
  EXPECT_EQ(*conditions[0].find("left"), json::Value(7));
  EXPECT_EQ(*conditions[0].find("right"), json::Value(true));
  EXPECT_FALSE(*conditions[0].find("is_true")->asBool());
  EXPECT_FALSE(explained->find("evaluations")->asArray()->empty());
}

}  // namespace
}  // namespace busbar::triggers
