// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/migrations.h"

#include <gtest/gtest.h>

#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

constexpr const char* kOne[] = {"CREATE TABLE a (x) "};
constexpr const char* kTwo[] = {"CREATE TABLE a (x) ",
                                "CREATE TABLE b (x); INSERT INTO a VALUES (2);"};
constexpr const char* kBroken[] = {"CREATE TABLE a (x) ",
                                   "CREATE TABLE b (x); INSERT INTO nowhere VALUES (2);"};

class MigrationsTest : public testing::Test {
 protected:
  static Schema schema(std::span<const char* const> steps, int64_t application = 7) {
    return {"test database", application, steps};
  }
  int64_t query(std::string_view sql) { return db->queryInt(sql).value(); }

  test::TempDir dir;
  std::unique_ptr<sqlite::Database> db =
      std::move(*sqlite::Database::open({dir.file("db"), "", true}));
};

TEST_F(MigrationsTest, RunsEveryStepOnAFreshFileAndNoneTwice) {
  ASSERT_TRUE(migrate(*db, schema(kTwo)).ok());
  ASSERT_TRUE(migrate(*db, schema(kTwo)).ok());
  EXPECT_EQ(query("SELECT count(*) FROM a"), 1);
  EXPECT_EQ(query("PRAGMA user_version"), 2);
  EXPECT_EQ(query("PRAGMA application_id"), 7);
}

TEST_F(MigrationsTest, RunsOnlyTheStepsThatAreMissing) {
  ASSERT_TRUE(migrate(*db, schema(kOne)).ok());
  ASSERT_TRUE(db->exec("INSERT INTO a VALUES (1)").ok());
  ASSERT_TRUE(migrate(*db, schema(kTwo)).ok());
  EXPECT_EQ(query("SELECT count(*) FROM a"), 2);
  EXPECT_EQ(query("PRAGMA user_version"), 2);
}

TEST_F(MigrationsTest, AFailingStepLeavesTheFileAsItWas) {
  ASSERT_TRUE(migrate(*db, schema(kOne)).ok());
  EXPECT_FALSE(migrate(*db, schema(kBroken)).ok());
  EXPECT_EQ(query("PRAGMA user_version"), 1);
  EXPECT_EQ(query("SELECT count(*) FROM sqlite_schema WHERE name = 'b'"), 0);
  EXPECT_TRUE(migrate(*db, schema(kTwo)).ok()) << "the repaired step runs";
}

TEST_F(MigrationsTest, RefusesOtherAndNewerFiles) {
  ASSERT_TRUE(migrate(*db, schema(kTwo)).ok());
  EXPECT_EQ(checkVersion(*db, schema(kOne)).error().reason, "database_too_new");
  EXPECT_EQ(checkVersion(*db, schema(kTwo, 8)).error().reason, "wrong_database");
  EXPECT_EQ(migrate(*db, schema(kTwo, 8)).error().reason, "wrong_database");
  EXPECT_TRUE(checkVersion(*db, schema(kTwo)).ok());
}

TEST_F(MigrationsTest, TheDatabasesAreNotTakenForEachOther) {
  ASSERT_TRUE(migrate(*db, configSchema()).ok());
  EXPECT_EQ(checkVersion(*db, stateSchema()).error().reason, "wrong_database");
  EXPECT_EQ(checkVersion(*db, triggersSchema()).error().reason, "wrong_database");
}

}  // namespace
}  // namespace busbar
