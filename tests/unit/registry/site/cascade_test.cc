// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/cascade.h"

#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/sample_records.h"

namespace busbar {
namespace {

using model::Table;
using Strings = std::vector<std::string>;

std::string id(Table table, int n) {
  return sample::id(table, n);
}

// Two rooms share module 2; room 1 also has module 1 and the logic module 3; zone 2 lies in zone 1.
class CascadeTest : public testing::Test {
 protected:
  CascadeTest() {
    model::Module logic = sample::mod(3, 2);
    logic.controlSystemId = id(Table::System, 1);
    model::Driver logicDriver = sample::driver(2);
    logicDriver.role = model::Role::Logic;
    logicDriver.moduleName = "Logic";
    model::System one = sample::system(1);
    one.modules = {id(Table::Module, 1), id(Table::Module, 2), id(Table::Module, 3)};
    one.zones = {id(Table::Zone, 2), id(Table::Zone, 1)};
    one.features = {"Display", "Logic", "vc"};
    model::System two = sample::system(2);
    two.modules = {id(Table::Module, 2)};
    two.zones = {id(Table::Zone, 1)};
    two.features = {"Display"};
    model::Zone child = sample::zone(2);
    child.parentId = id(Table::Zone, 1);
    site.reset(
        {1,
         {sample::driver(1), logicDriver, sample::mod(1), sample::mod(2), logic, one, two,
          sample::zone(1), child, sample::user(1), sample::user(2, model::UserRole::User),
          sample::apiKey(1, 2), sample::settings(1, id(Table::Module, 1)),
          sample::settings(2, id(Table::Driver, 1)), sample::settings(3, id(Table::System, 1)),
          sample::settings(4, id(Table::Zone, 2)), sample::settings(5, id(Table::Module, 3))}});
  }

  Strings erased(const std::vector<ConfigWrite>& writes) {
    Strings out;
    for (const ConfigWrite& w : writes) {
      if (w.kind == ConfigWrite::Kind::Erase) {
        out.push_back(model::commonOf(w.record).id);
      }
    }
    std::sort(out.begin(), out.end());
    return out;
  }
  // The updated row of a system in the plan; fails when there is not exactly one.
  model::System updated(const std::vector<ConfigWrite>& writes, int n) {
    model::System out;
    int found = 0;
    for (const ConfigWrite& w : writes) {
      const auto* system = std::get_if<model::System>(&w.record);
      if (w.kind == ConfigWrite::Kind::Update && system != nullptr &&
          system->id == id(Table::System, n)) {
        out = *system;
        ++found;
      }
    }
    EXPECT_EQ(found, 1);
    return out;
  }
  // Applied to the site, a plan leaves no reference to a row that is gone.
  void expectWhole(const std::vector<ConfigWrite>& writes) {
    for (const ConfigWrite& w : writes) {
      site.apply({site.position() + 1, w.kind, w.record});
    }
    for (const model::System* s : site.systems()) {
      for (const std::string& m : s->modules) {
        EXPECT_NE(site.findModule(m), nullptr) << m;
      }
      for (const std::string& z : s->zones) {
        EXPECT_NE(site.findZone(z), nullptr) << z;
      }
    }
    for (const model::Module* m : site.modules()) {
      EXPECT_NE(site.findDriver(m->driverId), nullptr);
      EXPECT_TRUE(m->controlSystemId.empty() || site.findSystem(m->controlSystemId) != nullptr);
    }
    for (const model::Zone* z : site.zones()) {
      EXPECT_TRUE(z->parentId.empty() || site.findZone(z->parentId) != nullptr);
    }
  }

  Site site;
};

TEST_F(CascadeTest, ModuleTakesItsSettingsAndLeavesItsSystems) {
  const auto plan = planErase(site, Table::Module, id(Table::Module, 1));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(erased(*plan), (Strings{id(Table::Module, 1), id(Table::Settings, 1)}));
  const auto room = updated(*plan, 1);
  EXPECT_EQ(room.modules, (Strings{id(Table::Module, 2), id(Table::Module, 3)}));
  EXPECT_EQ(room.version, 5);
  EXPECT_EQ(room.features, (Strings{"Display", "Logic", "vc"})) << "another display is still there";
  expectWhole(*plan);
}

TEST_F(CascadeTest, LastModuleOfANameTakesTheFeature) {
  const auto plan = planErase(site, Table::Module, id(Table::Module, 3));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(updated(*plan, 1).features, (Strings{"Display", "vc"}));
}

TEST_F(CascadeTest, DriverTakesAllItsModules) {
  const auto plan = planErase(site, Table::Driver, id(Table::Driver, 1));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(erased(*plan),
            (Strings{id(Table::Driver, 1), id(Table::Module, 1), id(Table::Module, 2),
                     id(Table::Settings, 1), id(Table::Settings, 2)}));
  EXPECT_EQ(updated(*plan, 1).modules, Strings{id(Table::Module, 3)});
  EXPECT_EQ(updated(*plan, 1).version, 5) << "raised once, for two modules";
  EXPECT_TRUE(updated(*plan, 2).modules.empty());
  expectWhole(*plan);
}

TEST_F(CascadeTest, SystemTakesModulesThatAreNowhereElseAndItsLogicModules) {
  const auto plan = planErase(site, Table::System, id(Table::System, 1));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(erased(*plan),
            (Strings{id(Table::Module, 1), id(Table::Module, 3), id(Table::Settings, 1),
                     id(Table::Settings, 3), id(Table::Settings, 5), id(Table::System, 1)}));
  expectWhole(*plan);
}

TEST_F(CascadeTest, LogicModuleSharedWithAnotherSystemGoesWithItsOwn) {
  model::System two = *site.findSystem(id(Table::System, 2));
  two.modules.push_back(id(Table::Module, 3));
  site.apply({2, ConfigWrite::Kind::Update, two});
  const auto plan = planErase(site, Table::System, id(Table::System, 1));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(updated(*plan, 2).modules, Strings{id(Table::Module, 2)});
  expectWhole(*plan);
}

TEST_F(CascadeTest, ZoneTakesItsChildrenAndLeavesItsSystems) {
  const auto plan = planErase(site, Table::Zone, id(Table::Zone, 1));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(erased(*plan),
            (Strings{id(Table::Settings, 4), id(Table::Zone, 1), id(Table::Zone, 2)}));
  EXPECT_TRUE(updated(*plan, 1).zones.empty());
  EXPECT_EQ(updated(*plan, 1).version, 5);
  EXPECT_TRUE(updated(*plan, 2).zones.empty());
  expectWhole(*plan);
}

TEST_F(CascadeTest, UserTakesItsKeysAndTheLastAdminStays) {
  const auto plan = planErase(site, Table::User, id(Table::User, 2));
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(erased(*plan), (Strings{id(Table::ApiKey, 1), id(Table::User, 2)}));
  const auto refused = planErase(site, Table::User, id(Table::User, 1));
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::FailedPrecondition);
  EXPECT_EQ(refused.error().reason, "last_admin");
}

// Domain 1 is the default one; domain 2 has its admin 6, user 7, and a tree of two groups.
class IdentityCascadeTest : public CascadeTest {
 protected:
  IdentityCascadeTest() {
    model::User admin = sample::user(6);
    admin.domainId = id(Table::Domain, 2);
    model::User member = sample::user(7, model::UserRole::User);
    member.domainId = id(Table::Domain, 2);
    model::Group child = sample::group(2, 2);
    child.parentId = id(Table::Group, 1);
    for (const model::Record& record : std::vector<model::Record>{
             sample::domain(1), sample::domain(2), admin, member, sample::apiKey(7, 7),
             sample::oauthApp(1, 2), sample::group(1, 2), child, sample::group(3, 1),
             sample::groupUser(1, 2, 7), sample::groupUser(2, 3, 2), sample::groupZone(1, 1, 2),
             sample::groupInvitation(1, 2), sample::groupInvitation(2, 3)}) {
      site.apply({site.position() + 1, ConfigWrite::Kind::Insert, record});
    }
  }
};

TEST_F(IdentityCascadeTest, UserLeavesItsGroups) {
  EXPECT_EQ(erased(*planErase(site, Table::User, id(Table::User, 7))),
            (Strings{id(Table::GroupUser, 1), id(Table::ApiKey, 7), id(Table::User, 7)}));
}

TEST_F(IdentityCascadeTest, GroupTakesItsChildrenItsMembersItsGrantsAndItsInvitations) {
  EXPECT_EQ(erased(*planErase(site, Table::Group, id(Table::Group, 1))),
            (Strings{id(Table::Group, 1), id(Table::Group, 2), id(Table::GroupInvitation, 1),
                     id(Table::GroupUser, 1), id(Table::GroupZone, 1)}));
  EXPECT_EQ(erased(*planErase(site, Table::GroupInvitation, id(Table::GroupInvitation, 2))),
            Strings{id(Table::GroupInvitation, 2)});
}

TEST_F(IdentityCascadeTest, ZoneTakesTheGrantsInIt) {
  const auto gone = erased(*planErase(site, Table::Zone, id(Table::Zone, 1)));
  EXPECT_NE(std::find(gone.begin(), gone.end(), id(Table::GroupZone, 1)), gone.end());
}

TEST_F(IdentityCascadeTest, DomainTakesItsUsersApplicationsAndGroupsEachOnce) {
  const auto plan = planErase(site, Table::Domain, id(Table::Domain, 2));
  ASSERT_TRUE(plan.ok()) << plan.error().message;
  EXPECT_EQ(erased(*plan),
            (Strings{id(Table::OauthApp, 1), id(Table::Domain, 2), id(Table::Group, 1),
                     id(Table::Group, 2), id(Table::GroupInvitation, 1), id(Table::GroupUser, 1),
                     id(Table::GroupZone, 1), id(Table::ApiKey, 7), id(Table::User, 6),
                     id(Table::User, 7)}));
}

TEST_F(IdentityCascadeTest, TheDefaultDomainAndTheOneWithTheOnlyAdminsStay) {
  EXPECT_EQ(planErase(site, Table::Domain, id(Table::Domain, 1)).error().reason, "last_domain");
  model::User demoted = *site.findUser(id(Table::User, 1));
  demoted.role = model::UserRole::Support;
  site.apply({site.position() + 1, ConfigWrite::Kind::Update, demoted});
  EXPECT_EQ(planErase(site, Table::Domain, id(Table::Domain, 2)).error().reason, "last_domain");
}

TEST_F(IdentityCascadeTest, EachDomainKeepsALastAdminWhoIsNotDeleted) {
  EXPECT_TRUE(isLastAdmin(site, *site.findUser(id(Table::User, 1))));
  EXPECT_TRUE(isLastAdmin(site, *site.findUser(id(Table::User, 6))));
  EXPECT_FALSE(isLastAdmin(site, *site.findUser(id(Table::User, 7))));
  model::User second = sample::user(8);
  second.domainId = id(Table::Domain, 2);
  second.deleted = true;
  site.apply({site.position() + 1, ConfigWrite::Kind::Insert, second});
  EXPECT_TRUE(isLastAdmin(site, *site.findUser(id(Table::User, 6))));
  second.deleted = false;
  site.apply({site.position() + 1, ConfigWrite::Kind::Update, second});
  EXPECT_FALSE(isLastAdmin(site, *site.findUser(id(Table::User, 6))));
}

TEST_F(CascadeTest, MetadataGoesWithItsParentAndOutlivesItsSchema) {
  const auto add = [this](model::Record record) {
    site.apply({site.position() + 1, ConfigWrite::Kind::Insert, std::move(record)});
  };
  add(sample::schema(1));
  int n = 0;
  for (const std::string& parent : {id(Table::System, 1), id(Table::Zone, 2), id(Table::User, 2)}) {
    model::Metadata metadata = sample::metadata(++n, parent);
    metadata.schemaId = id(Table::Schema, 1);
    add(metadata);
  }
  const auto has = [this](const Result<std::vector<ConfigWrite>>& plan, int number) {
    const Strings gone = erased(*plan);
    return std::count(gone.begin(), gone.end(), id(Table::Metadata, number)) == 1;
  };
  EXPECT_TRUE(has(planErase(site, Table::System, id(Table::System, 1)), 1));
  EXPECT_TRUE(has(planErase(site, Table::Zone, id(Table::Zone, 1)), 2)) << "of a child";
  EXPECT_TRUE(has(planErase(site, Table::User, id(Table::User, 2)), 3));
  const auto plan = planErase(site, Table::Schema, id(Table::Schema, 1));
  EXPECT_EQ(erased(*plan), Strings{id(Table::Schema, 1)});
  EXPECT_EQ(plan->size(), 4U);
  for (const ConfigWrite& write : *plan) {
    if (const auto* metadata = std::get_if<model::Metadata>(&write.record)) {
      EXPECT_EQ(metadata->schemaId, "");
    }
  }
}

TEST_F(CascadeTest, AbsentRowsAreNotFound) {
  for (size_t table = 0; table < std::variant_size_v<model::Record>; ++table) {
    const auto plan = planErase(site, static_cast<Table>(table), "nothing");
    ASSERT_FALSE(plan.ok());
    EXPECT_EQ(plan.error().code, ErrorCode::NotFound);
  }
}

TEST_F(CascadeTest, RemovingAModuleErasesItOnlyWhenNoOtherSystemHasIt) {
  const auto shared = planRemoveModule(site, id(Table::System, 1), id(Table::Module, 2));
  ASSERT_TRUE(shared.ok());
  EXPECT_TRUE(erased(*shared).empty());
  EXPECT_EQ(updated(*shared, 1).modules, (Strings{id(Table::Module, 1), id(Table::Module, 3)}));
  const auto alone = planRemoveModule(site, id(Table::System, 1), id(Table::Module, 1));
  ASSERT_TRUE(alone.ok());
  EXPECT_EQ(erased(*alone), (Strings{id(Table::Module, 1), id(Table::Settings, 1)}));
  EXPECT_FALSE(planRemoveModule(site, id(Table::System, 2), id(Table::Module, 1)).ok());
  EXPECT_FALSE(planRemoveModule(site, id(Table::System, 9), id(Table::Module, 1)).ok());
}

TEST_F(CascadeTest, InsertedLogicModuleJoinsItsSystem) {
  model::Module logic = sample::mod(4, 2);
  logic.controlSystemId = id(Table::System, 2);
  const auto plan = planInsertModule(site, logic);
  ASSERT_TRUE(plan.ok());
  ASSERT_EQ(plan->size(), 2u);
  EXPECT_EQ(plan->front().kind, ConfigWrite::Kind::Insert);
  EXPECT_EQ(updated(*plan, 2).modules, (Strings{id(Table::Module, 2), id(Table::Module, 4)}));
  EXPECT_EQ(updated(*plan, 2).version, 5);
  EXPECT_EQ(planInsertModule(site, sample::mod(5))->size(), 1u);
  logic.controlSystemId = id(Table::System, 9);
  EXPECT_EQ(planInsertModule(site, logic).error().field, "control_system_id");
}

}  // namespace
}  // namespace busbar
