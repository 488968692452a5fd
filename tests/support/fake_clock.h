// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>

#include "sdk/base/clock.h"

namespace busbar {

// Stands still until a test moves it. Thread-safe.
class FakeClock : public Clock {
 public:
  Instant now() const override { return Instant(Nanoseconds(bootNs_.load())); }
  int64_t utcNs() const override { return utcNs_.load(); }

  void advance(Nanoseconds by) {
    bootNs_ += by.count();
    utcNs_ += by.count();
  }
  // An admin or NTP sets the wall clock; the boot clock does not notice.
  void setUtc(int64_t utcNs) { utcNs_ = utcNs; }

 private:
  std::atomic<int64_t> bootNs_{1'000'000'000};
  std::atomic<int64_t> utcNs_{1'700'000'000'000'000'000};
};

}  // namespace busbar
