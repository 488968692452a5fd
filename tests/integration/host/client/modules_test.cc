// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Modules that call and follow one another, through real runners.
#include <algorithm>
#include <cstdlib>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "tests/support/host_fixture.h"

namespace busbar {
namespace {

using Role = model::UserRole;

// A system with two relays, which are logic modules, and two modules of echo.
class ModulesTest : public testing::Test {
 protected:
  void SetUp() override {
    const std::string echo = host_.addDriver("echo");
    relay_ = host_.addDriver("relay", model::Isolation::Module, "/tests/drivers/");
    host_.addModule("mod-echo", echo);
    host_.addModule("mod-echo2", echo);
    model::System system;
    system.id = "sys-1";
    system.name = "Room";
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Insert, system).ok());
    addLogic("mod-relay", relay_);
    addLogic("mod-relay2", relay_);
    arrange({"mod-relay", "mod-relay2", "mod-echo", "mod-echo2"});
    for (const char* id : {"mod-echo", "mod-echo2", "mod-relay", "mod-relay2"}) {
      ASSERT_TRUE(host_.waitFor(id, "running")) << host_.host_->health(id).sentence;
    }
    ASSERT_TRUE(waitForStatus("mod-relay", "modules", [](const std::string& json) {
      return json.find("Echo_2") != std::string::npos;
    }));
  }
  void addLogic(const std::string& id, const std::string& driverId) {
    model::Module mod;
    mod.id = id;
    mod.driverId = driverId;
    mod.controlSystemId = "sys-1";
    mod.running = true;
    const Status added = host_.write(ConfigWrite::Kind::Insert, mod);
    ASSERT_TRUE(added.ok()) << added.error().message;
  }
  void arrange(std::vector<std::string> modules) {
    model::System system = *host_.site_.findSystem("sys-1");
    system.modules = std::move(modules);
    const Status changed = host_.write(ConfigWrite::Kind::Update, system);
    ASSERT_TRUE(changed.ok()) << changed.error().message;
  }
  template <class Condition>
  bool waitForStatus(const std::string& moduleId, const std::string& key, Condition holds) {
    return runUntil(*host_.loop_, [&] { return holds(*host_.host_->stateKey(moduleId, key)); });
  }
  Result<ExecuteReply> relay(const std::string& target, const std::string& function,
                             const std::string& args, const std::string& more = "",
                             Role role = Role::Admin, Milliseconds limit = Milliseconds(10'000)) {
    return host_.execute("mod-relay", "call",
                         R"({"target":")" + target + R"(","function":")" + function +
                             R"(","args":)" + args + more + "}",
                         role, limit);
  }
  // What relay told of values from now on: "Echo_1=true".
  std::unique_ptr<Subscription> follow(std::vector<std::string>& seen) {
    return host_.host_->subscribe([&seen](const HostEvent& event) {
      if (event.kind == HostEvent::Kind::State && event.state->key == "seen" &&
          !event.state->json.empty()) {
        const auto value = json::parse(event.state->json);
        seen.push_back(*value->find("source")->asString() + "=" +
                       json::write(*value->find("value")));
      }
    });
  }

  HostFixture host_;
  std::string relay_;
};

TEST_F(ModulesTest, ACallOfACallGivesResultAndError) {
  const auto reply = host_.execute("mod-relay", "echo", R"({"value":{"a":[1,"x"]}})");
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->resultJson, R"({"a":[1,"x"]})");
  EXPECT_EQ(relay("Echo_2", "echo", "[7]")->resultJson, "7");
  const auto failed = relay("Echo_1", "fail", R"(["lamp is hot"])");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().reason, "echo_failed");
  EXPECT_EQ(failed.error().message, "lamp is hot");
  EXPECT_EQ(relay("Echo_1", "nothing", "[]").error().reason, "function_not_found");
  EXPECT_EQ(relay("Echo_1", "echo", "[1,2]").error().reason, "bad_arguments");
  EXPECT_EQ(relay("Echo_3", "echo", "[1]").error().reason, "module_not_found");
  EXPECT_EQ(relay("Relay_1", "unwatch", "[]").error().reason, "call_loop");
}

TEST_F(ModulesTest, ACircleEndsWithCallLoopWithinItsDeadline) {
  const Instant before = host_.clock_.now();
  const auto looped = host_.execute("mod-relay", "bounce", R"({"a":"Relay_2","b":"Relay_1"})");
  ASSERT_FALSE(looped.ok());
  EXPECT_EQ(looped.error().reason, "call_loop");
  EXPECT_LT(host_.clock_.now() - before, std::chrono::seconds(5));
  EXPECT_EQ(host_.host_->callsInFlight(), 0U);
}

TEST_F(ModulesTest, AThousandCallsFromOneCallAllEnd) {
  const auto reply =
      host_.execute("mod-relay", "storm",
                    R"({"target":"Echo_1","function":"echo","count":1000,"args":{"value":1}})",
                    Role::User, Milliseconds(9000));
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->resultJson, R"({"ok":1000,"failed":0})");
  EXPECT_EQ(host_.host_->callsInFlight(), 0U);
}

TEST_F(ModulesTest, TheStormOfACallThatIsGivenUpEndsWithIt) {
  const auto late =
      host_.execute("mod-relay", "storm",
                    R"({"target":"Echo_1","function":"sleep","count":1000,"args":{"ms":60000}})",
                    Role::User, Milliseconds(300));
  EXPECT_EQ(late.error().reason, "deadline_exceeded");
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->callsInFlight() == 0; }));
  EXPECT_EQ(relay("Echo_1", "echo", "[1]")->resultJson, "1") << "nothing is left open";
}

TEST_F(ModulesTest, ADeadTargetEndsTheCallAtOnce) {
  std::optional<Error> ended;
  ExecuteRequest request;
  request.moduleId = "mod-relay";
  request.function = "call";
  request.args = R"({"target":"Echo_1","function":"sleep","args":{"ms":60000}})";
  request.deadline = host_.clock_.now() + std::chrono::seconds(60);
  host_.host_->execute(std::move(request),
                       [&](Result<ExecuteReply> reply) { ended = reply.error(); });
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->callsInFlight() == 2; }));
  ASSERT_TRUE(host_.host_->killRunner("mod-echo").ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return ended.has_value(); }));
  EXPECT_EQ(ended->reason, "driver_crashed");
}

TEST_F(ModulesTest, ATargetThatDoesNotRunSaysSo) {
  model::Module stopped = *host_.site_.findModule("mod-echo");
  stopped.running = false;
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, stopped).ok());
  ASSERT_TRUE(host_.waitFor("mod-echo", "stopped"));
  const auto refused = relay("Echo_1", "echo", "[1]");
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "module_not_running");
  EXPECT_EQ(refused.error().code, ErrorCode::FailedPrecondition);
  EXPECT_TRUE(waitForStatus("mod-relay", "modules", [](const std::string& json) {
    return json.find(R"("running":false)") != std::string::npos;
  }));
}

TEST_F(ModulesTest, ANestedCallHasTheDeadlineOfItsParent) {
  const Instant before = host_.clock_.now();
  const auto late = relay("Echo_1", "sleep", "[60000]", "", Role::Admin, Milliseconds(300));
  EXPECT_EQ(late.error().reason, "deadline_exceeded");
  EXPECT_LT(host_.clock_.now() - before, std::chrono::seconds(5));
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->callsInFlight() == 0; }));
}

TEST_F(ModulesTest, ANestedCallMayHaveAnEarlierDeadlineOfItsOwn) {
  const auto late = relay("Echo_1", "sleep", "[60000]", R"(,"timeout_ms":200)");
  EXPECT_EQ(late.error().reason, "deadline_exceeded");
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->callsInFlight() == 0; }));
}

TEST_F(ModulesTest, NoUserReachesThroughAModuleWhatIsForAdmins) {
  EXPECT_EQ(relay("Echo_1", "crash", "[]", "", Role::User).error().reason, "permission_denied");
  EXPECT_EQ(relay("Echo_1", "crash", "[]", "", Role::Support).error().reason, "permission_denied");
  EXPECT_EQ(relay("Echo_1", "crash", "[]", R"(,"own":true)", Role::Admin).error().reason,
            "permission_denied")
      << "on its own initiative a module is support, never admin";
  EXPECT_EQ(relay("Echo_1", "crash", "[]", "", Role::Admin).error().reason, "driver_crashed");
}

TEST_F(ModulesTest, ASubscriptionGivesThePresentValueThenEachChangeAndIsMappedAgain) {
  ASSERT_TRUE(host_.execute("mod-echo", "set", R"(["power",true])").ok());
  ASSERT_TRUE(waitForStatus("mod-echo", "power", [](const auto& json) { return json == "true"; }));
  std::vector<std::string> seen;
  const auto subscription = follow(seen);
  ASSERT_TRUE(host_.execute("mod-relay", "watch", R"({"target":"Echo_1","key":"power"})").ok());
  const auto sees = [&](const std::vector<std::string>& wanted) {
    const bool arrived = runUntil(*host_.loop_, [&] { return seen.size() >= wanted.size(); });
    EXPECT_TRUE(arrived) << "after " << seen.size();
    EXPECT_EQ(seen, wanted);
    return seen == wanted;
  };
  ASSERT_TRUE(sees({"Echo_1=true"}));
  ASSERT_TRUE(host_.execute("mod-echo", "set", R"(["power",false])").ok());
  ASSERT_TRUE(sees({"Echo_1=true", "Echo_1=false"}));
  ASSERT_TRUE(host_.execute("mod-echo2", "set", R"(["power",7])").ok());
  ASSERT_TRUE(waitForStatus("mod-echo2", "power", [](const auto& json) { return json == "7"; }));

  arrange({"mod-relay", "mod-relay2", "mod-echo2", "mod-echo"});
  ASSERT_TRUE(sees({"Echo_1=true", "Echo_1=false", "Echo_1=7"}));
  ASSERT_TRUE(host_.execute("mod-echo", "set", R"(["power",1])").ok());
  ASSERT_TRUE(host_.execute("mod-echo2", "set", R"(["power",2])").ok());
  ASSERT_TRUE(sees({"Echo_1=true", "Echo_1=false", "Echo_1=7", "Echo_1=2"}));
  arrange({"mod-relay", "mod-relay2"});
  ASSERT_TRUE(sees({"Echo_1=true", "Echo_1=false", "Echo_1=7", "Echo_1=2", R"(Echo_1="unset")"}));
  ASSERT_TRUE(host_.execute("mod-relay", "unwatch").ok());
}

TEST_F(ModulesTest, WhatIsGivenUpAtOnceLeavesNothingOpen) {
  EXPECT_EQ(host_.execute("mod-relay", "churn", R"({"count":2000})")->resultJson, "0");
  std::vector<std::string> seen;
  const auto subscription = follow(seen);
  ASSERT_TRUE(host_.execute("mod-relay", "watch", R"({"target":"Echo_1","key":"power"})").ok());
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return !seen.empty(); }));
}

TEST_F(ModulesTest, AGreedyModuleHarmsNobodyAndItsTwinWorks) {
  const std::string greedy =
      host_.addDriver("relay_greedy", model::Isolation::Module, "/tests/drivers/");
  addLogic("mod-greedy", greedy);
  arrange({"mod-greedy", "mod-relay", "mod-relay2", "mod-echo", "mod-echo2"});
  ASSERT_TRUE(host_.waitFor("mod-greedy", "running"));
  EXPECT_TRUE(waitForStatus("mod-greedy", "taken", [](const std::string& json) {
    return json == "255";  // and one call
  })) << *host_.host_->stateKey("mod-greedy", "taken");
  EXPECT_EQ(relay("Echo_1", "echo", "[1]")->resultJson, "1");
  EXPECT_EQ(host_.host_->health("mod-greedy").state, "running");
  EXPECT_TRUE(host_.host_->exitReports("mod-greedy").empty());
  EXPECT_EQ(host_.execute("mod-greedy", "unwatch").ok(), true) << "it is served as others are";
}

TEST_F(ModulesTest, ALogicModuleThatStopsTakesItsCallsWithIt) {
  int ends = 0;
  ExecuteRequest request;
  request.moduleId = "mod-relay";
  request.function = "call";
  request.args = R"({"target":"Echo_1","function":"sleep","args":{"ms":60000},"own":true})";
  request.deadline = host_.clock_.now() + std::chrono::seconds(60);
  host_.host_->execute(std::move(request), [&](Result<ExecuteReply>) { ++ends; });
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->callsInFlight() == 2; }));
  ASSERT_TRUE(host_.host_->killRunner("mod-relay").ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->callsInFlight() == 0; }));
  EXPECT_EQ(ends, 1);
}

TEST_F(ModulesTest, EveryCallEndsOnceWhileRunnersAreKilled) {
  const char* isLong = std::getenv("BUSBAR_LONG");
  const int rounds = isLong != nullptr && std::string(isLong) == "1" ? 200 : 20;
  const std::vector<std::string> calls{
      R"({"target":"Echo_1","function":"sleep","args":{"ms":300}})",
      R"({"target":"Relay_2","function":"echo","args":{"value":1}})",
      R"({"target":"Relay_2","function":"call","args":{"target":"Echo_2","function":"sleep",)"
      R"("args":{"ms":300}}})",
      R"({"target":"Echo_1","function":"sleep","args":{"ms":300},"own":true})"};
  const std::vector<std::string> victims{"mod-echo", "mod-relay", "mod-relay2"};
  std::map<std::string, int> outcomes;
  for (int round = 0; round < rounds; ++round) {
    std::vector<int> ends(40, 0);
    for (size_t i = 0; i < ends.size(); ++i) {
      ExecuteRequest request;
      request.moduleId = "mod-relay";
      request.function = "call";
      request.args = calls[i % calls.size()];
      request.deadline = host_.clock_.now() + std::chrono::seconds(30);
      host_.host_->execute(std::move(request), [&, i](Result<ExecuteReply> reply) {
        ++ends[i];
        ++outcomes[reply.ok() ? "ok" : reply.error().reason];
      });
    }
    // At another moment of their lives in each round.
    for (int turn = 0; turn < round % 10; ++turn) {
      host_.loop_->runOnce(Milliseconds(1));
    }
    const std::string& victim = victims[static_cast<size_t>(round) % victims.size()];
    ASSERT_TRUE(host_.host_->killRunner(victim).ok());
    ASSERT_TRUE(
        runUntil(*host_.loop_, [&] { return std::count(ends.begin(), ends.end(), 0) == 0; }))
        << "round " << round;
    for (const char* id : {"mod-echo", "mod-echo2", "mod-relay", "mod-relay2"}) {
      ASSERT_TRUE(host_.waitFor(id, "running")) << host_.host_->health(id).sentence;
    }
    EXPECT_EQ(ends, std::vector<int>(ends.size(), 1)) << "round " << round;
    ASSERT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->callsInFlight() == 0; }));
  }
  EXPECT_GT(outcomes["ok"], 0);
  EXPECT_GT(outcomes["driver_crashed"], 0);
  EXPECT_EQ(outcomes["deadline_exceeded"], 0);
  EXPECT_EQ(host_.execute("mod-relay", "echo", R"({"value":1})")->resultJson, "1");
}

}  // namespace
}  // namespace busbar
