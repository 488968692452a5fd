// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <set>
#include <string>

#include "sdk/manifest/embedded.h"
#include "sdk/manifest/manifest.h"

namespace busbar {
namespace {

using Types = std::set<std::string>;

Error unfulfilled(const std::string& interface, std::string_view what) {
  return Error::at(ErrorCode::InvalidArgument, "/implements",
                   "/implements claims " + interface + ", but " + std::string(what));
}

// The JSON types that `schema` allows by its `type`, `enum` or `const`; empty: any.
Types typesOf(const json::Value& schema) {
  Types types;
  if (const json::Value* type = schema.find("type")) {
    if (type->asString() != nullptr) {
      types.insert(*type->asString());
    } else if (type->asArray() != nullptr) {
      for (const json::Value& name : *type->asArray()) {
        types.insert(name.asString() != nullptr ? *name.asString() : std::string());
      }
    }
  } else if (const json::Value* values = schema.find("enum")) {
    for (const json::Value& value : *values->asArray()) {
      types.insert(std::string(value.typeName()));
    }
  } else if (const json::Value* value = schema.find("const")) {
    types.insert(std::string(value->typeName()));
  }
  if (types.contains("number")) {
    types.insert("integer");
  }
  return types;
}

// True if each value type that `narrow` allows is one that `wide` allows.
bool fitsInto(const json::Value& narrow, const json::Value& wide) {
  const Types inner = typesOf(narrow);
  const Types outer = typesOf(wide);
  return outer.empty() ||
         (!inner.empty() && std::includes(outer.begin(), outer.end(), inner.begin(), inner.end()));
}

std::vector<std::string> strings(const json::Value& object, std::string_view member) {
  std::vector<std::string> found;
  const json::Value* value = object.find(member);
  if (value != nullptr && value->asArray() != nullptr) {
    for (const json::Value& item : *value->asArray()) {
      found.push_back(item.asString() != nullptr ? *item.asString() : std::string());
    }
  }
  return found;
}

bool isOptional(const json::Value& entry) {
  const json::Value* flag = entry.find("optional");
  return flag != nullptr && flag->asBool() != nullptr && *flag->asBool();
}

// A caller who only knows the interface must be able to call `function`.
Status checkFunction(const std::string& interface, const Manifest::Function& function,
                     const json::Value& wanted) {
  const json::Value* params = wanted.find("params");
  const json::Value* properties = params != nullptr ? params->find("properties") : nullptr;
  const json::Value none{json::Object()};
  const json::Object& expected = *(properties != nullptr ? *properties : none).asObject();
  const json::Value* offered = function.paramsSchema.find("properties");
  for (const auto& [name, rule] : expected) {
    const json::Value* own = offered != nullptr ? offered->find(name) : nullptr;
    if (own == nullptr) {
      return unfulfilled(interface, "function " + function.name + " has no parameter " + name);
    }
    if (!fitsInto(rule, *own)) {
      return unfulfilled(interface, "parameter " + name + " of function " + function.name +
                                        " does not accept the interface's types");
    }
  }
  for (const std::string& name : strings(function.paramsSchema, "required")) {
    const std::vector<std::string> given =
        params != nullptr ? strings(*params, "required") : std::vector<std::string>();
    if (std::find(given.begin(), given.end(), name) == given.end()) {
      return unfulfilled(interface, "function " + function.name + " requires parameter " + name +
                                        ", which the interface does not");
    }
  }
  const std::vector<std::string> order = strings(wanted, "order");
  if (function.order.size() < order.size() ||
      !std::equal(order.begin(), order.end(), function.order.begin())) {
    return unfulfilled(interface,
                       "function " + function.name + " has another order of positional parameters");
  }
  return {};
}

Status checkStatus(const std::string& interface, const Manifest& manifest,
                   const json::Value& wanted) {
  const std::string key = *wanted.find("key")->asString();
  const Manifest::StatusKey* own = manifest.findStatus(key);
  if (own == nullptr) {
    return isOptional(wanted) ? Status()
                              : unfulfilled(interface, "status " + key + " is not declared");
  }
  if (!fitsInto(own->schema, *wanted.find("schema"))) {
    return unfulfilled(interface, "status " + key + " may hold types that the interface excludes");
  }
  return {};
}

Status checkInterface(const std::string& interface, const Manifest& manifest) {
  const std::string_view source = interfaceText(interface);
  if (source.empty()) {
    return Error::at(ErrorCode::InvalidArgument, "/implements",
                     "/implements names " + interface + ", which is no known interface");
  }
  const auto parsed = json::parse(source);
  BUSBAR_CHECK(parsed.ok());
  for (const auto& [name, wanted] : *parsed->find("functions")->asObject()) {
    const Manifest::Function* function = manifest.findFunction(name);
    if (function == nullptr) {
      if (isOptional(wanted)) {
        continue;
      }
      return unfulfilled(interface, "function " + name + " is missing");
    }
    BUSBAR_TRY(checkFunction(interface, *function, wanted));
  }
  for (const json::Value& wanted : *parsed->find("status")->asArray()) {
    BUSBAR_TRY(checkStatus(interface, manifest, wanted));
  }
  return {};
}

}  // namespace

Status checkInterfaces(const Manifest& manifest) {
  for (const std::string& interface : manifest.implements) {
    BUSBAR_TRY(checkInterface(interface, manifest));
  }
  return {};
}

std::vector<std::string> knownInterfaces() {
  std::vector<std::string> ids;
  for (const embedded::Interface& interface : embedded::kInterfaces) {
    ids.emplace_back(interface.id);
  }
  return ids;
}

std::string_view interfaceText(std::string_view id) {
  for (const embedded::Interface& interface : embedded::kInterfaces) {
    if (interface.id == id) {
      return interface.text;
    }
  }
  return {};
}

}  // namespace busbar
