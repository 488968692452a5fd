// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// That the audit log is read by its indexes: a page about few entries costs no walk over all. What
// the pages hold is the business of tests/contract/audit_store_contract.cc.
#include "registry/store/audit_rows.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <sqlite3.h>

#include "registry/store/migrations.h"
#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

constexpr int64_t kEntries = 2'000;
constexpr int64_t kRare = 1'000;  // one entry in so many is looked for
// Of SQLite's virtual machine. A walk over all entries takes several for each.
constexpr int64_t kMaxSteps = kEntries / 2;

int64_t stepsTaken = 0;  // NOLINT: the callback of SQLite has no other way to this test

int count(unsigned /*event*/, void* /*context*/, void* statement, void* /*nanoseconds*/) {
  stepsTaken +=
      sqlite3_stmt_status(static_cast<sqlite3_stmt*>(statement), SQLITE_STMTSTATUS_VM_STEP, 0);
  return 0;
}

// Called for each connection that is opened.
int watch(sqlite3* db, const char** /*error*/, const void* /*routines*/) {
  return sqlite3_trace_v2(db, SQLITE_TRACE_PROFILE, count, nullptr);
}

class AuditRowsTest : public testing::Test {
 protected:
  AuditRowsTest() { EXPECT_EQ(sqlite3_auto_extension(asSqliteWantsIt()), SQLITE_OK); }
  ~AuditRowsTest() override { sqlite3_cancel_auto_extension(asSqliteWantsIt()); }
  static void (*asSqliteWantsIt())() { return reinterpret_cast<void (*)()>(watch); }

  void SetUp() override {
    db_ = std::move(*sqlite::Database::open({dir_.file("db"), "", false}));
    ASSERT_TRUE(migrate(*db_, configSchema()).ok());
    std::vector<AuditEntry> entries(kEntries);
    for (int64_t i = 0; i < kEntries; ++i) {
      AuditEntry& entry = entries[static_cast<size_t>(i)];
      const std::string number = std::to_string(i % kRare);
      entry.timeMs = i;
      entry.action = "update";
      entry.record = i % 2 == 0 ? "group_user" : "module";
      entry.subject = "row-" + number;
      entry.userId = "user-" + number;
      (i % 4 == 0 ? entry.before : entry.after) = R"({"group_id":"group-)" + number + "\"}";
    }
    ASSERT_TRUE(AuditRows(*db_).appendAll(entries).ok());
  }

  // `choose` says which entries, `total` are found.
  template <class Choose>
  void expectFew(Choose choose, int64_t total) {
    AuditFilter filter;
    choose(filter);
    stepsTaken = 0;
    const auto page = AuditRows(*db_).list(filter);
    ASSERT_TRUE(page.ok()) << page.error().message;
    EXPECT_EQ(page->total, total);
    EXPECT_GT(stepsTaken, 0);
    EXPECT_LT(stepsTaken, kMaxSteps);
  }

  test::TempDir dir_;
  std::unique_ptr<sqlite::Database> db_;
};

TEST_F(AuditRowsTest, AWalkOverAllIsSeenByThisTest) {
  AuditFilter filter;
  filter.action = "delete";
  stepsTaken = 0;
  ASSERT_TRUE(AuditRows(*db_).list(filter).ok());
  EXPECT_GT(stepsTaken, kMaxSteps);
}

TEST_F(AuditRowsTest, FindsWhatAUserDid) {
  expectFew([](AuditFilter& f) { f.userId = "user-7"; }, 2);
}

TEST_F(AuditRowsTest, FindsWhatHappenedToARow) {
  expectFew([](AuditFilter& f) { f.subject = "row-7"; }, 2);
}

TEST_F(AuditRowsTest, FindsATime) {
  expectFew([](AuditFilter& f) { f.sinceMs = 500, f.untilMs = 502; }, 2);
}

TEST_F(AuditRowsTest, FindsTheLatest) {
  expectFew([](AuditFilter& f) { f.afterSequence = kEntries - 2; }, 2);
}

TEST_F(AuditRowsTest, FindsWhatIsAboutARow) {
  expectFew([](AuditFilter& f) { f.records = {"module"}, f.about = {"row-7"}; }, 2);
}

TEST_F(AuditRowsTest, FindsWhatBelongedToAGroup) {
  expectFew([](AuditFilter& f) { f.about = {"group-8"}; }, 2);  // in `before`
}

TEST_F(AuditRowsTest, FindsWhatBelongsToAGroup) {
  expectFew([](AuditFilter& f) { f.about = {"group-6"}; }, 2);  // in `after`
}

}  // namespace
}  // namespace busbar
