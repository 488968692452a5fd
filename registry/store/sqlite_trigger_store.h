// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/store/sqlite.h"
#include "registry/store/store_thread.h"
#include "registry/store/trigger_rows.h"
#include "registry/store/trigger_store.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/mutex.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

// TriggerStore in a SQLite file of its own (WAL). Calls that wait while the disk is busy become
// durable together, in one transaction. What is acknowledged outlives this process at once and a
// failure of the power within kSyncDelay: an action waits for its record, and would otherwise wait
// for the disk (4 ms here). An I/O error while writing ends all writing for the life of this
// object; a full disk does not. Loop-only.
class SqliteTriggerStore : public TriggerStore {
 public:
  static constexpr Milliseconds kSyncDelay{100};

  struct Options {
    std::string databasePath;
    std::string vfs;           // empty: SQLite's own
    size_t maxWaiting = 4096;  // calls
  };

  // Opens, creates or migrates the file; blocks, for use before the loop runs. A damaged one is put
  // aside and an empty one taken, so that triggers go on: what they had not finished is lost then,
  // which damagedFile() tells for the log. Errors: those of the file system and checkVersion().
  static Result<std::unique_ptr<SqliteTriggerStore>> open(EventLoop& loop, Options options);
  SqliteTriggerStore(const SqliteTriggerStore&) = delete;
  SqliteTriggerStore& operator=(const SqliteTriggerStore&) = delete;
  ~SqliteTriggerStore() override { loop_.cancel(syncTimer_); }

  // Where open() put a damaged file; empty: there was none.
  const std::string& damagedFile() const { return damagedFile_; }

  void loadTriggers(Instant deadline, Done<Loaded> done) override;
  void applyTriggers(std::vector<TriggerWrite> writes, Instant deadline, Done<void> done) override;
  void listFirings(std::string instanceId, size_t limit, Instant deadline,
                   Done<std::vector<TriggerFiring>> done) override;
  void listDeliveries(std::string instanceId, size_t limit, Instant deadline,
                      Done<std::vector<TriggerDelivery>> done) override;
  void findDelivery(std::string id, Instant deadline,
                    Done<std::optional<TriggerDelivery>> done) override;

 private:
  struct Call {
    std::vector<TriggerWrite> writes;
    Instant deadline;
    std::optional<Status> result;  // the thread's
  };

  SqliteTriggerStore(EventLoop& loop, const Options& options, std::unique_ptr<sqlite::Database> db);
  // On the thread: gives all calls that wait their result.
  void commit();
  void syncSoon();
  // On the thread: what was written is on the disk afterwards.
  void sync();

  EventLoop& loop_;
  const std::string walPath_;
  TimerId syncTimer_ = 0;
  std::string damagedFile_;
  // The next four belong to the thread once it runs.
  std::unique_ptr<sqlite::Database> db_;
  TriggerRows rows_;
  std::optional<Error> broken_;
  UniqueFd wal_;
  Mutex mutex_;
  // Shared with the work that waits for its turn on the thread.
  std::vector<std::shared_ptr<Call>> calls_ BUSBAR_GUARDED_BY(mutex_);
  std::unique_ptr<StoreThread> thread_;  // last: joined before the rest goes
};

}  // namespace busbar
