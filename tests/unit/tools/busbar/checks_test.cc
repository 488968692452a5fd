// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/checks.h"

#include <sys/stat.h>

#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "sdk/base/version.h"
#include "tests/support/temp_dir.h"

namespace busbar::cli {
namespace {

void makeDatabase(const std::string& path) {
  sqlite3* db = nullptr;
  ASSERT_EQ(sqlite3_open(path.c_str(), &db), SQLITE_OK);
  ASSERT_EQ(sqlite3_exec(db,
                         "CREATE TABLE t (x); CREATE INDEX i ON t (x);"
                         "WITH RECURSIVE n(v) AS (SELECT 1 UNION ALL SELECT v + 1 FROM n WHERE v < "
                         "5000) INSERT INTO t SELECT v FROM n",
                         nullptr, nullptr, nullptr),
            SQLITE_OK);
  sqlite3_close(db);
}

TEST(Checks, WholeDatabaseIsGood) {
  const test::TempDir dir;
  makeDatabase(dir.path() + "/config.db");
  EXPECT_EQ(checkDatabase(dir.path() + "/config.db").outcome, Check::Outcome::Good);
}

TEST(Checks, DamagedDatabaseIsBad) {
  const test::TempDir dir;
  const std::string path = dir.path() + "/config.db";
  makeDatabase(path);
  std::fstream file(path, std::ios::in | std::ios::out | std::ios::binary);
  file.seekp(3 * 4096);
  file << std::string(8192, '\x5a');
  file.close();
  const Check check = checkDatabase(path);
  EXPECT_EQ(check.outcome, Check::Outcome::Bad);
  EXPECT_FALSE(check.remedy.empty());
}

TEST(Checks, AbsentDatabaseIsBadAndNotMade) {
  const test::TempDir dir;
  EXPECT_EQ(checkDatabase(dir.path() + "/config.db").outcome, Check::Outcome::Bad);
  EXPECT_FALSE(std::ifstream(dir.path() + "/config.db").good());
}

TEST(Checks, DataFolderOpenToOthersIsBadWithTheRemedy) {
  const test::TempDir dir;
  ASSERT_EQ(chmod(dir.path().c_str(), 0755), 0);
  const auto checks = checkDataFolder(dir.path());
  ASSERT_EQ(checks.size(), 1U);
  EXPECT_EQ(checks[0].outcome, Check::Outcome::Bad);
  EXPECT_NE(checks[0].remedy.find("chmod 700"), std::string::npos);
}

TEST(Checks, UnsignedModeAndOtherVersionsAreWeak) {
  json::Object status;
  status.set("version", "0.0.1");
  status.set("allow_unsigned", true);
  for (const Check& check : checkStatus(status)) {
    EXPECT_EQ(check.outcome, Check::Outcome::Weak) << check.name;
  }
  status.set("version", versionText());
  status.set("allow_unsigned", false);
  for (const Check& check : checkStatus(status)) {
    EXPECT_EQ(check.outcome, Check::Outcome::Good) << check.name;
  }
}

TEST(Checks, AFirstStartIsWeakUntilThereIsAnAdmin) {
  json::Object status;
  status.set("version", versionText());
  status.set("set_up", true);
  const size_t count = checkStatus(status).size();
  status.set("set_up", false);
  const auto checks = checkStatus(status);
  ASSERT_EQ(checks.size(), count + 1);
  EXPECT_EQ(checks[1].outcome, Check::Outcome::Weak);
  EXPECT_NE(checks[1].remedy.find("keys create"), std::string::npos);
}

}  // namespace
}  // namespace busbar::cli
