// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "registry/store/sqlite.h"
#include "registry/store/trigger_store.h"

namespace busbar {

// The database of triggers, one blocking call at a time: what SqliteTriggerStore does on its
// thread. Shape: KEYS.md "triggers database". Thread-compatible.
class TriggerRows {
 public:
  // `db` must outlive this object.
  explicit TriggerRows(sqlite::Database& db) : db_(db) {}

  Result<TriggerStore::Loaded> load();
  // All of them in one transaction, in order.
  Status apply(const std::vector<const std::vector<TriggerWrite>*>& calls);
  Result<std::vector<TriggerFiring>> firings(const std::string& instanceId, size_t limit);
  Result<std::vector<TriggerDelivery>> deliveries(const std::string& instanceId, size_t limit);
  Result<std::optional<TriggerDelivery>> delivery(const std::string& id);

 private:
  struct Writer;
  sqlite::Database& db_;
};

}  // namespace busbar
