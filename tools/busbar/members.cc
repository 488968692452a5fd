// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/members.h"

namespace busbar::cli {

const json::Value& memberOf(const json::Value& from, std::string_view name) {
  static const json::Value kNull;
  const json::Value* value = from.find(name);
  return value == nullptr ? kNull : *value;
}

const json::Array& arrayOf(const json::Value& from, std::string_view name) {
  static const json::Array kNone;
  const json::Array* array = memberOf(from, name).asArray();
  return array == nullptr ? kNone : *array;
}

int64_t numberOf(const json::Value& from, std::string_view name) {
  const int64_t* number = memberOf(from, name).asInt();
  return number == nullptr ? 0 : *number;
}

bool isSet(const json::Value& from, std::string_view name) {
  const bool* flag = memberOf(from, name).asBool();
  return flag != nullptr && *flag;
}

}  // namespace busbar::cli
