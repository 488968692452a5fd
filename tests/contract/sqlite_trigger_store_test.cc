// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/sqlite_trigger_store.h"

#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "sdk/base/unique_fd.h"
#include "tests/contract/trigger_store_contract.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

using Firings = std::vector<TriggerFiring>;
using test::FaultyVfs;

class SqliteTriggerBackend : public TriggerStoreBackend {
 public:
  std::unique_ptr<TriggerStore> open(EventLoop& loop) override {
    auto store = SqliteTriggerStore::open(loop, {dir_.file("triggers.db"), "", 64});
    EXPECT_TRUE(store.ok()) << store.error().message;
    return std::move(*store);
  }

 private:
  test::TempDir dir_;
};

INSTANTIATE_TEST_SUITE_P(Sqlite, TriggerStoreContract, testing::Values([] {
                           return std::unique_ptr<TriggerStoreBackend>(
                               std::make_unique<SqliteTriggerBackend>());
                         }));

// Writes pairs: progress n, and firing n, which is not over. Each is one call.
class SqliteTriggerStoreTest : public testing::Test {
 protected:
  using Opened = Result<std::unique_ptr<SqliteTriggerStore>>;

  static Opened openIn(EventLoop& loop, const std::string& folder, const std::string& vfs = "",
                       size_t maxWaiting = 64) {
    return SqliteTriggerStore::open(loop, {folder + "/triggers.db", vfs, maxWaiting});
  }
  static Status putPair(EventLoop& loop, SqliteTriggerStore& store, int n) {
    return await<void>(loop, [&](auto done) {
      store.applyTriggers(
          {TriggerProgress{"trig-1", std::to_string(n)}, sampleFiring(n, "trig-1", false)},
          Instant::max(), std::move(done));
    });
  }
  // The number of pairs in a sound file; fails when one is not whole.
  int pairsIn(const std::string& folder) {
    auto store = openIn(*loop, folder);
    EXPECT_TRUE(store.ok()) << store.error().message;
    if (!store.ok()) {
      return -1;
    }
    EXPECT_EQ((*store)->damagedFile(), "");
    const auto loaded = await<TriggerStore::Loaded>(
        *loop, [&](auto done) { (*store)->loadTriggers(Instant::max(), std::move(done)); });
    EXPECT_TRUE(loaded.ok());
    const int count = static_cast<int>(loaded->unfinished.size());
    EXPECT_EQ(loaded->progress.empty() ? "0" : loaded->progress[0].document,
              std::to_string(loaded->unfinished.empty() ? 0 : loaded->unfinished.back().timeMs));
    store->reset();
    auto db = sqlite::Database::open({folder + "/triggers.db", "", true});
    EXPECT_EQ(
        (*db)
            ->queryInt("SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'")
            .value(),
        1);
    return count;
  }
  // One life of a store whose n-th disk operation fails. False when that operation never came.
  bool lifeWithFault(long n, FaultyVfs::Fault fault);

  SystemClock clock;
  std::unique_ptr<EventLoop> loop = std::move(*EventLoop::create(clock));
};

bool SqliteTriggerStoreTest::lifeWithFault(long n, FaultyVfs::Fault fault) {
  const test::TempDir dir(test::quickFolder());
  FaultyVfs vfs;
  int acknowledged = 0;
  bool ioError = false;
  vfs.failNth(n, fault);
  if (auto store = openIn(*loop, dir.path(), vfs.name()); store.ok()) {
    for (int pair = 1; pair <= 4; ++pair) {
      const Status put = putPair(*loop, **store, pair);
      if (put.ok()) {
        EXPECT_FALSE(ioError) << "wrote on after an I/O error";
        ++acknowledged;
        continue;
      }
      const ErrorCode code = put.error().code;
      EXPECT_TRUE(code == ErrorCode::Unavailable || code == ErrorCode::ResourceExhausted)
          << put.error().message;
      ioError = ioError || code == ErrorCode::Unavailable;
    }
  } else {
    EXPECT_NE(store.error().code, ErrorCode::Internal) << store.error().message;
  }
  const bool hit = vfs.hit();
  EXPECT_GE(pairsIn(dir.path()), acknowledged) << "an acknowledged write is lost";
  return hit;
}

TEST_F(SqliteTriggerStoreTest, EveryDiskOperationMayFailOnce) {
  for (const auto fault : {FaultyVfs::Fault::IoError, FaultyVfs::Fault::DiskFull}) {
    long n = 1;
    while (lifeWithFault(n, fault)) {
      ASSERT_FALSE(HasFailure()) << "at operation " << n;
      ASSERT_LT(++n, 2000);
    }
    EXPECT_GT(n, 10) << "the shim saw too few operations to mean anything";
  }
}

TEST_F(SqliteTriggerStoreTest, AFullDiskRefusesWritesUntilThereIsRoom) {
  const test::TempDir dir;
  FaultyVfs vfs;
  auto store = openIn(*loop, dir.path(), vfs.name());
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(putPair(*loop, **store, 1).ok());
  vfs.setFull(true);
  const Status refused = putPair(*loop, **store, 2);
  EXPECT_EQ(refused.error().code, ErrorCode::ResourceExhausted);
  EXPECT_EQ(refused.error().reason, "disk_full");
  const auto read = await<Firings>(*loop, [&](auto done) {
    (*store)->listFirings("trig-1", 10, Instant::max(), std::move(done));
  });
  EXPECT_EQ(read->size(), 1u) << "reads go on";
  vfs.setFull(false);
  EXPECT_TRUE(putPair(*loop, **store, 2).ok());
  store->reset();
  EXPECT_EQ(pairsIn(dir.path()), 2);
}

TEST_F(SqliteTriggerStoreTest, AnIoErrorEndsWritingButNotReading) {
  const test::TempDir dir;
  FaultyVfs vfs;
  auto store = openIn(*loop, dir.path(), vfs.name());
  ASSERT_TRUE(store.ok());
  ASSERT_TRUE(putPair(*loop, **store, 1).ok());
  vfs.failNth(1);
  EXPECT_EQ(putPair(*loop, **store, 2).error().code, ErrorCode::Unavailable);
  ASSERT_TRUE(vfs.hit());
  const Status after = putPair(*loop, **store, 3);
  EXPECT_EQ(after.error().code, ErrorCode::Unavailable) << "never retried and acknowledged";
  EXPECT_NE(after.error().message.find("stopped writing"), std::string::npos);
  const auto loaded = await<TriggerStore::Loaded>(
      *loop, [&](auto done) { (*store)->loadTriggers(Instant::max(), std::move(done)); });
  ASSERT_TRUE(loaded.ok());
  EXPECT_EQ(loaded->unfinished.size(), 1u);
}

TEST_F(SqliteTriggerStoreTest, AFullQueueRefusesAtOnceAndWritesNothingOfIt) {
  const test::TempDir dir;
  auto store = openIn(*loop, dir.path(), "", 1);
  ASSERT_TRUE(store.ok());
  int done = 0;
  std::vector<int> taken;
  for (int n = 1; n <= 300; ++n) {
    (*store)->applyTriggers({sampleFiring(n, "trig-1", false)}, Instant::max(), [&, n](Status put) {
      ++done;
      if (put.ok()) {
        taken.push_back(n);
        return;
      }
      EXPECT_EQ(put.error().code, ErrorCode::ResourceExhausted);
      EXPECT_EQ(put.error().reason, "queue_full");
    });
  }
  ASSERT_TRUE(runUntil(*loop, [&] { return done == 300; }));
  EXPECT_LT(taken.size(), 300u);
  store->reset();
  store = openIn(*loop, dir.path());  // whose queue is long enough to ask at any time
  ASSERT_TRUE(store.ok());
  const auto loaded = await<TriggerStore::Loaded>(
      *loop, [&](auto finished) { (*store)->loadTriggers(Instant::max(), std::move(finished)); });
  ASSERT_TRUE(loaded.ok());
  std::vector<int> found;
  for (const TriggerFiring& firing : loaded->unfinished) {
    found.push_back(static_cast<int>(firing.timeMs));
  }
  EXPECT_EQ(found, taken);
}

TEST_F(SqliteTriggerStoreTest, ADamagedFileIsPutAsideAndTold) {
  const test::TempDir dir;
  std::ofstream(dir.file("triggers.db")) << std::string(8192, 'x');
  auto store = openIn(*loop, dir.path());
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_EQ((*store)->damagedFile(), dir.file("triggers.db.damaged"));
  EXPECT_TRUE(std::filesystem::exists(dir.file("triggers.db.damaged")));
  EXPECT_TRUE(putPair(*loop, **store, 1).ok());
  store->reset();
  EXPECT_EQ(pairsIn(dir.path()), 1);
}

// A page in the middle that no longer says what it said.
TEST_F(SqliteTriggerStoreTest, DamageInRowsThatAreNeededAtTheStartIsFoundThen) {
  const test::TempDir dir;
  {
    auto store = openIn(*loop, dir.path());
    for (int n = 1; n <= 200; ++n) {
      ASSERT_TRUE(putPair(*loop, **store, n).ok());
    }
  }
  const auto size = std::filesystem::file_size(dir.file("triggers.db"));
  ASSERT_GT(size, 8u * 4096u);
  {
    std::fstream file(dir.file("triggers.db"), std::ios::in | std::ios::out | std::ios::binary);
    for (uintmax_t at = 4096; at + 4096 <= size; at += 4096) {
      file.seekp(static_cast<std::streamoff>(at));
      file.write("\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 8);
    }
  }
  auto store = openIn(*loop, dir.path());
  ASSERT_TRUE(store.ok()) << store.error().message;
  EXPECT_NE((*store)->damagedFile(), "");
}

TEST_F(SqliteTriggerStoreTest, RefusesOtherAndNewerFilesAndLeavesThemAlone) {
  const test::TempDir dir;
  {
    ASSERT_TRUE(openIn(*loop, dir.path()).ok());
    auto db = sqlite::Database::open({dir.file("triggers.db"), "", true});
    ASSERT_TRUE((*db)->exec("PRAGMA user_version=99").ok());
  }
  EXPECT_EQ(openIn(*loop, dir.path()).error().reason, "database_too_new");
  std::filesystem::remove(dir.file("triggers.db"));
  {
    auto db = sqlite::Database::open({dir.file("triggers.db"), "", true});
    ASSERT_TRUE((*db)->exec("CREATE TABLE other (x)").ok());
  }
  EXPECT_EQ(openIn(*loop, dir.path()).error().reason, "wrong_database");
  EXPECT_FALSE(std::filesystem::exists(dir.file("triggers.db.damaged")));
}

TEST_F(SqliteTriggerStoreTest, FilesAreForTheirOwnerOnly) {
  const test::TempDir dir;
  const auto store = openIn(*loop, dir.path());
  for (const auto& file : std::filesystem::directory_iterator(dir.path())) {
    struct stat info{};
    ASSERT_EQ(::stat(file.path().c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0600u) << file.path();
  }
}

// The child writes pairs from `from` on and tells each acknowledged one on `out`, until it is
// killed.
[[noreturn]] void writePairsUntilKilled(const std::string& folder, int from, int out) {
  const SystemClock clock;
  auto loop = std::move(*EventLoop::create(clock));
  auto store = SqliteTriggerStore::open(*loop, {folder + "/triggers.db", "", 64});
  if (!store.ok()) {
    ::_exit(1);
  }
  for (int n = from;; ++n) {
    const Status put = await<void>(*loop, [&](auto done) {
      (*store)->applyTriggers(
          {TriggerProgress{"trig-1", std::to_string(n)}, sampleFiring(n, "trig-1", false)},
          Instant::max(), std::move(done));
    });
    if (!put.ok() || ::write(out, &n, sizeof n) != sizeof n) {
      ::_exit(1);
    }
  }
}

TEST_F(SqliteTriggerStoreTest, NoAcknowledgedWriteIsLostToKill9) {
  const test::TempDir dir;
  int next = 1;
  for (int round = 0; round < 6; ++round) {
    int pipeFds[2];
    ASSERT_EQ(::pipe(pipeFds), 0);
    const UniqueFd in(pipeFds[0]);
    UniqueFd out(pipeFds[1]);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      writePairsUntilKilled(dir.path(), next, out.get());
    }
    out.reset();
    int acknowledged = 0;
    for (int i = 0; i < 3 + 5 * round; ++i) {
      ASSERT_EQ(::read(in.get(), &acknowledged, sizeof acknowledged),
                static_cast<ssize_t>(sizeof acknowledged));
    }
    ::kill(child, SIGKILL);
    ASSERT_EQ(::waitpid(child, nullptr, 0), child);
    while (::read(in.get(), &acknowledged, sizeof acknowledged) ==
           static_cast<ssize_t>(sizeof acknowledged)) {
    }
    const int found = pairsIn(dir.path());
    EXPECT_GE(found, acknowledged);
    EXPECT_LE(found, acknowledged + 1) << "only the write in flight may be in doubt";
    next = found + 1;
  }
}

}  // namespace
}  // namespace busbar
