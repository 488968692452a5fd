// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/sqlite_config_store.h"

#include <sys/stat.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "registry/store/migrations.h"
#include "tests/contract/audit_store_contract.h"
#include "tests/contract/auth_store_contract.h"
#include "tests/contract/config_store_contract.h"
#include "tests/contract/module_store_contract.h"
#include "tests/support/sample_records.h"
#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

using Changes = std::vector<ConfigChange>;
using Kind = ConfigWrite::Kind;
using model::Table;

class SqliteBackend : public ConfigStoreBackend {
 public:
  std::unique_ptr<ConfigStore> open(EventLoop& loop) override {
    auto store = SqliteConfigStore::open(
        loop, {dir_.file("busbar.db"), dir_.file("secret.key"), "", 64, 10'000});
    EXPECT_TRUE(store.ok()) << store.error().message;
    return std::move(*store);
  }

 private:
  test::TempDir dir_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, ConfigStoreContract, testing::Values([] {
                           return std::unique_ptr<ConfigStoreBackend>(
                               std::make_unique<SqliteBackend>());
                         }));

class SqliteModuleBackend : public ModuleStoreBackend {
 public:
  void open(EventLoop& loop) override {
    store_.reset();
    auto store = SqliteConfigStore::open(
        loop, {dir_.file("busbar.db"), dir_.file("secret.key"), "", 64, 10'000});
    ASSERT_TRUE(store.ok()) << store.error().message;
    store_ = std::move(*store);
  }
  ConfigStore& config() override { return *store_; }
  ModuleStore& modules() override { return *store_; }
  AuditStore& audit() override { return *store_; }

 private:
  test::TempDir dir_;
  std::unique_ptr<SqliteConfigStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, ModuleStoreContract, testing::Values([] {
                           return std::unique_ptr<ModuleStoreBackend>(
                               std::make_unique<SqliteModuleBackend>());
                         }));

class SqliteAuthBackend : public AuthStoreBackend {
 public:
  void open(EventLoop& loop) override {
    store_.reset();
    auto store = SqliteConfigStore::open(
        loop, {dir_.file("busbar.db"), dir_.file("secret.key"), "", 64, 10'000});
    ASSERT_TRUE(store.ok()) << store.error().message;
    store_ = std::move(*store);
  }
  AuthStore& store() override { return *store_; }

 private:
  test::TempDir dir_;
  std::unique_ptr<SqliteConfigStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, AuthStoreContract, testing::Values([] {
                           return std::unique_ptr<AuthStoreBackend>(
                               std::make_unique<SqliteAuthBackend>());
                         }));

INSTANTIATE_TEST_SUITE_P(Sqlite, AuditStoreContract, testing::Values([] {
                           return std::unique_ptr<ModuleStoreBackend>(
                               std::make_unique<SqliteModuleBackend>());
                         }));

std::string contentOf(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// The file itself: what it hides, whom it refuses, what it forgets.
class SqliteConfigStoreTest : public testing::Test {
 protected:
  Result<std::unique_ptr<SqliteConfigStore>> tryOpen() {
    return SqliteConfigStore::open(*loop, options);
  }
  std::unique_ptr<SqliteConfigStore> open() {
    auto store = tryOpen();
    EXPECT_TRUE(store.ok()) << store.error().message;
    return std::move(*store);
  }
  Result<Changes> apply(SqliteConfigStore& store, std::vector<ConfigWrite> writes) {
    return await<Changes>(*loop, [&](auto done) {
      store.apply(std::move(writes), {"user-1", ""}, Instant::max(), std::move(done));
    });
  }
  Result<ConfigSnapshot> load(SqliteConfigStore& store) {
    return await<ConfigSnapshot>(*loop,
                                 [&](auto done) { store.load(Instant::max(), std::move(done)); });
  }
  // Runs SQL on the file behind the store's back.
  int64_t query(const std::string& sql) {
    auto db = sqlite::Database::open({options.databasePath, "", true});
    EXPECT_TRUE(db.ok());
    const auto answer = (*db)->queryInt(sql);
    EXPECT_TRUE(answer.ok()) << answer.error().message;
    return answer.ok() ? *answer : -1;
  }

  SystemClock clock;
  std::unique_ptr<EventLoop> loop = std::move(*EventLoop::create(clock));
  test::TempDir dir;
  SqliteConfigStore::Options options{dir.file("busbar.db"), dir.file("secret.key"), "", 64, 10'000};
};

TEST_F(SqliteConfigStoreTest, SecretsAreNowhereOnTheDiskInClear) {
  auto store = open();
  model::Settings secret = sample::settings(1, sample::id(Table::Zone), "password: geheimnis",
                                            model::EncryptionLevel::Support);
  model::Settings open = sample::settings(2, sample::id(Table::Zone), "port: offenbar");
  model::User user = sample::user();
  user.passwordHash = "$argon2id$geheimnis";
  model::Domain domain = sample::domain();
  domain.internals = R"({"recaptcha_secret":"geheimnis"})";
  model::TriggerInstance instance = sample::triggerInstance();
  instance.webhookSecret = "geheimnis";
  auto stored = apply(*store, {{Kind::Insert, sample::zone()},
                               {Kind::Insert, secret},
                               {Kind::Insert, open},
                               {Kind::Insert, user},
                               {Kind::Insert, domain},
                               {Kind::Insert, sample::system()},
                               {Kind::Insert, sample::trigger()},
                               {Kind::Insert, instance}});
  ASSERT_TRUE(stored.ok());
  secret = std::get<model::Settings>(stored->at(1).record);
  ASSERT_TRUE(apply(*store, {{Kind::Update, secret}}).ok());
  for (int pass = 0; pass < 2;
       ++pass) {  // with the log beside the file, and after it was folded in
    std::string all;
    for (const auto& file : std::filesystem::directory_iterator(dir.path())) {
      all += contentOf(file.path());
    }
    EXPECT_EQ(all.find("geheimnis"), std::string::npos);
    EXPECT_NE(all.find("offenbar"), std::string::npos);
    store.reset();
  }
}

TEST_F(SqliteConfigStoreTest, ValuesOfModulesAreSealedToTheirKey) {
  using Value = std::optional<std::string>;
  auto store = open();
  ASSERT_TRUE(
      apply(*store, {{Kind::Insert, sample::driver()}, {Kind::Insert, sample::mod()}}).ok());
  const std::string id = sample::id(Table::Module);
  for (const char* key : {"pairing", "other"}) {
    ASSERT_TRUE(await<void>(*loop, [&](auto done) {
                  store->set(id, key, "geheimnis", Instant::max(), std::move(done));
                }).ok());
  }
  store.reset();
  for (const auto& file : std::filesystem::directory_iterator(dir.path())) {
    EXPECT_EQ(contentOf(file.path()).find("geheimnis"), std::string::npos) << file.path();
  }
  query("UPDATE module_data SET value = (SELECT value FROM module_data WHERE key = 'other')");
  store = open();
  const auto get = [&](const char* key) {
    return await<Value>(*loop,
                        [&](auto done) { store->get(id, key, Instant::max(), std::move(done)); });
  };
  EXPECT_EQ(get("other").value(), "geheimnis");
  EXPECT_EQ(get("pairing").error().code, ErrorCode::DataLoss);
}

TEST_F(SqliteConfigStoreTest, FilesAreForTheirOwnerOnly) {
  const auto store = open();
  for (const auto& file : std::filesystem::directory_iterator(dir.path())) {
    struct stat info{};
    ASSERT_EQ(::stat(file.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << file.path();
  }
}

TEST_F(SqliteConfigStoreTest, RefusesADatabaseThatIsInUse) {
  {
    const auto first = open();
    const auto second = tryOpen();
    ASSERT_FALSE(second.ok());
    EXPECT_EQ(second.error().reason, "in_use");
  }
  open();
}

TEST_F(SqliteConfigStoreTest, RefusesTheWrongKeyAndAMissingOne) {
  open();
  std::filesystem::rename(options.keyPath, options.keyPath + ".kept");
  EXPECT_EQ(tryOpen().error().reason, "key_file");
  std::ofstream(options.keyPath) << std::string(32, 'k');
  ::chmod(options.keyPath.c_str(), 0600);
  EXPECT_EQ(tryOpen().error().reason, "wrong_key");
  std::filesystem::rename(options.keyPath + ".kept", options.keyPath);
  open();
}

TEST_F(SqliteConfigStoreTest, RefusesANewerDatabaseAndLeavesItAlone) {
  open();
  query("PRAGMA user_version=1000");
  const std::string before = contentOf(options.databasePath);
  const auto refused = tryOpen();
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().code, ErrorCode::FailedPrecondition);
  EXPECT_EQ(refused.error().reason, "database_too_new");
  EXPECT_NE(refused.error().message.find("version 1000"), std::string::npos);
  EXPECT_EQ(contentOf(options.databasePath), before);
}

TEST_F(SqliteConfigStoreTest, RefusesWhatIsNotItsDatabase) {
  std::ofstream(options.keyPath) << std::string(32, 'k');
  ::chmod(options.keyPath.c_str(), 0600);
  std::ofstream(options.databasePath) << std::string(8192, 'x');
  EXPECT_EQ(tryOpen().error().code, ErrorCode::DataLoss);
  std::filesystem::remove(options.databasePath);
  query("CREATE TABLE other (x)");
  EXPECT_EQ(tryOpen().error().reason, "wrong_database");
  options.databasePath = dir.file("no/such/folder.db");
  EXPECT_EQ(tryOpen().error().code, ErrorCode::NotFound);
}

TEST_F(SqliteConfigStoreTest, ADamagedRowIsDataLossNotACrash) {
  auto store = open();
  ASSERT_TRUE(apply(*store, {{Kind::Insert, sample::zone()}}).ok());
  store.reset();
  query("DROP TRIGGER zones_search_update");  // which takes no malformed document
  for (const char* document : {"{", "[]", "{\"name\":1}"}) {
    query(std::string("UPDATE zones SET document='") + document + "'");
    store = open();
    EXPECT_EQ(load(*store).error().code, ErrorCode::DataLoss) << document;
    store.reset();
  }
}

TEST_F(SqliteConfigStoreTest, KeepsTheLastPositionsOfTheLogOnceWatched) {
  options.keptPositions = 10;
  auto store = open();
  const auto write = [&](int n) {
    ASSERT_TRUE(apply(*store, {{Kind::Insert, sample::zone(n)}}).ok());
  };
  for (int n = 1; n <= 15; ++n) {
    write(n);
  }
  EXPECT_EQ(query("SELECT min(position) FROM change_log"), 1) << "nobody has heard them yet";
  int heard = 0;
  store->watch(0, [&heard](const ConfigChange&) { ++heard; });
  write(16);
  EXPECT_EQ(heard, 16);
  EXPECT_EQ(query("SELECT min(position) FROM change_log"), 7);
  EXPECT_EQ(query("SELECT count(*) FROM change_log WHERE user_id = 'user-1'"), 10);
}

TEST_F(SqliteConfigStoreTest, AFullQueueRefusesAtOnceAndTheRestIsDone) {
  options.maxWaiting = 1;
  auto store = open();
  int done = 0;
  int refused = 0;
  for (int n = 0; n < 200; ++n) {
    store->apply({{Kind::Insert, sample::zone(n)}}, {}, Instant::max(),
                 [&](Result<Changes> changes) {
                   ++done;
                   if (!changes.ok()) {
                     EXPECT_EQ(changes.error().code, ErrorCode::ResourceExhausted);
                     EXPECT_EQ(changes.error().reason, "queue_full");
                     ++refused;
                   }
                 });
  }
  ASSERT_TRUE(runUntil(*loop, [&] { return done == 200; }));
  EXPECT_GT(refused, 0);
  EXPECT_EQ(load(*store)->records.size(), static_cast<size_t>(200 - refused));
}

// Entries count until they are on disk, not until a thread has them.
TEST_F(SqliteConfigStoreTest, TheAuditLogTakesNoMoreThanItsBound) {
  auto store = open();
  for (size_t n = 0; n < AuditStore::kMaxWaiting; ++n) {
    ASSERT_EQ(store->isAuditFull(), n >= AuditStore::kMaxWaiting - AuditStore::kReserve);
    ASSERT_TRUE(store->append({}).ok());
  }
  bool isFlushed = false;
  store->flush(Instant::max(), [&](Status) { isFlushed = true; });
  EXPECT_TRUE(store->isAuditFull());
  EXPECT_EQ(store->append({}).error().reason, "queue_full");
  EXPECT_EQ(store->lostAuditEntries(), 1U);
  ASSERT_TRUE(runUntil(*loop, [&] { return isFlushed; }));
  EXPECT_FALSE(store->isAuditFull());
  EXPECT_TRUE(store->append({}).ok());
  EXPECT_EQ(store->lostAuditEntries(), 1U);
}

TEST_F(SqliteConfigStoreTest, SigningKeysAreSealedToTheirName) {
  auto store = open();
  std::vector<AuthWrite> writes;
  for (const char* id : {"one", "two"}) {
    SigningKeyRecord key;
    key.id = id;
    key.expiresAt = 10;
    key.pem = "geheimnis";
    writes.push_back({AuthWrite::Kind::Put, key});
  }
  ASSERT_TRUE(await<void>(*loop, [&](auto done) {
                store->applyAuth(std::move(writes), Instant::max(), std::move(done));
              }).ok());
  store.reset();
  for (const auto& file : std::filesystem::directory_iterator(dir.path())) {
    EXPECT_EQ(contentOf(file.path()).find("geheimnis"), std::string::npos) << file.path();
  }
  query("UPDATE auth_records SET document = (SELECT document FROM auth_records WHERE id = 'two')");
  store = open();
  const auto loaded = await<std::vector<AuthRecord>>(
      *loop, [&](auto done) { store->loadAuth(0, Instant::max(), std::move(done)); });
  EXPECT_EQ(loaded.error().code, ErrorCode::DataLoss);
}

// The audit log is in the file that it is about: whoever writes there is found out.
TEST_F(SqliteConfigStoreTest, AChangedByteOfTheAuditLogIsFound) {
  auto store = open();
  for (int n = 1; n <= 3; ++n) {
    ASSERT_TRUE(apply(*store, {{Kind::Insert, sample::zone(n)}}).ok());
  }
  const auto verify = [&] {
    return await<AuditVerdict>(
        *loop, [&](auto done) { store->verifyAudit(Instant::max(), std::move(done)); });
  };
  ASSERT_TRUE(verify()->isSound()) << verify()->problem;
  const auto forge = [&](const std::string& sql) {
    auto db = sqlite::Database::open({options.databasePath, "", true});
    return (*db)->exec(sql);
  };
  EXPECT_FALSE(forge("UPDATE audit SET user_id = 'user-2' WHERE sequence = 2").ok());
  EXPECT_FALSE(forge("DELETE FROM audit WHERE sequence = 2").ok());
  EXPECT_FALSE(forge("UPDATE audit_ends SET sequence = 9 WHERE name = 'anchor'").ok());
  EXPECT_FALSE(forge("DELETE FROM audit_ends").ok());
  ASSERT_TRUE(verify()->isSound());
  // Without the triggers anything can be written, and is found.
  const std::string rid =
      "DROP TRIGGER IF EXISTS audit_is_never_changed; DROP TRIGGER IF EXISTS "
      "audit_goes_by_age_only; DROP TRIGGER IF EXISTS audit_anchor_is_an_entry;";
  ASSERT_TRUE(forge(rid + "UPDATE audit SET after = replace(after, 'Zone 2', 'Zone 3') WHERE "
                          "sequence = 2")
                  .ok());
  EXPECT_EQ(verify()->brokenAt, 2);
  ASSERT_TRUE(forge("UPDATE audit SET after = replace(after, 'Zone 3', 'Zone 2') WHERE sequence = "
                    "2")
                  .ok());
  ASSERT_TRUE(verify()->isSound());
  for (const char* column : {"time_ms = time_ms + 1", "user_id = 'user-2'", "peer = 'x'",
                             "action = 'update'", "hash = replace(hash, 'a', 'b')"}) {
    auto db = sqlite::Database::open({options.databasePath, "", true});
    ASSERT_TRUE((*db)->exec("CREATE TABLE kept AS SELECT * FROM audit").ok());
    ASSERT_TRUE(
        (*db)->exec(std::string("UPDATE audit SET ") + column + " WHERE sequence = 3").ok());
    EXPECT_FALSE(verify()->isSound()) << column;
    ASSERT_TRUE(
        (*db)
            ->exec("DELETE FROM audit; INSERT INTO audit SELECT * FROM kept; DROP TABLE kept")
            .ok());
    ASSERT_TRUE(verify()->isSound());
  }
  ASSERT_TRUE(forge("DELETE FROM audit WHERE sequence = 2").ok());
  EXPECT_EQ(verify()->brokenAt, 2);
  ASSERT_TRUE(forge("DELETE FROM audit WHERE sequence > 1").ok());
  EXPECT_EQ(verify()->brokenAt, 2) << "the end was cut off";
}

// tests/contract/data holds a dump of each released version, made by that version.
TEST_F(SqliteConfigStoreTest, OpensADatabaseOfEveryReleasedVersion) {
  const std::string source =
      std::getenv("BUSBAR_SOURCE") != nullptr ? std::getenv("BUSBAR_SOURCE") : ".";
  const auto present = static_cast<int>(configSchema().steps.size());
  // The present version gets its dump before the next one is begun.
  for (int version = 1; version < present; ++version) {
    const std::string dump =
        contentOf(source + "/tests/contract/data/config_v" + std::to_string(version) + ".sql");
    ASSERT_FALSE(dump.empty()) << "no dump of version " << version;
    options.databasePath = dir.file("v" + std::to_string(version) + ".db");
    {
      auto db = sqlite::Database::open({options.databasePath, "", true});
      ASSERT_TRUE((*db)->exec(dump).ok());
    }
    std::ofstream(options.keyPath) << "key of the database dumps, 32 b.";
    ::chmod(options.keyPath.c_str(), 0600);
    auto store = open();
    const auto snapshot = load(*store);
    ASSERT_TRUE(snapshot.ok()) << snapshot.error().message;
    EXPECT_EQ(snapshot->records.size(), version < 3 ? 8u : 13u);
    EXPECT_EQ(snapshot->position, version < 3 ? 2u : 3u);
    for (const model::Record& record : snapshot->records) {
      if (const auto* settings = std::get_if<model::Settings>(&record)) {
        EXPECT_EQ(settings->text, "password: second");
      }
      if (const auto* system = std::get_if<model::System>(&record)) {
        EXPECT_EQ(system->modules.size(), 1u);
        EXPECT_EQ(system->zones.size(), 1u);
      }
      if (const auto* user = std::get_if<model::User>(&record)) {
        EXPECT_EQ(user->email, "user1@example.com");
        EXPECT_EQ(user->passwordHash, version < 3 ? "" : sample::user().passwordHash);
      }
    }
    model::Zone zone = sample::zone(50);
    zone.triggers = {sample::id(Table::Trigger)};
    model::TriggerInstance instance = sample::triggerInstance();
    instance.zoneId = zone.id;
    EXPECT_TRUE(
        apply(*store,
              {{Kind::Insert, zone}, {Kind::Insert, sample::trigger()}, {Kind::Insert, instance}})
            .ok());
    model::User twin = sample::user(1);
    twin.id = sample::id(Table::User, 50);
    twin.domainId = version < 3 ? "" : sample::id(Table::Domain);
    twin.loginName.clear();
    twin.staffId.clear();
    EXPECT_EQ(apply(*store, {{Kind::Insert, twin}}).error().field, "email");
    const auto kept = await<std::optional<std::string>>(*loop, [&](auto done) {
      store->get(sample::id(Table::Module), "pairing", Instant::max(), std::move(done));
    });
    ASSERT_TRUE(kept.ok()) << kept.error().message;
    EXPECT_EQ(kept->value_or("none"), version < 2 ? "none" : "\"second\"");
    const auto auth = await<std::vector<AuthRecord>>(
        *loop, [&](auto done) { store->loadAuth(0, Instant::max(), std::move(done)); });
    ASSERT_TRUE(auth.ok()) << auth.error().message;
    EXPECT_EQ(auth->size(), version < 4 ? 0U : 1U);
  }
}

}  // namespace
}  // namespace busbar
