// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/failure_limiter.h"

#include <algorithm>

#include "api/auth/guess_limiter.h"

namespace busbar::auth {
namespace {

constexpr Milliseconds kMemory{10 * 60 * 1000};
constexpr int kMaxSeconds = 60;

}  // namespace

int FailureLimiter::onFailure(std::string_view address, Instant now) {
  if (entries_.size() >= kMaxAddresses) {
    makeRoom(now);
  }
  Entry& entry = entries_[addressBlock(address)];
  if (now - entry.last > kMemory) {
    entry.failures = 0;
  }
  entry.last = now;
  ++entry.failures;
  const int over = std::min(entry.failures - kFreeFailures, 7);
  return over <= 0 ? 0 : std::min(1 << (over - 1), kMaxSeconds);
}

void FailureLimiter::makeRoom(Instant now) {
  std::erase_if(entries_, [now](const auto& item) { return now - item.second.last > kMemory; });
  if (entries_.size() >= kMaxAddresses) {
    entries_.erase(std::min_element(
        entries_.begin(), entries_.end(),
        [](const auto& a, const auto& b) { return a.second.last < b.second.last; }));
  }
}

}  // namespace busbar::auth
