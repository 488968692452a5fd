// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/grants.h"

#include <map>

#include <gtest/gtest.h>

#include "tests/support/sample_records.h"

namespace busbar::auth {
namespace {

using model::Table;
namespace grant = model::grant;
using Zones = std::vector<std::string>;

std::string id(Table table, int n) {
  return sample::id(table, n);
}

// Zone 2 lies in zone 1, zone 3 in zone 2; zone 9 apart. Group 2 lies in group 1. The user is
// number 1.
class GrantsTest : public testing::Test {
 protected:
  GrantsTest() {
    model::Domain domain = sample::domain();
    domain.config = R"({"org_zone":")" + id(Table::Zone, 1) + "\"}";
    model::Zone two = sample::zone(2);
    two.parentId = id(Table::Zone, 1);
    model::Zone three = sample::zone(3);
    three.parentId = id(Table::Zone, 2);
    model::Group child = sample::group(2);
    child.parentId = id(Table::Group, 1);
    site_.reset({1,
                 {domain, sample::zone(1), two, three, sample::zone(9), sample::group(1), child,
                  sample::user(1, model::UserRole::User)}});
    user_.userId = id(Table::User, 1);
    user_.groups = {"Facilities", "IT"};
  }

  void put(model::Record record) {
    site_.apply({site_.position() + 1, ConfigWrite::Kind::Insert, std::move(record)});
  }
  void joins(int group, int64_t bits) {
    model::GroupUser membership = sample::groupUser(++rows_, group, 1);
    membership.permissions = bits;
    put(membership);
  }
  void grants(int group, int zone, int64_t bits, bool deny = false) {
    model::GroupZone row = sample::groupZone(++rows_, group, zone);
    row.permissions = bits;
    row.deny = deny;
    put(row);
  }
  int64_t inZone(int zone) { return groupBits(user_, {id(Table::Zone, zone)}, site_); }
  void roles(int zone, const std::string& text) {
    roles_[id(Table::Zone, zone)] = json::parse(text).value();
  }
  int64_t byRoles(const std::vector<int>& zones) {
    Zones ids;
    for (const int zone : zones) {
      ids.push_back(id(Table::Zone, zone));
    }
    return zoneRoleBits(user_, ids, site_, lookUp_);
  }

  Site site_;
  Principal user_;
  std::map<std::string, json::Value, std::less<>> roles_;
  ZonePermissions lookUp_ = [this](std::string_view zone) -> const json::Value* {
    const auto it = roles_.find(zone);
    return it == roles_.end() ? nullptr : &it->second;
  };
  int rows_ = 0;
};

TEST_F(GrantsTest, NobodyHasAnythingWithoutMembershipAndGrant) {
  EXPECT_EQ(inZone(1), 0);
  joins(1, grant::kAll);
  EXPECT_EQ(inZone(1), 0);
  grants(1, 9, grant::kAll);
  EXPECT_EQ(inZone(1), 0);
  EXPECT_EQ(groupBits(user_, {}, site_), 0);
  EXPECT_EQ(groupBits(user_, {"zone-none"}, site_), 0);
}

TEST_F(GrantsTest, WhatBothTheMemberAndTheGroupHaveCounts) {
  joins(1, grant::kRead | grant::kUpdate);
  grants(1, 1, grant::kUpdate | grant::kDelete);
  EXPECT_EQ(inZone(1), grant::kUpdate);
}

TEST_F(GrantsTest, GrantsFlowDownUntilANearerOneTakesTheirPlace) {
  joins(1, grant::kAll);
  grants(1, 1, grant::kUpdate);
  EXPECT_EQ(inZone(3), grant::kUpdate);
  grants(1, 2, grant::kRead);
  EXPECT_EQ(inZone(1), grant::kUpdate);
  EXPECT_EQ(inZone(2), grant::kRead);
  EXPECT_EQ(inZone(3), grant::kRead);
  EXPECT_EQ(inZone(9), 0);
}

TEST_F(GrantsTest, DenialsTakeAwayFromThereOn) {
  joins(1, grant::kAll);
  grants(1, 1, grant::kUpdate | grant::kDelete);
  grants(1, 2, grant::kDelete, true);
  EXPECT_EQ(inZone(1), grant::kUpdate | grant::kDelete);
  EXPECT_EQ(inZone(3), grant::kUpdate);
  grants(1, 3, grant::kDelete);
  EXPECT_EQ(inZone(3), grant::kDelete);
}

TEST_F(GrantsTest, ManageStandsForAllAndADenialOfOneBitLeavesTheRest) {
  joins(1, grant::kManage);
  grants(1, 1, grant::kManage);
  EXPECT_EQ(inZone(1), grant::kAll);
  grants(1, 2, grant::kDelete, true);
  EXPECT_EQ(inZone(2), grant::kAll & ~grant::kDelete);
}

TEST_F(GrantsTest, TheNearestMembershipCounts) {
  joins(1, grant::kManage);
  grants(2, 1, grant::kUpdate | grant::kDelete);
  EXPECT_EQ(membershipBits(user_.userId, id(Table::Group, 2), site_), grant::kAll);
  EXPECT_EQ(inZone(1), grant::kUpdate | grant::kDelete);
  joins(2, grant::kUpdate);
  EXPECT_EQ(inZone(1), grant::kUpdate);
  EXPECT_EQ(membershipBits(id(Table::User, 9), id(Table::Group, 2), site_), 0);
}

TEST_F(GrantsTest, GroupsAndZonesAreUnitedAndADenialHoldsInItsOwnGroupOnly) {
  model::Group other = sample::group(3);
  put(other);
  joins(1, grant::kAll);
  joins(3, grant::kAll);
  grants(1, 1, grant::kUpdate);
  grants(3, 1, grant::kUpdate, true);
  grants(3, 9, grant::kDelete);
  EXPECT_EQ(inZone(1), grant::kUpdate);
  EXPECT_EQ(groupBits(user_, {id(Table::Zone, 1), id(Table::Zone, 9)}, site_),
            grant::kUpdate | grant::kDelete);
}

TEST_F(GrantsTest, OnlyTheSupportSubsystemOfTheOwnDomainOpensTheEngine) {
  model::Group signage = sample::group(4);
  signage.subsystems = {"signage"};
  put(signage);
  joins(4, grant::kAll);
  grants(4, 1, grant::kAll);
  EXPECT_EQ(inZone(1), 0);
  put(sample::domain(2));
  put(sample::group(5, 2));
  joins(5, grant::kAll);
  grants(5, 1, grant::kAll);
  EXPECT_EQ(inZone(1), 0) << "a group of another domain";
}

TEST_F(GrantsTest, TreesThatRunInACircleEnd) {
  model::Zone zone = *site_.findZone(id(Table::Zone, 1));
  zone.parentId = id(Table::Zone, 3);
  site_.apply({2, ConfigWrite::Kind::Update, zone});
  model::Group group = *site_.findGroup(id(Table::Group, 1));
  group.parentId = id(Table::Group, 2);
  site_.apply({3, ConfigWrite::Kind::Update, group});
  joins(1, grant::kRead);
  grants(1, 9, grant::kRead);
  EXPECT_EQ(inZone(1), 0);
  EXPECT_EQ(inZone(9), grant::kRead);
  EXPECT_EQ(membershipBits("nobody", id(Table::Group, 1), site_), 0);
}

TEST_F(GrantsTest, ZoneRolesAskForTheOrgZone) {
  roles(1, R"({"admin":["it"]})");
  EXPECT_EQ(byRoles({1}), grant::kAll);
  EXPECT_EQ(byRoles({2}), 0);
  EXPECT_EQ(byRoles({}), 0);
  user_.groups = {};
  EXPECT_EQ(byRoles({1}), 0);
}

TEST_F(GrantsTest, LaterZonesOverrideAndADenialEndsIt) {
  roles(1, R"({"manage":["FACILITIES"]})");
  const int64_t manager = byRoles({1});
  EXPECT_EQ(manager & grant::kUpdate, grant::kUpdate);
  EXPECT_EQ(manager & (grant::kDelete | grant::kManage), 0);
  roles(2, R"({"admin":["it"]})");
  EXPECT_EQ(byRoles({1, 2}), grant::kAll);
  EXPECT_EQ(byRoles({2, 1}), manager);
  roles(3, R"({"admin":["it"],"deny":["facilities"]})");
  EXPECT_EQ(byRoles({1, 2, 3}), 0);
  roles(3, R"({"admin":["others"]})");
  EXPECT_EQ(byRoles({1, 2, 3}), grant::kAll) << "a zone that does not name one changes nothing";
}

TEST_F(GrantsTest, MalformedRolesGiveNothing) {
  for (const char* text : {"[]", "1", R"({"admin":"it"})", R"({"admin":[1,null]})", "{}"}) {
    roles(1, text);
    EXPECT_EQ(byRoles({1}), 0) << text;
  }
  ZonePermissions none;
  EXPECT_EQ(zoneRoleBits(user_, {id(Table::Zone, 1)}, site_, none), 0);
}

TEST_F(GrantsTest, EitherSourceIsEnough) {
  roles(1, R"({"deny":["it"]})");
  joins(1, grant::kAll);
  grants(1, 1, grant::kUpdate);
  EXPECT_EQ(grantedBits(user_, {id(Table::Zone, 1)}, site_, lookUp_), grant::kUpdate);
}

TEST(Grants, ZonePermissionsHaveABitAndOthersNone) {
  EXPECT_EQ(bitOf(Permission::ZoneCreate), grant::kCreate);
  EXPECT_EQ(bitOf(Permission::ZoneUpdate), grant::kUpdate);
  EXPECT_EQ(bitOf(Permission::ZoneDelete), grant::kDelete);
  EXPECT_EQ(bitOf(Permission::ZoneManage), grant::kManage);
  EXPECT_EQ(bitOf(Permission::ZoneRead), grant::kRead);
  EXPECT_EQ(bitOf(Permission::ZoneOperate), grant::kOperate);
  for (const Permission other :
       {Permission::None, Permission::User, Permission::Support, Permission::Admin}) {
    EXPECT_EQ(bitOf(other), 0);
  }
}

}  // namespace
}  // namespace busbar::auth
