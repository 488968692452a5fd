// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/search.h"

#include <gtest/gtest.h>

#include "registry/store/migrations.h"
#include "registry/store/sqlite_config_store.h"
#include "tests/support/await.h"
#include "tests/support/sample_records.h"
#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

using model::Table;
using Kind = ConfigWrite::Kind;
using Ids = std::vector<std::string>;

class SearchTest : public testing::Test {
 protected:
  SearchTest() {
    auto store = SqliteConfigStore::open(
        *loop_, {dir_.file("busbar.db"), dir_.file("secret.key"), "", 64, 10'000});
    EXPECT_TRUE(store.ok());
    store_ = std::move(*store);
    auto search = Search::open(*loop_, dir_.file("busbar.db"));
    EXPECT_TRUE(search.ok()) << search.error().message;
    search_ = std::move(*search);
  }

  void write(Kind kind, model::Record record) {
    auto done = await<std::vector<ConfigChange>>(*loop_, [&](auto finished) {
      store_->apply({{kind, std::move(record)}}, {}, Instant::max(), std::move(finished));
    });
    ASSERT_TRUE(done.ok()) << done.error().message;
  }
  Result<Search::Hits> tryFind(Table table, const std::string& text) {
    return await<Search::Hits>(*loop_, [&](auto done) {
      search_->find(table, toSearchQuery(text), Instant::max(), std::move(done));
    });
  }
  Ids find(Table table, const std::string& text) {
    auto hits = tryFind(table, text);
    EXPECT_TRUE(hits.ok()) << text << ": " << hits.error().message;
    Ids ids;
    for (const Search::Hit& hit : hits.ok() ? **hits : std::vector<Search::Hit>()) {
      ids.push_back(hit.id);
    }
    return ids;
  }
  model::Zone zone(int n, const std::string& name, const std::string& description = {}) {
    model::Zone row;
    row.id = sample::id(Table::Zone, n);
    row.name = name;
    row.description = description;
    return row;
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  test::TempDir dir_;
  std::unique_ptr<SqliteConfigStore> store_;
  std::unique_ptr<Search> search_;
};

TEST_F(SearchTest, FindsWholeWordsAndTheLastAsAPrefix) {
  write(Kind::Insert, zone(1, "Conference Room", "with a view"));
  write(Kind::Insert, zone(2, "Büro Äußerst", "call bob.smith@example.com"));
  write(Kind::Insert, zone(3, "Lab-3", "10.0.0.7"));
  const std::string one = sample::id(Table::Zone, 1);
  const std::string two = sample::id(Table::Zone, 2);
  const std::string three = sample::id(Table::Zone, 3);
  struct Row {
    const char* text;
    Ids ids;
  };
  for (const Row& row : std::vector<Row>{{"room", {one}},
                                         {"ROOM", {one}},
                                         {"conf", {one}},
                                         {"conf lab", {three}},
                                         {"oom", {}},
                                         {"buro", {two}},
                                         {"BÜRO", {two}},
                                         {"bob.smith@example.com", {two}},
                                         {"alice.smith@example.com", {}},
                                         {"smith", {two}},
                                         {"lab-3", {three}},
                                         {"10.0.0.7", {three}},
                                         {"10.0.0.8", {}},
                                         {three.c_str(), {three}},
                                         {"name:room AND \"view\"*", {one}},
                                         {"— …", {}}}) {
    EXPECT_EQ(find(Table::Zone, row.text), row.ids) << row.text;
  }
}

TEST_F(SearchTest, RanksTheNameBeforeTheRestAndEqualsById) {
  write(Kind::Insert, zone(1, "Roof", "above the kitchen"));
  write(Kind::Insert, zone(2, "Kitchen", "under the roof"));
  write(Kind::Insert, zone(3, "Zimmer B"));
  write(Kind::Insert, zone(4, "Zimmer A"));
  EXPECT_EQ(find(Table::Zone, "kitchen"),
            (Ids{sample::id(Table::Zone, 2), sample::id(Table::Zone, 1)}));
  EXPECT_EQ(find(Table::Zone, "zimmer"),
            (Ids{sample::id(Table::Zone, 3), sample::id(Table::Zone, 4)}));
  const Search::Hits alike = *tryFind(Table::Zone, "zimmer");
  EXPECT_EQ(alike->at(0).rank, alike->at(1).rank);
}

TEST_F(SearchTest, FollowsEveryChange) {
  write(Kind::Insert, zone(1, "Before"));
  EXPECT_EQ(find(Table::Zone, "before").size(), 1U);
  model::Zone changed = zone(1, "After");
  changed.revision = 1;
  write(Kind::Update, changed);
  EXPECT_EQ(find(Table::Zone, "before").size(), 0U);
  EXPECT_EQ(find(Table::Zone, "after").size(), 1U);
  write(Kind::Erase, changed);
  EXPECT_EQ(find(Table::Zone, "after").size(), 0U);
}

TEST_F(SearchTest, AModuleIsFoundByItsDriver) {
  model::Driver driver = sample::driver(1);
  driver.name = "Epson beamer";
  write(Kind::Insert, driver);
  model::Module mod = sample::mod(1, 1);
  write(Kind::Insert, mod);
  model::Module named = sample::mod(2, 1);
  named.customName = "Mixer";
  write(Kind::Insert, named);
  EXPECT_EQ(find(Table::Module, "epson").size(), 2U);
  EXPECT_EQ(find(Table::Module, "mixer"), Ids{named.id});
  EXPECT_EQ(find(Table::Module, "10.0.0.1"), Ids{mod.id});
  driver.name = "Sony beamer";
  driver.revision = 1;
  write(Kind::Update, driver);
  EXPECT_EQ(find(Table::Module, "epson").size(), 0U);
  EXPECT_EQ(find(Table::Module, "sony").size(), 2U);
  EXPECT_EQ(find(Table::Driver, "sony").size(), 1U);
}

TEST_F(SearchTest, KnowsEveryListAndNoSecret) {
  write(Kind::Insert, sample::user());
  write(Kind::Insert, sample::apiKey());
  write(Kind::Insert, sample::system());
  write(Kind::Insert, sample::schema());
  write(Kind::Insert, sample::settings(1, sample::id(Table::System), "password: geheimnis",
                                       model::EncryptionLevel::Support));
  EXPECT_EQ(find(Table::User, "user1@example.com").size(), 1U);
  EXPECT_EQ(find(Table::ApiKey, "scripts").size(), 1U);
  EXPECT_EQ(find(Table::System, "room1@example.com vc").size(), 1U);
  EXPECT_EQ(find(Table::Schema, "menus").size(), 1U);
  EXPECT_EQ(find(Table::Settings, sample::id(Table::System)).size(), 1U);
  EXPECT_EQ(find(Table::Settings, "geheimnis").size(), 0U);
  EXPECT_EQ(find(Table::ApiKey, sample::apiKey().secretHash).size(), 0U);
  write(Kind::Insert, sample::domain());
  write(Kind::Insert, sample::oauthApp());
  write(Kind::Insert, sample::group());
  EXPECT_EQ(find(Table::User, "heating").size(), 1U);
  EXPECT_EQ(find(Table::Domain, "tenant").size(), 1U);
  EXPECT_EQ(find(Table::Domain, "soft_delete").size(), 0U);
  EXPECT_EQ(find(Table::OauthApp, "app1.example.com").size(), 1U);
  EXPECT_EQ(find(Table::Group, "rooms").size(), 1U);
  EXPECT_EQ(find(Table::User, "argon2id").size(), 0U);
  write(Kind::Insert, sample::trigger());
  write(Kind::Insert, sample::triggerInstance());
  EXPECT_EQ(find(Table::Trigger, "needs").size(), 1U);
  EXPECT_EQ(find(Table::Trigger, "Trigger").size(), 1U);
  EXPECT_EQ(tryFind(Table::TriggerInstance, "x").error().code, ErrorCode::Unimplemented);
  EXPECT_EQ(tryFind(Table::GroupZone, "x").error().code, ErrorCode::Unimplemented);
  EXPECT_EQ(tryFind(Table::GroupInvitation, "x").error().code, ErrorCode::Unimplemented);
  EXPECT_EQ(tryFind(Table::Metadata, "x").error().code, ErrorCode::Unimplemented);
}

TEST_F(SearchTest, IndexesWhatWasThereBeforeTheIndexes) {
  const std::string path = dir_.file("old.db");
  auto db = sqlite::Database::open({path, "", true});
  ASSERT_TRUE((*db)->exec("PRAGMA user_version = 0").ok());
  Schema old = configSchema();
  old.steps = old.steps.first(2);
  ASSERT_TRUE(migrate(**db, old).ok());
  ASSERT_TRUE((*db)
                  ->exec("INSERT INTO zones (id, name, revision, document) VALUES ('zone-1', "
                         "'Old', 1, '{\"name\":\"Old wing\"}')")
                  .ok());
  ASSERT_TRUE(migrate(**db, configSchema()).ok());
  search_ = std::move(*Search::open(*loop_, path));
  EXPECT_EQ(find(Table::Zone, "wing"), Ids{"zone-1"});
}

TEST_F(SearchTest, RemembersWhatItFoundUntilSomethingChanges) {
  write(Kind::Insert, zone(1, "Room"));
  const auto first = tryFind(Table::Zone, "room");
  EXPECT_EQ(tryFind(Table::Zone, "room")->get(), first->get());
  write(Kind::Insert, zone(2, "Room too"));
  EXPECT_EQ(find(Table::Zone, "room").size(), 2U);
  EXPECT_EQ((*first)->size(), 1U) << "what was handed out does not change";
}

}  // namespace
}  // namespace busbar
