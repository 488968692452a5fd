// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/auth/auth_journal.h"

namespace busbar::auth {

// Browsers in which a user has signed in before, known by a cookie that opens nothing. Its guesses
// are counted apart from those of strangers, so that who guesses at an account does not lock its
// owner out. All in memory; loop-only.
class KnownDevices {
 public:
  static constexpr int64_t kLifeSeconds = 365LL * 24 * 3600;
  static constexpr size_t kMaxPerUser = 20;  // then the oldest is forgotten

  // Must outlive this.
  explicit KnownDevices(AuthJournal& journal) : journal_(journal) {}

  void adopt(KnownDeviceRecord record);  // at start
  // The id of the device of `cookie`, if it is one of this user; "" otherwise.
  std::string find(std::string_view cookie, std::string_view userId) const;
  // The new cookie.
  std::string add(std::string userId);
  void forgetAllOf(std::string_view userId);
  void sweep();

 private:
  AuthJournal& journal_;
  std::unordered_map<std::string, KnownDeviceRecord> devices_;  // by hash
};

}  // namespace busbar::auth
