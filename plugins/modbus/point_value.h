// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "plugins/modbus/register_map.h"

// Registers and bits to values and back.
namespace busbar::modbus {

// monostate: the device sent something that is no value (a float that is not a number).
using Value = std::variant<std::monostate, bool, int64_t, double, std::string>;

// The bytes of one point within the data of a read that began at `readAddress`: 2 per register, or
// for a bit table the single byte that holds the bit. Empty when the point does not lie in `data`.
std::span<const uint8_t> rawBytes(const Point& point, std::span<const uint8_t> data,
                                  uint16_t readAddress);

// Decodes a point out of a read's data. A uint64 above INT64_MAX becomes a double. Text ends at the
// first NUL, loses trailing spaces, and bytes that are not UTF-8 become '?'.
Value decodePoint(const Point& point, std::span<const uint8_t> data, uint16_t readAddress);

// True when the point has the same raw bits in both images of one read. Decodes nothing.
bool isSameRaw(const Point& point, std::span<const uint8_t> before, std::span<const uint8_t> now,
               uint16_t readAddress);

// Writes into `out` the registers (a coil: one, 0 or 1) that make the point hold `value`; for a bit
// of a register 0 or 1, which the caller merges into the register's other bits. The sentence says
// why it cannot be (type, range, length); empty means success.
[[nodiscard]] std::string encodePoint(const Point& point, const Value& value,
                                      std::vector<uint16_t>& out);

}  // namespace busbar::modbus
