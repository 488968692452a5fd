// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>

#include "sdk/base/clock.h"

namespace busbar {

// Exponential back-off with jitter: first, 2 x first, 4 x first … up to most, each +- 20 %.
// The caller hands in randomness. Value type.
class Backoff {
 public:
  Backoff(Milliseconds first, Milliseconds most) : first_(first), most_(most) {}

  // The wait before the next try. `random` is any 32 random bits.
  Nanoseconds next(uint32_t random) {
    const unsigned doublings = std::min(tries_++, 30U);
    const Nanoseconds base =
        std::min<Nanoseconds>(Nanoseconds(first_) * (int64_t{1} << doublings), most_);
    const auto permille = static_cast<int64_t>(800 + random % 401);
    return Nanoseconds(base.count() / 1000 * permille);
  }
  void reset() { tries_ = 0; }
  unsigned tries() const { return tries_; }

 private:
  Milliseconds first_;
  Milliseconds most_;
  unsigned tries_ = 0;
};

}  // namespace busbar
