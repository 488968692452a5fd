// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace busbar::auth {

// What logs say instead of a name that is of no account, for it may be a password that was typed
// into the wrong field: "unknown " and 12 hex digits, the same for the same name as long as this
// lives. The digits are of HMAC-SHA-256 under 256 random bits that are in no file, so that whoever
// reads a log cannot try words. Thread-compatible.
class UnknownNames {
 public:
  UnknownNames();
  ~UnknownNames();
  UnknownNames(const UnknownNames&) = delete;
  UnknownNames& operator=(const UnknownNames&) = delete;

  std::string standIn(std::string_view name) const;

 private:
  std::array<uint8_t, 32> key_{};
};

}  // namespace busbar::auth
