// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/schema_source.h"

#include <algorithm>
#include <charconv>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "registry/settings/pattern.h"

namespace busbar {
namespace {

constexpr unsigned kMaxNesting = 32;
constexpr size_t kMaxSubschemas = 10'000;

// What the value of a keyword must be (JSON Schema draft-07, validation section 6 and core section
// 8).
enum class Form {
  Annotation,  // left out
  Schema,
  SchemaList,
  SchemaMap,
  Definitions,  // a map of schemas that only $ref uses
  Items,        // a schema or a list of schemas
  Dependencies,
  Number,
  PositiveNumber,
  Count,
  Boolean,
  Texts,
  Types,
  Values,
  Anything,
  Pattern,
};

struct Keyword {
  std::string_view name;
  Form form;
};

constexpr Keyword kKeywords[] = {
    {"$comment", Form::Annotation},
    {"title", Form::Annotation},
    {"description", Form::Annotation},
    {"default", Form::Annotation},
    {"examples", Form::Annotation},
    {"readOnly", Form::Annotation},
    {"writeOnly", Form::Annotation},
    {"format", Form::Annotation},
    {"contentEncoding", Form::Annotation},
    {"contentMediaType", Form::Annotation},
    {"type", Form::Types},
    {"enum", Form::Values},
    {"const", Form::Anything},
    {"multipleOf", Form::PositiveNumber},
    {"maximum", Form::Number},
    {"exclusiveMaximum", Form::Number},
    {"minimum", Form::Number},
    {"exclusiveMinimum", Form::Number},
    {"maxLength", Form::Count},
    {"minLength", Form::Count},
    {"pattern", Form::Pattern},
    {"items", Form::Items},
    {"additionalItems", Form::Schema},
    {"maxItems", Form::Count},
    {"minItems", Form::Count},
    {"uniqueItems", Form::Boolean},
    {"contains", Form::Schema},
    {"maxProperties", Form::Count},
    {"minProperties", Form::Count},
    {"required", Form::Texts},
    {"properties", Form::SchemaMap},
    {"additionalProperties", Form::Schema},
    {"dependencies", Form::Dependencies},
    {"propertyNames", Form::Schema},
    {"if", Form::Schema},
    {"then", Form::Schema},
    {"else", Form::Schema},
    {"allOf", Form::SchemaList},
    {"anyOf", Form::SchemaList},
    {"oneOf", Form::SchemaList},
    {"not", Form::Schema},
    {"definitions", Form::Definitions},
};

// A keyword of draft-07 that is deliberately not served; see the header.
constexpr std::string_view kPatternProperties = "patternProperties";

std::string_view trimHash(std::string_view uri) {
  return uri.ends_with('#') ? uri.substr(0, uri.size() - 1) : uri;
}

bool isType(std::string_view name) {
  constexpr std::string_view kTypes[] = {"null",   "boolean", "object", "array",
                                         "number", "string",  "integer"};
  return std::find(std::begin(kTypes), std::end(kTypes), name) != std::end(kTypes);
}

bool isTextList(const json::Value& value) {
  const json::Array* list = value.asArray();
  return list != nullptr && std::all_of(list->begin(), list->end(), [](const json::Value& v) {
           return v.asString() != nullptr;
         });
}

// RFC 6901 section 3.
std::string escapePointer(std::string_view token) {
  std::string out;
  for (const char c : token) {
    out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return out;
}

// RFC 6901 section 4, over a fragment without percent signs.
const json::Value* follow(const json::Value& root, std::string_view pointer) {
  const json::Value* at = &root;
  while (!pointer.empty() && at != nullptr) {
    if (pointer[0] != '/') {
      return nullptr;
    }
    const size_t end = std::min(pointer.find('/', 1), pointer.size());
    std::string token;
    for (size_t i = 1; i < end; ++i) {
      const bool escaped = pointer[i] == '~' && i + 1 < end;
      token += escaped ? (pointer[++i] == '0' ? '~' : '/') : pointer[i];
    }
    pointer.remove_prefix(end);
    if (const json::Array* array = at->asArray()) {
      size_t index = 0;
      const auto [stop, error] = std::from_chars(token.data(), token.data() + token.size(), index);
      const bool good =
          error == std::errc{} && stop == token.data() + token.size() && index < array->size();
      at = good ? &(*array)[index] : nullptr;
    } else {
      at = at->find(token);
    }
  }
  return at;
}

class Flattener {
 public:
  explicit Flattener(const json::Value& root) : root_(root) {}

  Result<json::Value> run() {
    json::Value flat = schema(root_, "", 0);
    if (!error_.message.empty()) {
      return std::move(error_);
    }
    return flat;
  }

 private:
  json::Value fail(const std::string& pointer, std::string what) {
    if (error_.message.empty()) {
      error_ =
          Error::at(ErrorCode::InvalidArgument, pointer,
                    "schema at '" + (pointer.empty() ? "/" : pointer) + "': " + std::move(what));
    }
    return nullptr;
  }
  bool failed() const { return !error_.message.empty(); }

  json::Value schema(const json::Value& in, const std::string& pointer, unsigned depth) {
    if (failed()) {
      return nullptr;
    }
    if (depth > kMaxNesting) {
      return fail(pointer, "nested too deep");
    }
    if (++count_ > kMaxSubschemas) {
      return fail(pointer, "more than 10000 subschemas once every $ref is followed");
    }
    if (in.asBool() != nullptr) {
      return in;
    }
    const json::Object* object = in.asObject();
    if (object == nullptr) {
      return fail(pointer, "must be an object or a boolean, not " + std::string(in.typeName()));
    }
    if (const json::Value* ref = object->find("$ref")) {
      checkNames(*object, pointer);
      return reference(*ref, pointer, depth);  // draft-07: what stands beside it is ignored
    }
    json::Object out;
    for (const auto& [name, value] : *object) {
      keyword(name, value, pointer, depth, out);
    }
    return out;
  }

  json::Value reference(const json::Value& ref, const std::string& pointer, unsigned depth) {
    const std::string* target = ref.asString();
    if (target == nullptr || !target->starts_with('#') || target->find('%') != std::string::npos) {
      return fail(pointer + "/$ref",
                  "must be a reference within this schema, such as #/definitions/x");
    }
    if (std::find(open_.begin(), open_.end(), *target) != open_.end() || *target == "#") {
      return fail(pointer + "/$ref", "leads in a circle");
    }
    const json::Value* found = follow(root_, std::string_view(*target).substr(1));
    if (found == nullptr) {
      return fail(pointer + "/$ref", *target + " does not exist");
    }
    open_.push_back(*target);
    json::Value flat = schema(*found, target->substr(1), depth + 1);
    open_.pop_back();
    return flat;
  }

  static const Keyword* findKeyword(std::string_view name) {
    const auto* const it = std::find_if(std::begin(kKeywords), std::end(kKeywords),
                                        [name](const Keyword& k) { return k.name == name; });
    return it == std::end(kKeywords) ? nullptr : it;
  }

  void checkNames(const json::Object& object, const std::string& pointer) {
    for (const auto& [name, value] : object) {
      if (name != "$ref" && !name.starts_with("x-") && findKeyword(name) == nullptr) {
        fail(pointer + "/" + escapePointer(name), "draft-07 has no such keyword");
      }
    }
  }

  // Keywords about the document itself. True if `name` was one.
  bool documentKeyword(const std::string& name, const json::Value& value,
                       const std::string& pointer) {
    const std::string place = pointer + "/" + name;
    if (name == "$schema") {
      const std::string* uri = value.asString();
      if (!pointer.empty() || uri == nullptr ||
          trimHash(*uri) != "http://json-schema.org/draft-07/schema") {
        fail(place, "must be http://json-schema.org/draft-07/schema# and stand at the root");
      }
      return true;
    }
    if (name == "$id") {
      if (!pointer.empty() || value.asString() == nullptr) {
        fail(place, "must be text and stand at the root");
      }
      return true;
    }
    return false;
  }

  void keyword(const std::string& name, const json::Value& value, const std::string& pointer,
               unsigned depth, json::Object& out) {
    if (failed() || name.starts_with("x-") || documentKeyword(name, value, pointer)) {
      return;
    }
    const std::string place = pointer + "/" + escapePointer(name);
    if (name == kPatternProperties) {
      fail(place, "is not supported; use properties, propertyNames and additionalProperties");
      return;
    }
    const Keyword* known = findKeyword(name);
    if (known == nullptr) {
      fail(place, "draft-07 has no such keyword");
      return;
    }
    switch (known->form) {
      case Form::Annotation:
        return;
      case Form::Pattern:
        pattern(value, place, out);
        return;
      case Form::Types:
        types(value, place, out);
        return;
      case Form::Definitions:
        map(value, place, depth);
        return;
      case Form::Schema:
        out.set(name, schema(value, place, depth + 1));
        return;
      case Form::SchemaMap:
        out.set(name, map(value, place, depth));
        return;
      case Form::SchemaList:
        out.set(name, list(value, place, depth));
        return;
      case Form::Items:
        out.set(name, value.asArray() != nullptr ? list(value, place, depth)
                                                 : schema(value, place, depth + 1));
        return;
      case Form::Dependencies:
        out.set(name, dependencies(value, place, depth));
        return;
      default:
        plain(known->form, value, place);
        out.set(name, value);
        return;
    }
  }

  void plain(Form form, const json::Value& value, const std::string& place) {
    const int64_t* integer = value.asInt();
    if (form == Form::Number && !value.isNumber()) {
      fail(place, "must be a number");
    } else if (form == Form::PositiveNumber && (!value.isNumber() || value.toDouble() <= 0)) {
      fail(place, "must be a number above 0");
    } else if (form == Form::Count && (integer == nullptr || *integer < 0)) {
      fail(place, "must be a whole number, 0 or more");
    } else if (form == Form::Boolean && value.asBool() == nullptr) {
      fail(place, "must be true or false");
    } else if (form == Form::Texts && !isTextList(value)) {
      fail(place, "must be a list of names");
    } else if (form == Form::Values && (value.asArray() == nullptr || value.asArray()->empty())) {
      fail(place, "must be a list of at least one value");
    }
  }

  void pattern(const json::Value& value, const std::string& place, json::Object& out) {
    if (value.asString() == nullptr) {
      fail(place, "must be text");
      return;
    }
    if (const auto compiled = Pattern::compile(*value.asString()); !compiled.ok()) {
      fail(place, compiled.error().message);
    }
    out.set(kFlatPattern, value);
  }

  void types(const json::Value& value, const std::string& place, json::Object& out) {
    json::Array names;
    if (value.asString() != nullptr) {
      names.push_back(value);
    } else if (isTextList(value)) {
      names = *value.asArray();
    }
    if (names.empty() || !std::all_of(names.begin(), names.end(), [](const json::Value& name) {
          return isType(*name.asString());
        })) {
      fail(place, "must name null, boolean, integer, number, string, array or object");
    }
    out.set(kFlatType, std::move(names));
  }

  json::Value map(const json::Value& value, const std::string& place, unsigned depth) {
    if (value.asObject() == nullptr) {
      return fail(place, "must be an object of schemas");
    }
    json::Object out;
    for (const auto& [key, member] : *value.asObject()) {
      out.set(key, schema(member, place + "/" + escapePointer(key), depth + 1));
    }
    return out;
  }

  json::Value list(const json::Value& value, const std::string& place, unsigned depth) {
    if (value.asArray() == nullptr || value.asArray()->empty()) {
      return fail(place, "must be a list of at least one schema");
    }
    json::Array out;
    for (size_t i = 0; i < value.asArray()->size(); ++i) {
      out.push_back(schema((*value.asArray())[i], place + "/" + std::to_string(i), depth + 1));
    }
    return out;
  }

  json::Value dependencies(const json::Value& value, const std::string& place, unsigned depth) {
    if (value.asObject() == nullptr) {
      return fail(place, "must be an object");
    }
    json::Object out;
    for (const auto& [key, member] : *value.asObject()) {
      const std::string at = place + "/" + escapePointer(key);
      if (member.asArray() == nullptr) {
        out.set(key, schema(member, at, depth + 1));
      } else {
        plain(Form::Texts, member, at);
        out.set(key, member);
      }
    }
    return out;
  }

  const json::Value& root_;
  Error error_;
  size_t count_ = 0;
  std::vector<std::string> open_;  // the references being followed
};

}  // namespace

Result<json::Value> flattenSchema(const json::Value& schema) {
  return Flattener(schema).run();
}

}  // namespace busbar
