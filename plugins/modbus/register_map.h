// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "plugins/modbus/codec.h"

// What the points of a device are called and where they lie. Built once from settings, then read
// only.
namespace busbar::modbus {

enum class Table : uint8_t { Coil, Discrete, Input, Holding };
enum class Type : uint8_t {
  Bool,
  Int16,
  Uint16,
  Int32,
  Uint32,
  Int64,
  Uint64,
  Float32,
  Float64,
  String,
};

inline constexpr size_t kMaxPoints = 4'000;
inline constexpr uint8_t kNoBit = 0xFF;

// A point as settings describe it, with the defaults of an omitted member.
struct PointSpec {
  std::string name;
  std::string table = "holding";  // coil, discrete, input, holding
  std::string type;               // empty: bool for bit tables, else uint16
  int64_t address = 0;            // 0-based, as on the wire
  int64_t count = 1;              // > 1: that many points name_1, name_2, … one after the other
  int64_t length = 1;             // registers of a string
  std::optional<int64_t> bit;     // 0 (lowest) to 15: one bit of a register, type bool
  std::string wordOrder = "big";  // big: the high word comes first
  std::string byteOrder = "big";  // little: the two bytes of every register are swapped
  double scale = 1;               // value = raw * scale + offset
  double offset = 0;
  bool isWritable = false;  // coil and holding only
  bool isPolled = true;
};

struct Point {
  std::string name;
  double scale = 1;
  double offset = 0;
  uint16_t address = 0;
  uint16_t width = 1;  // registers, or 1 for a bit table
  Table table = Table::Holding;
  Type type = Type::Uint16;
  uint8_t bit = kNoBit;
  bool isLowWordFirst = false;
  bool isByteSwapped = false;
  bool isWritable = false;
  bool isPolled = true;

  bool isScaled() const { return scale != 1 || offset != 0; }
  uint32_t end() const { return uint32_t{address} + width; }
};

// The checked points, ordered by table and address, which is the order that planReads wants.
// Thread-compatible.
class RegisterMap {
 public:
  // Replaces the map. On failure it is left as it was, and the sentence names the point and the
  // rule. Empty text means success.
  [[nodiscard]] std::string build(const std::vector<PointSpec>& specs);

  const std::vector<Point>& points() const { return points_; }
  // nullptr when there is none of that name.
  const Point* find(std::string_view name) const;
  size_t indexOf(const Point& point) const { return static_cast<size_t>(&point - points_.data()); }

 private:
  std::vector<Point> points_;
  std::vector<uint32_t> byName_;  // indices into points_, ordered by name
};

std::optional<Table> tableFromText(std::string_view text);
std::string_view toText(Table table);
std::string_view toText(Type type);
Function readFunction(Table table);
bool isBitTable(Table table);

}  // namespace busbar::modbus
