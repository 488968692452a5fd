// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/state/memory_state_store.h"

#include <algorithm>
#include <utility>

#include "registry/store/damaged_file.h"
#include "registry/store/migrations.h"

namespace busbar {
namespace {

constexpr Milliseconds kSaveInterval{250};
constexpr Milliseconds kRetryInterval{5'000};
constexpr int kRestFactor = 9;  // pause after a batch, in its own durations
constexpr size_t kMaxJobs = 16;

Result<std::unique_ptr<sqlite::Database>> openDatabase(const MemoryStateStore::Options& options) {
  auto db =
      sqlite::Database::open({options.databasePath, options.vfs, false},
                             [](sqlite::Database& d) { return checkVersion(d, stateSchema()); });
  if (db.ok()) {
    BUSBAR_TRY(migrate(**db, stateSchema()));
  }
  return db;
}

}  // namespace

Result<std::unique_ptr<MemoryStateStore>> MemoryStateStore::open(EventLoop& loop, Options options) {
  for (bool retried = false;; retried = true) {
    auto db = openDatabase(options);
    Status status;
    if (db.ok()) {
      std::unique_ptr<MemoryStateStore> store(new MemoryStateStore(loop, options, std::move(*db)));
      status = store->restore();
      if (status.ok()) {
        return store;
      }
    } else {
      status = std::move(db).error();
    }
    if (retried || status.error().code != ErrorCode::DataLoss) {
      return std::move(status).error();
    }
    BUSBAR_TRY(putAside(options.databasePath));
  }
}

MemoryStateStore::MemoryStateStore(EventLoop& loop, Options options,
                                   std::unique_ptr<sqlite::Database> db)
    : loop_(loop),
      options_(std::move(options)),
      db_(std::move(db)),
      thread_(std::make_unique<StoreThread>(loop, "busbar-state", kMaxJobs)) {}

MemoryStateStore::~MemoryStateStore() {
  loop_.cancel(timer_);
  for (const Waiter& waiter : waiters_) {
    loop_.cancel(waiter.timer);
  }
}

Status MemoryStateStore::restore() {
  auto owners = db_->prepare("SELECT module_id, epoch FROM owners");
  if (!owners.ok()) {
    return std::move(owners).error();
  }
  for (auto row = owners->step(); !row.ok() || *row; row = owners->step()) {
    BUSBAR_TRY(std::move(row));
    modules_[owners->text(0)].epoch = owners->text(1);
  }
  auto statuses = db_->prepare("SELECT module_id, key, value, sequence, time_ns FROM statuses");
  if (!statuses.ok()) {
    return std::move(statuses).error();
  }
  for (auto row = statuses->step(); !row.ok() || *row; row = statuses->step()) {
    BUSBAR_TRY(std::move(row));
    StateEntry entry{statuses->text(1), statuses->text(2),
                     static_cast<uint64_t>(statuses->integer(3)), statuses->integer(4)};
    std::string key = entry.key;
    modules_[statuses->text(0)].keys[std::move(key)].entry = std::move(entry);
    ++keyCount_;
  }
  return {};
}

MemoryStateStore::Owned* MemoryStateStore::admit(std::string_view moduleId, const Epoch& epoch) {
  auto it = modules_.find(moduleId);
  if (it == modules_.end()) {
    it = modules_.emplace(std::string(moduleId), Owned()).first;
  }
  Owned& owned = it->second;
  if (epoch < owned.epoch) {
    return nullptr;
  }
  if (epoch > owned.epoch) {
    owned.epoch = epoch;
    markChanged(moduleId, owned);
  }
  return &owned;
}

void MemoryStateStore::markChanged(std::string_view moduleId, Owned& owned) {
  if (!owned.changed) {
    owned.changed = true;
    changed_.emplace_back(moduleId);
    if (timer_ == 0 && !saving_) {
      scheduleSave(kSaveInterval);
    }
  }
}

void MemoryStateStore::markDirty(const std::string& key, Owned& owned, Stored& stored) {
  if (!stored.dirty) {
    stored.dirty = true;
    owned.dirty.push_back(key);
  }
}

bool MemoryStateStore::put(std::string_view moduleId, const Epoch& epoch, StateEntry entry) {
  Owned* owned = admit(moduleId, epoch);
  if (owned == nullptr) {
    return false;
  }
  auto it = owned->keys.find(entry.key);
  if (it == owned->keys.end()) {
    if (entry.json.empty()) {
      return true;
    }
    if (keyCount_ >= options_.maxKeys) {
      return false;
    }
    ++keyCount_;
    it = owned->keys.emplace(entry.key, Stored()).first;
  }
  it->second.entry = std::move(entry);
  markDirty(it->first, *owned, it->second);
  markChanged(moduleId, *owned);
  return true;
}

bool MemoryStateStore::clear(std::string_view moduleId, const Epoch& epoch) {
  Owned* owned = admit(moduleId, epoch);
  if (owned == nullptr) {
    return false;
  }
  keyCount_ -= owned->keys.size();
  owned->keys.clear();
  owned->dirty.clear();
  owned->cleared = true;
  markChanged(moduleId, *owned);
  return true;
}

void MemoryStateStore::read(std::string moduleId, Instant deadline,
                            Done<std::vector<StateEntry>> done) {
  Result<std::vector<StateEntry>> result = std::vector<StateEntry>();
  if (loop_.clock().now() >= deadline) {
    result = Error::of(ErrorCode::DeadlineExceeded, "the state store did not answer in time");
  } else if (const auto it = modules_.find(moduleId); it != modules_.end()) {
    for (const auto& [key, stored] : it->second.keys) {
      if (!stored.entry.json.empty()) {
        result->push_back(stored.entry);
      }
    }
    std::sort(result->begin(), result->end(),
              [](const StateEntry& a, const StateEntry& b) { return a.key < b.key; });
  }
  thread_->postToLoop(
      [done = std::move(done), result = std::move(result)]() mutable { done(std::move(result)); });
}

void MemoryStateStore::flush(Instant deadline, Done<void> done) {
  Waiter waiter;
  waiter.batch = batches_ + (changed_.empty() ? 0 : 1);
  waiter.done = std::move(done);
  waiters_.push_back(std::move(waiter));
  Waiter& added = waiters_.back();
  if (deadline != Instant::max()) {
    added.timer = loop_.runAt(deadline, [this, it = std::prev(waiters_.end())] {
      auto late = std::move(it->done);
      waiters_.erase(it);
      late(Error::of(ErrorCode::DeadlineExceeded, "the state was not saved in time"));
    });
  }
  if (saving_) {
    return;  // finishSave() goes on with whatever is left
  }
  if (!changed_.empty()) {
    startSave();
    return;
  }
  thread_->postToLoop([this] { settleWaiters({}); });
}

void MemoryStateStore::scheduleSave(Nanoseconds delay) {
  timer_ = loop_.runAfter(delay, [this] {
    timer_ = 0;
    startSave();
  });
}

void MemoryStateStore::startSave() {
  loop_.cancel(timer_);
  timer_ = 0;
  auto batch =
      std::make_shared<std::vector<Save>>();  // shared by the thread's work and its completion
  for (const std::string& moduleId : changed_) {
    Owned& owned = modules_.find(moduleId)->second;
    Save save{moduleId, owned.epoch, owned.cleared, {}};
    for (const std::string& key : owned.dirty) {
      Stored& stored = owned.keys.find(key)->second;
      stored.dirty = false;
      save.entries.push_back(stored.entry);
    }
    owned.dirty.clear();
    owned.cleared = false;
    owned.changed = false;
    batch->push_back(std::move(save));
  }
  changed_.clear();
  saving_ = true;
  ++batches_;
  const Instant started = loop_.clock().now();
  thread_->call<void>(
      Instant::max(), [this, batch] { return write(*db_, *batch); },
      [this, batch, started](Status saved) { finishSave(batch, started, std::move(saved)); });
}

void MemoryStateStore::finishSave(std::shared_ptr<std::vector<Save>> batch, Instant started,
                                  Status saved) {
  saving_ = false;
  if (saved.ok()) {
    dropRemoved(*batch);
  } else {
    putBack(*batch);
  }
  lastSave_ = saved;
  settleWaiters(saved);
  if (changed_.empty()) {
    return;
  }
  if (saved.ok() && !waiters_.empty()) {
    startSave();
    return;
  }
  const Nanoseconds rest = (loop_.clock().now() - started) * kRestFactor;
  const Nanoseconds least = saved.ok() ? kSaveInterval : kRetryInterval;
  scheduleSave(std::max(least, rest));
}

// A failed batch is still to be saved, but for what newer changes have overtaken.
void MemoryStateStore::putBack(const std::vector<Save>& batch) {
  for (const Save& save : batch) {
    Owned& owned = modules_.find(save.moduleId)->second;
    const bool clearedSince = owned.cleared;
    owned.cleared = owned.cleared || save.clear;
    for (const StateEntry& entry : save.entries) {
      const auto it = owned.keys.find(entry.key);
      if (!clearedSince && it != owned.keys.end()) {
        markDirty(it->first, owned, it->second);
      }
    }
    if (!owned.changed) {
      owned.changed = true;
      changed_.push_back(save.moduleId);
    }
  }
}

void MemoryStateStore::dropRemoved(const std::vector<Save>& batch) {
  for (const Save& save : batch) {
    Owned& owned = modules_.find(save.moduleId)->second;
    for (const StateEntry& entry : save.entries) {
      const auto it = owned.keys.find(entry.key);
      if (it != owned.keys.end() && it->second.entry.json.empty() && !it->second.dirty) {
        owned.keys.erase(it);
        --keyCount_;
      }
    }
  }
}

// Completes those whose batch is through. With an error when it was the last batch that failed.
void MemoryStateStore::settleWaiters(const Status& saved) {
  std::list<Waiter> due;
  for (auto it = waiters_.begin(); it != waiters_.end();) {
    const auto next = std::next(it);
    if (it->batch <= batches_ && !saving_) {
      loop_.cancel(it->timer);
      due.splice(due.end(), waiters_, it);
    }
    it = next;
  }
  for (Waiter& waiter : due) {
    waiter.done(saved);
  }
}

Status MemoryStateStore::write(sqlite::Database& db, const std::vector<Save>& batch) {
  return db.transaction([&]() -> Status {
    auto own = db.prepare(
        "INSERT INTO owners (module_id, epoch) VALUES (?1, ?2) ON CONFLICT (module_id) DO UPDATE "
        "SET epoch = ?2");
    auto clear = db.prepare("DELETE FROM statuses WHERE module_id = ?");
    auto remove = db.prepare("DELETE FROM statuses WHERE module_id = ? AND key = ?");
    auto put = db.prepare(
        "INSERT OR REPLACE INTO statuses (module_id, key, value, sequence, time_ns) VALUES (?, ?, "
        "?, ?, ?)");
    for (auto* statement : {&own, &clear, &remove, &put}) {
      if (!statement->ok()) {
        return std::move(*statement).error();
      }
    }
    for (const Save& save : batch) {
      BUSBAR_TRY(own->bind(1, save.moduleId).bind(2, save.epoch).run());
      if (save.clear) {
        BUSBAR_TRY(clear->bind(1, save.moduleId).run());
      }
      for (const StateEntry& entry : save.entries) {
        if (entry.json.empty()) {
          BUSBAR_TRY(remove->bind(1, save.moduleId).bind(2, entry.key).run());
          continue;
        }
        BUSBAR_TRY(put->bind(1, save.moduleId)
                       .bind(2, entry.key)
                       .bind(3, entry.json)
                       .bind(4, static_cast<int64_t>(entry.sequence))
                       .bind(5, entry.timeNs)
                       .run());
      }
    }
    return {};
  });
}

}  // namespace busbar
