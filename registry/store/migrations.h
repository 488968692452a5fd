// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "registry/store/sqlite.h"
#include "sdk/base/result.h"

// Numbered steps that bring a database file from any earlier version to this one. A released step
// is never edited: a change is a new step, and tests/contract/data keeps a file of every version.
namespace busbar {

struct Schema {
  std::string_view name;  // for messages: "configuration database"
  int64_t applicationId;  // PRAGMA application_id of such files
  // steps[i] brings version i to i + 1 (PRAGMA user_version).
  std::span<const char* const> steps;
};

const Schema& configSchema();    // Shape: KEYS.md "configuration database"
const Schema& stateSchema();     // Shape: KEYS.md "state database"
const Schema& triggersSchema();  // Shape: KEYS.md "triggers database"

// FailedPrecondition when the file belongs to something else (reason wrong_database) or to a newer
// Busbar (reason database_too_new). Writes nothing.
Status checkVersion(sqlite::Database& db, const Schema& schema);

// Runs the missing steps in one transaction under the file's write lock: all or nothing.
Status migrate(sqlite::Database& db, const Schema& schema);

}  // namespace busbar
