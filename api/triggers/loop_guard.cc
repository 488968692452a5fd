// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/loop_guard.h"

#include <algorithm>

namespace busbar::triggers {

void LoopGuard::begin(const std::string& moduleId, const std::string& firingId,
                      const Chain& chain) {
  touches_[moduleId] = {firingId, chain, Instant::max()};
}

void LoopGuard::end(const std::string& moduleId, const std::string& firingId, Instant now) {
  if (const auto it = touches_.find(moduleId);
      it != touches_.end() && it->second.firingId == firingId) {
    it->second.until = now + kAfterCall;
  }
}

LoopGuard::Chain LoopGuard::chainOf(std::string_view moduleId, Instant now) {
  const auto it = touches_.find(moduleId);
  if (it == touches_.end()) {
    return {};
  }
  if (it->second.until < now) {
    touches_.erase(it);
    return {};
  }
  return it->second.chain;
}

size_t LoopGuard::countIn(const Chain& chain, std::string_view instanceId) {
  return static_cast<size_t>(std::count(chain.begin(), chain.end(), instanceId));
}

}  // namespace busbar::triggers
