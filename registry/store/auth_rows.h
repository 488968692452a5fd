// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "registry/store/auth_store.h"
#include "registry/store/secret_box.h"
#include "registry/store/sqlite.h"

namespace busbar {

// The table of AuthStore, one blocking call at a time: what SqliteConfigStore does on its thread.
// Documents of signing keys are sealed. Shape: KEYS.md "auth_records". Thread-compatible.
class AuthRows {
 public:
  // Both must outlive this object.
  AuthRows(sqlite::Database& db, const SecretBox& box) : db_(db), box_(box) {}

  Result<std::vector<AuthRecord>> load(int64_t now);
  Status apply(const std::vector<AuthWrite>& writes);
  Result<int64_t> purge(int64_t now);

 private:
  Status put(const AuthRecord& record);
  Status erase(const AuthRecord& record);

  sqlite::Database& db_;
  const SecretBox& box_;
};

}  // namespace busbar
