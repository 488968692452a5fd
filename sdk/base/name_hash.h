// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace busbar {

// Hashes ids and names that are looked up for each call: by their length and their first and last
// eight bytes alone, with a multiplication (Knuth's multiplicative hash). Keys that differ only
// between these share a bucket, so it is not for keys that a stranger chooses.
struct NameHash {
  using is_transparent = void;
  size_t operator()(std::string_view name) const noexcept {
    uint64_t ends = name.size();
    if (name.size() >= 8) {
      ends += load<uint64_t>(name, 0) ^ load<uint64_t>(name, name.size() - 8) << 1U;
    } else if (name.size() >= 4) {
      ends += load<uint32_t>(name, 0) | uint64_t{load<uint32_t>(name, name.size() - 4)} << 32U;
    } else {
      for (const char c : name) {
        ends = ends << 8U | static_cast<unsigned char>(c);
      }
    }
    return ends * 0x9E3779B97F4A7C15U >> 16U;
  }

 private:
  template <class T>
  static T load(std::string_view name, size_t at) {
    T value;
    std::memcpy(&value, name.data() + at, sizeof value);
    return value;
  }
};

}  // namespace busbar
