// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/module_rows.h"

#include "registry/store/module_store.h"

namespace busbar {
namespace {

// So that a sealed value cannot be moved to another key or module. Ids hold no bar.
std::string contextOf(const std::string& moduleId, const std::string& key) {
  return moduleId + "|data|" + key;
}

}  // namespace

Result<std::optional<std::string>> ModuleRows::get(const std::string& moduleId,
                                                   const std::string& key) {
  auto statement = db_.prepare("SELECT value FROM module_data WHERE module_id = ? AND key = ?");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  auto row = statement->bind(1, moduleId).bind(2, key).step();
  if (!row.ok()) {
    return std::move(row).error();
  }
  if (!*row) {
    return std::optional<std::string>();
  }
  auto value = box_.unseal(statement->text(0), contextOf(moduleId, key));
  if (!value.ok()) {
    return std::move(value).error();
  }
  return std::optional<std::string>(std::move(*value));
}

Status ModuleRows::set(const std::string& moduleId, const std::string& key,
                       const std::string& value) {
  auto sealed = box_.seal(value, contextOf(moduleId, key));
  if (!sealed.ok()) {
    return std::move(sealed).error();
  }
  const size_t bytes = key.size() + value.size();
  return db_.transaction([&]() -> Status {
    BUSBAR_TRY(checkRoom(moduleId, key, bytes));
    auto statement = db_.prepare(
        "INSERT INTO module_data (module_id, key, bytes, value) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (module_id, key) DO UPDATE SET bytes = excluded.bytes, value = "
        "excluded.value");
    if (!statement.ok()) {
      return std::move(statement).error();
    }
    return statement->bind(1, moduleId)
        .bind(2, key)
        .bind(3, static_cast<int64_t>(bytes))
        .bind(4, *sealed)
        .run();
  });
}

Status ModuleRows::checkRoom(const std::string& moduleId, const std::string& key, size_t bytes) {
  auto statement = db_.prepare(
      "SELECT count(*), coalesce(sum(bytes), 0), EXISTS (SELECT 1 FROM modules WHERE id = ?1) "
      "FROM module_data WHERE module_id = ?1 AND key <> ?2");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  auto row = statement->bind(1, moduleId).bind(2, key).step();
  if (!row.ok()) {
    return std::move(row).error();
  }
  if (statement->integer(2) == 0) {
    return Error::of(ErrorCode::NotFound, "module " + moduleId + " does not exist");
  }
  if (static_cast<size_t>(statement->integer(0)) >= ModuleStore::kMaxKeys ||
      static_cast<size_t>(statement->integer(1)) + bytes > ModuleStore::kMaxBytes) {
    return ModuleStore::overQuota();
  }
  return {};
}

Status ModuleRows::remove(const std::string& moduleId, const std::string& key) {
  return db_.transaction([&]() -> Status {
    auto statement = db_.prepare("DELETE FROM module_data WHERE module_id = ? AND key = ?");
    if (!statement.ok()) {
      return std::move(statement).error();
    }
    return statement->bind(1, moduleId).bind(2, key).run();
  });
}

Result<std::vector<std::string>> ModuleRows::list(const std::string& moduleId,
                                                  const std::string& prefix) {
  auto statement = db_.prepare(
      "SELECT key FROM module_data WHERE module_id = ?1 AND substr(key, 1, length(?2)) = ?2 "
      "ORDER BY key");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  statement->bind(1, moduleId).bind(2, prefix);
  std::vector<std::string> keys;
  while (true) {
    auto row = statement->step();
    if (!row.ok()) {
      return std::move(row).error();
    }
    if (!*row) {
      return keys;
    }
    keys.push_back(statement->text(0));
  }
}

}  // namespace busbar
