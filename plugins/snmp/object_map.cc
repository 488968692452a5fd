// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/object_map.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <system_error>
#include <unordered_set>
#include <utility>

namespace busbar::snmp {
namespace {

constexpr size_t kMaxKeyBytes = 64;

std::optional<Form> formFromText(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kNames = {"auto", "text", "hex", "number",
                                                             "boolean"};
  const auto* found = std::find(kNames.begin(), kNames.end(), text);
  if (found == kNames.end()) {
    return std::nullopt;
  }
  return static_cast<Form>(found - kNames.begin());
}

bool isKey(std::string_view key) {
  const auto isLetter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  if (key.empty() || key.size() > kMaxKeyBytes || !isLetter(key.front()) || key == "online" ||
      key == "last_error") {
    return false;
  }
  return std::all_of(key.begin(), key.end(), [&](char c) {
    return isLetter(c) || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  });
}

// Length of the UTF-8 sequence of a printable character at `at`, 0 when there is none (RFC 3629
// s.4).
size_t printableLength(std::string_view text, size_t at) {
  const auto byte = [&](size_t i) { return static_cast<uint8_t>(text[i]); };
  const uint8_t lead = byte(at);
  if (lead < 0x80) {
    return lead >= 0x20 ? (lead != 0x7F ? 1 : 0)
                        : (lead == '\t' || lead == '\n' || lead == '\r' ? 1 : 0);
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
  const bool isBad = (lead == 0xE0 && second < 0xA0) || (lead == 0xED && second > 0x9F) ||
                     (lead == 0xF0 && second < 0x90) || (lead == 0xF4 && second > 0x8F);
  return isBad ? 0 : length;
}

bool isPrintable(std::string_view text) {
  for (size_t at = 0; at < text.size();) {
    const size_t length = printableLength(text, at);
    if (length == 0) {
      return false;
    }
    at += length;
  }
  return true;
}

std::string replaced(std::string_view text) {
  std::string out;
  for (size_t at = 0; at < text.size();) {
    const size_t length = printableLength(text, at);
    out += length == 0 ? std::string_view("?") : text.substr(at, length);
    at += std::max<size_t>(length, 1);
  }
  return out;
}

std::string hex(std::string_view bytes) {
  static constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto octet = static_cast<uint8_t>(c);
    if (!out.empty()) {
      out.push_back(':');
    }
    out.push_back(kDigits[octet >> 4]);
    out.push_back(kDigits[octet & 15]);
  }
  return out;
}

std::string dotted(std::string_view bytes) {
  std::string out;
  for (const char c : bytes) {
    out += (out.empty() ? "" : ".") + std::to_string(static_cast<uint8_t>(c));
  }
  return out;
}

std::optional<double> numberIn(std::string_view text) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && (text.back() == ' ' || text.back() == '\0')) {
    text.remove_suffix(1);
  }
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) {
    return std::nullopt;
  }
  return value;
}

Value scaled(double value, double scale) {
  const double result = value * scale;
  return std::isfinite(result) ? Value(result) : Value();
}

Value number(int64_t value, Form form, double scale) {
  switch (form) {
    case Form::Boolean:
      return value == 1;
    case Form::Text:
    case Form::Hex:
      return std::to_string(value);
    default:
      return scale == 1 ? Value(value) : scaled(static_cast<double>(value), scale);
  }
}

Value octets(const std::string& bytes, Form form, double scale) {
  switch (form) {
    case Form::Auto:
      return isPrintable(bytes) ? bytes : hex(bytes);
    case Form::Text:
      return replaced(bytes);
    case Form::Hex:
      return hex(bytes);
    case Form::Number: {
      const auto value = numberIn(bytes);
      return value ? scaled(*value, scale) : Value();
    }
    case Form::Boolean: {
      const auto value = numberIn(bytes);
      return value ? Value(*value == 1) : Value();
    }
  }
  return {};
}

// Whole numbers within the limits; the sentence is empty on success.
std::string wholeNumber(const Value& value, double low, double high, int64_t& out) {
  double given = 0;
  if (const auto* integer = std::get_if<int64_t>(&value)) {
    given = static_cast<double>(*integer);
    out = *integer;
  } else if (const auto* real = std::get_if<double>(&value);
             real != nullptr && *real == std::floor(*real)) {
    given = *real;
    out = std::abs(*real) < 0x1p62 ? static_cast<int64_t>(*real) : 0;
  } else if (const auto* flag = std::get_if<bool>(&value)) {
    given = *flag ? 1 : 2;  // TruthValue (RFC 2579)
    out = *flag ? 1 : 2;
  } else {
    return "value must be a whole number";
  }
  return given >= low && given <= high ? "" : "value does not fit the type";
}

bool bytesFromHex(std::string_view text, std::string& out) {
  std::string digits;
  std::copy_if(text.begin(), text.end(), std::back_inserter(digits),
               [](char c) { return c != ':' && c != ' ' && c != '-'; });
  if (digits.size() % 2 != 0) {
    return false;
  }
  for (size_t i = 0; i < digits.size(); i += 2) {
    unsigned octet = 0;
    const auto [end, error] = std::from_chars(&digits[i], &digits[i] + 2, octet, 16);
    if (error != std::errc() || end != &digits[i] + 2) {
      return false;
    }
    out.push_back(static_cast<char>(octet));
  }
  return true;
}

std::string textVariable(const std::string& text, std::string_view type, Variable& out) {
  if (type == "string" || type == "opaque") {
    out.type = type == "string" ? ValueType::OctetString : ValueType::Opaque;
    out.bytes = text;
    return "";
  }
  if (type == "hex") {
    out.type = ValueType::OctetString;
    return bytesFromHex(text, out.bytes) ? "" : "value must be pairs of hexadecimal digits";
  }
  const auto oid = Oid::fromText(text);
  if (type == "oid") {
    out.type = ValueType::ObjectId;
    out.oid = oid.value_or(Oid());
    return oid ? "" : "value must be an object identifier";
  }
  // Four numbers up to 255 are what an IpAddress looks like; numbers are read as in an identifier.
  out.type = ValueType::IpAddress;
  size_t at = 0;
  for (int part = 0; part < 4; ++part) {
    unsigned octet = 256;
    const auto [end, error] = std::from_chars(text.data() + at, text.data() + text.size(), octet);
    at = static_cast<size_t>(end - text.data());
    const bool isEnd = part == 3 ? at == text.size() : at < text.size() && text[at] == '.';
    if (error != std::errc() || octet > 255 || !isEnd) {
      return "value must be an IPv4 address";
    }
    out.bytes.push_back(static_cast<char>(octet));
    ++at;
  }
  return "";
}

}  // namespace

std::string ObjectMap::build(const std::vector<ObjectSpec>& specs) {
  if (specs.size() > kMaxObjects) {
    return "there may be at most " + std::to_string(kMaxObjects) + " objects";
  }
  std::vector<Object> objects;
  std::unordered_set<std::string_view> keys;
  for (const ObjectSpec& spec : specs) {
    const std::string where = "object \"" + spec.key + "\": ";
    auto oid = Oid::fromText(spec.oid);
    const auto form = formFromText(spec.form);
    if (!isKey(spec.key)) {
      return where +
             "key must be a letter, then up to 63 of letters, digits, _ . -, and not online or "
             "last_error";
    }
    if (!oid) {
      return where + "oid " + spec.oid + " is no object identifier in numbers";
    }
    if (!form) {
      return where + "type must be auto, text, hex, number or boolean";
    }
    if (!std::isfinite(spec.scale) || spec.scale == 0) {
      return where + "scale must be a number other than 0";
    }
    if (!keys.insert(spec.key).second) {
      return where + "the key is used twice";
    }
    objects.push_back({.oid = std::move(*oid),
                       .key = spec.key,
                       .form = *form,
                       .scale = spec.scale,
                       .isPolled = spec.isPolled,
                       .isTable = spec.isTable});
  }
  objects.shrink_to_fit();
  objects_ = std::move(objects);
  return "";
}

const Object* ObjectMap::find(std::string_view key) const {
  const auto found =
      std::find_if(objects_.begin(), objects_.end(), [&](const Object& o) { return o.key == key; });
  return found == objects_.end() ? nullptr : &*found;
}

Value toValue(const Variable& variable, Form form, double scale) {
  switch (variable.type) {
    case ValueType::Null:
    case ValueType::NoSuchObject:
    case ValueType::NoSuchInstance:
    case ValueType::EndOfMibView:
      return {};
    case ValueType::Integer:
      return number(variable.integer, form, scale);
    case ValueType::Counter32:
    case ValueType::Gauge32:
    case ValueType::TimeTicks:
    case ValueType::Counter64:
      if (variable.number > static_cast<uint64_t>(std::numeric_limits<int64_t>::max())) {
        return scaled(static_cast<double>(variable.number), scale);
      }
      return number(static_cast<int64_t>(variable.number), form, scale);
    case ValueType::OctetString:
    case ValueType::Opaque:
      return octets(variable.bytes, form, scale);
    case ValueType::IpAddress:
      return dotted(variable.bytes);
    case ValueType::ObjectId:
      return variable.oid.toText();
  }
  return {};
}

std::string toVariable(const Value& value, std::string_view type, Variable& out) {
  out = Variable();
  int64_t whole = 0;
  if (type == "integer") {
    out.type = ValueType::Integer;
    std::string error = wholeNumber(value, -2147483648.0, 2147483647.0, whole);
    out.integer = whole;
    return error;
  }
  static constexpr std::array<std::pair<std::string_view, ValueType>, 4> kNumbers = {
      {{"counter32", ValueType::Counter32},
       {"gauge32", ValueType::Gauge32},
       {"timeticks", ValueType::TimeTicks},
       {"counter64", ValueType::Counter64}}};
  for (const auto& [name, numberType] : kNumbers) {
    if (name == type) {
      out.type = numberType;
      const double most = numberType == ValueType::Counter64 ? 0x1p62 : 4294967295.0;
      std::string error = wholeNumber(value, 0, most, whole);
      out.number = error.empty() ? static_cast<uint64_t>(whole) : 0;
      return error;
    }
  }
  if (type != "string" && type != "hex" && type != "oid" && type != "ip" && type != "opaque") {
    return "the type " + std::string(type) + " cannot be written";
  }
  const auto* text = std::get_if<std::string>(&value);
  return text == nullptr ? "value must be a text" : textVariable(*text, type, out);
}

}  // namespace busbar::snmp
