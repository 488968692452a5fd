// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string_view>

#include <busbar/driver.h>

#include "sdk/wire/messages.h"

// Blocks and text that come from a driver: copied once, cut to what is known, checked.
namespace busbar::runner {

inline constexpr size_t kMaxDocBytes = 1U << 20U;

// Copies what the driver wrote of a size-prefixed block into a zeroed whole one. False: no block.
template <class T>
bool readBlock(const T* in, T& out) {
  out = T{};
  uint32_t size = 0;
  if (in != nullptr) {
    std::memcpy(&size, in, sizeof size);  // once: the driver's other threads may write to it
  }
  if (size < sizeof size) {
    return false;
  }
  std::memcpy(&out, in, std::min<size_t>(size, sizeof(T)));
  out.struct_size = sizeof(T);
  return true;
}

// False: a length without bytes, or more than `maxBytes`.
bool viewText(const busbar_str& in, size_t maxBytes, std::string_view& out);
// False: not JSON of at most 1 MiB and 32 levels. No document is an empty view.
bool viewDoc(const busbar_doc& in, std::string_view& out);

// The longest head of `text` that fits `maxBytes` and ends between characters.
std::string_view clipUtf8(std::string_view text, size_t maxBytes);

// A status as the wire carries it: positive becomes OK, unknown failures become INTERNAL.
busbar_status normalStatus(busbar_status status);
// "E_INVALID".
const char* statusName(busbar_status status);

// Fills `out` from `status` and the driver's block, if any. What is malformed is left out; the
// answer then says what, else nullptr.
const char* readError(busbar_status status, const busbar_error* in, wire::WireError& out);

inline busbar_str toStr(std::string_view s) {
  return {s.data(), s.size()};
}
inline busbar_doc toDoc(std::string_view s) {
  return {s.empty() ? nullptr : reinterpret_cast<const uint8_t*>(s.data()), s.size(),
          BUSBAR_ENC_JSON, 0};
}

}  // namespace busbar::runner
