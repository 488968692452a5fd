// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/modbus/point_value.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>

namespace busbar::modbus {
namespace {

uint16_t registerAt(const Point& point, std::span<const uint8_t> raw, size_t index) {
  const uint8_t first = raw[index * 2];
  const uint8_t second = raw[index * 2 + 1];
  return point.isByteSwapped ? static_cast<uint16_t>(second << 8 | first)
                             : static_cast<uint16_t>(first << 8 | second);
}

uint64_t joinWords(const Point& point, std::span<const uint8_t> raw) {
  uint64_t value = 0;
  for (size_t i = 0; i < point.width; ++i) {
    value = value << 16 | registerAt(point, raw, point.isLowWordFirst ? point.width - 1U - i : i);
  }
  return value;
}

Value scaled(const Point& point, double raw) {
  const double value = raw * point.scale + point.offset;
  return std::isfinite(value) ? Value(value) : Value();
}

Value number(const Point& point, int64_t raw) {
  return point.isScaled() ? scaled(point, static_cast<double>(raw)) : Value(raw);
}

Value unsignedNumber(const Point& point, uint64_t raw) {
  if (raw > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
    return scaled(point, static_cast<double>(raw));
  }
  return number(point, static_cast<int64_t>(raw));
}

// Length of the UTF-8 sequence at `at`, 0 when there is none (RFC 3629 s.4).
size_t utf8Length(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(at);
  if (lead < 0x80) {
    return 1;
  }
  const size_t length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || at + length > text.size()) {
    return 0;
  }
  for (size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xC0) != 0x80) {
      return 0;
    }
  }
  const uint8_t second = byte(at + 1);
  const bool isOverlongOrSurrogate =
      (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
      (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return isOverlongOrSurrogate ? 0 : length;
}

std::string text(const Point& point, std::span<const uint8_t> raw) {
  std::string bytes;
  for (size_t i = 0; i < point.width; ++i) {
    const uint16_t word = registerAt(point, raw, i);
    bytes.push_back(static_cast<char>(word >> 8));
    bytes.push_back(static_cast<char>(word & 0xFF));
  }
  bytes.resize(std::min(bytes.find('\0'), bytes.size()));
  bytes.resize(bytes.find_last_not_of(' ') + 1);
  for (size_t i = 0; i < bytes.size();) {
    const size_t length = utf8Length(bytes, i);
    if (length == 0) {
      bytes[i] = '?';
    }
    i += std::max<size_t>(length, 1);
  }
  return bytes;
}

Value decodeRegisters(const Point& point, std::span<const uint8_t> raw) {
  if (point.type == Type::String) {
    return text(point, raw);
  }
  const uint64_t word = joinWords(point, raw);
  switch (point.type) {
    case Type::Bool:
      return (word >> point.bit & 1) != 0;
    case Type::Int16:
      return number(point, static_cast<int16_t>(word));
    case Type::Int32:
      return number(point, static_cast<int32_t>(word));
    case Type::Int64:
      return number(point, static_cast<int64_t>(word));
    case Type::Float32:
      return scaled(point, static_cast<double>(std::bit_cast<float>(static_cast<uint32_t>(word))));
    case Type::Float64:
      return scaled(point, std::bit_cast<double>(word));
    default:
      return unsignedNumber(point, word);
  }
}

struct Range {
  double low;
  double high;
};

Range rangeOf(Type type) {
  switch (type) {
    case Type::Int16:
      return {-32768.0, 32767.0};
    case Type::Uint16:
      return {0.0, 65535.0};
    case Type::Int32:
      return {-2147483648.0, 2147483647.0};
    case Type::Uint32:
      return {0.0, 4294967295.0};
    case Type::Int64:
      return {-0x1p63, 0x1p63 - 1024};  // the largest double below 2^63
    default:
      return {0.0, 0x1p64 - 2048};  // the largest double below 2^64
  }
}

std::string plain(double value) {
  std::string text = std::to_string(value);
  text.resize(text.find_last_not_of('0') + 1);
  if (text.back() == '.') {
    text.pop_back();
  }
  return text;
}

std::string outOfRange(const Point& point, const std::string& value) {
  return "value " + value + " does not fit " + std::string(toText(point.type)) +
         (point.isScaled() ? " after scaling" : "");
}

void splitWords(const Point& point, uint64_t value, std::vector<uint16_t>& out) {
  out.resize(point.width);
  for (size_t i = 0; i < point.width; ++i) {
    auto word = static_cast<uint16_t>(value >> (16 * i));
    if (point.isByteSwapped) {
      word = static_cast<uint16_t>(word << 8 | word >> 8);
    }
    out[point.isLowWordFirst ? i : point.width - 1U - i] = word;
  }
}

std::string encodeText(const Point& point, const std::string& value, std::vector<uint16_t>& out) {
  if (value.size() > size_t{point.width} * 2) {
    return "text of " + std::to_string(value.size()) + " bytes does not fit " +
           std::to_string(point.width * 2) + " bytes";
  }
  std::string padded = value;
  padded.resize(size_t{point.width} * 2, '\0');
  out.resize(point.width);
  for (size_t i = 0; i < point.width; ++i) {
    const auto high = static_cast<uint8_t>(padded[i * 2]);
    const auto low = static_cast<uint8_t>(padded[i * 2 + 1]);
    out[i] = point.isByteSwapped ? static_cast<uint16_t>(low << 8 | high)
                                 : static_cast<uint16_t>(high << 8 | low);
  }
  return "";
}

std::optional<double> numberOf(const Value& value) {
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    return static_cast<double>(*integer);
  }
  if (const auto* real = std::get_if<double>(&value); real != nullptr && std::isfinite(*real)) {
    return *real;
  }
  return std::nullopt;
}

std::string encodeFloat(const Point& point, double raw, std::vector<uint16_t>& out) {
  if (point.type == Type::Float64) {
    splitWords(point, std::bit_cast<uint64_t>(raw), out);
    return "";
  }
  const auto narrow = static_cast<float>(raw);
  if (!std::isfinite(narrow)) {
    return outOfRange(point, plain(raw));
  }
  splitWords(point, std::bit_cast<uint32_t>(narrow), out);
  return "";
}

std::string encodeNumber(const Point& point, const Value& value, std::vector<uint16_t>& out) {
  const auto given = numberOf(value);
  if (!given) {
    return "value must be a number";
  }
  if (const auto* exact = std::get_if<int64_t>(&value);
      exact != nullptr && !point.isScaled() &&
      (point.type == Type::Int64 || point.type == Type::Uint64)) {
    // Through a double the low bits of a large integer would be lost.
    if (point.type == Type::Uint64 && *exact < 0) {
      return outOfRange(point, std::to_string(*exact));
    }
    splitWords(point, static_cast<uint64_t>(*exact), out);
    return "";
  }
  const double raw = point.isScaled() ? (*given - point.offset) / point.scale : *given;
  if (point.type == Type::Float32 || point.type == Type::Float64) {
    return std::isfinite(raw) ? encodeFloat(point, raw, out) : outOfRange(point, plain(*given));
  }
  if (!point.isScaled() && raw != std::floor(raw)) {
    return "value " + plain(*given) + " is not a whole number";
  }
  const double whole = std::round(raw);
  const Range range = rangeOf(point.type);
  if (!(whole >= range.low && whole <= range.high)) {
    return outOfRange(point, plain(*given));
  }
  const uint64_t bits =
      whole < 0 ? static_cast<uint64_t>(static_cast<int64_t>(whole)) : static_cast<uint64_t>(whole);
  splitWords(point, bits, out);
  return "";
}

}  // namespace

std::span<const uint8_t> rawBytes(const Point& point, std::span<const uint8_t> data,
                                  uint16_t readAddress) {
  if (point.address < readAddress) {
    return {};
  }
  const size_t index = point.address - readAddress;
  const size_t begin = isBitTable(point.table) ? index / 8 : index * 2;
  const size_t length = isBitTable(point.table) ? 1 : size_t{point.width} * 2;
  if (begin + length > data.size()) {
    return {};
  }
  return data.subspan(begin, length);
}

Value decodePoint(const Point& point, std::span<const uint8_t> data, uint16_t readAddress) {
  const auto raw = rawBytes(point, data, readAddress);
  if (raw.empty()) {
    return {};
  }
  if (isBitTable(point.table)) {
    return (raw[0] >> ((point.address - readAddress) % 8) & 1) != 0;
  }
  return decodeRegisters(point, raw);
}

bool isSameRaw(const Point& point, std::span<const uint8_t> before, std::span<const uint8_t> now,
               uint16_t readAddress) {
  const auto a = rawBytes(point, before, readAddress);
  const auto b = rawBytes(point, now, readAddress);
  if (a.size() != b.size() || a.empty()) {
    return false;
  }
  if (isBitTable(point.table)) {
    return ((a[0] ^ b[0]) >> ((point.address - readAddress) % 8) & 1) == 0;
  }
  if (point.bit != kNoBit) {
    return ((registerAt(point, a, 0) ^ registerAt(point, b, 0)) >> point.bit & 1) == 0;
  }
  return std::memcmp(a.data(), b.data(), a.size()) == 0;
}

std::string encodePoint(const Point& point, const Value& value, std::vector<uint16_t>& out) {
  if (point.type == Type::Bool) {
    const bool* flag = std::get_if<bool>(&value);
    const auto* integer = std::get_if<int64_t>(&value);
    if (flag == nullptr && (integer == nullptr || (*integer != 0 && *integer != 1))) {
      return "value must be true or false";
    }
    out.assign(1, (flag != nullptr ? *flag : *integer == 1) ? 1 : 0);
    return "";
  }
  if (point.type == Type::String) {
    const auto* given = std::get_if<std::string>(&value);
    return given == nullptr ? "value must be a text" : encodeText(point, *given, out);
  }
  return encodeNumber(point, value, out);
}

}  // namespace busbar::modbus
