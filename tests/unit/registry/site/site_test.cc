// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/site.h"

#include <gtest/gtest.h>

#include "tests/support/sample_records.h"

namespace busbar {
namespace {

using model::Table;
using Kind = ConfigWrite::Kind;

// A room with two displays and a mixer (a display driver's module under a custom name).
class SiteTest : public testing::Test {
 protected:
  SiteTest() {
    model::Module mixer = sample::mod(3);
    mixer.customName = "My_Mixer";
    model::System room = sample::system(1);
    room.modules = {id(Table::Module, 2), id(Table::Module, 3), id(Table::Module, 1)};
    room.zones = {id(Table::Zone, 1)};
    model::Zone child = sample::zone(2);
    child.parentId = id(Table::Zone, 1);
    site.reset({7,
                {sample::driver(1), sample::mod(1), sample::mod(2), mixer, room, sample::system(2),
                 sample::zone(1), child, sample::user(1), sample::apiKey(1),
                 sample::settings(2, room.id, "{}", model::EncryptionLevel::Admin),
                 sample::settings(3, room.id)}});
  }

  static std::string id(Table table, int n) { return sample::id(table, n); }
  std::string resolved(std::string_view slug, int system = 1) {
    const model::Module* mod = site.resolve(id(Table::System, system), slug);
    return mod == nullptr ? "" : mod->id;
  }
  void apply(Kind kind, model::Record record) {
    site.apply({site.position() + 1, kind, std::move(record)});
  }

  Site site;
};

TEST_F(SiteTest, FindsRowsByIdAndByUniqueMembers) {
  EXPECT_EQ(site.position(), 7u);
  EXPECT_EQ(site.findDriver(id(Table::Driver, 1))->name, "Driver 1");
  EXPECT_EQ(site.findDriver(id(Table::Driver, 2)), nullptr);
  EXPECT_EQ(site.modules().size(), 3u);
  EXPECT_EQ(site.modules()[1]->id, id(Table::Module, 2));
  EXPECT_TRUE(site.contains(Table::ApiKey, id(Table::ApiKey, 1)));
  EXPECT_FALSE(site.contains(Table::User, id(Table::ApiKey, 1)));
  EXPECT_EQ(site.findUserByEmail("", "user1@example.com")->id, id(Table::User, 1));
  EXPECT_EQ(site.findUserByEmail("", "nobody@example.com"), nullptr);
  EXPECT_EQ(site.findApiKeyByHash(sample::apiKey(1).secretHash)->id, id(Table::ApiKey, 1));
  EXPECT_EQ(site.findApiKeyByHash("00"), nullptr);
  EXPECT_EQ(site.findSystemByEmail("room2@example.com")->id, id(Table::System, 2));
}

TEST_F(SiteTest, ResolvesSlugsByNameAndPlaceInTheSystem) {
  EXPECT_EQ(resolved("Display_1"), id(Table::Module, 2));
  EXPECT_EQ(resolved("Display_2"), id(Table::Module, 1));
  EXPECT_EQ(resolved("Display"), id(Table::Module, 2));
  EXPECT_EQ(resolved("My_Mixer"), id(Table::Module, 3));
  EXPECT_EQ(resolved("My_Mixer_1"), id(Table::Module, 3));
  for (const char* absent : {"Display_3", "Display_0", "Display_-1", "Display_", "display_1", "",
                             "_1", "Mixer_1", "Display_99999999999999999999", "Display_1x"}) {
    EXPECT_EQ(resolved(absent), "") << absent;
  }
  EXPECT_EQ(resolved("Display_1", 2), "");
  EXPECT_EQ(resolved("Display_1", 9), "");
  EXPECT_EQ(site.namesOf(id(Table::System, 1))->at("Display").size(), 2u);
}

TEST_F(SiteTest, ResolutionFollowsEveryKindOfChange) {
  ASSERT_EQ(resolved("Display_1"), id(Table::Module, 2));
  model::System room = *site.findSystem(id(Table::System, 1));
  room.modules = {id(Table::Module, 1), id(Table::Module, 2)};
  apply(Kind::Update, room);
  EXPECT_EQ(resolved("Display_1"), id(Table::Module, 1));
  EXPECT_EQ(resolved("My_Mixer"), "");

  model::Module renamed = sample::mod(1);
  renamed.customName = "Screen";
  apply(Kind::Update, renamed);
  EXPECT_EQ(resolved("Display_1"), id(Table::Module, 2));
  EXPECT_EQ(resolved("Screen"), id(Table::Module, 1));

  model::Driver driver = sample::driver(1);
  driver.moduleName = "Panel";
  apply(Kind::Update, driver);
  EXPECT_EQ(resolved("Panel"), id(Table::Module, 2));
  EXPECT_EQ(resolved("Display"), "");

  apply(Kind::Erase, sample::mod(2));
  EXPECT_EQ(resolved("Panel"), "");
  apply(Kind::Erase, room);
  EXPECT_EQ(resolved("Screen"), "");
}

TEST_F(SiteTest, IndexesFollowChanges) {
  using Ids = Site::Ids;
  EXPECT_EQ(site.modulesOfDriver(id(Table::Driver, 1)).size(), 3u);
  EXPECT_EQ(site.systemsOfModule(id(Table::Module, 1)), Ids{id(Table::System, 1)});
  EXPECT_EQ(site.systemsOfZone(id(Table::Zone, 1)), Ids{id(Table::System, 1)});
  EXPECT_EQ(site.childrenOfZone(id(Table::Zone, 1)), Ids{id(Table::Zone, 2)});
  EXPECT_EQ(site.apiKeysOfUser(id(Table::User, 1)), Ids{id(Table::ApiKey, 1)});

  model::System second = sample::system(2);
  second.modules = {id(Table::Module, 1)};
  second.email = "moved@example.com";
  apply(Kind::Update, second);
  EXPECT_EQ(site.systemsOfModule(id(Table::Module, 1)),
            (Ids{id(Table::System, 1), id(Table::System, 2)}));
  EXPECT_EQ(site.findSystemByEmail("room2@example.com"), nullptr);
  apply(Kind::Erase, second);
  EXPECT_EQ(site.systemsOfModule(id(Table::Module, 1)), Ids{id(Table::System, 1)});

  model::Module logic = sample::mod(4);
  logic.controlSystemId = id(Table::System, 1);
  apply(Kind::Insert, logic);
  EXPECT_EQ(site.logicModulesOfSystem(id(Table::System, 1)), Ids{id(Table::Module, 4)});

  apply(Kind::Erase, sample::apiKey(1));
  EXPECT_EQ(site.findApiKeyByHash(sample::apiKey(1).secretHash), nullptr);
  EXPECT_TRUE(site.apiKeysOfUser(id(Table::User, 1)).empty());
  apply(Kind::Erase, sample::user(1));
  EXPECT_EQ(site.findUserByEmail("", "user1@example.com"), nullptr);
}

TEST_F(SiteTest, TheOldestDomainIsTheDefaultAndHostsChooseAmongThem) {
  EXPECT_EQ(site.defaultDomain(), nullptr);
  EXPECT_EQ(site.domainForHost("d1.example.com"), nullptr);
  EXPECT_EQ(site.domainIdOf(""), "");
  apply(Kind::Insert, sample::domain(2));
  apply(Kind::Insert, sample::domain(1));
  EXPECT_EQ(site.defaultDomain()->id, id(Table::Domain, 1));
  EXPECT_EQ(site.domainForHost("d2.example.com")->id, id(Table::Domain, 2));
  EXPECT_EQ(site.domainForHost("192.0.2.7")->id, id(Table::Domain, 1));
  EXPECT_EQ(site.findDomainByHost("192.0.2.7"), nullptr);
  model::Domain moved = sample::domain(2);
  moved.domain = "moved.example.com";
  apply(Kind::Update, moved);
  EXPECT_EQ(site.findDomainByHost("d2.example.com"), nullptr);
  EXPECT_EQ(site.findDomainByHost("moved.example.com")->id, moved.id);
  apply(Kind::Erase, sample::domain(1));
  EXPECT_EQ(site.defaultDomain()->id, moved.id);
}

TEST_F(SiteTest, UsersAreFoundInTheirDomainAndOldOnesInTheDefault) {
  apply(Kind::Insert, sample::domain(1));
  apply(Kind::Insert, sample::domain(2));
  model::User twin = sample::user(5);
  twin.domainId = id(Table::Domain, 2);
  twin.email = "user1@example.com";
  twin.loginName = "login1";
  twin.staffId = "staff1";
  apply(Kind::Insert, twin);
  for (const std::string& domain : {std::string(), id(Table::Domain, 1)}) {
    EXPECT_EQ(site.findUserByEmail(domain, "user1@example.com")->id, id(Table::User, 1));
    EXPECT_EQ(site.findUserByLoginName(domain, "login1")->id, id(Table::User, 1));
    EXPECT_EQ(site.findUserByStaffId(domain, "staff1")->id, id(Table::User, 1));
  }
  EXPECT_EQ(site.findUserByEmail(id(Table::Domain, 2), "user1@example.com")->id, twin.id);
  EXPECT_EQ(site.findUserByLoginName(id(Table::Domain, 2), "login1")->id, twin.id);
  EXPECT_EQ(site.findUserByStaffId(id(Table::Domain, 2), "staff1")->id, twin.id);
  EXPECT_EQ(site.usersOfDomain(id(Table::Domain, 1)).size(), 1u);
  EXPECT_EQ(site.usersOfDomain(id(Table::Domain, 2)).size(), 1u);
  twin.domainId = id(Table::Domain, 1);
  twin.email = "user5@example.com";
  twin.loginName.clear();
  twin.staffId.clear();
  apply(Kind::Update, twin);
  EXPECT_EQ(site.findUserByLoginName(id(Table::Domain, 2), "login1"), nullptr);
  EXPECT_EQ(site.findUserByStaffId(id(Table::Domain, 2), "staff1"), nullptr);
  EXPECT_EQ(site.usersOfDomain(id(Table::Domain, 1)).size(), 2u);
}

TEST_F(SiteTest, ApplicationsAndGroupsAreFoundByWhatTheyBelongTo) {
  model::Group child = sample::group(2);
  child.parentId = id(Table::Group, 1);
  for (const model::Record& record : std::vector<model::Record>{
           sample::domain(1), sample::oauthApp(1), sample::group(1), child,
           sample::groupUser(1, 2, 1), sample::groupZone(1, 1, 2), sample::groupInvitation(1, 2)}) {
    apply(Kind::Insert, record);
  }
  const std::string domain = id(Table::Domain, 1);
  EXPECT_EQ(site.findOauthAppByUid(domain, sample::oauthApp(1).uid)->id, id(Table::OauthApp, 1));
  EXPECT_EQ(site.findOauthAppByUid("", sample::oauthApp(1).uid)->id, id(Table::OauthApp, 1));
  EXPECT_EQ(site.findOauthAppByUid(id(Table::Domain, 2), sample::oauthApp(1).uid), nullptr);
  EXPECT_EQ(site.appsOfDomain(domain).size(), 1u);
  EXPECT_EQ(site.groupsOfDomain(domain).size(), 2u);
  EXPECT_EQ(site.childrenOfGroup(id(Table::Group, 1)), Site::Ids{child.id});
  EXPECT_EQ(site.findGroupUser(child.id, id(Table::User, 1))->id, id(Table::GroupUser, 1));
  EXPECT_EQ(site.usersOfGroup(child.id).size(), 1u);
  EXPECT_EQ(site.groupsOfUser(id(Table::User, 1)).size(), 1u);
  EXPECT_EQ(site.findGroupZone(id(Table::Group, 1), id(Table::Zone, 2))->id,
            id(Table::GroupZone, 1));
  EXPECT_EQ(site.zonesOfGroup(id(Table::Group, 1)).size(), 1u);
  EXPECT_EQ(site.groupsOfZone(id(Table::Zone, 2)).size(), 1u);
  EXPECT_EQ(site.invitationsOfGroup(child.id).size(), 1u);
  for (const model::Record& record :
       std::vector<model::Record>{sample::oauthApp(1), child, sample::groupUser(1, 2, 1),
                                  sample::groupZone(1, 1, 2), sample::groupInvitation(1, 2)}) {
    apply(Kind::Erase, record);
  }
  EXPECT_EQ(site.findOauthAppByUid(domain, sample::oauthApp(1).uid), nullptr);
  EXPECT_TRUE(site.childrenOfGroup(id(Table::Group, 1)).empty());
  EXPECT_EQ(site.findGroupUser(child.id, id(Table::User, 1)), nullptr);
  EXPECT_EQ(site.findGroupZone(id(Table::Group, 1), id(Table::Zone, 2)), nullptr);
  EXPECT_TRUE(site.groupsOfUser(id(Table::User, 1)).empty());
  EXPECT_TRUE(site.groupsOfZone(id(Table::Zone, 2)).empty());
  EXPECT_TRUE(site.invitationsOfGroup(child.id).empty());
}

TEST_F(SiteTest, TriggersAreFoundByWhatTheyConcern) {
  const auto only = [](const Site::Ids& ids) { return ids.size() == 1 ? *ids.begin() : ""; };
  model::Trigger owned = sample::trigger(1);
  owned.controlSystemId = id(Table::System, 2);
  model::Zone zone = sample::zone(5);
  zone.triggers = {owned.id};
  model::TriggerInstance instance = sample::triggerInstance(1, 1, 1);
  instance.zoneId = zone.id;
  for (const model::Record& record : std::vector<model::Record>{owned, zone, instance}) {
    apply(Kind::Insert, record);
  }
  EXPECT_EQ(site.triggers().size(), 1u);
  EXPECT_EQ(site.triggerInstances().size(), 1u);
  EXPECT_EQ(only(site.instancesOfTrigger(owned.id)), instance.id);
  EXPECT_EQ(only(site.instancesOfSystem(id(Table::System, 1))), instance.id);
  EXPECT_EQ(only(site.instancesOfZone(zone.id)), instance.id);
  EXPECT_EQ(only(site.triggersOfSystem(id(Table::System, 2))), owned.id);
  EXPECT_EQ(only(site.zonesOfTrigger(owned.id)), zone.id);
  EXPECT_TRUE(site.contains(Table::Trigger, owned.id));
  EXPECT_TRUE(site.contains(Table::TriggerInstance, instance.id));
  zone.triggers.clear();
  apply(Kind::Update, zone);
  apply(Kind::Erase, instance);
  apply(Kind::Erase, owned);
  EXPECT_TRUE(site.zonesOfTrigger(owned.id).empty());
  EXPECT_TRUE(site.instancesOfTrigger(owned.id).empty());
  EXPECT_TRUE(site.instancesOfSystem(id(Table::System, 1)).empty());
  EXPECT_TRUE(site.instancesOfZone(zone.id).empty());
  EXPECT_TRUE(site.triggersOfSystem(id(Table::System, 2)).empty());
  EXPECT_EQ(site.findTrigger(owned.id), nullptr);
  EXPECT_EQ(site.findTriggerInstance(instance.id), nullptr);
}

TEST_F(SiteTest, SettingsOfAParentComeByLevel) {
  const auto settings = site.settingsOf(id(Table::System, 1));
  ASSERT_EQ(settings.size(), 2u);
  EXPECT_EQ(settings[0]->level, model::EncryptionLevel::None);
  EXPECT_EQ(settings[1]->level, model::EncryptionLevel::Admin);
  EXPECT_TRUE(site.settingsOf(id(Table::System, 2)).empty());
}

TEST_F(SiteTest, MetadataOfAParentComesByName) {
  const std::string room = id(Table::System, 1);
  model::Metadata b = sample::metadata(1, room);
  b.name = "b";
  model::Metadata a = sample::metadata(2, room);
  a.name = "a";
  apply(Kind::Insert, b);
  apply(Kind::Insert, a);
  ASSERT_EQ(site.metadataOf(room).size(), 2U);
  EXPECT_EQ(site.metadataOf(room).front()->id, a.id);
  EXPECT_EQ(site.findMetadata(room, "b")->id, b.id);
  EXPECT_EQ(site.findMetadata(room, "c"), nullptr);
  b.name = "c";
  apply(Kind::Update, b);
  EXPECT_EQ(site.findMetadata(room, "c")->id, b.id);
  apply(Kind::Erase, a);
  EXPECT_EQ(site.metadataOf(room).size(), 1U);
  EXPECT_TRUE(site.metadataOf(id(Table::Zone, 1)).empty());
}

TEST_F(SiteTest, ListenersSeeTheChangeAndWhatWasBefore) {
  std::vector<std::string> seen;
  auto subscription =
      site.subscribe([this, &seen](const ConfigChange& change, const model::Record* before) {
        const auto& zone = std::get<model::Zone>(change.record);
        seen.push_back((before == nullptr ? "-" : std::get<model::Zone>(*before).name) + ">" +
                       zone.name + "@" + std::to_string(site.position()));
      });
  model::Zone zone = sample::zone(5);
  apply(Kind::Insert, zone);
  zone.name = "renamed";
  apply(Kind::Update, zone);
  apply(Kind::Erase, zone);
  subscription = Site::Subscription();
  apply(Kind::Insert, zone);
  EXPECT_EQ(seen,
            (std::vector<std::string>{"->Zone 5@8", "Zone 5>renamed@9", "renamed>renamed@10"}));
}

TEST_F(SiteTest, AListenerMayEndItselfAndOthers) {
  int calls = 0;
  Site::Subscription second;
  Site::Subscription first = site.subscribe([&](const ConfigChange&, const model::Record*) {
    ++calls;
    second = Site::Subscription();
    first = Site::Subscription();
  });
  second = site.subscribe([&](const ConfigChange&, const model::Record*) { calls += 100; });
  apply(Kind::Insert, sample::zone(6));
  apply(Kind::Insert, sample::zone(7));
  EXPECT_EQ(calls, 1);
}

TEST_F(SiteTest, ResetReplacesEverythingButTheListeners) {
  int calls = 0;
  auto subscription = site.subscribe([&](const ConfigChange&, const model::Record*) { ++calls; });
  site.reset({9, {sample::zone(1)}});
  EXPECT_EQ(site.position(), 9u);
  EXPECT_EQ(site.zones().size(), 1u);
  EXPECT_TRUE(site.modules().empty());
  EXPECT_EQ(resolved("Display_1"), "");
  EXPECT_EQ(calls, 0);
  apply(Kind::Insert, sample::zone(2));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace busbar
