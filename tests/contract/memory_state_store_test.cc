// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/state/memory_state_store.h"

#include <filesystem>
#include <fstream>

#include "tests/contract/state_store_contract.h"
#include "tests/support/await.h"
#include "tests/support/faulty_vfs.h"
#include "tests/support/temp_dir.h"

namespace busbar {
namespace {

const Epoch kEpoch = "00000000000000010000000000000001";

class MemoryBackend : public StateStoreBackend {
 public:
  std::unique_ptr<StateStore> open(EventLoop& loop) override {
    auto store = MemoryStateStore::open(loop, {dir_.file("state.db"), "", 1000});
    EXPECT_TRUE(store.ok()) << store.error().message;
    return std::move(*store);
  }

 private:
  test::TempDir dir_;
};

INSTANTIATE_TEST_SUITE_P(Memory, StateStoreContract, testing::Values([] {
                           return std::unique_ptr<StateStoreBackend>(
                               std::make_unique<MemoryBackend>());
                         }));

class MemoryStateStoreTest : public testing::Test {
 protected:
  std::unique_ptr<MemoryStateStore> open(const std::string& vfs = "") {
    auto store = MemoryStateStore::open(*loop, {dir.file("state.db"), vfs, 3});
    EXPECT_TRUE(store.ok()) << store.error().message;
    return store.ok() ? std::move(*store) : nullptr;
  }
  Status flush(MemoryStateStore& store) {
    return await<void>(*loop, [&](auto done) {
      store.flush(BootClock::now() + std::chrono::seconds(10), std::move(done));
    });
  }
  size_t keys(MemoryStateStore& store) {
    return await<std::vector<StateEntry>>(
               *loop, [&](auto done) { store.read("mod-1", Instant::max(), std::move(done)); })
        ->size();
  }

  SystemClock clock;
  std::unique_ptr<EventLoop> loop = std::move(*EventLoop::create(clock));
  test::TempDir dir;
};

TEST_F(MemoryStateStoreTest, SavesByItselfAfterAWhile) {
  auto store = open();
  store->put("mod-1", kEpoch, {"a", "1", 1, 0});
  const auto saved = [this] {
    const auto other = sqlite::Database::open({dir.file("state.db"), "", false});
    return other.ok() && (*other)->queryInt("SELECT count(*) FROM statuses").value() == 1;
  };
  EXPECT_TRUE(runUntil(*loop, saved));
}

TEST_F(MemoryStateStoreTest, RefusesNewKeysAboveItsLimitAndTakesThemAgainWhenOthersGo) {
  auto store = open();
  for (const char* key : {"a", "b", "c"}) {
    EXPECT_TRUE(store->put("mod-1", kEpoch, {key, "1", 1, 0}));
  }
  EXPECT_FALSE(store->put("mod-1", kEpoch, {"d", "1", 1, 0}));
  EXPECT_TRUE(store->put("mod-1", kEpoch, {"a", "2", 2, 0}));
  EXPECT_TRUE(store->put("mod-1", kEpoch, {"a", "", 3, 0}));
  EXPECT_TRUE(flush(*store).ok());
  EXPECT_TRUE(store->put("mod-1", kEpoch, {"d", "1", 1, 0}));
  EXPECT_TRUE(store->clear("mod-1", kEpoch));
  EXPECT_TRUE(store->put("mod-1", kEpoch, {"e", "1", 1, 0}));
}

TEST_F(MemoryStateStoreTest, ADamagedFileIsPutAside) {
  std::ofstream(dir.file("state.db")) << std::string(4096, 'x');
  auto store = open();
  ASSERT_NE(store, nullptr);
  EXPECT_TRUE(std::filesystem::exists(dir.file("state.db.damaged")));
  store->put("mod-1", kEpoch, {"a", "1", 1, 0});
  EXPECT_TRUE(flush(*store).ok());
}

TEST_F(MemoryStateStoreTest, AFileOfANewerVersionIsRefused) {
  {
    open();
    const auto db = sqlite::Database::open({dir.file("state.db"), "", false});
    ASSERT_TRUE((*db)->exec("PRAGMA user_version=99").ok());
  }
  const auto refused = MemoryStateStore::open(*loop, {dir.file("state.db"), "", 3});
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "database_too_new");
}

TEST_F(MemoryStateStoreTest, AFailedBatchIsToldAndSavedLater) {
  test::FaultyVfs vfs;
  {
    auto store = open(vfs.name());
    store->put("mod-1", kEpoch, {"a", "1", 1, 0});
    store->put("mod-1", kEpoch, {"gone", "1", 1, 0});
    ASSERT_TRUE(flush(*store).ok());
    vfs.setFull(true);
    store->put("mod-1", kEpoch, {"b", "2", 2, 0});
    store->put("mod-1", kEpoch, {"gone", "", 2, 0});
    const auto failed = flush(*store);
    ASSERT_FALSE(failed.ok());
    EXPECT_EQ(failed.error().reason, "disk_full");
    EXPECT_FALSE(store->lastSave().ok());
    EXPECT_EQ(keys(*store), 2u) << "memory goes on";
    vfs.setFull(false);
    EXPECT_TRUE(flush(*store).ok());
    EXPECT_TRUE(store->lastSave().ok());
  }
  auto store = open();
  EXPECT_EQ(keys(*store), 2u);
}

// Whatever operation fails: the store opens or says why, memory goes on, and what was flushed is
// there.
TEST_F(MemoryStateStoreTest, EveryDiskOperationMayFailOnce) {
  bool hit = true;
  long n = 0;
  while (hit) {
    ASSERT_LT(++n, 500);
    const test::TempDir folder(test::quickFolder());
    const auto openWith = [&](const std::string& vfs) {
      return MemoryStateStore::open(*loop, {folder.file("state.db"), vfs, 10});
    };
    test::FaultyVfs vfs;
    vfs.failNth(n);
    size_t flushed = 0;
    if (auto store = openWith(vfs.name()); store.ok()) {
      for (const char* key : {"a", "b", "c"}) {
        EXPECT_TRUE((*store)->put("mod-1", kEpoch, {key, "1", 1, 0}));
        flushed = flush(**store).ok() ? keys(**store) : flushed;
      }
      EXPECT_EQ(keys(**store), 3u);
    } else {
      EXPECT_FALSE(store.error().message.empty());
    }
    hit = vfs.hit();
    const auto store = openWith("");
    ASSERT_TRUE(store.ok()) << "after failure " << n << ": " << store.error().message;
    EXPECT_GE(keys(**store), flushed) << "after failure " << n;
  }
  EXPECT_GT(n, 15);
}

}  // namespace
}  // namespace busbar
