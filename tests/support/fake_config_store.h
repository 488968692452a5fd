// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "registry/store/audit_store.h"
#include "registry/store/config_store.h"
#include "registry/store/module_store.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// ConfigStore, ModuleStore and AuditStore in memory, held to the same contract suites as the real
// ones. `Data` plays the disk: hand the same one to a second store to reopen it. Loop-only.
class FakeConfigStore : public ConfigStore, public ModuleStore, public AuditStore {
 public:
  struct Data {
    uint64_t position = 0;
    uint64_t generation = 0;
    std::map<std::string, model::Record> rows;  // by id
    std::vector<ConfigChange> log;
    std::map<std::string, std::vector<model::Record>> history;             // by id, oldest first
    std::map<std::string, std::map<std::string, std::string>> moduleData;  // by id, by key
    std::vector<AuditEntry> audit;
    AuditEntry anchor;  // what the oldest entry builds on
  };

  explicit FakeConfigStore(EventLoop& loop, std::shared_ptr<Data> data = std::make_shared<Data>());
  ~FakeConfigStore() override;

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

  Status append(AuditEntry entry) override;
  void flush(Instant deadline, AuditStore::Done<void> done) override;
  bool isAuditFull() const override { return auditIsFull; }
  uint64_t lostAuditEntries() const override { return 0; }
  void listAudit(AuditFilter filter, Instant deadline, AuditStore::Done<AuditPage> done) override;
  void verifyAudit(Instant deadline, AuditStore::Done<AuditVerdict> done) override;
  void trimAudit(int64_t beforeMs, Instant deadline, AuditStore::Done<int64_t> done) override;

  // Every further write fails with this error, until it is cleared.
  void failWrites(std::optional<Error> error) { failure_ = std::move(error); }
  const Data& data() const { return *data_; }

  bool auditIsFull = false;

 private:
  template <class T>
  void answer(Instant deadline, Result<T> result, Callback<void(Result<T>)> done);
  Status setNow(const std::string& moduleId, const std::string& key, const std::string& value);
  Result<std::vector<ConfigChange>> applyNow(const std::vector<ConfigWrite>& writes,
                                             const Actor& actor);
  void tell(std::vector<ConfigChange> changes);

  EventLoop& loop_;
  std::shared_ptr<Data> data_;  // shared with whoever reopens it
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
  Callback<void(const ConfigChange&)> listener_;
  uint64_t heard_ = 0;  // the last position the listener was told of
  std::optional<Error> failure_;
};

}  // namespace busbar
