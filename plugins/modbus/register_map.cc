// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/modbus/register_map.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <tuple>
#include <utility>

namespace busbar::modbus {
namespace {

constexpr std::array<std::string_view, 4> kTables = {"coil", "discrete", "input", "holding"};
constexpr std::array<std::string_view, 10> kTypes = {"bool",    "int16", "uint16", "int32",
                                                     "uint32",  "int64", "uint64", "float32",
                                                     "float64", "string"};
constexpr size_t kMaxNameBytes = 64;
constexpr int64_t kMaxStringRegisters = kMaxReadRegisters;

std::optional<Type> typeFromText(std::string_view text) {
  const auto* found = std::find(kTypes.begin(), kTypes.end(), text);
  if (found == kTypes.end()) {
    return std::nullopt;
  }
  return static_cast<Type>(found - kTypes.begin());
}

uint16_t widthOf(Type type, int64_t length) {
  switch (type) {
    case Type::Bool:
    case Type::Int16:
    case Type::Uint16:
      return 1;
    case Type::Int32:
    case Type::Uint32:
    case Type::Float32:
      return 2;
    case Type::Int64:
    case Type::Uint64:
    case Type::Float64:
      return 4;
    case Type::String:
      return static_cast<uint16_t>(length);
  }
  return 1;
}

bool isName(std::string_view name) {
  if (name.empty() || name.size() > kMaxNameBytes || name == "online" || name == "last_error") {
    return false;
  }
  const char first = name.front();
  if (!(first >= 'a' && first <= 'z') && !(first >= 'A' && first <= 'Z')) {
    return false;
  }
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
}

// Reads "big" or "little"; false when it is neither.
bool readOrder(const std::string& text, bool& isLittle) {
  isLittle = text == "little";
  return isLittle || text == "big";
}

std::string checkBit(const PointSpec& spec, Point& point) {
  if (!spec.bit) {
    if (point.type == Type::Bool && !isBitTable(point.table)) {
      return "type bool in a register table needs bit";
    }
    return "";
  }
  if (isBitTable(point.table) || point.type != Type::Bool) {
    return "bit is for type bool in a register table";
  }
  if (*spec.bit < 0 || *spec.bit > 15) {
    return "bit must be 0 to 15";
  }
  point.bit = static_cast<uint8_t>(*spec.bit);
  return "";
}

std::string checkNumbers(const PointSpec& spec, const Point& point) {
  if (!std::isfinite(spec.scale) || spec.scale == 0 || !std::isfinite(spec.offset)) {
    return "scale must be a number other than 0, offset a number";
  }
  if (point.isScaled() && (point.type == Type::Bool || point.type == Type::String)) {
    return "scale and offset are for numbers";
  }
  if (spec.count < 1 || spec.count > static_cast<int64_t>(kMaxPoints)) {
    return "count must be 1 to " + std::to_string(kMaxPoints);
  }
  if (spec.length < 1 || spec.length > kMaxStringRegisters) {
    return "length must be 1 to " + std::to_string(kMaxStringRegisters);
  }
  if (spec.length != 1 && point.type != Type::String) {
    return "length is for type string";
  }
  if (point.type == Type::String && spec.isWritable && spec.length > kMaxWriteRegisters) {
    return "a writable string has at most " + std::to_string(kMaxWriteRegisters) + " registers";
  }
  const int64_t width = widthOf(point.type, spec.length);
  if (spec.address < 0 || spec.address + spec.count * width > 0x10000) {
    return "the addresses must lie in 0 to 65535";
  }
  return "";
}

// Checks one spec and fills all of `point` but its name and address.
std::string checkSpec(const PointSpec& spec, Point& point) {
  if (!isName(spec.name)) {
    return "name must be a letter, then up to 63 of letters, digits, _ . -, and not online or "
           "last_error";
  }
  const auto table = tableFromText(spec.table);
  if (!table) {
    return "table must be coil, discrete, input or holding";
  }
  point.table = *table;
  const auto type = spec.type.empty() ? (isBitTable(*table) ? Type::Bool : Type::Uint16)
                                      : typeFromText(spec.type);
  if (!type) {
    return "type must be bool, int16, uint16, int32, uint32, int64, uint64, float32, float64 or "
           "string";
  }
  point.type = *type;
  if (isBitTable(*table) && *type != Type::Bool) {
    return "table " + spec.table + " holds only type bool";
  }
  if (!readOrder(spec.wordOrder, point.isLowWordFirst) ||
      !readOrder(spec.byteOrder, point.isByteSwapped)) {
    return "word_order and byte_order must be big or little";
  }
  if (spec.isWritable && *table != Table::Coil && *table != Table::Holding) {
    return "table " + spec.table + " cannot be written";
  }
  point.scale = spec.scale;
  point.offset = spec.offset;
  if (std::string error = checkBit(spec, point); !error.empty()) {
    return error;
  }
  if (std::string error = checkNumbers(spec, point); !error.empty()) {
    return error;
  }
  point.width = widthOf(*type, spec.length);
  point.isWritable = spec.isWritable;
  point.isPolled = spec.isPolled;
  return "";
}

}  // namespace

std::string RegisterMap::build(const std::vector<PointSpec>& specs) {
  std::vector<Point> points;
  for (const PointSpec& spec : specs) {
    Point point;
    if (std::string error = checkSpec(spec, point); !error.empty()) {
      return "point \"" + spec.name + "\": " + error;
    }
    if (points.size() + static_cast<size_t>(spec.count) > kMaxPoints) {
      return "there may be at most " + std::to_string(kMaxPoints) + " points";
    }
    for (int64_t i = 0; i < spec.count; ++i) {
      point.name = spec.count == 1 ? spec.name : spec.name + "_" + std::to_string(i + 1);
      point.address = static_cast<uint16_t>(spec.address + i * point.width);
      points.push_back(point);
    }
  }
  std::sort(points.begin(), points.end(), [](const Point& a, const Point& b) {
    return std::tie(a.table, a.address, a.bit, a.name) <
           std::tie(b.table, b.address, b.bit, b.name);
  });
  std::vector<uint32_t> byName(points.size());
  std::iota(byName.begin(), byName.end(), 0U);
  std::sort(byName.begin(), byName.end(),
            [&](uint32_t a, uint32_t b) { return points[a].name < points[b].name; });
  const auto twin = std::adjacent_find(byName.begin(), byName.end(), [&](uint32_t a, uint32_t b) {
    return points[a].name == points[b].name;
  });
  if (twin != byName.end()) {
    return "point \"" + points[*twin].name + "\": the name is used twice";
  }
  points.shrink_to_fit();
  points_ = std::move(points);
  byName_ = std::move(byName);
  return "";
}

const Point* RegisterMap::find(std::string_view name) const {
  const auto found =
      std::lower_bound(byName_.begin(), byName_.end(), name,
                       [&](uint32_t i, std::string_view n) { return points_[i].name < n; });
  if (found == byName_.end() || points_[*found].name != name) {
    return nullptr;
  }
  return &points_[*found];
}

std::optional<Table> tableFromText(std::string_view text) {
  const auto* found = std::find(kTables.begin(), kTables.end(), text);
  if (found == kTables.end()) {
    return std::nullopt;
  }
  return static_cast<Table>(found - kTables.begin());
}

std::string_view toText(Table table) {
  return kTables[static_cast<size_t>(table)];
}

std::string_view toText(Type type) {
  return kTypes[static_cast<size_t>(type)];
}

Function readFunction(Table table) {
  switch (table) {
    case Table::Coil:
      return Function::ReadCoils;
    case Table::Discrete:
      return Function::ReadDiscreteInputs;
    case Table::Input:
      return Function::ReadInputRegisters;
    case Table::Holding:
      return Function::ReadHoldingRegisters;
  }
  return Function::ReadHoldingRegisters;
}

bool isBitTable(Table table) {
  return table == Table::Coil || table == Table::Discrete;
}

}  // namespace busbar::modbus
