// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "registry/state/state_store.h"
#include "registry/store/sqlite.h"
#include "registry/store/store_thread.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// StateStore in memory, saved to a SQLite file of its own (synchronous=NORMAL: the last batches may
// go with the power, the file stays whole). Changes are saved in one batch every 250 ms, less often
// when the disk is slow, so that saving takes at most a tenth of its thread's time. A batch that
// fails is tried again; memory goes on. What is not flushed when this object goes is not saved.
// Loop-only.
class MemoryStateStore : public StateStore {
 public:
  struct Options {
    std::string databasePath;
    std::string vfs;             // empty: SQLite's own
    size_t maxKeys = 1'000'000;  // over all modules
  };

  // Restores what was saved; blocks, for use before the loop runs. A damaged file is put aside as
  // "<path>.damaged" and an empty one taken: state is not configuration.
  static Result<std::unique_ptr<MemoryStateStore>> open(EventLoop& loop, Options options);
  ~MemoryStateStore() override;

  bool put(std::string_view moduleId, const Epoch& epoch, StateEntry entry) override;
  bool clear(std::string_view moduleId, const Epoch& epoch) override;
  void read(std::string moduleId, Instant deadline, Done<std::vector<StateEntry>> done) override;
  void flush(Instant deadline, Done<void> done) override;

  // Of the last batch; ok after one that was saved.
  const Status& lastSave() const { return lastSave_; }

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  template <class T>
  using ByText = std::unordered_map<std::string, T, Hash, std::equal_to<>>;

  struct Stored {
    StateEntry entry;    // empty json: removed, but not yet in the file
    bool dirty = false;  // its key is in Owned::dirty
  };
  struct Owned {
    Epoch epoch;
    ByText<Stored> keys;
    std::vector<std::string> dirty;
    bool cleared = false;  // the file's keys go before the dirty ones are written
    bool changed = false;  // the module is in changed_
  };
  // What one batch writes for one module.
  struct Save {
    std::string moduleId;
    Epoch epoch;
    bool clear = false;
    std::vector<StateEntry> entries;
  };
  struct Waiter {
    uint64_t batch = 0;  // done when this batch is
    TimerId timer = 0;
    Done<void> done;
  };

  MemoryStateStore(EventLoop& loop, Options options, std::unique_ptr<sqlite::Database> db);
  Status restore();
  // The module if `epoch` may write it, with its epoch raised; nullptr otherwise.
  Owned* admit(std::string_view moduleId, const Epoch& epoch);
  void markChanged(std::string_view moduleId, Owned& owned);
  void markDirty(const std::string& key, Owned& owned, Stored& stored);
  void scheduleSave(Nanoseconds delay);
  void startSave();
  void finishSave(std::shared_ptr<std::vector<Save>> batch, Instant started, Status saved);
  void putBack(const std::vector<Save>& batch);
  void dropRemoved(const std::vector<Save>& batch);
  void settleWaiters(const Status& saved);
  static Status write(sqlite::Database& db, const std::vector<Save>& batch);

  EventLoop& loop_;
  const Options options_;
  std::unique_ptr<sqlite::Database> db_;  // the store thread's, once it runs
  ByText<Owned> modules_;
  size_t keyCount_ = 0;
  std::vector<std::string> changed_;  // modules with something to save
  std::list<Waiter> waiters_;
  uint64_t batches_ = 0;  // started so far
  bool saving_ = false;
  TimerId timer_ = 0;
  Status lastSave_;
  std::unique_ptr<StoreThread> thread_;  // last: joined before the rest goes
};

}  // namespace busbar
