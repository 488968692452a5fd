// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

namespace busbar::runner {

// Token bucket for log lines: `bytesPerS` on average, two seconds' worth at once. Counts what it
// refuses; the next line that passes carries the count. Thread-compatible.
class LogBucket {
 public:
  explicit LogBucket(uint32_t bytesPerS) : rate_(bytesPerS), tokens_(capacity()) {}

  // True if a line of `bytes` may pass now. A refused line is counted. A line longer than the
  // whole bucket passes a full one.
  bool take(size_t bytes, int64_t nowNs);
  // A line that passed the bucket and was lost later (full outbox).
  void lose() { ++dropped_; }
  // The lines lost since the last call.
  uint32_t takeDropped();

 private:
  static constexpr int64_t kBurstUs = 2'000'000;
  static constexpr int64_t kUsPerS = 1'000'000;
  // In bytes times 1e-6, so that slow rates need no fractions: 2^32 bytes/s stay below 2^63.
  int64_t capacity() const { return int64_t{rate_} * kBurstUs; }

  uint32_t rate_;
  uint32_t dropped_ = 0;
  int64_t tokens_;
  int64_t lastUs_ = 0;
};

}  // namespace busbar::runner
