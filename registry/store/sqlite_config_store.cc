// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/sqlite_config_store.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <cerrno>
#include <utility>

#include "registry/store/audit_rows.h"
#include "registry/store/migrations.h"

namespace busbar {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;
constexpr size_t kMaxWaitingReads = 32;

bool isNewDatabase(const std::string& path) {
  struct stat info{};
  return ::stat(path.c_str(), &info) != 0 || info.st_size == 0;
}

// After these the content of the disk is unknown or wrong.
bool endsWriting(const Error& error) {
  return error.reason == "io_error" || error.reason == "database_damaged";
}

// Two writers would not hear of each other's changes.
Result<UniqueFd> lockDatabase(const std::string& databasePath) {
  const std::string path = databasePath + ".lock";
  UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600));
  if (!fd) {
    return Error::fromErrno(errno, "open " + path);
  }
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno == EWOULDBLOCK) {
      return Error::because(ErrorCode::FailedPrecondition, "in_use",
                            databasePath + " is in use by another process");
    }
    return Error::fromErrno(errno, "lock " + path);
  }
  return fd;
}

}  // namespace

Result<std::unique_ptr<SqliteConfigStore>> SqliteConfigStore::open(EventLoop& loop,
                                                                   Options options) {
  auto lock = lockDatabase(options.databasePath);
  if (!lock.ok()) {
    return std::move(lock).error();
  }
  // The key comes first: a crash in between leaves a key without a database, which is harmless.
  const auto ifMissing = isNewDatabase(options.databasePath) ? SecretBox::IfMissing::Create
                                                             : SecretBox::IfMissing::Fail;
  auto box = SecretBox::open(options.keyPath, ifMissing);
  if (!box.ok()) {
    return std::move(box).error();
  }
  auto db =
      sqlite::Database::open({options.databasePath, options.vfs, true},
                             [](sqlite::Database& d) { return checkVersion(d, configSchema()); });
  if (!db.ok()) {
    return std::move(db).error();
  }
  BUSBAR_TRY(migrate(**db, configSchema()));
  BUSBAR_TRY(ConfigRows(**db, *box).checkKey());
  return std::unique_ptr<SqliteConfigStore>(new SqliteConfigStore(
      loop, std::move(options), std::move(*lock), std::move(*db), std::move(*box)));
}

SqliteConfigStore::SqliteConfigStore(EventLoop& loop, Options options, UniqueFd lock,
                                     std::unique_ptr<sqlite::Database> db, SecretBox box)
    : loop_(loop),
      options_(std::move(options)),
      lock_(std::move(lock)),
      box_(std::move(box)),
      db_(std::move(db)),
      rows_(*db_, box_),
      moduleRows_(*db_, box_),
      authRows_(*db_, box_),
      thread_(std::make_unique<StoreThread>(loop, "busbar-store", options_.maxWaiting)),
      auditThread_(std::make_unique<StoreThread>(loop, "busbar-audit", kMaxWaitingReads)) {}

SqliteConfigStore::~SqliteConfigStore() {
  loop_.cancel(auditTimer_);
}

template <class T, class F>
Result<T> SqliteConfigStore::guarded(F write) {
  if (broken_) {
    return *broken_;
  }
  Result<T> result = write();
  if (!result.ok() && endsWriting(result.error())) {
    broken_ = result.error();
    broken_->message = "the configuration store stopped writing after: " + broken_->message;
  }
  return result;
}

void SqliteConfigStore::load(Instant deadline, ConfigStore::Done<ConfigSnapshot> done) {
  thread_->call<ConfigSnapshot>(deadline, [this] { return rows_.load(); }, std::move(done));
}

void SqliteConfigStore::apply(std::vector<ConfigWrite> writes, Actor actor, Instant deadline,
                              ConfigStore::Done<std::vector<ConfigChange>> done) {
  auto work = [this, writes = std::move(writes), actor = std::move(actor)] {
    const Milliseconds now(loop_.clock().utcNs() / kNsPerMs);
    auto result = guarded<std::vector<ConfigChange>>(
        [&] { return rows_.apply(writes, actor, now, watched_ ? options_.keptPositions : 0); });
    if (result.ok()) {
      thread_->postToLoop([this, changes = *result] { deliver(changes); });
    }
    return result;
  };
  thread_->call<std::vector<ConfigChange>>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::settingsHistory(std::string settingsId, Instant deadline,
                                        ConfigStore::Done<std::vector<model::Settings>> done) {
  auto work = [this, id = std::move(settingsId)] { return rows_.settingsHistory(id); };
  thread_->call<std::vector<model::Settings>>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::metadataHistory(std::string parentId, Instant deadline,
                                        ConfigStore::Done<std::vector<model::Metadata>> done) {
  auto work = [this, id = std::move(parentId)] { return rows_.metadataHistory(id); };
  thread_->call<std::vector<model::Metadata>>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::nextGeneration(Instant deadline, ConfigStore::Done<uint64_t> done) {
  auto work = [this] { return guarded<uint64_t>([this] { return rows_.nextGeneration(); }); };
  thread_->call<uint64_t>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::watch(uint64_t position, Callback<void(const ConfigChange&)> listener) {
  listener_ = std::move(listener);
  listening_ = false;
  thread_->push([this, position] {
    // Transactions before this job are in the log; those after it are posted after this answer.
    auto missed = guarded<std::vector<ConfigChange>>([&] { return rows_.changesAfter(position); });
    watched_ = true;
    thread_->postToLoop([this, changes = std::move(missed)] {
      listening_ = true;
      if (changes.ok()) {
        deliver(*changes);
      }
    });
  });
}

void SqliteConfigStore::get(std::string moduleId, std::string key, Instant deadline,
                            ModuleStore::Done<std::optional<std::string>> done) {
  using Value = std::optional<std::string>;
  auto work = [this, id = std::move(moduleId), key = std::move(key)]() -> Result<Value> {
    BUSBAR_TRY(checkKey(key));
    return moduleRows_.get(id, key);
  };
  thread_->call<Value>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::set(std::string moduleId, std::string key, std::string value,
                            Instant deadline, ModuleStore::Done<void> done) {
  auto work = [this, id = std::move(moduleId), key = std::move(key),
               value = std::move(value)]() -> Status {
    BUSBAR_TRY(checkKey(key));
    BUSBAR_TRY(checkValue(value));
    return guarded<void>([&] { return moduleRows_.set(id, key, value); });
  };
  thread_->call<void>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::remove(std::string moduleId, std::string key, Instant deadline,
                               ModuleStore::Done<void> done) {
  auto work = [this, id = std::move(moduleId), key = std::move(key)]() -> Status {
    BUSBAR_TRY(checkKey(key));
    return guarded<void>([&] { return moduleRows_.remove(id, key); });
  };
  thread_->call<void>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::list(std::string moduleId, std::string prefix, Instant deadline,
                             ModuleStore::Done<std::vector<std::string>> done) {
  using Keys = std::vector<std::string>;
  auto work = [this, id = std::move(moduleId), prefix = std::move(prefix)]() -> Result<Keys> {
    BUSBAR_TRY(checkPrefix(prefix));
    return moduleRows_.list(id, prefix);
  };
  thread_->call<Keys>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::loadAuth(int64_t now, Instant deadline,
                                 AuthStore::Done<std::vector<AuthRecord>> done) {
  using Records = std::vector<AuthRecord>;
  thread_->call<Records>(deadline, [this, now] { return authRows_.load(now); }, std::move(done));
}

void SqliteConfigStore::applyAuth(std::vector<AuthWrite> writes, Instant deadline,
                                  AuthStore::Done<void> done) {
  auto work = [this, writes = std::move(writes)]() -> Status {
    return guarded<void>([&] { return authRows_.apply(writes); });
  };
  thread_->call<void>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::purgeAuth(int64_t now, Instant deadline, AuthStore::Done<int64_t> done) {
  auto work = [this, now] { return guarded<int64_t>([&] { return authRows_.purge(now); }); };
  thread_->call<int64_t>(deadline, std::move(work), std::move(done));
}

Status SqliteConfigStore::append(AuditEntry entry) {
  if (unwrittenAudit() >= kMaxWaiting) {
    ++lostAuditEntries_;
    return Error::because(ErrorCode::ResourceExhausted, "queue_full",
                          "the audit log is busy: too many entries wait");
  }
  entry.timeMs = loop_.clock().utcNs() / kNsPerMs;
  waitingAudit_.push_back(std::move(entry));
  if (auditTimer_ == 0) {
    auditTimer_ = loop_.runAfter(kGroupDelay, [this] { writeAudit(); });
  }
  return {};
}

void SqliteConfigStore::flush(Instant deadline, AuditStore::Done<void> done) {
  writeAudit();
  thread_->call<void>(deadline, [] { return Status(); }, std::move(done));
}

void SqliteConfigStore::writeAudit() {
  loop_.cancel(std::exchange(auditTimer_, 0));
  if (waitingAudit_.empty()) {
    return;
  }
  auditInFlight_ += waitingAudit_.size();
  thread_->push([this, entries = std::exchange(waitingAudit_, {})] {
    const Status written = guarded<void>([&] { return AuditRows(*db_).appendAll(entries); });
    thread_->postToLoop([this, count = entries.size(), isLost = !written.ok()] {
      auditInFlight_ -= count;
      lostAuditEntries_ += isLost ? count : 0;
    });
  });
}

template <class T, class F>
Result<T> SqliteConfigStore::readAudit(F read) {
  if (auditDb_ == nullptr) {
    sqlite::OpenOptions options{options_.databasePath, options_.vfs};
    options.readOnly = true;
    auto db = sqlite::Database::open(options);
    if (!db.ok()) {
      return std::move(db).error();
    }
    auditDb_ = std::move(*db);
  }
  AuditRows rows(*auditDb_);
  return read(rows);
}

void SqliteConfigStore::listAudit(AuditFilter filter, Instant deadline,
                                  AuditStore::Done<AuditPage> done) {
  auto work = [this, filter = std::move(filter)] {
    return readAudit<AuditPage>([&](AuditRows& rows) { return rows.list(filter); });
  };
  auditThread_->call<AuditPage>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::verifyAudit(Instant deadline, AuditStore::Done<AuditVerdict> done) {
  auto work = [this] {
    return readAudit<AuditVerdict>([](AuditRows& rows) { return rows.verify(); });
  };
  auditThread_->call<AuditVerdict>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::trimAudit(int64_t beforeMs, Instant deadline,
                                  AuditStore::Done<int64_t> done) {
  auto work = [this, beforeMs] {
    return guarded<int64_t>([&] { return AuditRows(*db_).trim(beforeMs); });
  };
  thread_->call<int64_t>(deadline, std::move(work), std::move(done));
}

void SqliteConfigStore::deliver(const std::vector<ConfigChange>& changes) {
  if (!listening_ || !listener_) {
    return;
  }
  for (const ConfigChange& change : changes) {
    listener_(change);
  }
}

}  // namespace busbar
