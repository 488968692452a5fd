// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <netinet/in.h>
#include <sys/socket.h>

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "sdk/base/unique_fd.h"
#include "tests/support/host_fixture.h"

namespace busbar {
namespace {

// The host with the real runner process and the echo driver, without a sandbox.
class LocalHostTest : public testing::Test {
 protected:
  void SetUp() override {
    driver_ = host_.addDriver("echo");
    host_.addModule("mod-1", driver_);
    ASSERT_TRUE(host_.waitFor("mod-1", "running"));
  }
  // `ended` gets its error once the call is over.
  void beginLongCall(const std::string& moduleId, Error& ended,
                     const std::string& function = "sleep", const std::string& args = "[60000]") {
    ExecuteRequest request;
    request.moduleId = moduleId;
    request.function = function;
    request.args = args;
    request.deadline = host_.clock_.now() + std::chrono::seconds(60);
    host_.host_->execute(std::move(request), [&ended](Result<ExecuteReply> reply) {
      ASSERT_FALSE(reply.ok());
      ended = reply.error();
    });
    ASSERT_TRUE(ended.reason.empty()) << ended.reason;
  }
  HostFixture host_;
  std::string driver_;
};

TEST_F(LocalHostTest, ExecutesByPositionAndByName) {
  auto reply = host_.execute("mod-1", "echo", R"([{"a":[1,2,"x"]}])");
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->resultJson, R"({"a":[1,2,"x"]})");
  EXPECT_EQ(host_.execute("mod-1", "echo", R"({"value":7})")->resultJson, "7");
}

// Room for a result serves for the next one where a caller leaves it: what a caller keeps stays as
// it was.
TEST_F(LocalHostTest, AResultIsItsCallersOwn) {
  std::vector<std::string> expected;
  std::vector<std::string> kept;
  for (const size_t length : {300U, 10U, 2000U, 700U, 0U, 1U, 300U}) {
    for (const bool keeps : {true, false}) {
      const char letter = static_cast<char>('a' + static_cast<int>(expected.size()));
      const std::string text = '"' + std::string(length, letter) + '"';
      expected.push_back(text);
      ExecuteRequest request;
      request.moduleId = "mod-1";
      request.function = "echo";
      request.args = "[" + text + "]";
      request.deadline = host_.clock_.now() + std::chrono::seconds(60);
      host_.host_->execute(std::move(request), [&kept, keeps](Result<ExecuteReply>&& reply) {
        ASSERT_TRUE(reply.ok());
        kept.push_back(keeps ? std::move(reply->resultJson) : reply->resultJson);
      });
      ASSERT_TRUE(runUntil(*host_.loop_, [&] { return kept.size() == expected.size(); }));
    }
  }
  EXPECT_EQ(kept, expected);
  EXPECT_EQ(host_.execute("mod-1", "set", R"(["key",1])")->resultJson, "null");
}

TEST_F(LocalHostTest, RefusesWrongCallsWithTheirReason) {
  EXPECT_EQ(host_.execute("mod-9", "echo").error().reason, "module_not_found");
  EXPECT_EQ(host_.execute("mod-1", "nothing").error().reason, "function_not_found");
  EXPECT_EQ(host_.execute("mod-1", "echo", "[1,2]").error().reason, "bad_arguments");
  EXPECT_EQ(host_.execute("mod-1", "echo", "[]").error().field, "/value");
  EXPECT_EQ(host_.execute("mod-1", "echo", R"({"value":1,"other":2})").error().field, "/other");
  EXPECT_EQ(host_.execute("mod-1", "sleep", R"(["x"])").error().field, "/ms");
  EXPECT_EQ(host_.execute("mod-1", "crash", "[]", model::UserRole::Support).error().reason,
            "permission_denied");
}

TEST_F(LocalHostTest, DriverErrorsReachTheCallerWithTheirText) {
  const auto failed = host_.execute("mod-1", "fail", R"(["lamp is hot"])");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "lamp is hot");
  EXPECT_EQ(failed.error().reason, "echo_failed");
}

TEST_F(LocalHostTest, WhatADriverLogsForACallCarriesTheCallersTrace) {
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  ExecuteRequest request;
  request.moduleId = "mod-1";
  request.function = "fail";
  request.args = R"(["lamp is hot"])";
  request.caller.traceparent = "00-" + trace + "-00f067aa0ba902b7-01";
  const auto failed = await<ExecuteReply>(
      *host_.loop_, [&](auto done) { host_.host_->execute(std::move(request), std::move(done)); });
  EXPECT_FALSE(failed.ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return !host_.host_->logs("mod-1")->empty(); }));
  const LogLine line = host_.host_->logs("mod-1")->back();
  EXPECT_EQ(line.message, "lamp is hot");
  EXPECT_EQ(line.traceId, trace);
}

TEST_F(LocalHostTest, TellsTheProgressOfACallWithItsTrace) {
  const std::string driver =
      host_.addDriver("fault_none", model::Isolation::Driver, "/tests/drivers/");
  host_.addModule("mod-2", driver);
  ASSERT_TRUE(host_.waitFor("mod-2", "running"));
  std::vector<std::string> seen;
  const auto subscription = host_.host_->subscribe([&](const HostEvent& event) {
    if (event.kind == HostEvent::Kind::Progress) {
      seen.push_back(std::string(event.moduleId) + " " + std::string(event.progress->traceId) +
                     " " + std::string(event.progress->json));
    }
  });
  const std::string trace = "4bf92f3577b34da6a3ce929d0e0e4736";
  ExecuteRequest request;
  request.moduleId = "mod-2";
  request.function = "run";
  request.args = R"({"text":"slow"})";
  request.caller.traceparent = "00-" + trace + "-00f067aa0ba902b7-01";
  const auto reply = await<ExecuteReply>(
      *host_.loop_, [&](auto done) { host_.host_->execute(std::move(request), std::move(done)); });
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(seen, std::vector<std::string>{"mod-2 " + trace + R"( {"part":0.5})"});
}

TEST_F(LocalHostTest, PublishesStatusAndTellsSubscribers) {
  std::vector<std::string> seen;
  const auto subscription = host_.host_->subscribe([&](const HostEvent& event) {
    if (event.kind == HostEvent::Kind::State) {
      seen.push_back(event.state->key + "=" + event.state->json);
    }
  });
  ASSERT_TRUE(host_.execute("mod-1", "set", R"(["power",true])").ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return !seen.empty(); }));
  EXPECT_EQ(seen.front(), "power=true");
  EXPECT_EQ(*host_.host_->stateKey("mod-1", "power"), "true");
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return !host_.states_.values_["mod-1"].empty(); }));
  EXPECT_EQ(host_.states_.values_["mod-1"]["power"].json, "true");
}

TEST_F(LocalHostTest, ACallEndsAtItsDeadlineAndIsCancelledInTheDriver) {
  const Instant before = host_.clock_.now();
  const auto late =
      host_.execute("mod-1", "sleep", "[60000]", model::UserRole::User, Milliseconds(100));
  EXPECT_EQ(late.error().reason, "deadline_exceeded");
  EXPECT_LT(host_.clock_.now() - before, std::chrono::seconds(2));
  EXPECT_EQ(host_.execute("mod-1", "echo", "[1]")->resultJson, "1");
  EXPECT_EQ(host_.host_->callsInFlight(), 0U);
}

TEST_F(LocalHostTest, ACrashFailsTheCallNamesTheCauseAndTheModuleComesBack) {
  const auto crashed = host_.execute("mod-1", "crash");
  ASSERT_FALSE(crashed.ok());
  EXPECT_EQ(crashed.error().reason, "driver_crashed");
  ASSERT_TRUE(host_.waitFor("mod-1", "running"));
  const auto reports = host_.host_->exitReports("mod-1");
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].cause, "signal SIGSEGV");
  EXPECT_EQ(reports[0].lastCall, "execute");
  EXPECT_FALSE(reports[0].backtrace.empty());
  EXPECT_EQ(host_.execute("mod-1", "echo", "[2]")->resultJson, "2");
}

TEST_F(LocalHostTest, CrashesOfOneModuleGiveItARunnerOfItsOwnAndLeaveTheOthersAlone) {
  host_.addModule("mod-2", driver_);
  ASSERT_TRUE(host_.waitFor("mod-2", "running"));
  for (int i = 0; i < 2; ++i) {
    EXPECT_FALSE(host_.execute("mod-1", "crash").ok());
    ASSERT_TRUE(host_.waitFor("mod-1", "running"));
    ASSERT_TRUE(host_.waitFor("mod-2", "running"));
  }
  EXPECT_NE(host_.host_->health("mod-1").runnerId, host_.host_->health("mod-2").runnerId);
  const std::string untouched = host_.host_->health("mod-2").runnerId;
  EXPECT_FALSE(host_.execute("mod-1", "crash").ok());
  EXPECT_EQ(host_.execute("mod-2", "echo", "[3]")->resultJson, "3");
  EXPECT_EQ(host_.host_->health("mod-2").runnerId, untouched);
}

TEST_F(LocalHostTest, StoppingAndStartingFollowTheConfiguration) {
  model::Module row = *host_.site_.findModule("mod-1");
  row.running = false;
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, row).ok());
  ASSERT_TRUE(host_.waitFor("mod-1", "stopped"));
  EXPECT_EQ(host_.execute("mod-1", "echo", "[1]").error().reason, "module_not_running");
  row = *host_.site_.findModule("mod-1");
  row.running = true;
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, row).ok());
  ASSERT_TRUE(host_.waitFor("mod-1", "running"));
}

TEST_F(LocalHostTest, ACallThatAStopEndsSaysWhetherTheModuleComesBack) {
  const auto stop = [&] {
    model::Module row = *host_.site_.findModule("mod-1");
    row.running = false;
    EXPECT_TRUE(host_.write(ConfigWrite::Kind::Update, row).ok());
  };
  const auto move = [&] {
    model::Module row = *host_.site_.findModule("mod-1");
    row.ip = "127.0.0.1";
    EXPECT_TRUE(host_.write(ConfigWrite::Kind::Update, row).ok());
  };
  const std::vector<std::pair<const char*, std::function<void()>>> stops{
      {"module_restarted", [&] { host_.host_->reload("mod-1", [](Status) {}); }},
      {"module_restarted", move},
      {"module_moved", [&] { host_.coordinator_.takeAway("mod-1"); }},
      {"module_stopped", stop},
      {"shutting_down", [&] { host_.host_->stop(Milliseconds(4000), [] {}); }},
  };
  for (const auto& [reason, happens] : stops) {
    model::Module row = *host_.site_.findModule("mod-1");
    row.running = true;
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, row).ok());
    ASSERT_TRUE(host_.waitFor("mod-1", "running")) << reason;
    Error ended;
    beginLongCall("mod-1", ended);
    happens();
    ASSERT_TRUE(runUntil(*host_.loop_, [&] { return !ended.reason.empty(); })) << reason;
    EXPECT_EQ(ended.reason, reason);
    EXPECT_EQ(toHttpStatus(ended.code), 503) << reason;
    ASSERT_TRUE(runUntil(*host_.loop_, [&] {
      const std::string state = host_.host_->health("mod-1").state;
      return state == "running" || state == "stopped";
    }));
  }
}

TEST_F(LocalHostTest, ACallEndsWhenItsDriverGivesUp) {
  const UniqueFd listener(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  ASSERT_EQ(::bind(listener.get(), reinterpret_cast<sockaddr*>(&address), length), 0);
  ASSERT_EQ(::listen(listener.get(), 1), 0);
  ASSERT_EQ(::getsockname(listener.get(), reinterpret_cast<sockaddr*>(&address), &length), 0);
  const std::string failing =
      host_.addDriver("fault_fails_in_received", model::Isolation::Driver, "/tests/drivers/");
  host_.addModule("mod-2", failing, true, "127.0.0.1", ntohs(address.sin_port));
  UniqueFd device;
  ASSERT_TRUE(runUntil(*host_.loop_, [&] {
    if (!device) {
      device.reset(::accept4(listener.get(), nullptr, nullptr, SOCK_CLOEXEC));
    }
    return device && host_.host_->health("mod-2").connected &&
           host_.host_->health("mod-2").state == "running";
  }));
  Error ended;
  beginLongCall("mod-2", ended, "run", R"({"text":"slow"})");
  ASSERT_EQ(::send(device.get(), "x\n", 2, MSG_NOSIGNAL), 2);
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return !ended.reason.empty(); }));
  EXPECT_EQ(ended.reason, "driver_failed");
  EXPECT_EQ(toHttpStatus(ended.code), 503);
}

TEST_F(LocalHostTest, DebugOfAModuleAppliesAtOnceAndLastsOverItsRestart) {
  host_.addModule("mod-2",
                  host_.addDriver("fault_none", model::Isolation::Driver, "/tests/drivers/"));
  ASSERT_TRUE(host_.waitFor("mod-2", "running"));
  const auto debugLines = [&] {
    const auto lines = *host_.host_->logs("mod-2");
    return std::count_if(lines.begin(), lines.end(),
                         [](const LogLine& line) { return line.level == BUSBAR_LOG_DEBUG; });
  };
  const auto run = [&] { EXPECT_TRUE(host_.execute("mod-2", "run", "{}").ok()); };
  run();  // logs, then publishes k1
  ASSERT_TRUE(
      runUntil(*host_.loop_, [&] { return !host_.host_->stateKey("mod-2", "k1")->empty(); }));
  EXPECT_EQ(debugLines(), 0);
  const std::string runner = host_.host_->health("mod-2").runnerId;
  model::Module row = *host_.site_.findModule("mod-2");
  row.debug = true;
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, row).ok());
  run();
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return debugLines() == 1; }));
  EXPECT_EQ(host_.host_->health("mod-2").runnerId, runner);
  ASSERT_TRUE(host_.host_->killRunner("mod-2").ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] {
    const ModuleHealth health = host_.host_->health("mod-2");
    return health.state == "running" && health.runnerId != runner;
  }));
  run();
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return debugLines() == 2; }));
}

TEST_F(LocalHostTest, ARemovedModuleIsGone) {
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Erase, *host_.site_.findModule("mod-1")).ok());
  ASSERT_TRUE(
      runUntil(*host_.loop_, [&] { return host_.host_->health("mod-1").state == "stored"; }));
  EXPECT_EQ(host_.execute("mod-1", "echo", "[1]").error().reason, "module_not_found");
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->runners().empty(); }));
}

TEST_F(LocalHostTest, ARemovedModuleIsStoppedInOrderAndLeavesTheRunnerToTheOthers) {
  host_.addModule("mod-2", driver_);
  ASSERT_TRUE(host_.waitFor("mod-2", "running"));
  const std::string runner = host_.host_->health("mod-1").runnerId;
  Error ended;
  beginLongCall("mod-2", ended);
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Erase, *host_.site_.findModule("mod-2")).ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return !ended.reason.empty(); }));
  EXPECT_EQ(ended.reason, "module_not_found");
  EXPECT_EQ(host_.execute("mod-1", "echo", "[1]")->resultJson, "1");
  EXPECT_EQ(host_.host_->health("mod-1").runnerId, runner);
  ASSERT_TRUE(runUntil(*host_.loop_, [&] {
    return host_.host_->runners().size() == 1 && host_.host_->runners()[0].modules == 1;
  }));
}

TEST_F(LocalHostTest, AModuleTakes256CallsAndARunner4096) {
  for (int i = 2; i <= 17; ++i) {
    host_.addModule("mod-" + std::to_string(i), driver_);
  }
  ASSERT_TRUE(host_.waitFor("mod-17", "running"));
  unsigned busy = 0;
  const auto sleep = [&](const std::string& moduleId) {
    ExecuteRequest request;
    request.moduleId = moduleId;
    request.function = "sleep";
    request.args = "[60000]";
    request.deadline = host_.clock_.now() + std::chrono::seconds(60);
    host_.host_->execute(std::move(request), [&](Result<ExecuteReply> reply) {
      busy += !reply.ok() && reply.error().reason == "module_busy" ? 1U : 0U;
    });
  };
  for (int i = 0; i < 257; ++i) {
    sleep("mod-1");
  }
  EXPECT_EQ(busy, 1U);
  for (int i = 2; i <= 16; ++i) {
    for (int k = 0; k < 256; ++k) {
      sleep("mod-" + std::to_string(i));
    }
  }
  EXPECT_EQ(busy, 1U);
  sleep("mod-17");
  EXPECT_EQ(busy, 2U);
  EXPECT_EQ(host_.host_->callsInFlight(), 4096U);
  busy = 0;
  host_.host_.reset();  // ends them all while `busy` still stands
}

TEST_F(LocalHostTest, ADriverThatRefusesToLoadIsNotTriedAgain) {
  const int before = host_.launcher_.launched();
  const std::string refusing =
      host_.addDriver("fault_refuses_init", model::Isolation::Driver, "/tests/drivers/");
  host_.addModule("mod-2", refusing);
  ASSERT_TRUE(host_.waitFor("mod-2", "quarantined"));
  EXPECT_EQ(host_.host_->health("mod-2").code, "driver_refused");
  EXPECT_EQ(host_.launcher_.launched(), before + 1);
  EXPECT_EQ(host_.execute("mod-1", "echo", "[1]")->resultJson, "1");
}

TEST_F(LocalHostTest, ARefusedCreateShowsTheReasonThatTheDriverLogged) {
  host_.addModule("mod-2", host_.addDriver("fault_explains_refusal", model::Isolation::Driver,
                                           "/tests/drivers/"));
  ASSERT_TRUE(host_.waitFor("mod-2", "failed"));
  const ModuleHealth health = host_.host_->health("mod-2");
  EXPECT_EQ(health.code, "settings_refused");
  const std::string reason = "the limit must be 1 to 9 ";  // in one line, and cut
  EXPECT_EQ(health.sentence, "The driver refused to create: " + reason +
                                 std::string(256 - reason.size(), 'x') +
                                 "…. Correct the settings.");
}

TEST(LocalHostSiteTest, AuthoritiesThatCannotBeReadHarmOnlyModulesThatNameTls) {
  HostFixture host(nullptr, nullptr, "/nowhere/authorities.pem");
  const std::string driver = host.addDriver("echo");
  host.addModule("mod-plain", driver);
  EXPECT_TRUE(host.waitFor("mod-plain", "running")) << host.host_->health("mod-plain").sentence;
  model::Settings settings;
  settings.id = "settings-tls";
  settings.parentId = "mod-tls";
  settings.text = R"({"busbar":{"tls":{"server_name":"device.example"}}})";
  host.addModule("mod-tls", driver, false);
  ASSERT_TRUE(host.write(ConfigWrite::Kind::Insert, settings).ok());
  model::Module mod = *host.site_.findModule("mod-tls");
  mod.running = true;
  ASSERT_TRUE(host.write(ConfigWrite::Kind::Update, mod).ok());
  EXPECT_NE(host.host_->health("mod-tls").sentence.find("/nowhere/authorities.pem"),
            std::string::npos)
      << host.host_->health("mod-tls").sentence;
}

TEST_F(LocalHostTest, StopEndsEveryRunner) {
  bool stopped = false;
  host_.host_->stop(Milliseconds(4000), [&] { stopped = true; });
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return stopped; }));
  EXPECT_EQ(host_.host_->health("mod-1").state, "stopped");
}

}  // namespace
}  // namespace busbar
