// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cmath>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

// Writing JSON text. toJson() takes bool, integers, doubles, strings, optionals, vectors, maps with
// string keys, JsonText, JsonObject and JsonArray.
namespace busbar {

// Text that is JSON already.
struct JsonText {
  std::string text;
};

namespace glue {

inline void appendString(std::string& out, std::string_view text) {
  static constexpr char kHex[] = "0123456789abcdef";
  out += '"';
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      out += "\\u00";
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    } else {
      out += c;
    }
  }
  out += '"';
}

template <class T>
struct Appender;

template <class T>
void append(std::string& out, const T& value) {
  Appender<T>::append(out, value);
}

template <class T>
void appendNumber(std::string& out, T value) {
  char digits[40];
  const auto end = std::to_chars(digits, digits + sizeof(digits), value).ptr;
  out.append(digits, end);
}

template <class T>
struct Appender {
  static void append(std::string& out, const T& value) {
    if constexpr (std::is_same_v<T, bool>) {
      out += value ? "true" : "false";
    } else if constexpr (std::is_same_v<T, std::nullptr_t>) {
      out += "null";
    } else if constexpr (std::is_integral_v<T>) {
      // JavaScript clients keep integers exact up to 2^53; larger ones travel as strings.
      constexpr uint64_t kExact = uint64_t{1} << 53;
      const bool negative = value < T{};
      const uint64_t size =
          negative ? uint64_t{0} - static_cast<uint64_t>(value) : static_cast<uint64_t>(value);
      const char* quote = size > kExact ? "\"" : "";
      out += quote;
      appendNumber(out, value);
      out += quote;
    } else if constexpr (std::is_floating_point_v<T>) {
      if (std::isfinite(value)) {
        appendNumber(out, static_cast<double>(value));
      } else {
        out += "null";
      }
    } else if constexpr (std::is_convertible_v<const T&, std::string_view>) {
      appendString(out, value);
    } else {
      out += value.text();  // JsonObject, JsonArray
    }
  }
};

template <>
struct Appender<JsonText> {
  static void append(std::string& out, const JsonText& value) { out += value.text; }
};

template <class T>
struct Appender<std::optional<T>> {
  static void append(std::string& out, const std::optional<T>& value) {
    if (value) {
      glue::append(out, *value);
    } else {
      out += "null";
    }
  }
};

template <class T>
struct Appender<std::vector<T>> {
  static void append(std::string& out, const std::vector<T>& values) {
    out += '[';
    for (size_t i = 0; i < values.size(); ++i) {
      out += i == 0 ? "" : ",";
      glue::append(out, static_cast<T>(values[i]));
    }
    out += ']';
  }
};

template <class T, class Less>
struct Appender<std::map<std::string, T, Less>> {
  static void append(std::string& out, const std::map<std::string, T, Less>& values) {
    out += '{';
    for (auto it = values.begin(); it != values.end(); ++it) {
      out += it == values.begin() ? "" : ",";
      appendString(out, it->first);
      out += ':';
      glue::append(out, it->second);
    }
    out += '}';
  }
};

}  // namespace glue

template <class T>
std::string toJson(const T& value) {
  std::string out;
  glue::append(out, value);
  return out;
}

// Builds an object: JsonObject().set("a", 1).set("b", "x"). A name must not be set twice.
class JsonObject {
 public:
  template <class T>
  JsonObject& set(std::string_view name, const T& value) {
    members_ += members_.empty() ? "" : ",";
    glue::appendString(members_, name);
    members_ += ':';
    glue::append(members_, value);
    return *this;
  }
  std::string text() const { return "{" + members_ + "}"; }

 private:
  std::string members_;
};

// Builds an array: JsonArray().add(1).add("x").
class JsonArray {
 public:
  template <class T>
  JsonArray& add(const T& value) {
    items_ += items_.empty() ? "" : ",";
    glue::append(items_, value);
    return *this;
  }
  std::string text() const { return "[" + items_ + "]"; }

 private:
  std::string items_;
};

}  // namespace busbar
