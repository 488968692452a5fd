// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/http_json/mapping.h"

#include <charconv>
#include <cmath>

namespace busbar::http_json {
namespace {

constexpr std::string_view kTypes[] = {"auto", "boolean", "integer", "number", "string"};
constexpr double kMaxExact = 9007199254740992.0;  // 2^53

template <class T>
std::optional<T> parsed(const std::string& text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, value);
  return error == std::errc() && at == end && !text.empty() ? std::optional<T>(value)
                                                            : std::nullopt;
}

Value toInteger(double number) {
  if (!std::isfinite(number) || std::fabs(number) > kMaxExact) {
    return {};
  }
  return static_cast<int64_t>(std::llround(number));
}

Value asBoolean(Json json) {
  if (json.isBool()) {
    return json.as<bool>();
  }
  if (json.isNumber()) {
    const double number = json.as<double>();
    return number < 0 || number > 0;
  }
  if (json.isString()) {
    const auto text = json.as<std::string>();
    if (text == "true" || text == "on" || text == "1") {
      return true;
    }
    if (text == "false" || text == "off" || text == "0") {
      return false;
    }
  }
  return {};
}

std::optional<double> asDouble(Json json) {
  if (json.isNumber()) {
    return json.as<double>();
  }
  return json.isString() ? parsed<double>(json.as<std::string>()) : std::nullopt;
}

// An integer that stays exact, or nothing.
std::optional<int64_t> asExact(Json json) {
  if (json.isString()) {
    return parsed<int64_t>(json.as<std::string>());
  }
  if (!json.isInteger()) {
    return std::nullopt;
  }
  try {
    return json.as<int64_t>();
  } catch (const Failure&) {
    return std::nullopt;  // beyond int64
  }
}

Value asNumber(const Point& point, Json json) {
  const auto exact = asExact(json);
  if (exact && !point.isScaled()) {
    return *exact;
  }
  const auto raw = asDouble(json);
  if (!raw) {
    return {};
  }
  const double number = *raw * point.scale + point.offset;
  if (point.type == Type::Integer) {
    const bool isWhole = point.isScaled() || std::floor(number) >= number;
    return isWhole ? toInteger(number) : Value();
  }
  return std::isfinite(number) ? Value(number) : Value();
}

Value asIs(const Point& point, Json json) {
  if (json.isBool()) {
    return json.as<bool>();
  }
  if (json.isNumber()) {
    return asNumber(point, json);
  }
  return json.isString() ? Value(json.as<std::string>()) : Value(Document{json.text()});
}

Value converted(const Point& point, Json json) {
  switch (point.type) {
    case Type::Auto:
      return asIs(point, json);
    case Type::Boolean:
      return asBoolean(json);
    case Type::Integer:
    case Type::Number:
      return asNumber(point, json);
    case Type::String:
      return json.isString() ? json.as<std::string>() : json.text();
  }
  return {};
}

}  // namespace

std::optional<Type> typeFromText(std::string_view text) {
  for (size_t i = 0; i < std::size(kTypes); ++i) {
    if (kTypes[i] == text) {
      return static_cast<Type>(i);
    }
  }
  return std::nullopt;
}

std::string_view toText(Type type) {
  return kTypes[static_cast<size_t>(type)];
}

Mapped mapPoint(const Point& point, Json document) {
  const Json found = point.pointer.find(document);
  if (found.isNull()) {
    return {};
  }
  Mapped mapped{converted(point, found), {}};
  if (std::holds_alternative<std::monostate>(mapped.value)) {
    mapped.problem = "point " + point.name + ": what stands at " + point.pointerText + " is no " +
                     std::string(toText(point.type));
  }
  return mapped;
}

}  // namespace busbar::http_json
