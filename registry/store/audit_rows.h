// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "registry/store/audit_store.h"
#include "registry/store/sqlite.h"
#include "sdk/base/result.h"

namespace busbar {

// The audit log in the configuration database, one blocking call at a time. Shape: KEYS.md "audit".
// Thread-compatible.
class AuditRows {
 public:
  // `db` must outlive this object.
  explicit AuditRows(sqlite::Database& db) : db_(db) {}

  // Adds to the end of the chain, within the caller's transaction.
  Status append(AuditEntry entry);
  // The same for several, in a transaction of its own.
  Status appendAll(const std::vector<AuditEntry>& entries);
  Result<AuditPage> list(const AuditFilter& filter);
  Result<AuditVerdict> verify();
  Result<int64_t> trim(int64_t beforeMs);

 private:
  struct End {
    int64_t sequence = 0;
    std::string hash;
  };
  Result<End> end(const char* name);
  Status setEnd(const char* name, int64_t sequence, const std::string& hash);

  sqlite::Database& db_;
};

}  // namespace busbar
