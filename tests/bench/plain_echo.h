// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstddef>
#include <cstdint>
#include <vector>

#include "sdk/base/unique_fd.h"

namespace busbar::bench {

// What a call through a runner is compared with: a plain child that sends each frame back, the same
// frame size, all that is ready in one write, nothing checked.
class PlainEcho {
 public:
  static constexpr size_t kFrameBytes = 16 + 256;

  // The child runs on `cpu`.
  explicit PlainEcho(int cpu);
  PlainEcho(const PlainEcho&) = delete;
  PlainEcho& operator=(const PlainEcho&) = delete;
  ~PlainEcho();

  // Keeps `inFlight` frames under way for `seconds`; how many came back.
  uint64_t run(double seconds, unsigned inFlight);
  // One after the other; the round trip of each in nanoseconds.
  std::vector<int64_t> roundTrips(size_t count);

 private:
  UniqueFd fd_;
  pid_t child_ = -1;
};

}  // namespace busbar::bench
