// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "registry/store/audit_store.h"
#include "registry/store/auth_rows.h"
#include "registry/store/auth_store.h"
#include "registry/store/config_rows.h"
#include "registry/store/config_store.h"
#include "registry/store/module_rows.h"
#include "registry/store/module_store.h"
#include "registry/store/secret_box.h"
#include "registry/store/sqlite.h"
#include "registry/store/store_thread.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

// All four stores in one SQLite file: one thread writes, each transaction is on disk (WAL,
// synchronous=FULL) before it is acknowledged. An I/O error while writing ends all writing for the
// life of this object, because what the disk holds is then unknown; a full disk does not.
// Loop-only.
class SqliteConfigStore : public ConfigStore,
                          public ModuleStore,
                          public AuthStore,
                          public AuditStore {
 public:
  struct Options {
    std::string databasePath;
    std::string keyPath;       // see SecretBox; made together with the database
    std::string vfs;           // empty: SQLite's own
    size_t maxWaiting = 1024;  // writes that may wait
    uint64_t keptPositions = 10'000;
  };

  // Opens, creates or migrates the files; blocks, for use before the loop runs. Errors: those of
  // the file system, checkVersion() and SecretBox::open().
  static Result<std::unique_ptr<SqliteConfigStore>> open(EventLoop& loop, Options options);
  ~SqliteConfigStore() override;

  void load(Instant deadline, ConfigStore::Done<ConfigSnapshot> done) override;
  void apply(std::vector<ConfigWrite> writes, Actor actor, Instant deadline,
             ConfigStore::Done<std::vector<ConfigChange>> done) override;
  void settingsHistory(std::string settingsId, Instant deadline,
                       ConfigStore::Done<std::vector<model::Settings>> done) override;
  void metadataHistory(std::string parentId, Instant deadline,
                       ConfigStore::Done<std::vector<model::Metadata>> done) override;
  void nextGeneration(Instant deadline, ConfigStore::Done<uint64_t> done) override;
  void watch(uint64_t position, Callback<void(const ConfigChange&)> listener) override;

  void get(std::string moduleId, std::string key, Instant deadline,
           ModuleStore::Done<std::optional<std::string>> done) override;
  void set(std::string moduleId, std::string key, std::string value, Instant deadline,
           ModuleStore::Done<void> done) override;
  void remove(std::string moduleId, std::string key, Instant deadline,
              ModuleStore::Done<void> done) override;
  void list(std::string moduleId, std::string prefix, Instant deadline,
            ModuleStore::Done<std::vector<std::string>> done) override;

  void loadAuth(int64_t now, Instant deadline,
                AuthStore::Done<std::vector<AuthRecord>> done) override;
  void applyAuth(std::vector<AuthWrite> writes, Instant deadline,
                 AuthStore::Done<void> done) override;
  void purgeAuth(int64_t now, Instant deadline, AuthStore::Done<int64_t> done) override;
  Status append(AuditEntry entry) override;
  void flush(Instant deadline, AuditStore::Done<void> done) override;
  bool isAuditFull() const override { return unwrittenAudit() >= kMaxWaiting - kReserve; }
  uint64_t lostAuditEntries() const override { return lostAuditEntries_; }
  void listAudit(AuditFilter filter, Instant deadline, AuditStore::Done<AuditPage> done) override;
  void verifyAudit(Instant deadline, AuditStore::Done<AuditVerdict> done) override;
  void trimAudit(int64_t beforeMs, Instant deadline, AuditStore::Done<int64_t> done) override;

 private:
  SqliteConfigStore(EventLoop& loop, Options options, UniqueFd lock,
                    std::unique_ptr<sqlite::Database> db, SecretBox box);
  // On the store's thread: refuses after an I/O error, and notes one.
  template <class T, class F>
  Result<T> guarded(F write);
  void deliver(const std::vector<ConfigChange>& changes);
  void writeAudit();
  // On the thread for reading the audit log, which opens its connection on first use.
  template <class T, class F>
  Result<T> readAudit(F read);
  size_t unwrittenAudit() const { return waitingAudit_.size() + auditInFlight_; }

  EventLoop& loop_;
  const Options options_;
  const UniqueFd lock_;
  const SecretBox box_;
  // The next six belong to the store's thread once it runs.
  std::unique_ptr<sqlite::Database> db_;
  ConfigRows rows_;
  ModuleRows moduleRows_;
  AuthRows authRows_;
  std::optional<Error> broken_;
  bool watched_ = false;                          // log entries may be trimmed
  Callback<void(const ConfigChange&)> listener_;  // loop
  bool listening_ = false;                        // the listener has had the log up to now
  std::vector<AuditEntry> waitingAudit_;          // loop, until the next group commit
  size_t auditInFlight_ = 0;                      // entries that the thread has
  TimerId auditTimer_ = 0;
  uint64_t lostAuditEntries_ = 0;
  std::unique_ptr<sqlite::Database> auditDb_;  // the audit thread's
  // Last: joined before the rest goes.
  std::unique_ptr<StoreThread> thread_;
  std::unique_ptr<StoreThread> auditThread_;
};

}  // namespace busbar
