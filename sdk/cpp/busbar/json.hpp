// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cmath>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

#include <busbar/detail/manifest_types.hpp>
#include <busbar/detail/raw_json.hpp>
#include <busbar/failure.hpp>
#include <busbar/json_writer.hpp>

namespace busbar {

// A view of a JSON value: arguments, settings, results. Valid as long as the JsonDocument that it
// came from; what a function keeps, it copies with as<T>(). Default constructed it is null.
class Json {
 public:
  Json() = default;
  explicit Json(const glue::RawJson* value) : value_(value) {}

  bool isNull() const { return is(Type::Null) || value_ == nullptr; }
  bool isBool() const { return is(Type::Bool); }
  bool isInteger() const { return is(Type::Integer) || is(Type::Unsigned); }
  bool isNumber() const { return isInteger() || is(Type::Double); }
  bool isString() const { return is(Type::String); }
  bool isArray() const { return is(Type::Array); }
  bool isObject() const { return is(Type::Object); }

  // Items of an array, members of an object; 0 for others.
  size_t size() const { return isArray() || isObject() ? value_->items.size() : 0; }
  // Member or item; null when there is none.
  Json operator[](std::string_view name) const {
    return isObject() ? Json(value_->find(name)) : Json();
  }
  Json operator[](const char* name) const { return (*this)[std::string_view(name)]; }
  Json operator[](size_t index) const {
    return index < size() && isArray() ? Json(&value_->items[index]) : Json();
  }

  // Calls f(name, Json) for each member of an object, in order.
  template <class F>
  void forEachMember(F f) const {
    if (isObject()) {
      for (size_t i = 0; i < value_->items.size(); ++i) {
        f(std::string_view(value_->names[i]), Json(&value_->items[i]));
      }
    }
  }

  // Throws Failure E_INVALID when it is of another type or out of range. T: bool, integers, double,
  // std::string, std::string_view (borrowed), std::optional, std::vector, Json.
  template <class T>
  T as() const;
  template <class T>
  T valueOr(T fallback) const {
    return isNull() ? std::move(fallback) : as<T>();
  }

  // The value as JSON text.
  std::string text() const;

  const glue::RawJson* raw() const { return value_; }

 private:
  using Type = glue::RawJson::Type;
  bool is(Type type) const { return value_ != nullptr && value_->type == type; }

  const glue::RawJson* value_ = nullptr;
};

// Owns parsed JSON.
class JsonDocument {
 public:
  JsonDocument() : root_(std::make_unique<glue::RawJson>()) {}
  // Throws Failure E_INVALID when `text` is no JSON. Empty text is null.
  static JsonDocument parse(std::string_view text) {
    JsonDocument made;
    if (!text.empty() && !glue::JsonParser::parse(text, *made.root_)) {
      throw Failure::invalid("malformed JSON");
    }
    return made;
  }
  static JsonDocument parse(busbar_doc doc) {
    return parse(std::string_view(reinterpret_cast<const char*>(doc.ptr), doc.len));
  }
  Json root() const { return Json(root_.get()); }

 private:
  std::unique_ptr<glue::RawJson> root_;
};

namespace glue {

[[noreturn]] inline void wrongType(const char* wanted) {
  throw Failure::invalid(std::string("must be ") + wanted);
}

// Reads a T; kTypes are the JSON types that it takes. Types without a specialisation do not
// compile.
template <class T, class = void>
struct Convert;

template <>
struct Convert<bool> {
  static constexpr unsigned kTypes = kBoolean;
  static bool from(const Json& json) {
    return json.isBool() ? json.raw()->boolean : (wrongType("true or false"), false);
  }
};

template <class T>
struct Convert<T, std::enable_if_t<std::is_integral_v<T>>> {
  static constexpr unsigned kTypes = kInteger;
  static T from(const Json& json) {
    if (!json.isNumber()) {
      wrongType("an integer");
    }
    const RawJson& raw = *json.raw();
    if (raw.type == RawJson::Type::Integer) {
      return narrowed(raw.integer);
    }
    if (raw.type == RawJson::Type::Unsigned) {
      return narrowed(raw.natural);
    }
    const double number = raw.number;
    constexpr double kExact = 9007199254740992.0;
    if (std::floor(number) != number || number > kExact || number < -kExact) {
      wrongType("an integer");
    }
    return narrowed(static_cast<int64_t>(number));
  }

 private:
  template <class Wide>
  static T narrowed(Wide wide) {
    const T narrow = static_cast<T>(wide);
    if (static_cast<Wide>(narrow) != wide || (narrow < T{}) != (wide < Wide{})) {
      wrongType("an integer within range");
    }
    return narrow;
  }
};

template <class T>
struct Convert<T, std::enable_if_t<std::is_floating_point_v<T>>> {
  static constexpr unsigned kTypes = kInteger | kNumber;
  static T from(const Json& json) {
    if (!json.isNumber()) {
      wrongType("a number");
    }
    const RawJson& raw = *json.raw();
    return raw.type == RawJson::Type::Integer    ? static_cast<T>(raw.integer)
           : raw.type == RawJson::Type::Unsigned ? static_cast<T>(raw.natural)
                                                 : static_cast<T>(raw.number);
  }
};

template <class T>
struct Convert<
    T, std::enable_if_t<std::is_same_v<T, std::string> || std::is_same_v<T, std::string_view>>> {
  static constexpr unsigned kTypes = kString;
  static T from(const Json& json) {
    if (!json.isString()) {
      wrongType("a string");
    }
    return T(json.raw()->text);
  }
};

template <>
struct Convert<Json> {
  static constexpr unsigned kTypes = kAny;
  static Json from(const Json& json) { return json; }
};

template <class T>
struct Convert<std::optional<T>> {
  static constexpr unsigned kTypes = Convert<T>::kTypes | kNull;
  static std::optional<T> from(const Json& json) {
    return json.isNull() ? std::nullopt : std::optional<T>(Convert<T>::from(json));
  }
};

template <class T>
struct Convert<std::vector<T>> {
  static constexpr unsigned kTypes = kArray;
  static std::vector<T> from(const Json& json) {
    if (!json.isArray()) {
      wrongType("an array");
    }
    std::vector<T> values;
    values.reserve(json.size());
    for (size_t i = 0; i < json.size(); ++i) {
      values.push_back(Convert<T>::from(json[i]));
    }
    return values;
  }
};

inline void appendRaw(std::string& out, const Json& json) {
  if (json.isNull()) {
    out += "null";
  } else if (json.isBool()) {
    append(out, json.as<bool>());
  } else if (json.isString()) {
    appendString(out, json.as<std::string_view>());
  } else if (json.isNumber()) {
    const RawJson& raw = *json.raw();
    if (raw.type == RawJson::Type::Integer) {
      appendNumber(out, raw.integer);
    } else if (raw.type == RawJson::Type::Unsigned) {
      appendNumber(out, raw.natural);
    } else {
      append(out, raw.number);
    }
  } else if (json.isArray()) {
    out += '[';
    for (size_t i = 0; i < json.size(); ++i) {
      out += i == 0 ? "" : ",";
      appendRaw(out, json[i]);
    }
    out += ']';
  } else {
    out += '{';
    json.forEachMember([&](std::string_view name, Json member) {
      out += out.back() == '{' ? "" : ",";
      appendString(out, name);
      out += ':';
      appendRaw(out, member);
    });
    out += '}';
  }
}

template <>
struct Appender<Json> {
  static void append(std::string& out, const Json& value) { appendRaw(out, value); }
};

// The JSON types that a C++ result is written as.
template <class T>
struct Written {
  static constexpr unsigned kTypes = std::is_same_v<T, bool>       ? kBoolean
                                     : std::is_integral_v<T>       ? kInteger
                                     : std::is_floating_point_v<T> ? kInteger | kNumber
                                     : std::is_convertible_v<const T&, std::string_view> ? kString
                                                                                         : kAny;
};
template <>
struct Written<void> {
  static constexpr unsigned kTypes = kNull;
};
template <>
struct Written<JsonObject> {
  static constexpr unsigned kTypes = kObject;
};
template <>
struct Written<JsonArray> {
  static constexpr unsigned kTypes = kArray;
};
template <class T>
struct Written<std::vector<T>> {
  static constexpr unsigned kTypes = kArray;
};
template <class T>
struct Written<std::map<std::string, T>> {
  static constexpr unsigned kTypes = kObject;
};
template <class T>
struct Written<std::optional<T>> {
  static constexpr unsigned kTypes = Written<T>::kTypes | kNull;
};

}  // namespace glue

template <class T>
T Json::as() const {
  return glue::Convert<T>::from(*this);
}

inline std::string Json::text() const {
  std::string out;
  glue::appendRaw(out, *this);
  return out;
}

}  // namespace busbar
