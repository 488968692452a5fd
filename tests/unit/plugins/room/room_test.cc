// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/room/room.h"

#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

namespace busbar::room {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;
using Texts = std::vector<std::string>;

Device display(const std::string& name, bool running = true, bool connected = true) {
  return {name, {std::string(kPower), std::string(kInputs)}, running, connected};
}

Settings settings() {
  Settings out;
  out.sources["laptop"] = {"Switcher_1", "3"};
  out.sources["player"] = {std::string(kInputs), "hdmi1"};
  out.warmUp = seconds(30);
  out.hold = minutes(15);
  return out;
}

// Two displays and a switcher, all well.
Room wholeRoom() {
  Room room(settings());
  room.setDevices({display("Display_1"),
                   display("Display_2"),
                   {"Switcher_1", {std::string(kInputs)}, true, true}});
  return room;
}

TEST(Room, NothingIsKnownAtFirst) {
  const Room room(settings());
  EXPECT_EQ(room.power(), std::nullopt);
  EXPECT_EQ(room.muted(), std::nullopt);
  EXPECT_EQ(room.presence(), std::nullopt);
  EXPECT_EQ(room.source(), std::nullopt);
  EXPECT_FALSE(room.isReady(seconds(1000)));
  EXPECT_FALSE(room.nextLook(seconds(0)));
}

TEST(Room, PowerIsThatOfItsDisplaysUntilItIsSwitched) {
  Room room = wholeRoom();
  room.devicePower("Display_1", false, seconds(1));
  EXPECT_EQ(room.power(), false);
  room.devicePower("Display_2", true, seconds(2));
  EXPECT_EQ(room.power(), true);
  room.setPower(false, seconds(3));
  room.devicePower("Display_1", true, seconds(4));
  EXPECT_EQ(room.power(), false);
}

TEST(Room, IsReadyWhenAllDisplaysThatRunAreOn) {
  Room room = wholeRoom();
  room.setPower(true, seconds(10));
  room.devicePower("Display_1", true, seconds(11));
  EXPECT_FALSE(room.isReady(seconds(11)));
  room.devicePower("Display_2", true, seconds(12));
  EXPECT_TRUE(room.isReady(seconds(12)));
  room.devicePower("Display_2", std::nullopt, seconds(13));
  EXPECT_FALSE(room.isReady(seconds(13)));
  room.setDevices({display("Display_1"), display("Display_2", false)});
  EXPECT_TRUE(room.isReady(seconds(13)));
}

TEST(Room, IsReadyAtTheLatestAfterTheWarmUp) {
  Room room = wholeRoom();
  room.setPower(true, seconds(10));
  EXPECT_EQ(room.nextLook(seconds(10)), seconds(40));
  EXPECT_FALSE(room.isReady(seconds(39)));
  EXPECT_TRUE(room.isReady(seconds(40)));
  EXPECT_FALSE(room.nextLook(seconds(40)));
  room.setPower(true, seconds(50));
  EXPECT_TRUE(room.isReady(seconds(50))) << "switched on again it stays warm";
  room.setPower(false, seconds(60));
  EXPECT_FALSE(room.isReady(seconds(100)));
}

TEST(Room, ARoomWithoutDisplaysIsReadyAfterTheWarmUp) {
  Room room(settings());
  room.setPower(true, seconds(10));
  EXPECT_FALSE(room.isReady(seconds(10)));
  EXPECT_TRUE(room.isReady(seconds(40)));
}

TEST(Room, GoesOffAfterTheHoldWhenNobodyIsThere) {
  Room room = wholeRoom();
  room.setPower(true, seconds(0));
  room.setPresence(true, seconds(0));
  EXPECT_FALSE(room.mustGoOff(minutes(100)));
  room.setPresence(false, minutes(100));
  room.setPresence(false, minutes(110));
  EXPECT_EQ(room.nextLook(minutes(110)), minutes(115));
  EXPECT_FALSE(room.mustGoOff(minutes(114)));
  EXPECT_TRUE(room.mustGoOff(minutes(115)));
  room.setPresence(true, minutes(115));
  EXPECT_FALSE(room.mustGoOff(minutes(200)));
}

TEST(Room, AnEmptyRoomIsHeldFromWhenItWasSwitchedOn) {
  Room room = wholeRoom();
  room.setPresence(false, minutes(1));
  room.setPower(true, minutes(60));
  EXPECT_FALSE(room.mustGoOff(minutes(74)));
  EXPECT_TRUE(room.mustGoOff(minutes(75)));
  room.setPower(false, minutes(75));
  EXPECT_FALSE(room.mustGoOff(minutes(75)));
}

TEST(Room, ASensorThatTellsNothingSwitchesNothingOff) {
  Room room = wholeRoom();
  room.setPower(true, minutes(0));
  room.setPresence(false, minutes(0));
  room.setPresence(std::nullopt, minutes(5));
  EXPECT_FALSE(room.mustGoOff(minutes(60)));
  room.setPresence(false, minutes(60));
  EXPECT_FALSE(room.mustGoOff(minutes(74))) << "the hold begins again";
  Settings never = settings();
  never.hold = Time::zero();
  room.configure(never);
  EXPECT_FALSE(room.mustGoOff(minutes(1000)));
}

TEST(Room, IsMutedWhenAllThatIsKnownIs) {
  Room room = wholeRoom();
  room.deviceMute("Display_1", true);
  EXPECT_EQ(room.muted(), true);
  room.deviceMute("Display_2", false);
  EXPECT_EQ(room.muted(), false);
  room.deviceMute("Display_2", std::nullopt);
  EXPECT_EQ(room.muted(), true);
}

TEST(Room, ForgetsTheSourceWhenItIsSwitchedOff) {
  Room room = wholeRoom();
  room.setPower(true, seconds(0));
  room.setSource("laptop");
  EXPECT_EQ(room.source(), "laptop");
  room.setPower(false, seconds(1));
  EXPECT_EQ(room.source(), std::nullopt);
  EXPECT_EQ(room.findSource("laptop")->input, "3");
  EXPECT_EQ(room.findSource("tape"), nullptr);
}

TEST(Room, SaysWhatIsMissing) {
  Room room = wholeRoom();
  EXPECT_EQ(room.missing(), Texts{});
  room.setDevices({display("Display_1", false),
                   display("Display_2", true, false),
                   {"Clock_1", {}, false, false}});
  EXPECT_EQ(room.missing(), (Texts{"Display_1 is not running", "Display_2 is offline",
                                   "source laptop: the system has no module Switcher_1"}));
  Settings more = settings();
  more.presenceModule = "Sensor";
  room.configure(more);
  room.setDevices({{"Sensor_1", {}, true, false}});
  EXPECT_EQ(room.missing(), (Texts{"display: no module of the system can be switched on",
                                   "source laptop: the system has no module Switcher_1",
                                   "source player: no module of the system selects inputs",
                                   "Sensor_1 is offline"}));
}

}  // namespace
}  // namespace busbar::room
