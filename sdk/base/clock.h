// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

namespace busbar {

using Nanoseconds = std::chrono::nanoseconds;
using Milliseconds = std::chrono::milliseconds;

// A point on CLOCK_BOOTTIME: counts through suspend and is never set. Deadlines are Instants;
// `Instant::max()` means none.
struct BootClock {
  using duration = Nanoseconds;
  using rep = duration::rep;
  using period = duration::period;
  using time_point = std::chrono::time_point<BootClock>;
  static constexpr bool is_steady = true;
  static time_point now() noexcept;
};
using Instant = BootClock::time_point;

// Time as handed to code that waits, so that tests can move it. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual Instant now() const = 0;    // CLOCK_BOOTTIME
  virtual int64_t utcNs() const = 0;  // nanoseconds since 1970-01-01 UTC
};

// The kernel's clocks.
class SystemClock : public Clock {
 public:
  Instant now() const override { return BootClock::now(); }
  int64_t utcNs() const override;
};

}  // namespace busbar
