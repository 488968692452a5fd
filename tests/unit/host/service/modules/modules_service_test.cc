// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/modules/modules_service.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_host_client.h"
#include "tests/unit/host/service/modules/recorded_module.h"

namespace busbar {
namespace {

// One logic module, mod-self, in a system with two displays and an amplifier.
class ModulesServiceTest : public testing::Test {
 protected:
  void SetUp() override {
    put(driver("drv-display", "Display"));
    put(driver("drv-amp", "Amplifier"));
    put(driver("drv-room", "Room"));
    put(mod("mod-d1", "drv-display"));
    put(mod("mod-d2", "drv-display"));
    put(mod("mod-amp", "drv-amp"));
    put(mod("mod-far", "drv-amp"));
    put(mod("mod-self", "drv-room"));
    arrange({"mod-self", "mod-d1", "mod-d2", "mod-amp"});
    for (const char* id : {"mod-d1", "mod-d2", "mod-amp", "mod-self"}) {
      host_.healths[id].running = true;
    }
    host_.states["mod-d1"]["power"] = "true";
    start();
  }
  void start() {
    service_.reset();
    client_.events.clear();
    service_ = provider_.make(client_);
  }

  static model::Driver driver(const std::string& id, const std::string& name) {
    model::Driver row;
    row.id = id;
    row.moduleName = name;
    return row;
  }
  static model::Module mod(const std::string& id, const std::string& driverId) {
    model::Module row;
    row.id = id;
    row.driverId = driverId;
    return row;
  }
  void put(model::Record record) {
    ConfigChange change;
    change.record = std::move(record);
    change.position = ++position_;
    site_.apply(change);
    hub_.siteChanged(change);
  }
  void arrange(std::vector<std::string> modules) {
    model::System system;
    system.id = "sys-1";
    system.modules = std::move(modules);
    put(system);
  }
  void turn() {
    clock_.advance(Milliseconds(10));
    loop_->runOnce(Milliseconds(0));
  }

  bool send(const std::string& bytes) {
    wire::FrameReader reader(wire::kMaxToHostBytes, false);
    std::memcpy(reader.prepare(bytes.size()), bytes.data(), bytes.size());
    reader.commit(bytes.size());
    wire::Frame frame;
    EXPECT_EQ(reader.next(frame), wire::FrameReader::Next::Frame);
    return service_->request(frame, why_);
  }
  bool call(uint64_t token, const std::string& target, const std::string& function = "power",
            const std::string& args = "{}", wire::RequestHead head = {}, uint32_t timeoutMs = 0) {
    std::string bytes;
    head.token = token;
    wire::encode(bytes, 1, wire::ModuleCall{head, timeoutMs, target, function, args});
    return send(bytes);
  }
  bool subscribe(uint64_t token, const std::string& target, const std::string& key = "power") {
    std::string bytes;
    wire::encode(bytes, 1, wire::Subscribe{{token, 0, INT64_MAX}, target, key});
    return send(bytes);
  }
  RecordedModule::Event only(uint64_t token) {
    const auto events = client_.of(token);
    EXPECT_EQ(events.size(), 1U) << "events of token " << token;
    return events.empty() ? RecordedModule::Event() : events.front();
  }
  void reply(size_t call, Result<ExecuteReply> result) {
    host_.calls[call].done(std::move(result));
  }
  // "Display_1=true", in order; "Display_1=" when it is unset.
  std::vector<std::string> values(uint64_t token) {
    std::vector<std::string> out;
    for (const auto& event : client_.of(token)) {
      out.push_back(event.source + "=" + event.doc + event.code);
    }
    return out;
  }
  using Texts = std::vector<std::string>;

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  Site site_;
  FakeHostClient host_;
  ModuleHub hub_{{*loop_, host_, site_, [](const model::Driver& row) {
                    return row.id == "drv-amp" ? Texts{"muteable/1"}
                                               : Texts{"powerable/1", "muteable/1"};
                  }}};
  ServiceProvider provider_ = modulesProvider(hub_);
  RecordedModule client_;
  std::unique_ptr<Service> service_;
  uint64_t position_ = 0;
  std::string why_;
};

TEST_F(ModulesServiceTest, CallsByNameAndGivesTheResult) {
  ASSERT_TRUE(call(7, "Display_2", "switch_to", R"(["hdmi1"])"));
  ASSERT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(host_.calls[0].request.moduleId, "mod-d2");
  EXPECT_EQ(host_.calls[0].request.function, "switch_to");
  EXPECT_EQ(host_.calls[0].request.args, R"(["hdmi1"])");
  EXPECT_TRUE(client_.of(7).empty());
  reply(0, ExecuteReply{R"({"a":1})", 200});
  const auto event = only(7);
  EXPECT_EQ(event.type, BUSBAR_EV_CALL);
  EXPECT_TRUE(event.ends);
  EXPECT_EQ(event.status, BUSBAR_OK);
  EXPECT_EQ(event.doc, R"({"a":1})");
}

TEST_F(ModulesServiceTest, ABareNameIsTheFirstOfThatName) {
  ASSERT_TRUE(call(7, "Display"));
  EXPECT_EQ(host_.calls.at(0).request.moduleId, "mod-d1");
}

TEST_F(ModulesServiceTest, KnowsTheModulesOfItsSystemOnly) {
  for (const char* target : {"Display_3", "Amplifier_2", "mod-far", "Nothing", ""}) {
    client_.events.clear();
    ASSERT_TRUE(call(7, target));
    EXPECT_EQ(only(7).status, BUSBAR_E_NOTFOUND) << target;
    EXPECT_EQ(only(7).code, "module_not_found") << target;
  }
  EXPECT_TRUE(host_.calls.empty());
}

TEST_F(ModulesServiceTest, RefusesACallOfItself) {
  ASSERT_TRUE(call(7, "Room_1"));
  EXPECT_EQ(only(7).status, BUSBAR_E_STATE);
  EXPECT_EQ(only(7).code, "call_loop");
}

TEST_F(ModulesServiceTest, TheAuthorityIsThatOfTheCallOnWhoseBehalf) {
  client_.origins[42] = Origin{{"user-3", model::UserRole::User, "00-trace"}, 4};
  ASSERT_TRUE(call(7, "Display", "power", "{}", {0, 42, INT64_MAX}));
  const ExecuteRequest& nested = host_.calls.at(0).request;
  EXPECT_EQ(nested.caller.userId, "user-3");
  EXPECT_EQ(nested.caller.role, model::UserRole::User);
  EXPECT_EQ(nested.caller.traceparent, "00-trace");
  EXPECT_EQ(nested.hops, 5U);
}

TEST_F(ModulesServiceTest, OnItsOwnInitiativeAModuleHasTheSystemsAuthority) {
  ASSERT_TRUE(call(7, "Display"));
  EXPECT_EQ(host_.calls.at(0).request.caller.role, model::UserRole::Support);
  EXPECT_EQ(host_.calls.at(0).request.caller.userId, "");
  EXPECT_EQ(host_.calls.at(0).request.hops, 1U);
}

TEST_F(ModulesServiceTest, RefusesOnBehalfOfACallThatHasEnded) {
  ASSERT_TRUE(call(7, "Display", "power", "{}", {0, 43, INT64_MAX}));
  EXPECT_EQ(only(7).code, "call_ended");
  EXPECT_TRUE(host_.calls.empty());
}

TEST_F(ModulesServiceTest, SixteenCallsDeepIsTheEnd) {
  client_.origins[1] = Origin{{}, 14};
  client_.origins[2] = Origin{{}, 15};
  ASSERT_TRUE(call(7, "Display", "power", "{}", {0, 1, INT64_MAX}));
  EXPECT_EQ(host_.calls.size(), 1U);
  ASSERT_TRUE(call(8, "Display", "power", "{}", {0, 2, INT64_MAX}));
  EXPECT_EQ(host_.calls.size(), 1U);
  EXPECT_EQ(only(8).code, "call_loop");
}

TEST_F(ModulesServiceTest, TheDeadlineIsTheEarlierOfTheParentsAndItsOwn) {
  const Instant now = loop_->now();
  const auto head = [&](Milliseconds left) {
    return wire::RequestHead{0, 0, (now + left).time_since_epoch().count()};
  };
  ASSERT_TRUE(call(1, "Display", "power", "{}", head(Milliseconds(300)), 1000));
  EXPECT_EQ(host_.calls.at(0).request.deadline, now + Milliseconds(300));
  ASSERT_TRUE(call(2, "Display", "power", "{}", head(Milliseconds(3000)), 1000));
  EXPECT_EQ(host_.calls.at(1).request.deadline, now + Milliseconds(1000));
  ASSERT_TRUE(call(3, "Display", "power", "{}", head(Milliseconds(300))));
  EXPECT_LE(host_.calls.at(2).request.deadline, now) << "the function's own";
  EXPECT_EQ(host_.calls.at(2).request.latest, now + Milliseconds(300));
  ASSERT_TRUE(call(4, "Display", "power", "{}", head(Milliseconds(0))));
  EXPECT_EQ(only(4).status, BUSBAR_E_TIMEOUT);
  EXPECT_EQ(only(4).code, "deadline_exceeded");
}

TEST_F(ModulesServiceTest, ATargetThatDoesNotRunIsAStateWithItsReason) {
  host_.refusal = Error::because(ErrorCode::Unavailable, "driver_crashed", "it crashed");
  ASSERT_TRUE(call(7, "Display"));
  EXPECT_EQ(only(7).status, BUSBAR_E_STATE);
  EXPECT_EQ(only(7).code, "driver_crashed");
  EXPECT_EQ(only(7).message, "it crashed");
}

TEST_F(ModulesServiceTest, WhatFailsDuringTheCallKeepsItsCode) {
  ASSERT_TRUE(call(7, "Display"));
  reply(0, Error::because(ErrorCode::Unavailable, "device_offline", "no device"));
  EXPECT_EQ(only(7).status, BUSBAR_E_OFFLINE);
  EXPECT_EQ(only(7).code, "device_offline");
}

TEST_F(ModulesServiceTest, ChecksArguments) {
  for (const char* args : {"7", R"("x")", "{", R"({"a":1}x)", "[1,]"}) {
    client_.events.clear();
    ASSERT_TRUE(call(7, "Display", "power", args));
    EXPECT_EQ(only(7).status, BUSBAR_E_INVALID) << args;
  }
  EXPECT_TRUE(host_.calls.empty());
  ASSERT_TRUE(call(8, "Display", "power", ""));
  EXPECT_EQ(host_.calls.at(0).request.args, "{}");
}

TEST_F(ModulesServiceTest, OverAnInterfaceAllOthersAreCalledAtOnce) {
  ASSERT_TRUE(call(7, "muteable/1", "mute"));
  ASSERT_EQ(host_.calls.size(), 3U) << "without itself";
  reply(2, ExecuteReply{"3", 200});
  reply(0, ExecuteReply{"1", 200});
  EXPECT_TRUE(client_.of(7).empty());
  reply(1, ExecuteReply{"2", 200});
  EXPECT_EQ(only(7).status, BUSBAR_OK);
  EXPECT_EQ(only(7).doc,
            R"({"Display_1":{"result":1},"Display_2":{"result":2},"Amplifier_1":{"result":3}})");
}

TEST_F(ModulesServiceTest, OverAnInterfaceTheFirstFailureIsTheStatus) {
  ASSERT_TRUE(call(7, "powerable/1"));
  reply(0, Error::because(ErrorCode::ResourceExhausted, "module_busy", "\"busy\""));
  reply(1, ExecuteReply{"null", 200});
  EXPECT_EQ(only(7).status, BUSBAR_E_AGAIN);
  EXPECT_EQ(only(7).code, "module_busy");
  EXPECT_EQ(only(7).doc, R"({"Display_1":{"error":{"code":"module_busy","message":"\"busy\""}},)"
                         R"("Display_2":{"result":null}})");
  ASSERT_TRUE(call(8, "lighting/1"));
  EXPECT_EQ(only(8).status, BUSBAR_E_NOTFOUND);
}

TEST_F(ModulesServiceTest, GatheredResultsAreBounded) {
  ASSERT_TRUE(call(7, "powerable/1"));
  const std::string big = "\"" + std::string(600'000, 'x') + "\"";
  reply(0, ExecuteReply{big, 200});
  reply(1, ExecuteReply{big, 200});
  EXPECT_EQ(only(7).code, "result_too_large");
}

TEST_F(ModulesServiceTest, ReleaseAndTheEndOfTheModuleCancelWhatRuns) {
  ASSERT_TRUE(call(7, "powerable/1"));
  service_->release(7);
  EXPECT_EQ(host_.cancelled.size(), 2U);
  reply(0, ExecuteReply{"1", 200});
  reply(1, ExecuteReply{"1", 200});
  EXPECT_TRUE(client_.of(7).empty());
  ASSERT_TRUE(call(7, "Display")) << "the token is free again";
  service_.reset();
  EXPECT_EQ(host_.cancelled.size(), 3U);
  reply(2, ExecuteReply{"1", 200});
  EXPECT_TRUE(client_.of(7).empty());
}

TEST_F(ModulesServiceTest, AModuleThatTakesNoEventsGetsNoLargeResults) {
  ASSERT_TRUE(call(7, "Display"));
  client_.unsent = (4U << 20U) + 1;
  reply(0, ExecuteReply{"\"large\"", 200});
  EXPECT_EQ(only(7).code, "module_busy");
  EXPECT_EQ(only(7).doc, "");
}

TEST_F(ModulesServiceTest, TellsOfTheModulesAtTheStartAndWhenTheyChange) {
  const auto lists = [&] {
    Texts found;
    for (const auto& event : client_.of(0)) {
      EXPECT_EQ(event.type, BUSBAR_EV_MODULES);
      found.push_back(event.doc);
    }
    return found;
  };
  ASSERT_EQ(lists().size(), 1U);
  EXPECT_EQ(lists()[0],
            R"([{"name":"Display_1","id":"mod-d1","interfaces":["powerable/1","muteable/1"],)"
            R"("running":true,"connected":true},)"
            R"({"name":"Display_2","id":"mod-d2","interfaces":["powerable/1","muteable/1"],)"
            R"("running":true,"connected":true},)"
            R"({"name":"Amplifier_1","id":"mod-amp","interfaces":["muteable/1"],)"
            R"("running":true,"connected":true}])");

  // Many changes in a turn are one event; what changes nothing is none.
  host_.healths["mod-amp"].running = false;
  HostEvent event;
  event.kind = HostEvent::Kind::Module;
  event.moduleId = "mod-amp";
  host_.publish(event);
  host_.publish(event);
  turn();
  ASSERT_EQ(lists().size(), 2U);
  EXPECT_NE(lists()[1].find(R"("running":false)"), std::string::npos);
  host_.publish(event);
  event.moduleId = "mod-far";
  host_.publish(event);
  turn();
  EXPECT_EQ(lists().size(), 2U);

  arrange({"mod-self", "mod-amp"});
  arrange({"mod-self"});
  turn();
  ASSERT_EQ(lists().size(), 3U);
  EXPECT_EQ(lists()[2], "[]");
}

TEST_F(ModulesServiceTest, ASubscriptionBeginsWithThePresentValue) {
  ASSERT_TRUE(subscribe(7, "Display_1"));
  ASSERT_TRUE(subscribe(8, "Display_2"));
  host_.publishState("mod-d1", "power", "false");
  host_.publishState("mod-d1", "input", "1");
  host_.publishState("mod-amp", "power", "true");
  host_.publishState("mod-d1", "power", "");
  EXPECT_EQ(values(7), (Texts{"Display_1=true", "Display_1=false", "Display_1="}));
  EXPECT_EQ(values(8), Texts{"Display_2="});
  EXPECT_EQ(client_.of(7)[0].type, BUSBAR_EV_VALUE);
  EXPECT_EQ(client_.of(7)[0].key, "power");
  EXPECT_FALSE(client_.of(7)[0].ends);
  service_->release(7);
  host_.publishState("mod-d1", "power", "true");
  EXPECT_EQ(values(7).size(), 3U);
}

TEST_F(ModulesServiceTest, ASubscriptionFollowsTheNameWhenModulesAreReordered) {
  host_.states["mod-d2"]["power"] = "false";
  ASSERT_TRUE(subscribe(7, "Display_1"));
  ASSERT_TRUE(subscribe(8, "Display_3"));
  arrange({"mod-self", "mod-d2", "mod-d1", "mod-amp"});
  turn();
  host_.publishState("mod-d1", "power", "7");
  host_.publishState("mod-d2", "power", "8");
  EXPECT_EQ(values(7), (Texts{"Display_1=true", "Display_1=false", "Display_1=8"}));
  put(mod("mod-d3", "drv-display"));
  host_.states["mod-d3"]["power"] = "9";
  arrange({"mod-d1", "mod-d2", "mod-d3"});
  turn();
  EXPECT_EQ(values(8), (Texts{"Display_3=", "Display_3=9"}));
  arrange({});
  turn();
  EXPECT_EQ(values(8), (Texts{"Display_3=", "Display_3=9", "Display_3="}));
}

TEST_F(ModulesServiceTest, OverAnInterfaceEachModuleIsASource) {
  ASSERT_TRUE(subscribe(7, "powerable/1"));
  EXPECT_EQ(values(7), (Texts{"Display_1=true", "Display_2="}));
  arrange({"mod-d2", "mod-self"});
  turn();
  EXPECT_EQ(values(7), (Texts{"Display_1=true", "Display_2=", "Display_2=", "Display_1="}))
      << "Display_2 is gone, Display_1 is another";
  host_.publishState("mod-d2", "power", "5");
  host_.publishState("mod-d1", "power", "6");
  EXPECT_EQ(values(7).back(), "Display_1=5");
}

TEST_F(ModulesServiceTest, TowardsASlowModuleTheNewestStateWins) {
  ASSERT_TRUE(subscribe(7, "Display_1"));
  client_.unsent = ValueSubscriptions::kMaxUnsentBytes + 1;
  for (int i = 0; i < 100'000; ++i) {
    host_.publishState("mod-d1", "power", std::to_string(i));
  }
  host_.states["mod-d1"]["power"] = "99999";
  turn();
  EXPECT_EQ(values(7), Texts{"Display_1=true"});
  client_.unsent = 0;
  turn();
  EXPECT_EQ(values(7), (Texts{"Display_1=true", "Display_1=99999"}));
  host_.publishState("mod-d1", "power", "1");
  EXPECT_EQ(values(7).back(), "Display_1=1");
}

TEST_F(ModulesServiceTest, EventsWaitForASlowModuleInOrder) {
  ASSERT_TRUE(subscribe(7, "Display_1"));
  client_.unsent = ValueSubscriptions::kMaxUnsentBytes + 1;
  host_.publishState("mod-d1", "power", "1", false);
  host_.publishState("mod-d1", "power", "2", false);
  client_.unsent = 0;
  host_.publishState("mod-d1", "power", "3", false);
  turn();
  EXPECT_EQ(values(7), (Texts{"Display_1=true", "Display_1=1", "Display_1=2", "Display_1=3"}));
}

TEST_F(ModulesServiceTest, TooManyEventsEndTheSubscriptionAndSaySo) {
  ASSERT_TRUE(subscribe(7, "Display_1"));
  ASSERT_TRUE(subscribe(8, "Display_2"));
  client_.unsent = ValueSubscriptions::kMaxUnsentBytes + 1;
  const std::string value = "\"" + std::string(1000, 'x') + "\"";
  for (int i = 0; i < 2000; ++i) {
    host_.publishState("mod-d1", "power", value, false);
  }
  ASSERT_EQ(client_.of(7).size(), 2U);
  EXPECT_TRUE(client_.of(7)[1].ends);
  EXPECT_EQ(client_.of(7)[1].status, BUSBAR_E_AGAIN);
  EXPECT_EQ(client_.of(7)[1].code, "subscriber_too_slow");
  host_.publishState("mod-d2", "power", "1", false);
  client_.unsent = 0;
  turn();
  EXPECT_EQ(values(8), (Texts{"Display_2=", "Display_2=1"})) << "the other one goes on";
  ASSERT_TRUE(subscribe(7, "Display_1")) << "the token is free again";
  EXPECT_EQ(client_.of(7).size(), 3U);
}

TEST_F(ModulesServiceTest, OpenRequestsAreBounded) {
  for (uint64_t token = 1; token <= 10'000; ++token) {
    ASSERT_TRUE(subscribe(token, "Display_1"));
  }
  EXPECT_EQ(client_.of(256)[0].status, BUSBAR_OK);
  for (const uint64_t token : {257U, 10'000U}) {
    EXPECT_EQ(only(token).status, BUSBAR_E_AGAIN);
    EXPECT_TRUE(only(token).ends);
  }
  service_->release(1);
  ASSERT_TRUE(call(20'000, "Display_1"));
  EXPECT_EQ(host_.calls.size(), 1U);
}

TEST_F(ModulesServiceTest, AFrameThatBreaksTheRulesEndsTheRunner) {
  ASSERT_TRUE(subscribe(7, "Display_1"));
  EXPECT_FALSE(subscribe(7, "Display_1"));
  EXPECT_EQ(why_, "a request with a token that is 0 or open");
  EXPECT_FALSE(call(7, "Display_1"));
  EXPECT_FALSE(call(0, "Display_1"));
  std::string bytes;
  wire::encode(bytes, 1, wire::ModuleCall{{9, 0, INT64_MAX}, 0, "Display_1", "power", "{}"});
  bytes.back() = '\x7f';
  bytes.resize(bytes.size() - 1);
  bytes[0] = static_cast<char>(bytes[0] - 1);
  EXPECT_FALSE(send(bytes));
  EXPECT_EQ(why_, "malformed module_call frame");
}

TEST_F(ModulesServiceTest, TheHostIsFollowedOnlyWhileAServiceIsThere) {
  EXPECT_EQ(host_.subscriptions, 1);
  {
    RecordedModule other;
    const auto second = provider_.make(other);
    EXPECT_EQ(host_.subscriptions, 1);
  }
  service_.reset();
  EXPECT_EQ(host_.subscriptions, 0);
}

}  // namespace
}  // namespace busbar
