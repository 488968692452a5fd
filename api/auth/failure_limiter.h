// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sdk/base/clock.h"

namespace busbar::auth {

// Counts failed sign-ins by address (an IPv6 /64 counts as one). The first 10 within ten minutes
// are free; each further one doubles the time for which failures are answered "too many", from 1 s
// to 60 s. It says nothing of valid credentials: those are always let in, so that a stranger behind
// the same address translation locks nobody out. Remembers at most 4096 addresses.
// Thread-compatible.
class FailureLimiter {
 public:
  static constexpr int kFreeFailures = 10;
  static constexpr size_t kMaxAddresses = 4096;

  // Records a failure. Seconds for which further ones are refused; 0: below the limit.
  int onFailure(std::string_view address, Instant now);

 private:
  struct Entry {
    int failures = 0;
    Instant last{};
  };
  void makeRoom(Instant now);
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace busbar::auth
