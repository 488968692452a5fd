// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/module_time_zone.h"

#include <gtest/gtest.h>

#include "tests/support/sample_records.h"

namespace busbar {
namespace {

using model::Table;

// A logic module of room 2 and a device in the rooms 1 and 2; room 2 is in the zones 1, 2 and 3.
class ModuleTimeZoneTest : public testing::Test {
 protected:
  ModuleTimeZoneTest() {
    logic_.controlSystemId = sample::id(Table::System, 2);
    for (model::System* room : {&room1_, &room2_}) {
      room->timezone.clear();
      room->modules = {device_.id};
    }
    room2_.zones = {zones_[0].id, zones_[1].id, zones_[2].id};
    for (model::Zone& zone : zones_) {
      zone.timezone.clear();
    }
  }
  std::string of(const model::Module& mod) {
    Site site;
    site.reset(
        {1, {sample::driver(), logic_, device_, room1_, room2_, zones_[0], zones_[1], zones_[2]}});
    return moduleTimeZone(site, mod);
  }

  model::Module logic_ = sample::mod(1);
  model::Module device_ = sample::mod(2);
  model::System room1_ = sample::system(1);
  model::System room2_ = sample::system(2);
  model::Zone zones_[3] = {sample::zone(1), sample::zone(2), sample::zone(3)};
};

TEST_F(ModuleTimeZoneTest, IsEmptyWhereNobodyKnowsOne) {
  EXPECT_EQ(of(logic_), "");
  EXPECT_EQ(of(device_), "");
  EXPECT_EQ(of(sample::mod(9)), "");
}

TEST_F(ModuleTimeZoneTest, TheSystemsOwnWinsOverThoseOfItsZones) {
  room2_.timezone = "Asia/Kolkata";
  zones_[2].timezone = "Europe/Berlin";
  EXPECT_EQ(of(logic_), "Asia/Kolkata");
  EXPECT_EQ(of(device_), "Asia/Kolkata");
}

TEST_F(ModuleTimeZoneTest, TheLastZoneThatHasOneWins) {
  zones_[0].timezone = "Asia/Kolkata";
  EXPECT_EQ(of(logic_), "Asia/Kolkata");
  zones_[1].timezone = "Europe/Berlin";
  EXPECT_EQ(of(logic_), "Europe/Berlin");
  EXPECT_EQ(of(device_), "Europe/Berlin");
}

TEST_F(ModuleTimeZoneTest, ADeviceTakesTheFirstOfItsSystemsThatKnowsOne) {
  room2_.timezone = "Asia/Kolkata";
  room1_.timezone = "Europe/Berlin";
  EXPECT_EQ(of(device_), "Europe/Berlin");
  EXPECT_EQ(of(logic_), "Asia/Kolkata");
}

}  // namespace
}  // namespace busbar
