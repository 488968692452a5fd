// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The pjlink driver in a real runner under a real host, against the simulated projector.

#include "tests/integration/plugins/device_fixture.h"

namespace busbar {
namespace {

// Long poll interval: what is seen comes from connecting, or from the function under test.
constexpr const char* kQuiet = R"({"poll_interval_ms":25000,"timeout_ms":1000})";
constexpr const char* kBusy = R"({"poll_interval_ms":200,"timeout_ms":300})";

class PjlinkDriverTest : public DeviceFixture {
 protected:
  void start(const std::vector<std::string>& projector = {}, const std::string& settings = kQuiet) {
    std::vector<std::string> arguments = {"--warm-ms", "0", "--cool-ms", "0"};
    arguments.insert(arguments.end(), projector.begin(), projector.end());
    startDevice("pjlink_sim", arguments);
    startModule("pjlink", settings);
  }
};

TEST_F(PjlinkDriverTest, PublishesWhatAClass1ProjectorSays) {
  start({"--class", "1"});
  EXPECT_TRUE(becomes("online", "true")) << status("last_error");
  EXPECT_TRUE(becomes("power", "false"));
  EXPECT_TRUE(becomes("power_state", R"("off")"));
  EXPECT_TRUE(becomes("other_information", R"("made of words")"));
  EXPECT_EQ(status("pjlink_class"), "1");
  EXPECT_EQ(status("name"), R"("Simulated projector")");
  EXPECT_EQ(status("manufacturer"), R"("Busbar")");
  EXPECT_EQ(status("product"), R"("PJ-1")");
  EXPECT_EQ(status("available_inputs"), R"(["rgb1","video1","digital1","digital2"])");
  EXPECT_EQ(status("lamps"), R"([{"hours":1500,"on":false}])");
  EXPECT_EQ(
      status("errors"),
      R"({"cover":"ok","fan":"ok","filter":"ok","lamp":"ok","other":"ok","temperature":"ok"})");
  EXPECT_EQ(status("input"), "");  // it is off
  EXPECT_TRUE(host_.host_->health("mod-1").connected);
}

TEST_F(PjlinkDriverTest, FunctionsReachTheProjectorAndTheStatusFollows) {
  start({"--class", "1"});
  ASSERT_TRUE(becomes("power", "false"));
  EXPECT_EQ(call("power", "[true]"), "null");
  EXPECT_EQ(tell("get power"), "1");
  EXPECT_TRUE(becomes("power_state", R"("on")"));
  EXPECT_EQ(call("switch_to", R"(["digital2"])"), "null");
  EXPECT_EQ(tell("get input"), "32");
  EXPECT_TRUE(becomes("input", R"("digital2")"));
  EXPECT_EQ(call("switch_to", R"(["11"])"), "null");
  EXPECT_TRUE(becomes("input", R"("rgb1")"));
  EXPECT_EQ(call("mute", R"([true,0,"video"])"), "null");
  EXPECT_EQ(tell("get mute"), "11");
  EXPECT_TRUE(becomes("video_mute", "true"));
  EXPECT_EQ(status("audio_mute"), "false");
  EXPECT_EQ(status("mute"), "true");
  EXPECT_EQ(call("mute"), "null");
  EXPECT_TRUE(becomes("audio_mute", "true"));
  EXPECT_EQ(call("mute", "[false]"), "null");
  EXPECT_TRUE(becomes("mute", "false"));
  EXPECT_EQ(call("query", R"(["LAMP"])"), R"("1500 1")");
}

TEST_F(PjlinkDriverTest, PublishesWhatClass2Adds) {
  start();
  ASSERT_TRUE(becomes("pjlink_class", "2"));
  EXPECT_EQ(call("power", "[true]"), "null");
  EXPECT_EQ(call("switch_to", R"(["network1"])"),
            "error: the projector does not have what was asked for (ERR2)");
  EXPECT_EQ(call("switch_to", R"(["5A"])"), "null");
  EXPECT_TRUE(becomes("input", R"("networka")"));
  EXPECT_TRUE(becomes("input_label", R"("Socket 5A")"));
  EXPECT_TRUE(becomes("filter_model", R"("FIL-1")"));
  EXPECT_EQ(status("serial_number"), R"("S-0001")");
  EXPECT_EQ(status("software_version"), R"("1.2.3")");
  EXPECT_EQ(status("lamp_model"), R"("LMP-1")");
  EXPECT_EQ(status("filter_hours"), "120");
  EXPECT_EQ(status("recommended_resolution"), R"("1920x1200")");
  EXPECT_EQ(call("freeze"), "null");
  EXPECT_TRUE(becomes("frozen", "true"));
  EXPECT_EQ(call("speaker_volume", "[true]"), "null");
  EXPECT_EQ(tell("get volume"), "11");
  EXPECT_EQ(call("microphone_volume", "[false]"), "null");
  EXPECT_EQ(tell("get microphone"), "9");
  EXPECT_EQ(tell("set resolution -"), "ok");
  EXPECT_EQ(call("query", R"(["IRES"])"), R"("-")");
  EXPECT_TRUE(becomes("resolution", R"("none")"));
}

TEST_F(PjlinkDriverTest, FollowsWarmingAndCooling) {
  startDevice("pjlink_sim", {"--warm-ms", "700", "--cool-ms", "700"});
  startModule("pjlink", kQuiet);
  ASSERT_TRUE(becomes("power", "false"));
  EXPECT_EQ(call("power", "[true]"), "null");
  EXPECT_TRUE(becomes("power_state", R"("warming")"));
  EXPECT_EQ(status("power"), "true");
  EXPECT_TRUE(becomes("power_state", R"("on")"));
  EXPECT_EQ(call("power", "[false]"), "null");
  EXPECT_TRUE(becomes("power_state", R"("cooling")"));
  EXPECT_EQ(
      call("power", "[true]"),
      "error: the projector cannot do this while it is off, warming up or cooling down (ERR3)");
  EXPECT_EQ(status("power"), "false");
  EXPECT_TRUE(becomes("power_state", R"("off")"));
}

TEST_F(PjlinkDriverTest, AProjectorWithAPasswordLetsTheRightOneIn) {
  start({"--password", "JBMIAProjectorLink"},
        R"({"password":"JBMIAProjectorLink","poll_interval_ms":200,"timeout_ms":1000})");
  EXPECT_TRUE(becomes("online", "true")) << status("last_error");
  EXPECT_EQ(call("power", "[true]"), "null");
  EXPECT_TRUE(becomes("power", "true"));
}

TEST_F(PjlinkDriverTest, AWrongOrMissingPasswordIsNamed) {
  start({"--password", "right"}, R"({"password":"wrong","timeout_ms":300})");
  EXPECT_TRUE(contains("last_error", "refuses the password"));
  EXPECT_EQ(status("online"), "false");
  EXPECT_NE(call("power", "[true]").find("refuses the password"), std::string::npos);
  changeSettings(R"({"timeout_ms":300})");
  EXPECT_TRUE(contains("last_error", "wants a password"));
  changeSettings(R"({"timeout_ms":300,"password":"right"})");
  EXPECT_TRUE(becomes("online", "true"));
}

TEST_F(PjlinkDriverTest, AnIdleConnectionThatEndsIsNormal) {
  start({"--idle-ms", "500"}, R"({"poll_interval_ms":25000,"timeout_ms":5000})");
  ASSERT_TRUE(becomes("name", R"("Simulated projector")"));
  bool wasOffline = false;
  const auto subscription = host_.host_->subscribe([&](const HostEvent& event) {
    wasOffline = wasOffline || (event.kind == HostEvent::Kind::State &&
                                event.state->key == "online" && event.state->json != "true");
  });
  EXPECT_EQ(tell("set name Second look"), "ok");
  EXPECT_TRUE(becomes("name", R"("Second look")"));  // asked once for each connection
  EXPECT_FALSE(wasOffline);
}

TEST_F(PjlinkDriverTest, ComesBackFromEveryFault) {
  start({}, kBusy);
  ASSERT_TRUE(becomes("online", "true"));
  for (const char* fault : {"drop", "stall", "rubbish", "auth", "refuse"}) {
    EXPECT_EQ(tell(std::string("fail ") + fault), "ok");
    EXPECT_TRUE(becomes("online", "false")) << fault;
    EXPECT_NE(status("last_error"), "") << fault;
    EXPECT_NE(call("power", "[true]").find("error: "), std::string::npos) << fault;
    EXPECT_EQ(tell("fail none"), "ok");
    EXPECT_TRUE(becomes("online", "true")) << fault << ": " << status("last_error");
    EXPECT_EQ(status("last_error"), "") << fault;
  }
  EXPECT_EQ(call("power", "[true]"), "null");
}

TEST_F(PjlinkDriverTest, AProjectorThatOnlyAcceptsDoesNotCountAsConnected) {
  start({"--fail", "stall"}, kBusy);
  EXPECT_TRUE(contains("last_error", "does not let Busbar in"));
  EXPECT_TRUE(runUntil(*host_.loop_, [&] { return !host_.host_->health("mod-1").connected; }));
  EXPECT_NE(call("power", "[true]").find("does not let Busbar in"), std::string::npos);
}

TEST_F(PjlinkDriverTest, NonsenseIsNotPublished) {
  start({"--class", "1"}, kBusy);
  ASSERT_TRUE(contains("lamps", "1500"));
  EXPECT_EQ(tell("set errors 9x"), "ok");
  EXPECT_TRUE(contains("last_error", "ERST"));
  EXPECT_EQ(tell("set errors 000002"), "ok");
  EXPECT_TRUE(contains("errors", R"("other":"error")"));
  EXPECT_EQ(tell("set lamps "), "ok");  // a laser has none
  EXPECT_TRUE(becomes("lamps", ""));
}

TEST_F(PjlinkDriverTest, WhatAClass1ProjectorLacksIsSaid) {
  start({"--class", "1"});
  ASSERT_TRUE(becomes("online", "true"));
  EXPECT_EQ(call("freeze"), "error: FREZ needs a class 2 projector");
  EXPECT_NE(call("query", R"(["LAMP"])", model::UserRole::User).find("error: "), std::string::npos);
  EXPECT_NE(call("switch_to", R"(["hdmi1"])").find("error: "), std::string::npos);
  EXPECT_NE(call("mute", "[true,1]").find("error: "), std::string::npos);
}

}  // namespace
}  // namespace busbar
