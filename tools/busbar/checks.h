// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sdk/base/json.h"

namespace busbar::cli {

// One thing that `doctor` looked at.
struct Check {
  enum class Outcome { Good, Weak, Bad };
  std::string name;
  Outcome outcome = Outcome::Good;
  std::string detail;
  std::string remedy;  // what to do; empty when there is nothing to do
};
std::string_view toString(Check::Outcome outcome);  // "ok", "weak", "bad"
json::Value toJson(const Check& check);

// Of this machine and of a data folder on it, with the rights of whoever runs them. None needs a
// running busbard, none changes anything.
std::vector<Check> checkDataFolder(const std::string& dataDir);
// PRAGMA integrity_check of a SQLite file, read-only.
Check checkDatabase(const std::string& path);
Check checkClock();
Check checkLimits();
std::vector<Check> checkSandbox();
// What a running busbard says of itself (GET /api/busbar/v1/status).
std::vector<Check> checkStatus(const json::Value& status);

}  // namespace busbar::cli
