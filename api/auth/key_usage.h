// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "registry/site/site.h"

namespace busbar::auth {

// When each API key was last used, in memory: a use must not cost a write. What is to be written
// once in a while is due(). Times are epoch seconds. Loop-only.
class KeyUsage {
 public:
  void note(const std::string& keyId, int64_t now) { last_[keyId] = now; }
  // The later of what is known here and what the row says; 0: never.
  int64_t lastUsed(const model::ApiKey& key) const;
  // Keys whose row is behind by more than `slackSeconds`, as they should be written. Forgets keys
  // that are gone.
  std::vector<model::ApiKey> due(const Site& site, int64_t slackSeconds);

 private:
  std::unordered_map<std::string, int64_t> last_;  // by key id; only of keys that exist
};

}  // namespace busbar::auth
