// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/key_usage.h"

#include <algorithm>

namespace busbar::auth {

int64_t KeyUsage::lastUsed(const model::ApiKey& key) const {
  const auto it = last_.find(key.id);
  return it == last_.end() ? key.lastUsedAt : std::max(it->second, key.lastUsedAt);
}

std::vector<model::ApiKey> KeyUsage::due(const Site& site, int64_t slackSeconds) {
  std::vector<model::ApiKey> out;
  for (auto it = last_.begin(); it != last_.end();) {
    const model::ApiKey* key = site.findApiKey(it->first);
    if (key == nullptr) {
      it = last_.erase(it);
      continue;
    }
    if (it->second > key->lastUsedAt + slackSeconds) {
      out.push_back(*key);
      out.back().lastUsedAt = it->second;
    }
    ++it;
  }
  return out;
}

}  // namespace busbar::auth
