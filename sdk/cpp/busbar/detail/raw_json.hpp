// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <cstdint>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

// The JSON tree behind busbar::Json. Own code, because a driver should need no library for it (and
// the RapidJSON of Debian 12 does not compile with clang 19).
namespace busbar::glue {

struct RawJson {
  enum class Type : uint8_t { Null, Bool, Integer, Unsigned, Double, String, Array, Object };
  Type type = Type::Null;
  union {
    bool boolean;
    int64_t integer;
    uint64_t natural;  // above INT64_MAX only
    double number = 0;
  };
  std::string text;
  std::vector<RawJson> items;      // of an array, or the values of an object
  std::vector<std::string> names;  // of an object's members, in the order of items

  const RawJson* find(std::string_view name) const {
    for (size_t i = 0; i < names.size(); ++i) {
      if (names[i] == name) {
        return &items[i];
      }
    }
    return nullptr;
  }
};

// Parses one document. Busbar has checked it already, so this reports no places; what is malformed
// nevertheless is refused.
class JsonParser {
 public:
  static bool parse(std::string_view text, RawJson& out) {
    JsonParser parser(text);
    if (!parser.value(out, 0)) {
      return false;
    }
    parser.skipSpaces();
    return parser.rest_.empty();
  }

 private:
  static constexpr unsigned kMaxDepth = 64;
  explicit JsonParser(std::string_view text) : rest_(text) {}

  void skipSpaces() {
    const size_t begin = rest_.find_first_not_of(" \t\r\n");
    rest_.remove_prefix(begin == std::string_view::npos ? rest_.size() : begin);
  }
  bool take(char c) {
    skipSpaces();
    return takeNow(c);
  }
  bool takeNow(char c) {
    if (rest_.empty() || rest_.front() != c) {
      return false;
    }
    rest_.remove_prefix(1);
    return true;
  }
  bool word(std::string_view expected) {
    if (rest_.substr(0, expected.size()) != expected) {
      return false;
    }
    rest_.remove_prefix(expected.size());
    return true;
  }

  bool value(RawJson& out, unsigned depth) {
    skipSpaces();
    if (rest_.empty() || depth > kMaxDepth) {
      return false;
    }
    switch (rest_.front()) {
      case '{':
        return object(out, depth);
      case '[':
        return array(out, depth);
      case '"':
        out.type = RawJson::Type::String;
        return string(out.text);
      case 'n':
        return word("null");
      case 't':
      case 'f':
        out.type = RawJson::Type::Bool;
        out.boolean = rest_.front() == 't';
        return word(out.boolean ? "true" : "false");
      default:
        return number(out);
    }
  }

  bool object(RawJson& out, unsigned depth) {
    out.type = RawJson::Type::Object;
    takeNow('{');
    if (take('}')) {
      return true;
    }
    do {
      skipSpaces();
      out.names.emplace_back();
      out.items.emplace_back();
      if (!string(out.names.back()) || !take(':') || !value(out.items.back(), depth + 1)) {
        return false;
      }
    } while (take(','));
    return take('}');
  }

  bool array(RawJson& out, unsigned depth) {
    out.type = RawJson::Type::Array;
    takeNow('[');
    if (take(']')) {
      return true;
    }
    do {
      out.items.emplace_back();
      if (!value(out.items.back(), depth + 1)) {
        return false;
      }
    } while (take(','));
    return take(']');
  }

  bool number(RawJson& out) {
    const std::string_view token = rest_.substr(0, rest_.find_first_not_of("+-.0123456789eE"));
    const char* end = token.data() + token.size();
    rest_.remove_prefix(token.size());
    // RFC 8259 s.6: no leading plus, zero or point.
    const std::string_view digits = token.substr(token.substr(0, 1) == "-" ? 1 : 0);
    if (digits.empty() || digits[0] < '0' || digits[0] > '9' ||
        (digits.size() > 1 && digits[0] == '0' && digits[1] >= '0' && digits[1] <= '9')) {
      return false;
    }
    if (token.find_first_of(".eE") == std::string_view::npos) {
      out.type = RawJson::Type::Integer;
      if (readAll(token.data(), end, out.integer)) {
        return true;
      }
      out.type = RawJson::Type::Unsigned;
      if (readAll(token.data(), end, out.natural)) {
        return true;
      }
    }
    out.type = RawJson::Type::Double;
    return readAll(token.data(), end, out.number);
  }

  template <class T>
  static bool readAll(const char* begin, const char* end, T& value) {
    const auto result = std::from_chars(begin, end, value);
    return result.ec == std::errc() && result.ptr == end;
  }

  bool string(std::string& out) {
    if (!takeNow('"')) {
      return false;
    }
    while (!rest_.empty() && rest_.front() != '"') {
      if (rest_.front() == '\\') {
        rest_.remove_prefix(1);
        if (!escape(out)) {
          return false;
        }
        continue;
      }
      const std::string_view plain = rest_.substr(0, rest_.find_first_of("\"\\"));
      out += plain;
      rest_.remove_prefix(plain.size());
    }
    return takeNow('"');
  }

  bool hex4(uint32_t& unit) {
    if (rest_.size() < 4) {
      return false;
    }
    const auto result = std::from_chars(rest_.data(), rest_.data() + 4, unit, 16);
    const bool whole = result.ec == std::errc() && result.ptr == rest_.data() + 4;
    rest_.remove_prefix(4);
    return whole;
  }

  bool escape(std::string& out) {
    if (rest_.empty()) {
      return false;
    }
    const char c = rest_.front();
    rest_.remove_prefix(1);
    constexpr std::string_view kNames = "\"\\/bfnrt";
    constexpr std::string_view kValues = "\"\\/\b\f\n\r\t";
    if (const size_t i = kNames.find(c); i != std::string_view::npos) {
      out += kValues[i];
      return true;
    }
    uint32_t point = 0;
    if (c != 'u' || !hex4(point)) {
      return false;
    }
    if (point >= 0xD800 && point < 0xDC00) {
      uint32_t low = 0;
      if (!word("\\u") || !hex4(low) || low < 0xDC00 || low > 0xDFFF) {
        return false;
      }
      point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
    }
    appendUtf8(out, point);
    return true;
  }

  static void appendUtf8(std::string& out, uint32_t point) {
    const auto put = [&out](uint32_t byte) { out += static_cast<char>(byte); };
    if (point < 0x80) {
      put(point);
    } else if (point < 0x800) {
      put(0xC0 | point >> 6);
      put(0x80 | (point & 0x3F));
    } else if (point < 0x10000) {
      put(0xE0 | point >> 12);
      put(0x80 | (point >> 6 & 0x3F));
      put(0x80 | (point & 0x3F));
    } else {
      put(0xF0 | point >> 18);
      put(0x80 | (point >> 12 & 0x3F));
      put(0x80 | (point >> 6 & 0x3F));
      put(0x80 | (point & 0x3F));
    }
  }

  std::string_view rest_;
};

}  // namespace busbar::glue
