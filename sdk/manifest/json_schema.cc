// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/manifest/json_schema.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "sdk/manifest/schema_document.h"

namespace busbar {
namespace schema_detail {
namespace {

// How many nested schemas one check may be inside of; more is a $ref that never reads anything.
constexpr unsigned kMaxDepth = 256;

struct Failure {
  std::string at;
  std::string rule;
};
using Verdict = std::optional<Failure>;  // nullopt: fits

// Where the checker stands in the value. The pointer is only built when something is wrong.
struct Path {
  const Path* parent = nullptr;
  std::string_view member;
  size_t index = 0;
  bool isIndex = false;
  std::string_view root;

  std::string text() const {
    if (parent == nullptr) {
      return std::string(root);
    }
    return isIndex ? pointerTo(parent->text(), index) : pointerTo(parent->text(), member);
  }
};

bool isWhole(double number) {
  return std::isfinite(number) && std::floor(number) == number;
}

uint8_t typeBits(const json::Value& value) {
  if (value.isNull()) {
    return kNull;
  }
  if (value.asBool() != nullptr) {
    return kBoolean;
  }
  if (value.asInt() != nullptr) {
    return kInteger | kNumber;
  }
  if (const double* number = value.asDouble()) {
    return isWhole(*number) ? kInteger | kNumber : kNumber;
  }
  if (value.asString() != nullptr) {
    return kString;
  }
  return value.asArray() != nullptr ? kArray : kObject;
}

std::string typeNames(uint8_t types) {
  static constexpr const char* kNames[] = {"null",     "true or false", "an integer", "a number",
                                           "a string", "an array",      "an object"};
  std::string names;
  for (unsigned bit = 0; bit < 7; ++bit) {
    if ((unsigned{types} >> bit & 1U) != 0) {
      names += (names.empty() ? "" : " or ") + std::string(kNames[bit]);
    }
  }
  return names;
}

std::string numberText(double number) {
  return json::write(json::Value(number));
}

bool sameValue(const json::Value& a, const json::Value& b) {
  if (a.isNumber() && b.isNumber()) {
    return a.asInt() != nullptr && b.asInt() != nullptr ? *a.asInt() == *b.asInt()
                                                        : a.toDouble() == b.toDouble();
  }
  return a == b;
}

uint64_t codePoints(std::string_view text) {
  return static_cast<uint64_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

class Checker {
 public:
  Verdict check(const Node& node, const json::Value& value, const Path& path) {
    if (++steps_ > JsonSchema::kMaxSteps || depth_ >= kMaxDepth) {
      tooDeep_ = tooDeep_ || depth_ >= kMaxDepth;
      return Failure{path.text(), "is too complex to check against its schema"};
    }
    ++depth_;
    Verdict verdict = node.ref != nullptr ? check(*node.ref, value, path) : all(node, value, path);
    --depth_;
    return verdict;
  }
  // True once the budget is spent: then no verdict counts, as `not` would turn a refusal around.
  bool exhausted() const { return steps_ > JsonSchema::kMaxSteps || tooDeep_; }

 private:
  Verdict all(const Node& node, const json::Value& value, const Path& path) {
    if (node.never) {
      return Failure{path.text(), "is not allowed"};
    }
    const uint8_t types = typeBits(value);
    if (node.types != 0 && (node.types & types) == 0) {
      return Failure{path.text(), "must be " + typeNames(node.types)};
    }
    Verdict verdict = values(node, value, path);
    if (!verdict && (types & kNumber) != 0) {
      verdict = numbers(node, value.toDouble(), path);
    } else if (!verdict && types == kString) {
      verdict = strings(node, *value.asString(), path);
    } else if (!verdict && types == kArray) {
      verdict = arrays(node, *value.asArray(), path);
    } else if (!verdict && types == kObject) {
      verdict = objects(node, *value.asObject(), path);
    }
    return verdict ? std::move(verdict) : combinations(node, value, path);
  }

  Verdict values(const Node& node, const json::Value& value, const Path& path) {
    if (node.constant && !sameValue(*node.constant, value)) {
      return Failure{path.text(), "must be " + json::write(*node.constant)};
    }
    if (!node.enumeration.empty() &&
        std::none_of(node.enumeration.begin(), node.enumeration.end(),
                     [&](const json::Value& allowed) { return sameValue(allowed, value); })) {
      return Failure{path.text(), "must be one of " + json::write(json::Value(node.enumeration))};
    }
    return std::nullopt;
  }

  Verdict numbers(const Node& node, double number, const Path& path) {
    if (node.minimum && number < *node.minimum) {
      return Failure{path.text(), "must be at least " + numberText(*node.minimum)};
    }
    if (node.maximum && number > *node.maximum) {
      return Failure{path.text(), "must be at most " + numberText(*node.maximum)};
    }
    if (node.exclusiveMinimum && number <= *node.exclusiveMinimum) {
      return Failure{path.text(), "must be more than " + numberText(*node.exclusiveMinimum)};
    }
    if (node.exclusiveMaximum && number >= *node.exclusiveMaximum) {
      return Failure{path.text(), "must be less than " + numberText(*node.exclusiveMaximum)};
    }
    if (node.multipleOf) {
      const double parts = number / *node.multipleOf;
      if (std::abs(parts - std::round(parts)) > 1e-9 * std::max(1.0, std::abs(parts))) {
        return Failure{path.text(), "must be a multiple of " + numberText(*node.multipleOf)};
      }
    }
    return std::nullopt;
  }

  Verdict strings(const Node& node, const std::string& text, const Path& path) {
    if (node.minLength && codePoints(text) < *node.minLength) {
      return Failure{path.text(),
                     "must have at least " + std::to_string(*node.minLength) + " characters"};
    }
    if (node.maxLength && codePoints(text) > *node.maxLength) {
      return Failure{path.text(),
                     "must have at most " + std::to_string(*node.maxLength) + " characters"};
    }
    if (node.pattern && !node.pattern->matches(text)) {
      return Failure{path.text(), "must match the pattern " + node.pattern->expression()};
    }
    return std::nullopt;
  }

  Verdict arrays(const Node& node, const json::Array& array, const Path& path) {
    if (node.minItems && array.size() < *node.minItems) {
      return Failure{path.text(),
                     "must have at least " + std::to_string(*node.minItems) + " items"};
    }
    if (node.maxItems && array.size() > *node.maxItems) {
      return Failure{path.text(), "must have at most " + std::to_string(*node.maxItems) + " items"};
    }
    bool contained = node.contains == nullptr;
    for (size_t i = 0; i < array.size(); ++i) {
      const Path here{&path, {}, i, true, {}};
      const Node* rule = node.items;
      if (!node.itemList.empty()) {
        rule = i < node.itemList.size() ? node.itemList[i] : node.additionalItems;
      }
      if (Verdict verdict = rule == nullptr ? std::nullopt : check(*rule, array[i], here)) {
        return verdict;
      }
      contained = contained || !check(*node.contains, array[i], here);
    }
    if (!contained) {
      return Failure{path.text(), "must contain an item of the kind that `contains` describes"};
    }
    return node.uniqueItems ? unique(array, path) : std::nullopt;
  }

  Verdict unique(const json::Array& array, const Path& path) {
    for (size_t i = 0; i < array.size(); ++i) {
      for (size_t j = 0; j < i; ++j) {
        if (++steps_ > JsonSchema::kMaxSteps) {
          return Failure{path.text(), "is too complex to check against its schema"};
        }
        if (sameValue(array[i], array[j])) {
          return Failure{pointerTo(path.text(), i), "must not repeat an earlier item"};
        }
      }
    }
    return std::nullopt;
  }

  Verdict objects(const Node& node, const json::Object& object, const Path& path) {
    if (Verdict verdict = presence(node, object, path)) {
      return verdict;
    }
    for (const auto& [name, member] : object) {
      const Path here{&path, name, 0, false, {}};
      if (node.propertyNames != nullptr) {
        if (Verdict verdict = check(*node.propertyNames, json::Value(name), here)) {
          verdict->rule = "has a name that is not allowed: it " + verdict->rule;
          return verdict;
        }
      }
      const Node* rule = node.findProperty(name);
      bool known = rule != nullptr;
      if (Verdict verdict = known ? check(*rule, member, here) : std::nullopt) {
        return verdict;
      }
      for (const auto& [pattern, patternRule] : node.patternProperties) {
        if (pattern.matches(name)) {
          known = true;
          if (Verdict verdict = check(*patternRule, member, here)) {
            return verdict;
          }
        }
      }
      if (!known && node.additionalProperties != nullptr) {
        if (node.additionalProperties->never) {
          return Failure{here.text(), "is unknown"};
        }
        if (Verdict verdict = check(*node.additionalProperties, member, here)) {
          return verdict;
        }
      }
    }
    return dependencies(node, object, path);
  }

  Verdict presence(const Node& node, const json::Object& object, const Path& path) {
    for (const std::string& name : node.required) {
      if (!object.contains(name)) {
        return Failure{pointerTo(path.text(), name), "is required"};
      }
    }
    if (node.minProperties && object.size() < *node.minProperties) {
      return Failure{path.text(),
                     "must have at least " + std::to_string(*node.minProperties) + " members"};
    }
    if (node.maxProperties && object.size() > *node.maxProperties) {
      return Failure{path.text(),
                     "must have at most " + std::to_string(*node.maxProperties) + " members"};
    }
    return std::nullopt;
  }

  Verdict dependencies(const Node& node, const json::Object& object, const Path& path) {
    for (const auto& [name, needed] : node.dependentKeys) {
      for (const std::string& other : needed) {
        if (object.contains(name) && !object.contains(other)) {
          return Failure{pointerTo(path.text(), other), "is required beside " + name};
        }
      }
    }
    for (const auto& [name, rule] : node.dependentSchemas) {
      if (object.contains(name)) {
        if (Verdict verdict = check(*rule, json::Value(object), path)) {
          return verdict;
        }
      }
    }
    return std::nullopt;
  }

  Verdict combinations(const Node& node, const json::Value& value, const Path& path) {
    for (const Node* part : node.allOf) {
      if (Verdict verdict = check(*part, value, path)) {
        return verdict;
      }
    }
    if (Verdict verdict = anyOf(node, value, path)) {
      return verdict;
    }
    if (!node.oneOf.empty()) {
      const auto fits = std::count_if(node.oneOf.begin(), node.oneOf.end(),
                                      [&](const Node* part) { return !check(*part, value, path); });
      if (fits != 1) {
        return Failure{path.text(), fits == 0 ? "fits none of the allowed forms"
                                              : "fits more than one of the allowed forms"};
      }
    }
    if (node.notNode != nullptr && !check(*node.notNode, value, path)) {
      return Failure{path.text(), "has a form that is not allowed"};
    }
    if (node.ifNode != nullptr) {
      const Node* next = check(*node.ifNode, value, path) ? node.elseNode : node.thenNode;
      return next != nullptr ? check(*next, value, path) : std::nullopt;
    }
    return std::nullopt;
  }

  Verdict anyOf(const Node& node, const json::Value& value, const Path& path) {
    Verdict last;
    for (const Node* part : node.anyOf) {
      last = check(*part, value, path);
      if (!last) {
        return std::nullopt;
      }
    }
    if (last && node.anyOf.size() > 1) {
      return Failure{path.text(), "fits none of the allowed forms"};
    }
    return last;
  }

  size_t steps_ = 0;
  unsigned depth_ = 0;
  bool tooDeep_ = false;
};

void fillDefaults(const Node& node, json::Value& value, unsigned depth) {
  if (node.ref != nullptr && depth < kMaxDepth) {
    fillDefaults(*node.ref, value, depth + 1);
    return;
  }
  if (json::Object* object = value.asObject()) {
    for (const auto& [name, rule] : node.properties) {
      if (json::Value* member = object->find(name)) {
        if (depth < kMaxDepth) {
          fillDefaults(*rule, *member, depth + 1);
        }
      } else if (rule->defaultValue) {
        object->set(name, *rule->defaultValue);
      }
    }
  } else if (json::Array* array = value.asArray(); array != nullptr && node.items != nullptr) {
    for (json::Value& item : *array) {
      if (depth < kMaxDepth) {
        fillDefaults(*node.items, item, depth + 1);
      }
    }
  }
}

}  // namespace
}  // namespace schema_detail

Status JsonSchema::check(const json::Value& value, std::string_view at) const {
  const schema_detail::Path root{nullptr, {}, 0, false, at};
  schema_detail::Checker checker;
  auto failure = checker.check(*document_->root, value, root);
  if (!failure && !checker.exhausted()) {
    return {};
  }
  if (!failure || checker.exhausted()) {
    failure = schema_detail::Failure{std::string(at), "is too complex to check against its schema"};
  }
  const std::string where = failure->at.empty() ? "the value" : failure->at;
  return Error::at(ErrorCode::InvalidArgument, std::move(failure->at), where + " " + failure->rule);
}

json::Value JsonSchema::withDefaults(json::Value value) const {
  schema_detail::fillDefaults(*document_->root, value, 0);
  return value;
}

}  // namespace busbar
