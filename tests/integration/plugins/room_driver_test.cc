// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The room driver over two displays of a system, through real runners.
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/host_fixture.h"

namespace busbar {
namespace {

class RoomDriverTest : public testing::Test {
 protected:
  void SetUp() override {
    room_ = host_.addDriver("room");
    displays_ = host_.addDriver("fake_display", model::Isolation::Driver, "/tests/drivers/");
    model::System system;
    system.id = "sys-1";
    system.name = "Room";
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Insert, system).ok());
  }
  // The room and its displays, with settings of each.
  void begin(const std::string& roomSettings, const std::string& displaySettings = "{}") {
    addStopped("mod-d1", displays_, displaySettings);
    addStopped("mod-d2", displays_, displaySettings);
    addStopped("mod-room", room_, roomSettings);
    for (const char* id : {"mod-d1", "mod-d2", "mod-room"}) {
      model::Module mod = *host_.site_.findModule(id);
      mod.running = true;
      ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, mod).ok());
    }
    arrange({"mod-room", "mod-d1", "mod-d2"});
    for (const char* id : {"mod-d1", "mod-d2", "mod-room"}) {
      ASSERT_TRUE(host_.waitFor(id, "running")) << host_.host_->health(id).sentence;
    }
    ASSERT_TRUE(shows("power", "false"));
    ASSERT_TRUE(shows("missing", "[]"));
  }
  void addStopped(const std::string& id, const std::string& driverId, const std::string& values) {
    model::Module mod;
    mod.id = id;
    mod.driverId = driverId;
    mod.controlSystemId = driverId == room_ ? "sys-1" : "";
    const Status added = host_.write(ConfigWrite::Kind::Insert, mod);
    ASSERT_TRUE(added.ok()) << added.error().message;
    model::Settings settings;
    settings.id = "sets-" + id;
    settings.parentId = id;
    settings.text = values;
    const Status written = host_.write(ConfigWrite::Kind::Insert, settings);
    ASSERT_TRUE(written.ok()) << written.error().message;
  }
  void arrange(std::vector<std::string> modules) {
    model::System system = *host_.site_.findSystem("sys-1");
    system.modules = std::move(modules);
    ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, system).ok());
  }
  // Waits until a status is so.
  testing::AssertionResult shows(const std::string& key, const std::string& json,
                                 const std::string& moduleId = "mod-room") {
    if (runUntil(*host_.loop_, [&] { return *host_.host_->stateKey(moduleId, key) == json; })) {
      return testing::AssertionSuccess();
    }
    return testing::AssertionFailure()
           << moduleId << " " << key << " is " << *host_.host_->stateKey(moduleId, key);
  }
  Result<ExecuteReply> room(const std::string& function, const std::string& args) {
    return host_.execute("mod-room", function, args, model::UserRole::User);
  }

  static constexpr const char* kSettings =
      R"({"sources":{"laptop":{"module":"Display_2","input":"hdmi3"},"all":{"input":"hdmi1"}}})";
  HostFixture host_;
  std::string room_;
  std::string displays_;
};

TEST_F(RoomDriverTest, SwitchesAllDisplaysOnAndOff) {
  begin(kSettings);
  ASSERT_TRUE(room("power", "[true]").ok());
  EXPECT_TRUE(shows("power", "true"));
  EXPECT_TRUE(shows("ready", "true"));
  EXPECT_TRUE(shows("power", "true", "mod-d1"));
  EXPECT_TRUE(shows("power", "true", "mod-d2"));
  ASSERT_TRUE(room("power", "[false]").ok());
  EXPECT_TRUE(shows("ready", "false"));
  EXPECT_TRUE(shows("power", "false", "mod-d1"));
}

TEST_F(RoomDriverTest, IsReadyWhenItsDisplaysAreWarmAndSelectsOnceMore) {
  begin(kSettings, R"({"slow":true})");
  ASSERT_TRUE(room("select", R"(["laptop"])").ok());
  EXPECT_TRUE(shows("power", "true"));
  EXPECT_TRUE(shows("source", R"("laptop")"));
  EXPECT_TRUE(shows("selections", "1", "mod-d2"));
  EXPECT_EQ(*host_.host_->stateKey("mod-room", "ready"), "false");
  ASSERT_TRUE(host_.execute("mod-d1", "warm").ok());
  ASSERT_TRUE(host_.execute("mod-d2", "warm").ok());
  EXPECT_TRUE(shows("ready", "true"));
  EXPECT_TRUE(shows("selections", "2", "mod-d2"));
}

TEST_F(RoomDriverTest, IsReadyAfterTheWarmUpAtTheLatest) {
  begin(R"({"warm_up_s":1})", R"({"slow":true})");
  ASSERT_TRUE(room("power", "[true]").ok());
  EXPECT_TRUE(shows("power", "true"));
  EXPECT_EQ(*host_.host_->stateKey("mod-room", "ready"), "false");
  EXPECT_TRUE(shows("ready", "true"));
}

TEST_F(RoomDriverTest, SelectsASourceAtItsModuleOrAtAll) {
  begin(kSettings);
  ASSERT_TRUE(room("select", R"(["laptop"])").ok());
  EXPECT_TRUE(shows("input", R"("hdmi3")", "mod-d2"));
  EXPECT_EQ(*host_.host_->stateKey("mod-d1", "input"), "");
  ASSERT_TRUE(room("select", R"(["all"])").ok());
  EXPECT_TRUE(shows("input", R"("hdmi1")", "mod-d1"));
  EXPECT_TRUE(shows("input", R"("hdmi1")", "mod-d2"));
  EXPECT_TRUE(shows("source", R"("all")"));
  EXPECT_EQ(room("select", R"(["tape"])").error().reason, "unknown_source");
}

TEST_F(RoomDriverTest, MutesAll) {
  begin(kSettings);
  EXPECT_TRUE(shows("muted", "false"));
  ASSERT_TRUE(room("mute", "[]").ok());
  EXPECT_TRUE(shows("muted", "true"));
  EXPECT_TRUE(shows("mute", "true", "mod-d2"));
  ASSERT_TRUE(host_.execute("mod-d1", "mute", "[false]").ok());
  EXPECT_TRUE(shows("muted", "false"));
}

TEST_F(RoomDriverTest, NamesTheDeviceThatFails) {
  begin(kSettings);
  ASSERT_TRUE(host_.execute("mod-d2", "refuse", "[true]").ok());
  const auto failed = room("power", "[true]");
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().reason, "lamp_cooling");
  EXPECT_EQ(failed.error().message, "Display_2: the lamp is hot");
  EXPECT_TRUE(shows("power", "true")) << "the other display took it";
  ASSERT_TRUE(host_.execute("mod-d1", "refuse", "[true]").ok());
  EXPECT_FALSE(room("power", "[false]").ok());
  EXPECT_TRUE(shows("power", "true")) << "nothing was switched";
}

TEST_F(RoomDriverTest, GoesOffWhenNobodyIsThere) {
  begin(R"({"hold_minutes":0.01,"presence":{"module":"Display_1","key":"presence"}})");
  ASSERT_TRUE(host_.execute("mod-d1", "set_presence", "[true]").ok());
  EXPECT_TRUE(shows("presence", "true"));
  ASSERT_TRUE(room("power", "[true]").ok());
  EXPECT_TRUE(shows("power", "true"));
  ASSERT_TRUE(host_.execute("mod-d1", "set_presence", "[false]").ok());
  EXPECT_TRUE(shows("presence", "false"));
  EXPECT_TRUE(shows("power", "false"));
  EXPECT_TRUE(shows("power", "false", "mod-d1"));
}

TEST_F(RoomDriverTest, FindsASensorByItsInterface) {
  begin("{}");
  ASSERT_TRUE(host_.execute("mod-d2", "set_presence", "[true]").ok());
  arrange({"mod-room"});
  EXPECT_TRUE(shows("missing", R"(["display: no module of the system can be switched on"])"));
  arrange({"mod-room", "mod-d1", "mod-d2"});
  EXPECT_TRUE(shows("presence", "true"));
}

TEST_F(RoomDriverTest, ShowsADeviceThatStops) {
  begin(kSettings);
  model::Module stopped = *host_.site_.findModule("mod-d2");
  stopped.running = false;
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, stopped).ok());
  EXPECT_TRUE(shows("missing", R"(["Display_2 is not running"])"));
  arrange({"mod-room", "mod-d1"});
  EXPECT_TRUE(shows("missing", R"(["source laptop: the system has no module Display_2"])"));
  EXPECT_EQ(room("select", R"(["laptop"])").error().reason, "module_not_found");
}

TEST_F(RoomDriverTest, TakesNewSettingsWithoutARestart) {
  begin(kSettings);
  ASSERT_TRUE(room("select", R"(["all"])").ok());
  model::Settings changed = *host_.site_.findSettings("sets-mod-room");
  changed.text = R"({"sources":{"tape":{"module":"Display_1","input":"av"}}})";
  ASSERT_TRUE(host_.write(ConfigWrite::Kind::Update, changed).ok());
  ASSERT_TRUE(runUntil(*host_.loop_, [&] { return room("select", R"(["tape"])").ok(); }));
  EXPECT_TRUE(shows("input", R"("av")", "mod-d1"));
  EXPECT_TRUE(shows("power", "true"));
}

}  // namespace
}  // namespace busbar
