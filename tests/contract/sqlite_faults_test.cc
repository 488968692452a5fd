// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>

#include <gtest/gtest.h>

#include "registry/store/sqlite_config_store.h"
#include "sdk/base/unique_fd.h"
#include "tests/support/await.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/sample_records.h"
#include "tests/support/temp_dir.h"

// The store on disks that fail, fill up, and under kill -9.
namespace busbar {
namespace {

using Changes = std::vector<ConfigChange>;
using Kind = ConfigWrite::Kind;
using test::FaultyVfs;

constexpr int kPairs = 5;
constexpr const char* kKey = "count";  // of the data of module 1: the last pair that was put

class SqliteFaultsTest : public testing::Test {
 protected:
  Result<std::unique_ptr<SqliteConfigStore>> open(const std::string& folder,
                                                  const std::string& vfs = "") {
    return SqliteConfigStore::open(
        *loop, {folder + "/busbar.db", folder + "/secret.key", vfs, 64, 10'000});
  }
  // One transaction of two rows.
  Result<Changes> putPair(SqliteConfigStore& store, int n) {
    return await<Changes>(*loop, [&](auto done) {
      store.apply({{Kind::Insert, sample::zone(2 * n)}, {Kind::Insert, sample::zone(2 * n + 1)}},
                  {}, Instant::max(), std::move(done));
    });
  }
  Status putModule(SqliteConfigStore& store) {
    const auto changes = await<Changes>(*loop, [&](auto done) {
      store.apply({{Kind::Insert, sample::driver()}, {Kind::Insert, sample::mod()}}, {},
                  Instant::max(), std::move(done));
    });
    return changes.ok() ? Status() : Status(changes.error());
  }
  Status setCount(SqliteConfigStore& store, int n) {
    return await<void>(*loop, [&](auto done) {
      store.set(sample::id(model::Table::Module), kKey, std::to_string(n), Instant::max(),
                std::move(done));
    });
  }
  // What a healthy store finds in the data of module 1; 0 when there is nothing.
  int countOnDisk(const std::string& folder) {
    auto store = open(folder);
    EXPECT_TRUE(store.ok()) << store.error().message;
    const auto value = await<std::optional<std::string>>(*loop, [&](auto done) {
      (*store)->get(sample::id(model::Table::Module), kKey, Instant::max(), std::move(done));
    });
    EXPECT_TRUE(value.ok()) << value.error().message;
    return value.ok() ? std::stoi(value->value_or("0")) : -1;
  }
  // What a healthy store finds: fails unless the file is sound and every pair is whole.
  std::set<int> pairsOnDisk(const std::string& folder) {
    auto store = open(folder);
    EXPECT_TRUE(store.ok()) << store.error().message;
    if (!store.ok()) {
      return {};
    }
    const auto snapshot = await<ConfigSnapshot>(
        *loop, [&](auto done) { (*store)->load(Instant::max(), std::move(done)); });
    EXPECT_TRUE(snapshot.ok());
    std::set<std::string> ids;
    for (const model::Record& record : snapshot->records) {
      ids.insert(model::commonOf(record).id);
    }
    std::set<int> pairs;
    for (int n = 1; n < 1000; ++n) {
      const bool first = ids.contains(sample::zone(2 * n).id);
      EXPECT_EQ(first, ids.contains(sample::zone(2 * n + 1).id)) << "half a transaction";
      if (first) {
        pairs.insert(n);
      }
    }
    EXPECT_EQ(snapshot->position, pairs.size());
    store->reset();
    auto db = sqlite::Database::open({folder + "/busbar.db", "", true});
    EXPECT_EQ(
        (*db)
            ->queryInt("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'")
            .value(),
        1);
    EXPECT_EQ((*db)->queryInt("SELECT count(*) FROM pragma_foreign_key_check").value(), 0);
    return pairs;
  }
  // One life of a store whose n-th disk operation fails. False when that operation never came.
  bool lifeWithFault(long n, FaultyVfs::Fault fault);
  bool dataWithFault(long n, FaultyVfs::Fault fault);  // the same, of the data of a module

  SystemClock clock;
  std::unique_ptr<EventLoop> loop = std::move(*EventLoop::create(clock));
};

bool SqliteFaultsTest::lifeWithFault(long n, FaultyVfs::Fault fault) {
  const test::TempDir dir(test::quickFolder());
  FaultyVfs vfs;
  std::set<int> acknowledged;
  bool ioError = false;
  vfs.failNth(n, fault);
  if (auto store = open(dir.path(), vfs.name()); store.ok()) {
    for (int pair = 1; pair <= kPairs; ++pair) {
      const auto changes = putPair(**store, pair);
      if (changes.ok()) {
        EXPECT_FALSE(ioError) << "wrote on after an I/O error";
        acknowledged.insert(pair);
        continue;
      }
      const ErrorCode code = changes.error().code;
      EXPECT_TRUE(code == ErrorCode::Unavailable || code == ErrorCode::ResourceExhausted)
          << changes.error().message;
      ioError = ioError || code == ErrorCode::Unavailable;
    }
  } else {
    EXPECT_FALSE(store.error().message.empty());
    EXPECT_NE(store.error().code, ErrorCode::Internal) << store.error().message;
  }
  const bool hit = vfs.hit();
  const std::set<int> found = pairsOnDisk(dir.path());
  EXPECT_TRUE(std::includes(found.begin(), found.end(), acknowledged.begin(), acknowledged.end()))
      << "an acknowledged write is lost";
  return hit;
}

// Of a life's operations the short form takes every third one: those of an error begin with the
// first, those of a full disk with the second.
long stride() {
  const char* isLong = std::getenv("BUSBAR_LONG");
  return isLong != nullptr && *isLong == '1' ? 1 : 3;
}

TEST_F(SqliteFaultsTest, EveryDiskOperationMayFailOnceWithAnIoError) {
  long n = 1;
  while (lifeWithFault(n, FaultyVfs::Fault::IoError)) {
    ASSERT_FALSE(HasFailure()) << "at operation " << n;
    n += stride();
    ASSERT_LT(n, 2000);
  }
  EXPECT_GT(n, 20) << "the shim saw too few operations to mean anything";
}

bool SqliteFaultsTest::dataWithFault(long n, FaultyVfs::Fault fault) {
  const test::TempDir dir(test::quickFolder());
  FaultyVfs vfs;
  int acknowledged = 0;
  bool ioError = false;
  {
    auto store = open(dir.path(), vfs.name());
    EXPECT_TRUE(store.ok() && putModule(**store).ok());
    vfs.failNth(n, fault);
    for (int count = 1; count <= kPairs; ++count) {
      const Status kept = setCount(**store, count);
      if (kept.ok()) {
        EXPECT_FALSE(ioError) << "wrote on after an I/O error";
        acknowledged = count;
        continue;
      }
      const ErrorCode code = kept.error().code;
      EXPECT_TRUE(code == ErrorCode::Unavailable || code == ErrorCode::ResourceExhausted)
          << kept.error().message;
      ioError = ioError || code == ErrorCode::Unavailable;
    }
  }
  const bool hit = vfs.hit();
  const int found = countOnDisk(dir.path());
  EXPECT_GE(found, acknowledged) << "an acknowledged value is lost";
  EXPECT_LE(found, kPairs);
  return hit;
}

TEST_F(SqliteFaultsTest, EveryDiskOperationForAModulesDataMayFailOnce) {
  for (const auto fault : {FaultyVfs::Fault::IoError, FaultyVfs::Fault::DiskFull}) {
    long n = 1;
    while (dataWithFault(n, fault)) {
      ASSERT_FALSE(HasFailure()) << "at operation " << n;
      ASSERT_LT(++n, 2000);
    }
    EXPECT_GT(n, 10) << "the shim saw too few operations to mean anything";
  }
}

TEST_F(SqliteFaultsTest, EveryDiskOperationMayMeetAFullDisk) {
  long n = stride() == 1 ? 1 : 2;
  while (lifeWithFault(n, FaultyVfs::Fault::DiskFull)) {
    ASSERT_FALSE(HasFailure()) << "at operation " << n;
    n += stride();
    ASSERT_LT(n, 2000);
  }
}

TEST_F(SqliteFaultsTest, AnIoErrorEndsWritingButNotReading) {
  const test::TempDir dir;
  FaultyVfs vfs;
  auto store = open(dir.path(), vfs.name());
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(putPair(**store, 1).ok());
  vfs.failNth(1);
  EXPECT_EQ(putPair(**store, 2).error().code, ErrorCode::Unavailable);
  ASSERT_TRUE(vfs.hit());
  EXPECT_EQ(putPair(**store, 3).error().code, ErrorCode::Unavailable)
      << "never retried and acknowledged";
  const auto generation = await<uint64_t>(
      *loop, [&](auto done) { (*store)->nextGeneration(Instant::max(), std::move(done)); });
  EXPECT_EQ(generation.error().code, ErrorCode::Unavailable);
  const auto snapshot = await<ConfigSnapshot>(
      *loop, [&](auto done) { (*store)->load(Instant::max(), std::move(done)); });
  ASSERT_TRUE(snapshot.ok());
  EXPECT_EQ(snapshot->records.size(), 2u);
}

TEST_F(SqliteFaultsTest, AFullDiskRefusesWritesQuicklyAndRecoversWithoutRestart) {
  const test::TempDir dir;
  FaultyVfs vfs;
  auto store = open(dir.path(), vfs.name());
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(putPair(**store, 1).ok());
  vfs.setFull(true);
  for (int i = 0; i < 3; ++i) {
    const Instant began = clock.now();
    const auto refused = putPair(**store, 2);
    EXPECT_LT(clock.now() - began, std::chrono::seconds(2));
    ASSERT_FALSE(refused.ok());
    EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
    EXPECT_EQ(refused.error().reason, "disk_full");
    const auto snapshot = await<ConfigSnapshot>(
        *loop, [&](auto done) { (*store)->load(Instant::max(), std::move(done)); });
    ASSERT_TRUE(snapshot.ok()) << "reads go on";
    EXPECT_EQ(snapshot->records.size(), 2u);
  }
  vfs.setFull(false);
  EXPECT_TRUE(putPair(**store, 2).ok());
  store->reset();
  EXPECT_EQ(pairsOnDisk(dir.path()), (std::set<int>{1, 2}));
}

// The child writes pairs from `from` on and tells each acknowledged one on `out`, until it is
// killed.
[[noreturn]] void writeUntilKilled(const std::string& folder, int from, int out) {
  const SystemClock clock;
  auto loop = std::move(*EventLoop::create(clock));
  auto store = SqliteConfigStore::open(
      *loop, {folder + "/busbar.db", folder + "/secret.key", "", 64, 10'000});
  if (!store.ok()) {
    ::_exit(1);
  }
  for (int n = from;; ++n) {
    const auto changes = await<Changes>(*loop, [&](auto done) {
      (*store)->apply(
          {{Kind::Insert, sample::zone(2 * n)}, {Kind::Insert, sample::zone(2 * n + 1)}}, {},
          Instant::max(), std::move(done));
    });
    if (!changes.ok() || ::write(out, &n, sizeof n) != sizeof n) {
      ::_exit(1);
    }
  }
}

TEST_F(SqliteFaultsTest, NoAcknowledgedWriteIsLostToKill9) {
  const test::TempDir dir;
  int acknowledged = 0;
  int next = 1;
  for (int round = 0; round < 8; ++round) {
    int pipeFds[2];
    ASSERT_EQ(::pipe(pipeFds), 0);
    const UniqueFd in(pipeFds[0]);
    UniqueFd out(pipeFds[1]);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      writeUntilKilled(dir.path(), next, out.get());
    }
    out.reset();
    // A different moment each round: after so many acknowledgements, somewhere within the next
    // write.
    for (int i = 0; i < 3 + 5 * round; ++i) {
      ASSERT_EQ(::read(in.get(), &acknowledged, sizeof acknowledged),
                static_cast<ssize_t>(sizeof acknowledged));
    }
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    while (::read(in.get(), &acknowledged, sizeof acknowledged) ==
           static_cast<ssize_t>(sizeof acknowledged)) {
    }
    const std::set<int> pairs = pairsOnDisk(dir.path());
    const int last = pairs.empty() ? 0 : *pairs.rbegin();
    EXPECT_GE(last, acknowledged);
    EXPECT_LE(last, acknowledged + 1) << "only the write in flight may be in doubt";
    EXPECT_EQ(pairs.size(), static_cast<size_t>(last)) << "no gap";
    next = last + 1;
  }
}

}  // namespace
}  // namespace busbar
