// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "plugins/snmp/message.h"

// Objects that settings name, and the values of variables as people and programs want them.
namespace busbar::snmp {

// monostate: the agent has no such object.
using Value = std::variant<std::monostate, bool, int64_t, double, std::string>;

enum class Form : uint8_t { Auto, Text, Hex, Number, Boolean };

// An object as settings describe it.
struct ObjectSpec {
  std::string oid;
  std::string key;
  std::string form = "auto";
  double scale = 1;
  bool isPolled = true;
  bool isTable = false;  // `oid` is a column; the key holds an object by index
};

struct Object {
  Oid oid;
  std::string key;
  Form form = Form::Auto;
  double scale = 1;
  bool isPolled = true;
  bool isTable = false;
};

// The objects of one module, in the order of the settings. Thread-compatible.
class ObjectMap {
 public:
  static constexpr size_t kMaxObjects = 2'000;

  // Replaces the map. On failure it stays as it was and the sentence names the object and the rule.
  [[nodiscard]] std::string build(const std::vector<ObjectSpec>& specs);
  const std::vector<Object>& objects() const { return objects_; }
  const Object* find(std::string_view key) const;

 private:
  std::vector<Object> objects_;
};

// A Counter64 above INT64_MAX becomes a double; octets that are no printable UTF-8 become "0a:1b:…"
// under Auto. Under Number, text is read as one; what cannot be read so is monostate.
Value toValue(const Variable& variable, Form form, double scale);

// The variable of type `type` ("integer", "string", "hex", "oid", "ip", "counter32" …) that holds
// `value`. The sentence says why there is none; empty means success.
[[nodiscard]] std::string toVariable(const Value& value, std::string_view type, Variable& out);

}  // namespace busbar::snmp
