// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/store/secret_box.h"
#include "registry/store/sqlite.h"

namespace busbar {

// The table of ModuleStore, one blocking call at a time: what SqliteConfigStore does on its thread.
// Keys and values were checked. Shape: KEYS.md "configuration database". Thread-compatible.
class ModuleRows {
 public:
  // Both must outlive this object.
  ModuleRows(sqlite::Database& db, const SecretBox& box) : db_(db), box_(box) {}

  Result<std::optional<std::string>> get(const std::string& moduleId, const std::string& key);
  // One transaction. NotFound: no such module. ResourceExhausted: over ModuleStore's limits.
  Status set(const std::string& moduleId, const std::string& key, const std::string& value);
  Status remove(const std::string& moduleId, const std::string& key);
  Result<std::vector<std::string>> list(const std::string& moduleId, const std::string& prefix);

 private:
  Status checkRoom(const std::string& moduleId, const std::string& key, size_t bytes);

  sqlite::Database& db_;
  const SecretBox& box_;
};

}  // namespace busbar
