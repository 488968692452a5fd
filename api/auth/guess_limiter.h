// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "sdk/base/clock.h"

namespace busbar::auth {

// Limits guesses of passwords by a key: an account, an address, a known device. In any 15 minutes a
// key has 10 guesses: five at once, then each further one a while after the one before, from 1 s
// doubling to 16 s. A guess counts when it begins, so that many at once are no way around; a right
// one is taken back. It forgets: nobody is locked out for good. Remembers at most kMaxKeys keys,
// then forgets the one that was used least lately. Thread-compatible.
class GuessLimiter {
 public:
  static constexpr size_t kGuesses = 10;
  static constexpr size_t kFreeGuesses = 5;
  static constexpr Milliseconds kWindow{15 * 60 * 1000};
  static constexpr size_t kMaxKeys = 10'000;

  // Seconds until `key` may guess, rounded up; 0: now. Counts nothing.
  int secondsToWait(const std::string& key, Instant now);
  void begin(const std::string& key, Instant now);
  // The last guess of `key` was right.
  void takeBack(const std::string& key);
  size_t size() const { return entries_.size(); }

 private:
  struct Entry {
    std::deque<Instant> guesses;  // oldest first, those within the window
    std::list<std::string>::iterator use;
  };
  Entry* find(const std::string& key, Instant now);

  std::unordered_map<std::string, Entry> entries_;
  std::list<std::string> uses_;  // least lately used first
};

// What counts as one address: an IPv6 /64, else the address itself.
std::string addressBlock(std::string_view address);

}  // namespace busbar::auth
