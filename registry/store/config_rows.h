// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/store/config_store.h"
#include "registry/store/secret_box.h"
#include "registry/store/sqlite.h"
#include "sdk/base/clock.h"

namespace busbar {

// The configuration database, one blocking call at a time: what SqliteConfigStore does on its
// thread. Errors as ConfigStore says. Shape: KEYS.md "configuration database". Thread-compatible.
class ConfigRows {
 public:
  // A table that holds a list of a row.
  struct MemberTable {
    const char* clear;
    const char* add;
  };

  // Both must outlive this object.
  ConfigRows(sqlite::Database& db, const SecretBox& box) : db_(db), box_(box) {}

  // FailedPrecondition when the secrets of the database are sealed with another key.
  Status checkKey();
  Result<ConfigSnapshot> load();
  // One transaction at UTC `now`, which also writes the audit log. Log entries at or below (new
  // position - keep) are removed; keep 0 removes none.
  Result<std::vector<ConfigChange>> apply(const std::vector<ConfigWrite>& writes,
                                          const Actor& actor, Milliseconds now, uint64_t keep);
  Result<std::vector<model::Settings>> settingsHistory(const std::string& settingsId);
  Result<std::vector<model::Metadata>> metadataHistory(const std::string& parentId);
  Result<std::vector<ConfigChange>> changesAfter(uint64_t position);
  Result<uint64_t> nextGeneration();

 private:
  struct Applied {
    ConfigChange change;
    std::optional<model::Record> before;  // of an update
  };
  Result<Applied> applyOne(const ConfigWrite& write, int64_t now);
  Result<model::Record> insert(model::Record record, int64_t now);
  Result<Applied> update(model::Record record, int64_t now);
  Result<model::Record> erase(model::Table table, const std::string& id);
  Status putRow(const model::Record& record, bool isNew);
  Status putMembers(const MemberTable& table, const std::string& owner,
                    const std::vector<std::string>& ids);
  // A statement whose only parameter is an id.
  Status runFor(std::string_view sql, const std::string& id);
  Status keepVersion(const model::Record& old);
  template <class T>
  Result<std::vector<T>> readVersions(std::string_view sql, const std::string& id);
  Status appendLog(const ConfigChange& change, size_t ordinal, const Actor& actor, int64_t now);

  Result<model::Record> getRow(model::Table table, const std::string& id);
  Status checkReferences(const ConfigChange& change);
  Status checkUnreferenced(model::Table table, const std::string& id);
  Result<bool> exists(std::string_view sql, const std::string& id);

  Result<uint64_t> meta(const char* name);
  Status setMeta(const char* name, std::string_view value);

  sqlite::Database& db_;
  const SecretBox& box_;
};

}  // namespace busbar
