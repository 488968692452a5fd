// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace busbar::http {

// Checks UTF-8 (RFC 3629: shortest forms, no surrogates, nothing above U+10FFFF) that comes in
// pieces cut anywhere, and finds a fault with its first bad byte. Value type.
class Utf8Check {
 public:
  // False once something is wrong; it stays so until reset().
  bool add(std::string_view bytes);
  // Whether what was added ends with a whole character.
  bool isComplete() const { return left_ == 0 && isValid_; }
  void reset() { *this = Utf8Check(); }

 private:
  bool begin(uint8_t lead);

  uint8_t left_ = 0;     // bytes of the present character still to come
  uint8_t low_ = 0x80;   // what the next one may be, at least
  uint8_t high_ = 0xBF;  // and at most
  bool isValid_ = true;
};

}  // namespace busbar::http
