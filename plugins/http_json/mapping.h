// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include <busbar/json.hpp>

#include "plugins/http_json/pointer.h"

namespace busbar::http_json {

// Auto: as it comes. Others are converted where that loses nothing: "21.5" is a number, "on" and 1
// are true, 3.0 is an integer.
enum class Type : uint8_t { Auto, Boolean, Integer, Number, String };
std::optional<Type> typeFromText(std::string_view text);
std::string_view toText(Type type);

// monostate: not known. Arrays and objects are kept as text that is JSON.
struct Document {
  std::string json;
  bool operator==(const Document& other) const { return json == other.json; }
};
using Value = std::variant<std::monostate, bool, int64_t, double, std::string, Document>;

// A field of an answer that becomes a status.
struct Point {
  std::string name;
  std::string pointerText;
  Pointer pointer;
  Type type = Type::Auto;
  double scale = 1;  // numbers: value * scale + offset
  double offset = 0;

  bool isScaled() const { return scale < 1 || scale > 1 || offset < 0 || offset > 0; }
};

struct Mapped {
  Value value;
  std::string problem;  // why there is none although the field is there; a sentence, or empty
};
// Null and what is not there are unknown, without a problem.
Mapped mapPoint(const Point& point, Json document);

}  // namespace busbar::http_json
