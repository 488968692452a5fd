// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/config_store_contract.h"

#include <utility>

#include "tests/support/sample_records.h"

namespace busbar {

using model::Table;
using Strings = std::vector<std::string>;

ConfigStoreContract::ConfigStoreContract()
    : loop_(std::move(*EventLoop::create(clock_))), backend_(GetParam()()) {
  reopen();
}

void ConfigStoreContract::reopen() {
  store_.reset();
  store_ = backend_->open(*loop_);
}

Result<ConfigStoreContract::Changes> ConfigStoreContract::apply(std::vector<ConfigWrite> writes) {
  return await<Changes>(*loop_, [&](auto done) {
    store_->apply(std::move(writes), {sample::id(Table::User), ""}, soon(), std::move(done));
  });
}

model::Record ConfigStoreContract::put(ConfigWrite::Kind kind, model::Record record) {
  auto changes = apply({{kind, std::move(record)}});
  EXPECT_TRUE(changes.ok()) << changes.error().message;
  return changes.ok() ? changes->at(0).record : model::Record();
}

Error ConfigStoreContract::refused(std::vector<ConfigWrite> writes) {
  const auto before = load();
  const auto changes = apply(std::move(writes));
  EXPECT_FALSE(changes.ok());
  const auto after = load();
  EXPECT_EQ(after.position, before.position) << "a refused transaction takes no position";
  EXPECT_EQ(after.records, before.records) << "a refused transaction changes nothing";
  return changes.ok() ? Error() : changes.error();
}

ConfigSnapshot ConfigStoreContract::load() {
  auto snapshot =
      await<ConfigSnapshot>(*loop_, [this](auto done) { store_->load(soon(), std::move(done)); });
  EXPECT_TRUE(snapshot.ok()) << snapshot.error().message;
  return snapshot.ok() ? std::move(*snapshot) : ConfigSnapshot();
}

std::unique_ptr<model::Record> ConfigStoreContract::stored(const std::string& id) {
  for (model::Record& record : load().records) {
    if (model::commonOf(record).id == id) {
      return std::make_unique<model::Record>(std::move(record));
    }
  }
  return nullptr;
}

TEST_P(ConfigStoreContract, StartsEmptyAtPositionZero) {
  EXPECT_EQ(load().position, 0u);
  EXPECT_TRUE(load().records.empty());
}

TEST_P(ConfigStoreContract, EveryKindOfRowComesBackAsStored) {
  model::Module logic = sample::mod(2);
  logic.controlSystemId = sample::id(Table::System);
  model::Zone child = sample::zone(2);
  child.parentId = sample::id(Table::Zone, 1);
  model::System system = sample::system();
  system.zones = {sample::id(Table::Zone, 2), sample::id(Table::Zone, 1)};
  system.modules = {sample::id(Table::Module, 2), sample::id(Table::Module, 1)};
  const auto changes = apply({{kInsert, sample::driver()},
                              {kInsert, sample::mod(1)},
                              {kInsert, logic},
                              {kInsert, system},
                              {kInsert, sample::zone(1)},
                              {kInsert, child},
                              {kInsert, sample::user()},
                              {kInsert, sample::apiKey()},
                              {kInsert, sample::domain()},
                              {kInsert, sample::oauthApp()},
                              {kInsert, sample::group()},
                              {kInsert, sample::groupUser()},
                              {kInsert, sample::groupZone()},
                              {kInsert, sample::metadata(1, sample::id(Table::User))},
                              {kInsert, sample::schema()},
                              {kInsert, sample::settings(1, system.id)},
                              {kInsert, sample::settings(2, child.id, "password: geheim",
                                                         model::EncryptionLevel::NeverDisplay)}});
  ASSERT_TRUE(changes.ok()) << changes.error().message;
  ASSERT_EQ(changes->size(), 17u);
  for (const ConfigChange& change : *changes) {
    EXPECT_EQ(change.position, 1u);
    EXPECT_EQ(model::commonOf(change.record).revision, 1);
    EXPECT_GT(model::commonOf(change.record).createdAt, 1'600'000'000);
    EXPECT_EQ(model::commonOf(change.record).updatedAt, model::commonOf(change.record).createdAt);
  }
  for (int pass = 0; pass < 2; ++pass) {
    const auto snapshot = load();
    EXPECT_EQ(snapshot.position, 1u);
    EXPECT_EQ(snapshot.records.size(), 17u);
    for (const ConfigChange& change : *changes) {
      const auto row = stored(model::commonOf(change.record).id);
      ASSERT_NE(row, nullptr);
      EXPECT_EQ(*row, change.record);
    }
    reopen();
  }
}

TEST_P(ConfigStoreContract, UpdateRaisesTheRevisionAndKeepsTheTimeOfCreation) {
  model::Zone zone = insert(sample::zone());
  zone.name = "Renamed";
  zone.createdAt = 5;
  const auto updated = std::get<model::Zone>(put(kUpdate, zone));
  EXPECT_EQ(updated.revision, 2);
  EXPECT_EQ(updated.name, "Renamed");
  EXPECT_GT(updated.createdAt, 1'600'000'000);
  EXPECT_EQ(load().position, 2u);
}

TEST_P(ConfigStoreContract, UpdateOfAnotherRevisionIsAborted) {
  model::Zone zone = insert(sample::zone());
  const model::Zone stale = zone;
  put(kUpdate, zone);
  for (const int64_t revision : {int64_t{0}, stale.revision, int64_t{3}}) {
    model::Zone wrong = stale;
    wrong.revision = revision;
    EXPECT_EQ(refused({{kUpdate, wrong}}).code, ErrorCode::Aborted) << revision;
  }
}

TEST_P(ConfigStoreContract, UpdateAndEraseOfAnAbsentRowAreNotFound) {
  EXPECT_EQ(refused({{kUpdate, sample::zone()}}).code, ErrorCode::NotFound);
  EXPECT_EQ(refused({{kErase, sample::user()}}).code, ErrorCode::NotFound);
}

TEST_P(ConfigStoreContract, EraseNeedsOnlyTheIdAndAnswersTheRowAsItWas) {
  const model::Zone zone = insert(sample::zone());
  model::Zone onlyId;
  onlyId.id = zone.id;
  EXPECT_EQ(put(kErase, onlyId), model::Record(zone));
  EXPECT_EQ(stored(zone.id), nullptr);
  insert(sample::zone());
}

TEST_P(ConfigStoreContract, ATransactionHappensWhollyOrNotAtAll) {
  const model::Zone kept = insert(sample::zone(1));
  EXPECT_EQ(refused({{kInsert, sample::zone(2)}, {kErase, kept}, {kErase, sample::zone(3)}}).code,
            ErrorCode::NotFound);
  reopen();
  EXPECT_NE(stored(kept.id), nullptr);
  EXPECT_EQ(stored(sample::zone(2).id), nullptr);
}

TEST_P(ConfigStoreContract, UniqueMembersAreNamedWhenTaken) {
  ASSERT_TRUE(apply({{kInsert, sample::zone(1)},
                     {kInsert, sample::system(1)},
                     {kInsert, sample::user(1)},
                     {kInsert, sample::apiKey(1)},
                     {kInsert, sample::settings(1, sample::id(Table::Zone, 1))}})
                  .ok());
  model::Zone zone = sample::zone(2);
  zone.name = sample::zone(1).name;
  model::System system = sample::system(2);
  system.name = sample::system(1).name;
  model::User user = sample::user(2);
  user.email = sample::user(1).email;
  model::ApiKey key = sample::apiKey(2);
  key.name = sample::apiKey(1).name;
  model::ApiKey hash = sample::apiKey(2);
  hash.secretHash = sample::apiKey(1).secretHash;
  const model::Settings level = sample::settings(2, sample::id(Table::Zone, 1));
  const std::pair<model::Record, const char*> cases[] = {
      {zone, "name"},        {system, "name"},     {user, "email"},        {key, "name"},
      {hash, "secret_hash"}, {level, "parent_id"}, {sample::zone(1), "id"}};
  for (const auto& [record, field] : cases) {
    const Error error = refused({{kInsert, record}});
    EXPECT_EQ(error.code, ErrorCode::AlreadyExists) << field;
    EXPECT_EQ(error.field, field);
  }
  // The other level of the same parent is free, and so is a name once its owner is gone.
  insert(sample::settings(2, sample::id(Table::Zone, 1), "{}", model::EncryptionLevel::Support));
  put(kErase, sample::system(1));
  insert(system);
  // Update is held to the same.
  model::Zone other = insert(sample::zone(2));
  other.name = sample::zone(1).name;
  EXPECT_EQ(refused({{kUpdate, other}}).field, "name");
}

TEST_P(ConfigStoreContract, UniqueMembersOfPeopleHoldWithinTheirDomain) {
  ASSERT_TRUE(apply({{kInsert, sample::domain(1)},
                     {kInsert, sample::domain(2)},
                     {kInsert, sample::user(1)},
                     {kInsert, sample::apiKey(1)},
                     {kInsert, sample::oauthApp(1)},
                     {kInsert, sample::group(1)},
                     {kInsert, sample::zone(1)},
                     {kInsert, sample::groupUser(1)},
                     {kInsert, sample::groupZone(1)},
                     {kInsert, sample::groupInvitation(1)}})
                  .ok());
  model::Domain domain = sample::domain(3);
  domain.domain = sample::domain(1).domain;
  model::User login = sample::user(2);
  login.loginName = sample::user(1).loginName;
  model::User staff = sample::user(2);
  staff.staffId = sample::user(1).staffId;
  model::OauthApp name = sample::oauthApp(2);
  name.name = sample::oauthApp(1).name;
  model::OauthApp uid = sample::oauthApp(2);
  uid.uid = sample::oauthApp(1).uid;
  model::OauthApp redirect = sample::oauthApp(2);
  redirect.redirectUri = sample::oauthApp(1).redirectUri;
  model::Group group = sample::group(2);
  group.name = sample::group(1).name;
  const std::pair<model::Record, const char*> cases[] = {{domain, "domain"},
                                                         {login, "login_name"},
                                                         {staff, "staff_id"},
                                                         {name, "name"},
                                                         {uid, "uid"},
                                                         {redirect, "redirect_uri"},
                                                         {group, "name"},
                                                         {sample::groupUser(2), "user_id"},
                                                         {sample::groupZone(2), "zone_id"},
                                                         {sample::groupInvitation(2), "email"}};
  for (const auto& [record, field] : cases) {
    const Error error = refused({{kInsert, record}});
    EXPECT_EQ(error.code, ErrorCode::AlreadyExists) << field;
    EXPECT_EQ(error.field, field);
  }
  // Free in another domain, under another parent, and, where it may be absent, absent twice.
  model::User twin = sample::user(1);
  twin.id = sample::id(Table::User, 9);
  twin.domainId = sample::id(Table::Domain, 2);
  insert(twin);
  model::ApiKey key = sample::apiKey(2, 9);
  key.name = sample::apiKey(1).name;
  insert(key);
  model::ApiKey second = sample::apiKey(3, 9);
  second.name = key.name;
  EXPECT_EQ(refused({{kInsert, second}}).field, "name");
  model::User bare = sample::user(10);
  bare.loginName.clear();
  bare.staffId.clear();
  insert(bare);
  bare.id = sample::id(Table::User, 11);
  bare.email = "bare@example.com";
  insert(bare);
  model::OauthApp app = sample::oauthApp(1, 2);
  app.id = sample::id(Table::OauthApp, 9);
  insert(app);
  model::Group child = sample::group(3);
  child.name = sample::group(1).name;
  child.parentId = sample::id(Table::Group, 1);
  insert(child);
}

TEST_P(ConfigStoreContract, PeopleReferToRowsThatExistAndKeepThem) {
  model::User lost = sample::user(2);
  lost.domainId = sample::id(Table::Domain, 9);
  model::Group orphan = sample::group(2);
  orphan.parentId = sample::id(Table::Group, 9);
  model::Group child = sample::group(3);
  child.parentId = sample::id(Table::Group, 1);
  model::User member = sample::user(1);
  member.domainId = sample::id(Table::Domain, 1);
  ASSERT_TRUE(apply({{kInsert, sample::domain(1)},
                     {kInsert, member},
                     {kInsert, sample::group(1)},
                     {kInsert, sample::zone(1)}})
                  .ok());
  const std::pair<model::Record, const char*> absent[] = {
      {lost, "authority_id"},
      {orphan, "parent_id"},
      {sample::group(4, 9), "authority_id"},
      {sample::oauthApp(1, 9), "owner_id"},
      {sample::groupUser(1, 9, 1), "group_id"},
      {sample::groupUser(1, 1, 9), "user_id"},
      {sample::groupZone(1, 9, 1), "group_id"},
      {sample::groupZone(1, 1, 9), "zone_id"},
      {sample::groupInvitation(1, 9), "group_id"}};
  for (const auto& [record, field] : absent) {
    EXPECT_EQ(refused({{kInsert, record}}).field, field);
  }
  ASSERT_TRUE(apply({{kInsert, child},
                     {kInsert, sample::groupUser(1, 3, 1)},
                     {kInsert, sample::groupZone(1, 3, 1)}})
                  .ok());
  const std::pair<model::Record, const char*> kept[] = {{sample::domain(1), "authority_id"},
                                                        {sample::group(1), "parent_id"},
                                                        {child, "group_id"},
                                                        {member, "user_id"},
                                                        {sample::zone(1), "zone_id"}};
  for (const auto& [record, field] : kept) {
    EXPECT_EQ(refused({{kErase, record}}).field, field);
  }
  ASSERT_TRUE(apply({{kInsert, sample::group(5)}, {kInsert, sample::groupInvitation(1, 5)}}).ok());
  EXPECT_EQ(refused({{kErase, sample::group(5)}}).field, "group_id");
  ASSERT_TRUE(apply({{kErase, sample::group(5)}, {kErase, sample::groupInvitation(1, 5)}}).ok());
}

TEST_P(ConfigStoreContract, ReferencesToAbsentRowsAreNamed) {
  model::Module logic = sample::mod(2);
  logic.controlSystemId = sample::id(Table::System, 9);
  model::System withZone = sample::system();
  withZone.zones = {sample::id(Table::Zone, 9)};
  model::System withModule = sample::system();
  withModule.modules = {sample::id(Table::Module, 9)};
  model::Zone child = sample::zone();
  child.parentId = sample::id(Table::Zone, 9);
  model::Zone withTrigger = sample::zone();
  withTrigger.triggers = {sample::id(Table::Trigger, 9)};
  model::Trigger owned = sample::trigger();
  owned.controlSystemId = sample::id(Table::System, 9);
  model::TriggerInstance ofZone = sample::triggerInstance(1, 5, 5);
  ofZone.zoneId = sample::id(Table::Zone, 9);
  insert(sample::driver());
  insert(sample::system(5));
  insert(sample::trigger(5));
  const std::pair<model::Record, const char*> cases[] = {
      {withTrigger, "triggers"},
      {owned, "control_system_id"},
      {ofZone, "zone_id"},
      {sample::triggerInstance(1, 9, 5), "trigger_id"},
      {sample::triggerInstance(1, 5, 9), "control_system_id"},
      {sample::mod(1, 9), "driver_id"},
      {logic, "control_system_id"},
      {withZone, "zones"},
      {withModule, "modules"},
      {child, "parent_id"},
      {sample::apiKey(), "user_id"},
      {sample::settings(1, sample::id(Table::Module, 9)), "parent_id"},
      {sample::settings(1, "nonsense"), "parent_id"}};
  for (const auto& [record, field] : cases) {
    const Error error = refused({{kInsert, record}});
    EXPECT_EQ(error.code, ErrorCode::InvalidArgument) << field;
    EXPECT_EQ(error.field, field);
  }
}

TEST_P(ConfigStoreContract, WritesOfOneTransactionMayReferForwardAndBack) {
  model::System system = sample::system();
  system.modules = {sample::id(Table::Module)};
  ASSERT_TRUE(apply({{kInsert, sample::settings(1, system.id)},
                     {kInsert, system},
                     {kInsert, sample::mod()},
                     {kInsert, sample::driver()}})
                  .ok());
  const auto gone = apply({{kErase, sample::driver()},
                           {kErase, system},
                           {kErase, sample::mod()},
                           {kErase, sample::settings(1, system.id)}});
  ASSERT_TRUE(gone.ok()) << gone.error().message;
  EXPECT_TRUE(load().records.empty());
}

TEST_P(ConfigStoreContract, ARowThatOthersReferToCannotBeErased) {
  model::Module logic = sample::mod(2);
  logic.controlSystemId = sample::id(Table::System, 1);
  model::Zone child = sample::zone(2);
  child.parentId = sample::id(Table::Zone, 1);
  model::System listing = sample::system(2);
  listing.modules = {sample::id(Table::Module, 1)};
  listing.zones = {sample::id(Table::Zone, 2)};
  ASSERT_TRUE(apply({{kInsert, sample::driver()},
                     {kInsert, sample::mod(1)},
                     {kInsert, logic},
                     {kInsert, sample::system(1)},
                     {kInsert, listing},
                     {kInsert, sample::zone(1)},
                     {kInsert, child},
                     {kInsert, sample::user()},
                     {kInsert, sample::apiKey()},
                     {kInsert, sample::driver(2)},
                     {kInsert, sample::settings(1, sample::id(Table::Driver, 2))}})
                  .ok());
  const std::pair<model::Record, const char*> cases[] = {
      {sample::driver(), "driver_id"}, {sample::system(1), "control_system_id"},
      {sample::mod(1), "modules"},     {child, "zones"},
      {sample::zone(1), "parent_id"},  {sample::user(), "user_id"},
      {sample::driver(2), "parent_id"}};
  for (const auto& [record, field] : cases) {
    const Error error = refused({{kErase, record}});
    EXPECT_EQ(error.code, ErrorCode::InvalidArgument) << field;
    EXPECT_EQ(error.field, field);
  }
}

TEST_P(ConfigStoreContract, ATriggerAtWorkHoldsWhatItNames) {
  model::Zone zone = sample::zone(1);
  zone.triggers = {sample::id(Table::Trigger, 1)};
  model::Zone maker = sample::zone(2);
  model::TriggerInstance instance = sample::triggerInstance();
  instance.zoneId = maker.id;
  model::Trigger owned = sample::trigger(2);
  owned.controlSystemId = sample::id(Table::System, 2);
  ASSERT_TRUE(apply({{kInsert, zone},
                     {kInsert, maker},
                     {kInsert, instance},
                     {kInsert, owned},
                     {kInsert, sample::trigger(1)},
                     {kInsert, sample::trigger(3)},
                     {kInsert, sample::triggerInstance(2, 3, 1)},
                     {kInsert, sample::system(1)},
                     {kInsert, sample::system(2)}})
                  .ok());
  const std::pair<model::Record, const char*> cases[] = {{sample::trigger(1), "trigger_id"},
                                                         {sample::trigger(3), "trigger_id"},
                                                         {maker, "zone_id"},
                                                         {sample::system(1), "control_system_id"},
                                                         {sample::system(2), "control_system_id"}};
  for (const auto& [record, field] : cases) {
    EXPECT_EQ(refused({{kErase, record}}).field, field) << model::commonOf(record).id;
  }
  put(kErase, instance);
  EXPECT_EQ(refused({{kErase, sample::trigger(1)}}).field, "triggers");
  zone = std::get<model::Zone>(*stored(zone.id));
  zone.triggers.clear();
  put(kUpdate, zone);
  put(kErase, sample::trigger(1));
  put(kErase, maker);
}

TEST_P(ConfigStoreContract, AZoneMakesAnInstanceOnceAndPeopleAnyNumber) {
  insert(sample::zone());
  insert(sample::system());
  insert(sample::trigger());
  insert(sample::triggerInstance(1));
  insert(sample::triggerInstance(2));
  model::TriggerInstance ofZone = sample::triggerInstance(3);
  ofZone.zoneId = sample::id(Table::Zone);
  EXPECT_EQ(insert(ofZone).webhookSecret, ofZone.webhookSecret);
  ofZone.id = sample::id(Table::TriggerInstance, 4);
  EXPECT_EQ(refused({{kInsert, ofZone}}).code, ErrorCode::AlreadyExists);
}

TEST_P(ConfigStoreContract, WatchTellsEveryChangeInOrderBeforeItsCompletion) {
  insert(sample::zone(1));
  Strings seen;
  store_->watch(load().position, [&seen](const ConfigChange& change) {
    seen.push_back(std::to_string(change.position) + model::commonOf(change.record).id.back());
  });
  ASSERT_TRUE(apply({{kInsert, sample::zone(2)}, {kInsert, sample::zone(3)}}).ok());
  EXPECT_EQ(seen, (Strings{"22", "23"})) << "told before the completion ran";
  model::Zone zone = std::get<model::Zone>(*stored(sample::zone(2).id));
  put(kUpdate, zone);
  put(kErase, zone);
  refused({{kErase, zone}});
  EXPECT_EQ(seen, (Strings{"22", "23", "32", "42"}));
}

TEST_P(ConfigStoreContract, WatchFromAnEarlierPositionReplaysTheLogWithoutGapOrRepeat) {
  insert(sample::zone(1));
  insert(sample::zone(2));
  put(kErase, sample::zone(1));
  reopen();
  std::vector<uint64_t> positions;
  std::vector<ConfigWrite::Kind> kinds;
  store_->watch(1, [&](const ConfigChange& change) {
    positions.push_back(change.position);
    kinds.push_back(change.kind);
  });
  // Applied while the replay is still on its way.
  int completed = 0;
  for (int n = 3; n < 6; ++n) {
    store_->apply({{kInsert, sample::zone(n)}}, {}, soon(), [&completed](Result<Changes> changes) {
      EXPECT_TRUE(changes.ok());
      ++completed;
    });
  }
  ASSERT_TRUE(runUntil(*loop_, [&] { return completed == 3; }));
  EXPECT_EQ(positions, (std::vector<uint64_t>{2, 3, 4, 5, 6}));
  EXPECT_EQ(kinds, (std::vector<ConfigWrite::Kind>{kInsert, kErase, kInsert, kInsert, kInsert}));
}

TEST_P(ConfigStoreContract, LoggedChangesCarryTheWholeRowAlsoItsSecrets) {
  model::Settings secret =
      sample::settings(1, sample::id(Table::Zone), "{}", model::EncryptionLevel::Admin);
  secret.text = "password: \xC3\xA4 geheim";
  insert(sample::zone());
  const model::Settings kept = insert(secret);
  reopen();
  std::vector<ConfigChange> seen;
  store_->watch(1, [&seen](const ConfigChange& change) { seen.push_back(change); });
  ASSERT_TRUE(runUntil(*loop_, [&] { return !seen.empty(); }));
  EXPECT_EQ(seen[0].record, model::Record(kept));
}

TEST_P(ConfigStoreContract, GenerationsRiseAlsoAcrossReopening) {
  const auto next = [this] {
    auto generation = await<uint64_t>(
        *loop_, [this](auto done) { store_->nextGeneration(soon(), std::move(done)); });
    EXPECT_TRUE(generation.ok());
    return generation.ok() ? *generation : 0;
  };
  EXPECT_EQ(next(), 1u);
  EXPECT_EQ(next(), 2u);
  reopen();
  EXPECT_EQ(next(), 3u);
}

TEST_P(ConfigStoreContract, SettingsHistoryKeepsTwentyEarlierVersionsNewestFirst) {
  const auto history = [this](const std::string& id) {
    return await<std::vector<model::Settings>>(
        *loop_, [&](auto done) { store_->settingsHistory(id, soon(), std::move(done)); });
  };
  insert(sample::zone());
  model::Settings settings = insert(
      sample::settings(1, sample::id(Table::Zone), "version 1", model::EncryptionLevel::Admin));
  EXPECT_TRUE(history(settings.id)->empty());
  for (int n = 2; n <= 25; ++n) {
    settings.text = "version " + std::to_string(n);
    settings = std::get<model::Settings>(put(kUpdate, settings));
  }
  reopen();
  const auto versions = history(settings.id);
  ASSERT_TRUE(versions.ok());
  ASSERT_EQ(versions->size(), 20u);
  EXPECT_EQ(versions->front().text, "version 24");
  EXPECT_EQ(versions->front().revision, 24);
  EXPECT_EQ(versions->back().text, "version 5");
  put(kErase, settings);
  EXPECT_EQ(history(settings.id).error().code, ErrorCode::NotFound);
}

TEST_P(ConfigStoreContract, APassedDeadlineCompletesOnceAndWritesNothing) {
  const auto late = await<Changes>(*loop_, [this](auto done) {
    store_->apply({{kInsert, sample::zone()}}, {}, BootClock::now(), std::move(done));
  });
  ASSERT_FALSE(late.ok());
  EXPECT_EQ(late.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_TRUE(load().records.empty());
}

TEST_P(ConfigStoreContract, NoCompletionRunsAfterTheStoreIsGone) {
  int completions = 0;
  store_->apply({{kInsert, sample::zone()}}, {}, soon(), [&](Result<Changes>) { ++completions; });
  store_->load(soon(), [&](Result<ConfigSnapshot>) { ++completions; });
  store_.reset();
  for (int i = 0; i < 10; ++i) {
    loop_->runOnce(Milliseconds(0));
  }
  EXPECT_EQ(completions, 0);
}

}  // namespace busbar
