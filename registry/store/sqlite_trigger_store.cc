// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/sqlite_trigger_store.h"

#include <fcntl.h>
#include <unistd.h>

#include <utility>

#include "registry/store/damaged_file.h"
#include "registry/store/migrations.h"

namespace busbar {
namespace {

Result<std::unique_ptr<sqlite::Database>> openDatabase(const SqliteTriggerStore::Options& options) {
  auto db =
      sqlite::Database::open({options.databasePath, options.vfs, false},
                             [](sqlite::Database& d) { return checkVersion(d, triggersSchema()); });
  if (db.ok()) {
    BUSBAR_TRY(migrate(**db, triggersSchema()));
    auto loaded = TriggerRows(**db).load();
    if (!loaded.ok()) {
      return std::move(loaded).error();
    }
  }
  return db;
}

}  // namespace

Result<std::unique_ptr<SqliteTriggerStore>> SqliteTriggerStore::open(EventLoop& loop,
                                                                     Options options) {
  auto db = openDatabase(options);
  std::string damaged;
  if (!db.ok() && db.error().code == ErrorCode::DataLoss) {
    BUSBAR_TRY(putAside(options.databasePath));
    damaged = options.databasePath + ".damaged";
    db = openDatabase(options);
  }
  if (!db.ok()) {
    return std::move(db).error();
  }
  std::unique_ptr<SqliteTriggerStore> store(new SqliteTriggerStore(loop, options, std::move(*db)));
  store->damagedFile_ = std::move(damaged);
  return store;
}

SqliteTriggerStore::SqliteTriggerStore(EventLoop& loop, const Options& options,
                                       std::unique_ptr<sqlite::Database> db)
    : loop_(loop),
      walPath_(options.databasePath + "-wal"),
      db_(std::move(db)),
      rows_(*db_),
      thread_(std::make_unique<StoreThread>(loop, "busbar-triggers", options.maxWaiting)) {}

void SqliteTriggerStore::loadTriggers(Instant deadline, Done<Loaded> done) {
  thread_->call<Loaded>(deadline, [this] { return rows_.load(); }, std::move(done));
}

void SqliteTriggerStore::applyTriggers(std::vector<TriggerWrite> writes, Instant deadline,
                                       Done<void> done) {
  auto call = std::make_shared<Call>(Call{std::move(writes), deadline, std::nullopt});
  // A full thread refuses the call, which then must not be written with others. If it has become
  // free in between, the call joins them in its turn, as the oldest of all.
  const bool isQueued = !thread_->isFull();
  if (isQueued) {
    const MutexLock lock(mutex_);
    calls_.push_back(call);
  }
  auto work = [this, call, isQueued]() -> Status {
    if (!isQueued) {
      const MutexLock lock(mutex_);
      calls_.insert(calls_.begin(), call);
    }
    if (!call->result) {
      commit();
    }
    return *call->result;
  };
  thread_->call<void>(deadline, std::move(work), std::move(done));
  syncSoon();
}

void SqliteTriggerStore::syncSoon() {
  if (syncTimer_ == 0) {
    syncTimer_ = loop_.runAfter(kSyncDelay, [this] {
      syncTimer_ = 0;
      thread_->push([this] { sync(); });
    });
  }
}

// SQLite keeps its locks on the database and its index: closing a descriptor of the log itself lets
// go of none of them.
void SqliteTriggerStore::sync() {
  if (!wal_) {
    wal_.reset(::open(walPath_.c_str(), O_RDONLY | O_CLOEXEC));
  }
  if (wal_ && ::fdatasync(wal_.get()) != 0 && !broken_) {
    broken_ = Error::because(ErrorCode::Unavailable, "io_error",
                             "the store of triggers stopped writing: the disk failed");
  }
}

void SqliteTriggerStore::commit() {
  std::vector<std::shared_ptr<Call>> waiting;
  {
    const MutexLock lock(mutex_);
    waiting.swap(calls_);
  }
  const Instant now = loop_.clock().now();
  std::vector<const std::vector<TriggerWrite>*> together;
  for (const auto& call : waiting) {
    if (now < call->deadline) {
      together.push_back(&call->writes);
    } else {
      call->result = Error::of(ErrorCode::DeadlineExceeded, "the store did not answer in time");
    }
  }
  Status written = broken_ ? Status(*broken_) : rows_.apply(together);
  if (!broken_ && !written.ok() &&
      (written.error().reason == "io_error" || written.error().reason == "database_damaged")) {
    broken_ =
        Error::because(ErrorCode::Unavailable, written.error().reason,
                       "the store of triggers stopped writing after: " + written.error().message);
  }
  for (const auto& call : waiting) {
    if (!call->result) {
      call->result = written;
    }
  }
}

void SqliteTriggerStore::listFirings(std::string instanceId, size_t limit, Instant deadline,
                                     Done<std::vector<TriggerFiring>> done) {
  using Firings = std::vector<TriggerFiring>;
  auto work = [this, id = std::move(instanceId), limit] { return rows_.firings(id, limit); };
  thread_->call<Firings>(deadline, std::move(work), std::move(done));
}

void SqliteTriggerStore::listDeliveries(std::string instanceId, size_t limit, Instant deadline,
                                        Done<std::vector<TriggerDelivery>> done) {
  using Deliveries = std::vector<TriggerDelivery>;
  auto work = [this, id = std::move(instanceId), limit] { return rows_.deliveries(id, limit); };
  thread_->call<Deliveries>(deadline, std::move(work), std::move(done));
}

void SqliteTriggerStore::findDelivery(std::string id, Instant deadline,
                                      Done<std::optional<TriggerDelivery>> done) {
  using Found = std::optional<TriggerDelivery>;
  auto work = [this, id = std::move(id)] { return rows_.delivery(id); };
  thread_->call<Found>(deadline, std::move(work), std::move(done));
}

}  // namespace busbar
