// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "host/service/schedule/schedule_service.h"
#include "host/service/store/store_service.h"
#include "tests/support/host_fixture.h"

namespace busbar {
namespace {

// Drivers that use store and schedules through a real runner, without a sandbox.
class DriverServicesTest : public testing::Test {
 protected:
  void SetUp() override {
    probe_ = host_.addDriver("service_probe", model::Isolation::Module, "/tests/drivers/");
    host_.addModule("mod-1", probe_);
    host_.addModule("mod-twin", probe_);
    for (const char* id : {"mod-1", "mod-twin"}) {
      ASSERT_TRUE(host_.waitFor(id, "running")) << host_.host_->health(id).sentence;
    }
  }
  void addSample() {
    host_.addModule("mod-2",
                    host_.addDriver("service_sample", model::Isolation::Driver, "/tests/drivers/"));
    ASSERT_TRUE(host_.waitFor("mod-2", "running")) << host_.host_->health("mod-2").sentence;
  }
  // The result, or the error's code and text.
  std::string call(const std::string& id, const std::string& function, const std::string& args) {
    const auto reply = host_.execute(id, function, args);
    return reply.ok() ? reply->resultJson : reply.error().reason + ": " + reply.error().message;
  }
  std::string stateOf(const std::string& id, const std::string& key) {
    const auto value = host_.host_->stateKey(id, key);
    return value.ok() ? *value : "";
  }
  bool waitForState(const std::string& id, const std::string& key, const std::string& value) {
    return runUntil(*host_.loop_, [&] { return stateOf(id, key) == value; });
  }
  // The twin's whole life with its services, while another module misbehaves.
  void expectTheTwinWorks() {
    EXPECT_EQ(call("mod-twin", "set", R"({"key":"a","value":"1"})"), "null");
    EXPECT_EQ(call("mod-twin", "get", R"({"key":"a"})"), "\"1\"");
    EXPECT_EQ(call("mod-twin", "list", R"({"key":""})"), R"(["a"])");
    EXPECT_EQ(call("mod-twin", "at", R"({"token":5,"ms":1})"), "0");
    EXPECT_TRUE(waitForState("mod-twin", "k5", "1"));
  }
  // What the flood's events said, once all `count` of them are there.
  std::string eventsOf(long count) {
    std::string events;
    EXPECT_TRUE(runUntil(*host_.loop_, [&] {
      events = call("mod-1", "events", "[]");
      long ok = 0;
      long failed = 0;
      return std::sscanf(events.c_str(), "[%ld,%ld]", &ok, &failed) == 2 && ok + failed == count;
    })) << events;
    return events;
  }

  HostFixture host_{nullptr, [this](EventLoop& loop) {
                      ServiceProviders providers;
                      providers.push_back(scheduleProvider(loop));
                      providers.push_back(storeProvider(loop, host_.store_));
                      return providers;
                    }};
  std::string probe_;
};

TEST_F(DriverServicesTest, AModulesDataOutlivesItsRunnerAndGoesWithItsRow) {
  EXPECT_EQ(call("mod-1", "get", R"({"key":"a"})"), "null");
  EXPECT_EQ(call("mod-1", "set", R"({"key":"a","value":"one"})"), "null");
  EXPECT_EQ(call("mod-1", "set", R"({"key":"b","value":"two"})"), "null");
  ASSERT_TRUE(host_.host_->killRunner("mod-1").ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return call("mod-1", "events", "[]") == "[0,0]"; }));
  EXPECT_EQ(call("mod-1", "get", R"({"key":"a"})"), "\"one\"");
  EXPECT_EQ(call("mod-1", "remove", R"({"key":"a"})"), "null");
  EXPECT_EQ(call("mod-1", "list", R"({"key":""})"), R"(["b"])");
  EXPECT_EQ(call("mod-twin", "list", R"({"key":""})"), "[]");
  const model::Module row = *host_.site_.findModule("mod-1");
  EXPECT_TRUE(host_.store_.data().moduleData.contains("mod-1"));
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Erase, row).ok());
  EXPECT_FALSE(host_.store_.data().moduleData.contains("mod-1"));
}

TEST_F(DriverServicesTest, ADevicesSchedulesFollowTheZoneOfItsPlace) {
  model::Zone level;
  level.id = "zone-1";
  level.name = "Level";
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Insert, level).ok());
  model::System room;
  room.id = "sys-1";
  room.name = "Room";
  room.modules = {"mod-1"};
  room.zones = {"zone-1"};
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Insert, room).ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return !host_.host_->logs("mod-1")->empty(); }));
  EXPECT_EQ(host_.host_->logs("mod-1")->front().message, "UTC");

  // Kolkata's clock is half an hour off: in these minutes it is due there, and not in UTC.
  const int64_t minute = host_.clock_.utcNs() / 60'000'000'000 + 30;
  const std::string minutes = std::to_string(minute % 60) + "," + std::to_string((minute + 1) % 60);
  EXPECT_EQ(call("mod-1", "cron", R"({"token":1,"cron":"* )" + minutes + R"( * * * *"})"), "0");
  EXPECT_EQ(
      call("mod-1", "cron", R"({"token":2,"cron":"* )" + minutes + R"( * * * *","zone":"UTC"})"),
      "0");
  EXPECT_EQ(call("mod-1", "cron", R"({"token":3,"cron":"* * * * * *"})"), "0");
  EXPECT_TRUE(waitForState("mod-1", "k3", "1"));
  EXPECT_EQ(stateOf("mod-1", "k1"), "");

  level = *host_.site_.findZone("zone-1");
  level.timezone = "Asia/Kolkata";
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, level).ok());
  EXPECT_TRUE(waitForState("mod-1", "k1", "1"));
  EXPECT_EQ(stateOf("mod-1", "k2"), "");
  EXPECT_EQ(host_.host_->health("mod-1").state, "running") << "it was not restarted";
}

TEST_F(DriverServicesTest, AnUnknownZoneInSettingsIsNamed) {
  model::Settings settings;
  settings.id = "sets-1";
  settings.parentId = "mod-1";
  settings.text = R"({"busbar":{"time_zone":"Mars/Olympus"}})";
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Insert, settings).ok());
  ASSERT_TRUE(runUntil(*host_.loop_,
                       [&] { return host_.host_->health("mod-1").code == "settings_invalid"; }));
  EXPECT_NE(host_.host_->health("mod-1").sentence.find("/busbar/time_zone"), std::string::npos);
  settings = *host_.site_.settingsOf("mod-1").front();
  settings.text = R"({"busbar":{"time_zone":"Asia/Kolkata"}})";
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, settings).ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return host_.host_->health("mod-1").code.empty(); }));
  host_.host_->reload("mod-1", [](Result<void>) {});
  EXPECT_TRUE(runUntil(
      *host_.loop_, [&] { return host_.host_->logs("mod-1")->back().message == "Asia/Kolkata"; }));
}

TEST_F(DriverServicesTest, MistakesAreToldByAnEventThatNamesThem) {
  EXPECT_NE(call("mod-1", "set", R"({"key":"","value":"1"})").find("the key is empty"),
            std::string::npos);
  EXPECT_NE(call("mod-1", "set", R"({"key":"a","value":")" + std::string(65'600, 'v') + "\"}")
                .find("the value has"),
            std::string::npos);
  EXPECT_EQ(call("mod-1", "cron", R"({"token":1,"cron":"61 * * * *"})"), "0");
  EXPECT_TRUE(waitForState("mod-1", "k1", "-1"));
  EXPECT_EQ(call("mod-1", "cron", R"({"token":2,"cron":"* * * * *","zone":"Mars/Olympus"})"), "0");
  EXPECT_TRUE(waitForState("mod-1", "k2", "-1"));
  EXPECT_EQ(call("mod-1", "cancel", R"({"token":2})"), "-8") << "it has ended";
}

TEST_F(DriverServicesTest, SchedulesFireUntilTheyAreCancelled) {
  EXPECT_EQ(call("mod-1", "cron", R"({"token":1,"cron":"* * * * * *"})"), "0");
  EXPECT_TRUE(waitForState("mod-1", "k1", "2"));
  EXPECT_EQ(call("mod-1", "cancel", R"({"token":1})"), "0");
  EXPECT_EQ(call("mod-1", "at", R"({"token":2,"ms":-5})"), "0");
  EXPECT_TRUE(waitForState("mod-1", "k2", "1"));
  EXPECT_EQ(call("mod-1", "at", R"({"token":2,"ms":30})"), "0");
  EXPECT_EQ(call("mod-1", "cancel", R"({"token":2})"), "0");
}

TEST_F(DriverServicesTest, AFloodOfWritesHarmsNobodyElse) {
  const std::string taken = call("mod-1", "flood", R"({"what":"sets","count":10000})");
  EXPECT_EQ(taken, R"({"taken":256,"again":9744,"invalid":0})");
  expectTheTwinWorks();
  EXPECT_EQ(eventsOf(256), "[256,0]");
  EXPECT_EQ(call("mod-1", "list", R"({"key":"flood"})"),
            R"(["flood0","flood1","flood2","flood3"])");
}

TEST_F(DriverServicesTest, MalformedKeysAreRefusedAndTheModuleGoesOn) {
  EXPECT_EQ(call("mod-1", "flood", R"({"what":"long_keys","count":300})"),
            R"({"taken":0,"again":0,"invalid":300})");
  EXPECT_EQ(call("mod-1", "flood", R"({"what":"bad_keys","count":200})"),
            R"({"taken":200,"again":0,"invalid":0})");
  EXPECT_EQ(eventsOf(200), "[0,200]");
  expectTheTwinWorks();
  EXPECT_EQ(call("mod-1", "list", R"({"key":""})"), "[]");
}

TEST_F(DriverServicesTest, TooManySchedulesAreRefusedAndUnknownZonesToo) {
  EXPECT_EQ(call("mod-1", "flood", R"({"what":"zones","count":200})"),
            R"({"taken":200,"again":0,"invalid":0})");
  EXPECT_EQ(eventsOf(200), "[0,200]");
  EXPECT_EQ(call("mod-1", "flood", R"({"what":"schedules","count":1000})"),
            R"({"taken":256,"again":744,"invalid":0})");
  expectTheTwinWorks();
  EXPECT_EQ(eventsOf(200), "[0,200]");
}

TEST_F(DriverServicesTest, WhatIsGivenUpAtOnceLeavesNothingBehind) {
  EXPECT_EQ(call("mod-1", "flood", R"({"what":"given_up","count":1000})"),
            R"({"taken":1000,"again":0,"invalid":0})");
  EXPECT_EQ(call("mod-1", "cron", R"({"token":1,"cron":"* * * * * *"})"), "0");
  EXPECT_TRUE(waitForState("mod-1", "k1", "1")) << stateOf("mod-1", "k1");
  EXPECT_EQ(eventsOf(0), "[0,0]");
}

TEST_F(DriverServicesTest, TheGlueKeepsAndFinds) {
  addSample();
  EXPECT_EQ(call("mod-2", "recall", R"(["a"])"), "null");
  EXPECT_EQ(call("mod-2", "remember", R"(["a",{"x":[1,"ü"]}])"), "null");
  EXPECT_EQ(call("mod-2", "remember", R"(["b",2])"), "null");
  EXPECT_EQ(call("mod-2", "recall", R"(["a"])"), R"({"x":[1,"ü"]})");
  EXPECT_EQ(call("mod-2", "forget", R"(["b"])"), "null");
  EXPECT_EQ(call("mod-2", "keys", "[]"), R"(["a"])") << "in order, though forget did not wait";
  EXPECT_NE(call("mod-2", "remember", R"(["",1])").find("the key is empty"), std::string::npos);
}

TEST_F(DriverServicesTest, TheGlueSchedules) {
  addSample();
  EXPECT_EQ(call("mod-2", "plan", R"(["* * * * * *","Asia/Kolkata"])"), "null");
  EXPECT_TRUE(waitForState("mod-2", "ticks", "1"));
  EXPECT_EQ(call("mod-2", "stop_plan", "[]"), "true");
  EXPECT_EQ(call("mod-2", "stop_plan", "[]"), "false");
  EXPECT_EQ(call("mod-2", "plan", R"(["* * * * *","Mars/Olympus"])"), "null");
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return !stateOf("mod-2", "problem").empty(); }));
  EXPECT_NE(stateOf("mod-2", "problem").find("time_zone"), std::string::npos);
  EXPECT_EQ(call("mod-2", "stop_plan", "[]"), "false") << "what is wrong is not set";
  EXPECT_EQ(call("mod-2", "wait", "[20]"), "null");
  EXPECT_EQ(call("mod-2", "wait", "[-20]"), "null");
}

}  // namespace
}  // namespace busbar
