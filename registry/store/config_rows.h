// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "registry/store/config_store.h"
#include "registry/store/secret_box.h"
#include "registry/store/sqlite.h"

namespace busbar {

// The configuration database, one blocking call at a time: what SqliteConfigStore does on its
// thread. Errors as ConfigStore says. Shape: KEYS.md "configuration database". Thread-compatible.
class ConfigRows {
 public:
  // Both must outlive this object.
  ConfigRows(sqlite::Database& db, const SecretBox& box) : db_(db), box_(box) {}

  // FailedPrecondition when the secrets of the database are sealed with another key.
  Status checkKey();
  Result<ConfigSnapshot> load();
  // One transaction at UTC second `now`. Log entries at or below (new position - keep) are removed;
  // keep 0 removes none.
  Result<std::vector<ConfigChange>> apply(const std::vector<ConfigWrite>& writes,
                                          const Actor& actor, int64_t now, uint64_t keep);
  Result<std::vector<model::Settings>> settingsHistory(const std::string& settingsId);
  Result<std::vector<ConfigChange>> changesAfter(uint64_t position);
  Result<uint64_t> nextGeneration();

 private:
  Result<ConfigChange> applyOne(const ConfigWrite& write, int64_t now);
  Result<model::Record> insert(model::Record record, int64_t now);
  Result<model::Record> update(model::Record record, int64_t now);
  Result<model::Record> erase(model::Table table, const std::string& id);
  Status putRow(const model::Record& record, bool isNew);
  Status putMembers(const model::System& system);
  Status keepVersion(const model::Settings& old);
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
