// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/log_bucket.h"

#include <algorithm>
#include <utility>

namespace busbar::runner {

bool LogBucket::take(size_t bytes, int64_t nowNs) {
  const int64_t nowUs = nowNs / 1000;
  const int64_t elapsedUs = std::clamp<int64_t>(nowUs - lastUs_, 0, kBurstUs);
  lastUs_ = std::max(lastUs_, nowUs);
  tokens_ = std::min(capacity(), tokens_ + elapsedUs * rate_);
  const auto length = static_cast<int64_t>(std::min<size_t>(bytes, UINT32_MAX));
  const int64_t cost = std::min(length * kUsPerS, capacity());
  if (tokens_ < cost || rate_ == 0) {
    ++dropped_;
    return false;
  }
  tokens_ -= cost;
  return true;
}

uint32_t LogBucket::takeDropped() {
  return std::exchange(dropped_, 0);
}

}  // namespace busbar::runner
