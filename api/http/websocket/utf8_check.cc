// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/websocket/utf8_check.h"

#include <cstddef>
#include <cstring>

namespace busbar::http {
namespace {

// Behind the run of ASCII that begins at `at`, eight bytes at a time.
size_t skipAscii(std::string_view bytes, size_t at) {
  constexpr uint64_t kHighBits = 0x8080808080808080;
  while (at + sizeof(uint64_t) <= bytes.size()) {
    uint64_t word = 0;
    std::memcpy(&word, bytes.data() + at, sizeof word);
    if ((word & kHighBits) != 0) {
      break;
    }
    at += sizeof word;
  }
  while (at < bytes.size() && static_cast<uint8_t>(bytes[at]) < 0x80) {
    ++at;
  }
  return at;
}

}  // namespace

// The table of RFC 3629 s. 4.
bool Utf8Check::begin(uint8_t lead) {
  if (lead < 0xC2 || lead > 0xF4) {
    return false;
  }
  left_ = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
  low_ = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  high_ = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  return true;
}

bool Utf8Check::add(std::string_view bytes) {
  size_t at = 0;
  while (isValid_ && at < bytes.size()) {
    if (left_ == 0) {
      at = skipAscii(bytes, at);
      if (at < bytes.size()) {
        isValid_ = begin(static_cast<uint8_t>(bytes[at++]));
      }
      continue;
    }
    const auto next = static_cast<uint8_t>(bytes[at++]);
    isValid_ = next >= low_ && next <= high_;
    low_ = 0x80;
    high_ = 0xBF;
    --left_;
  }
  return isValid_;
}

}  // namespace busbar::http
