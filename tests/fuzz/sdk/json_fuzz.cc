// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "sdk/base/json.h"
#include "sdk/base/json_cursor.h"

// parse() and check() agree on every input, and what was parsed survives a round trip.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  namespace json = busbar::json;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto value = json::parse(text);
  if (json::check(text).ok() != value.ok()) {
    std::abort();
  }
  if (value.ok()) {
    const std::string written = json::write(*value);
    const auto again = json::parse(written);
    if (!again.ok() || json::write(*again) != written) {
      std::abort();
    }
    if (value->asArray() != nullptr && json::elementsOf(text).size() != value->asArray()->size()) {
      std::abort();
    }
    size_t members = 0;
    std::string_view key;
    std::string_view member;
    for (json::MemberCursor cursor(text); cursor.next(key, member); ++members) {
      if (!json::check(member).ok()) {
        std::abort();
      }
    }
    if (value->asObject() != nullptr && members != value->asObject()->size()) {
      std::abort();
    }
  }
  return 0;
}
