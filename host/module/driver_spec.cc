// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/driver_spec.h"

#include <algorithm>
#include <bit>
#include <set>
#include <utility>

#include "sdk/base/json_cursor.h"

namespace busbar {
namespace {

uint8_t typeBit(std::string_view name) {
  if (name == "null") {
    return kStatusNull;
  }
  if (name == "boolean") {
    return kStatusBool;
  }
  if (name == "integer") {
    return kStatusInt;
  }
  if (name == "number") {
    return kStatusInt | kStatusNumber;
  }
  if (name == "string") {
    return kStatusString;
  }
  return name == "array" ? kStatusArray : kStatusObject;
}

// The types that a status schema allows at its top; everything when it does not say.
uint8_t typesOf(const json::Value& schema) {
  const json::Value* type = schema.find("type");
  if (type == nullptr) {
    return kStatusAny;
  }
  if (const std::string* one = type->asString()) {
    return typeBit(*one);
  }
  uint8_t bits = 0;
  if (const json::Array* several = type->asArray()) {
    for (const json::Value& item : *several) {
      bits =
          static_cast<uint8_t>(bits | (item.asString() != nullptr ? typeBit(*item.asString()) : 0));
    }
  }
  return bits;
}

// Keywords that say nothing about which values fit.
bool isAnnotation(std::string_view keyword) {
  static constexpr std::string_view kWords[] = {"title", "description", "examples", "$comment"};
  return keyword.starts_with("x-") ||
         std::find(std::begin(kWords), std::end(kWords), keyword) != std::end(kWords);
}

bool allowsAnything(const json::Value& schema) {
  if (const bool* b = schema.asBool()) {
    return *b;
  }
  const json::Object* object = schema.asObject();
  return object != nullptr &&
         std::all_of(object->begin(), object->end(),
                     [](const json::Member& m) { return isAnnotation(m.first); });
}

// True if the schema only names its parameters:
// {"type":"object","properties":{a:{}},"required":[…], "additionalProperties":false}.
bool onlyNames(const json::Value& params) {
  const json::Object* object = params.asObject();
  if (object == nullptr) {
    return false;
  }
  bool closed = false;
  for (const auto& [keyword, value] : *object) {
    if (keyword == "properties") {
      const json::Object* properties = value.asObject();
      if (properties == nullptr ||
          !std::all_of(properties->begin(), properties->end(),
                       [](const json::Member& m) { return allowsAnything(m.second); })) {
        return false;
      }
    } else if (keyword == "additionalProperties") {
      closed = value.asBool() != nullptr && !*value.asBool();
    } else if (keyword != "type" && keyword != "required" && !isAnnotation(keyword)) {
      return false;
    }
  }
  return closed;
}

Error badArguments(std::string field, std::string message) {
  Error error = Error::at(ErrorCode::InvalidArgument, std::move(field), std::move(message));
  error.reason = "bad_arguments";
  return error;
}

Error missingArgument(const DriverSpec::Function& function, uint64_t missing) {
  const auto first = static_cast<size_t>(std::countr_zero(missing));
  return badArguments("/" + function.manifest->order[first], "this parameter is required");
}

// For functions that only name their parameters: no tree is built.
Status positionalArguments(const DriverSpec::Function& function, std::string& args) {
  const std::vector<std::string>& order = function.manifest->order;
  const auto elements = json::elementsOf(args);
  if (elements.size() > order.size()) {
    return badArguments("", "at most " + std::to_string(order.size()) + " arguments are taken, " +
                                std::to_string(elements.size()) + " were given");
  }
  const uint64_t given =
      elements.size() == 64 ? ~uint64_t{0} : (uint64_t{1} << elements.size()) - 1;
  if (const uint64_t missing = function.required & ~given; missing != 0) {
    return missingArgument(function, missing);
  }
  std::string object;
  object.reserve(args.size() + 32);
  object += '{';
  for (size_t i = 0; i < elements.size(); ++i) {
    object += i == 0 ? "" : ",";
    json::appendString(object, order[i]);
    object += ':';
    object += elements[i];
  }
  object += '}';
  args = std::move(object);
  return {};
}

Status namedArguments(const DriverSpec::Function& function, std::string& args) {
  const size_t first = args.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && args[first] == '[') {
    return positionalArguments(function, args);
  }
  const std::vector<std::string>& order = function.manifest->order;
  json::MemberCursor members(args);
  std::string_view key;
  std::string_view value;
  uint64_t given = 0;
  while (members.next(key, value)) {
    const auto at = std::find(order.begin(), order.end(), key);
    if (at == order.end()) {
      return badArguments("/" + std::string(key), "there is no such parameter");
    }
    given |= uint64_t{1} << static_cast<size_t>(at - order.begin());
  }
  if (const uint64_t missing = function.required & ~given; missing != 0) {
    return missingArgument(function, missing);
  }
  return {};
}

}  // namespace

Result<std::shared_ptr<const DriverSpec>> DriverSpec::build(const model::Driver& driver) {
  auto manifest = Manifest::parse(driver.manifest);
  if (!manifest) {
    return Error::because(
        ErrorCode::DataLoss, "manifest_invalid",
        "the manifest of driver " + driver.id + " is not valid: " + manifest.error().message);
  }
  std::shared_ptr<DriverSpec> spec(new DriverSpec);
  spec->driver_ = driver;
  spec->driver_.manifest.clear();  // kept in parsed form only
  spec->manifest_ = std::move(*manifest);
  for (const auto& [name, function] : spec->manifest_.functions) {
    Function f;
    f.manifest = &function;
    f.unconstrained = function.order.size() <= 64 && onlyNames(function.paramsSchema);
    const json::Value* required = function.paramsSchema.find("required");
    for (size_t i = 0; f.unconstrained && required != nullptr && i < function.order.size(); ++i) {
      const json::Array& names = *required->asArray();
      const bool isRequired =
          std::find(names.begin(), names.end(), json::Value(function.order[i])) != names.end();
      f.required |= uint64_t{isRequired ? 1U : 0U} << i;
    }
    spec->functions_.emplace(name, std::move(f));
  }
  for (const Manifest::StatusKey& key : spec->manifest_.status) {
    spec->statusRules_[&key] = {key.kind == Manifest::StatusKind::State, typesOf(key.schema)};
  }
  return std::shared_ptr<const DriverSpec>(std::move(spec));
}

const DriverSpec::Function* DriverSpec::findFunction(std::string_view name) const {
  const auto it = functions_.find(name);
  return it == functions_.end() ? nullptr : &it->second;
}

const StatusRule* DriverSpec::findStatus(std::string_view key) const {
  const Manifest::StatusKey* declared = manifest_.findStatus(key);
  return declared == nullptr ? nullptr : &statusRules_.at(declared);
}

Status DriverSpec::toArguments(const Function& function, std::string& args) {
  if (function.unconstrained) {
    return namedArguments(function, args);
  }
  auto value = json::parse(args);
  if (!value) {
    return badArguments("", value.error().message);
  }
  if (const json::Array* positional = value->asArray()) {
    auto named = function.manifest->byName(*positional);
    if (!named) {
      return badArguments(named.error().field, named.error().message);
    }
    value = std::move(named);
  }
  auto checked = function.manifest->checkedArgs(std::move(*value));
  if (!checked) {
    return badArguments(checked.error().field, checked.error().message);
  }
  args = json::write(*checked);
  return {};
}

}  // namespace busbar
