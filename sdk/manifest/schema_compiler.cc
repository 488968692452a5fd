// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cmath>
#include <map>

#include "sdk/manifest/json_schema.h"
#include "sdk/manifest/schema_document.h"

namespace busbar {
namespace schema_detail {
namespace {

constexpr size_t kMaxNodes = 10'000;

Error wrong(std::string_view at, std::string message) {
  return Error::at(ErrorCode::InvalidArgument, std::string(at), std::move(message));
}

constexpr std::array<std::pair<std::string_view, uint8_t>, 7> kTypes{{{"null", kNull},
                                                                      {"boolean", kBoolean},
                                                                      {"integer", kInteger},
                                                                      {"number", kNumber},
                                                                      {"string", kString},
                                                                      {"array", kArray},
                                                                      {"object", kObject}}};

// Compiles one document: every schema becomes a node, references are joined at the end.
class Compiler {
 public:
  explicit Compiler(Document& document) : document_(document) {}

  Status compile(const json::Value& schema, std::string_view at) {
    auto root = node(schema, at);
    if (!root.ok()) {
      return std::move(root).error();
    }
    document_.root = *root;
    for (const auto& [place, target] : references_) {
      const auto& [from, pointer] = place;
      if (target == "#") {
        from->ref = document_.root;
      } else if (const auto found = definitions_.find(target); found != definitions_.end()) {
        from->ref = found->second;
      } else {
        return wrong(pointer, "$ref names no schema in #/definitions");
      }
    }
    return {};
  }

 private:
  using Handler = Status (Compiler::*)(Node&, const json::Value&, std::string_view at);

  Result<const Node*> node(const json::Value& schema, std::string_view at) {
    if (document_.nodes.size() >= kMaxNodes) {
      return wrong(at, "the schema is too large");
    }
    document_.nodes.push_back(std::make_unique<Node>());
    Node& made = *document_.nodes.back();
    if (const bool* allows = schema.asBool()) {
      made.never = !*allows;
      return &made;
    }
    const json::Object* object = schema.asObject();
    if (object == nullptr) {
      return wrong(at, "a schema must be an object or a boolean");
    }
    for (const auto& [keyword, value] : *object) {
      const std::string pointer = pointerTo(at, keyword);
      if (keyword.starts_with("x-")) {
        continue;
      }
      const auto handler = handlers().find(keyword);
      if (handler == handlers().end()) {
        return wrong(pointer, "unknown keyword; JSON Schema draft-07 keywords and x-… are allowed");
      }
      if (handler->second != nullptr) {
        BUSBAR_TRY((this->*handler->second)(made, value, pointer));
      }
    }
    return &made;
  }

  static const std::map<std::string_view, Handler>& handlers();

  template <const Node* Node::* Member>
  Status child(Node& node_, const json::Value& value, std::string_view at) {
    auto made = node(value, at);
    if (!made.ok()) {
      return std::move(made).error();
    }
    node_.*Member = *made;
    return {};
  }

  template <Nodes Node::* Member>
  Status children(Node& node_, const json::Value& value, std::string_view at) {
    const json::Array* array = value.asArray();
    if (array == nullptr || array->empty()) {
      return wrong(at, "must be an array of at least one schema");
    }
    for (size_t i = 0; i < array->size(); ++i) {
      auto made = node((*array)[i], pointerTo(at, i));
      if (!made.ok()) {
        return std::move(made).error();
      }
      (node_.*Member).push_back(*made);
    }
    return {};
  }

  template <std::optional<double> Node::* Member>
  Status number(Node& node_, const json::Value& value, std::string_view at) {
    if (!value.isNumber()) {
      return wrong(at, "must be a number");
    }
    node_.*Member = value.toDouble();
    return {};
  }

  template <std::optional<uint64_t> Node::* Member>
  Status count(Node& node_, const json::Value& value, std::string_view at) {
    const int64_t* n = value.asInt();
    if (n == nullptr || *n < 0) {
      return wrong(at, "must be an integer of at least 0");
    }
    node_.*Member = static_cast<uint64_t>(*n);
    return {};
  }

  Status multipleOf(Node& node_, const json::Value& value, std::string_view at) {
    if (!value.isNumber() || value.toDouble() <= 0) {
      return wrong(at, "must be a number above 0");
    }
    node_.multipleOf = value.toDouble();
    return {};
  }

  Status text(Node&, const json::Value& value, std::string_view at) {
    return value.asString() != nullptr ? Status() : wrong(at, "must be a string");
  }

  Status flag(Node&, const json::Value& value, std::string_view at) {
    return value.asBool() != nullptr ? Status() : wrong(at, "must be true or false");
  }

  Status uniqueItems(Node& node_, const json::Value& value, std::string_view at) {
    BUSBAR_TRY(flag(node_, value, at));
    node_.uniqueItems = *value.asBool();
    return {};
  }

  Status dialect(Node&, const json::Value& value, std::string_view at) {
    const std::string* uri = value.asString();
    if (uri == nullptr || (*uri != "http://json-schema.org/draft-07/schema#" &&
                           *uri != "http://json-schema.org/draft-07/schema")) {
      return wrong(at, "must name draft-07: http://json-schema.org/draft-07/schema#");
    }
    return {};
  }

  Status reference(Node& node_, const json::Value& value, std::string_view at) {
    const std::string* target = value.asString();
    if (target == nullptr || (*target != "#" && !target->starts_with("#/definitions/"))) {
      return wrong(at, "must be \"#\" or \"#/definitions/…\"");
    }
    references_.push_back({{&node_, std::string(at)}, *target});
    return {};
  }

  Status definitions(Node&, const json::Value& value, std::string_view at) {
    const json::Object* object = value.asObject();
    if (object == nullptr) {
      return wrong(at, "must be an object of schemas");
    }
    for (const auto& [name, schema] : *object) {
      auto made = node(schema, pointerTo(at, name));
      if (!made.ok()) {
        return std::move(made).error();
      }
      definitions_[pointerTo("#/definitions", name)] = *made;
    }
    return {};
  }

  Status type(Node& node_, const json::Value& value, std::string_view at) {
    const json::Array one{value};
    const json::Array& names = value.asArray() != nullptr ? *value.asArray() : one;
    for (const json::Value& name : names) {
      const std::string* wanted = name.asString();
      uint8_t bit = 0;
      for (const auto& [known, knownBit] : kTypes) {
        bit = wanted != nullptr && *wanted == known ? knownBit : bit;
      }
      if (bit == 0) {
        return wrong(at,
                     "must name JSON types: null, boolean, integer, number, string, array, object");
      }
      node_.types |= bit;
    }
    return names.empty() ? wrong(at, "must name at least one type") : Status();
  }

  Status constant(Node& node_, const json::Value& value, std::string_view) {
    node_.constant = value;
    return {};
  }

  Status defaultValue(Node& node_, const json::Value& value, std::string_view) {
    node_.defaultValue = value;
    return {};
  }

  Status enumeration(Node& node_, const json::Value& value, std::string_view at) {
    if (value.asArray() == nullptr || value.asArray()->empty()) {
      return wrong(at, "must be an array of at least one value");
    }
    node_.enumeration = *value.asArray();
    return {};
  }

  Status examples(Node&, const json::Value& value, std::string_view at) {
    return value.asArray() != nullptr ? Status() : wrong(at, "must be an array");
  }

  Result<Pattern> compilePattern(const json::Value& value, std::string_view at) {
    if (value.asString() == nullptr) {
      return wrong(at, "must be a string");
    }
    auto pattern = Pattern::compile(*value.asString());
    if (!pattern.ok()) {
      return wrong(at, pattern.error().message);
    }
    return pattern;
  }

  Status pattern(Node& node_, const json::Value& value, std::string_view at) {
    auto compiled = compilePattern(value, at);
    if (!compiled.ok()) {
      return std::move(compiled).error();
    }
    node_.pattern = std::move(compiled).value();
    return {};
  }

  Status items(Node& node_, const json::Value& value, std::string_view at) {
    return value.asArray() != nullptr ? children<&Node::itemList>(node_, value, at)
                                      : child<&Node::items>(node_, value, at);
  }

  Result<std::vector<std::string>> names(const json::Value& value, std::string_view at) {
    std::vector<std::string> found;
    if (value.asArray() == nullptr) {
      return wrong(at, "must be an array of strings");
    }
    for (const json::Value& name : *value.asArray()) {
      if (name.asString() == nullptr) {
        return wrong(at, "must be an array of strings");
      }
      found.push_back(*name.asString());
    }
    return found;
  }

  Status required(Node& node_, const json::Value& value, std::string_view at) {
    auto found = names(value, at);
    if (!found.ok()) {
      return std::move(found).error();
    }
    node_.required = std::move(found).value();
    return {};
  }

  Status properties(Node& node_, const json::Value& value, std::string_view at) {
    const json::Object* object = value.asObject();
    if (object == nullptr) {
      return wrong(at, "must be an object of schemas");
    }
    for (const auto& [name, schema] : *object) {
      auto made = node(schema, pointerTo(at, name));
      if (!made.ok()) {
        return std::move(made).error();
      }
      node_.properties.emplace_back(name, *made);
    }
    return {};
  }

  Status patternProperties(Node& node_, const json::Value& value, std::string_view at) {
    const json::Object* object = value.asObject();
    if (object == nullptr) {
      return wrong(at, "must be an object of schemas");
    }
    for (const auto& [name, schema] : *object) {
      const std::string pointer = pointerTo(at, name);
      auto compiled = compilePattern(json::Value(name), pointer);
      if (!compiled.ok()) {
        return std::move(compiled).error();
      }
      auto made = node(schema, pointer);
      if (!made.ok()) {
        return std::move(made).error();
      }
      node_.patternProperties.emplace_back(std::move(compiled).value(), *made);
    }
    return {};
  }

  Status dependencies(Node& node_, const json::Value& value, std::string_view at) {
    const json::Object* object = value.asObject();
    if (object == nullptr) {
      return wrong(at, "must be an object");
    }
    for (const auto& [name, rule] : *object) {
      const std::string pointer = pointerTo(at, name);
      if (rule.asArray() != nullptr) {
        auto found = names(rule, pointer);
        if (!found.ok()) {
          return std::move(found).error();
        }
        node_.dependentKeys.emplace_back(name, std::move(found).value());
        continue;
      }
      auto made = node(rule, pointer);
      if (!made.ok()) {
        return std::move(made).error();
      }
      node_.dependentSchemas.emplace_back(name, *made);
    }
    return {};
  }

  Document& document_;
  std::map<std::string, const Node*> definitions_;
  std::vector<std::pair<std::pair<Node*, std::string>, std::string>> references_;
};

const std::map<std::string_view, Compiler::Handler>& Compiler::handlers() {
  static const std::map<std::string_view, Handler> kHandlers{
      {"$schema", &Compiler::dialect},
      {"$id", &Compiler::text},
      {"$comment", &Compiler::text},
      {"$ref", &Compiler::reference},
      {"definitions", &Compiler::definitions},
      {"title", &Compiler::text},
      {"description", &Compiler::text},
      {"default", &Compiler::defaultValue},
      {"examples", &Compiler::examples},
      {"readOnly", &Compiler::flag},
      {"writeOnly", &Compiler::flag},
      {"format", &Compiler::text},
      {"contentEncoding", &Compiler::text},
      {"contentMediaType", &Compiler::text},
      {"type", &Compiler::type},
      {"enum", &Compiler::enumeration},
      {"const", &Compiler::constant},
      {"multipleOf", &Compiler::multipleOf},
      {"minimum", &Compiler::number<&Node::minimum>},
      {"maximum", &Compiler::number<&Node::maximum>},
      {"exclusiveMinimum", &Compiler::number<&Node::exclusiveMinimum>},
      {"exclusiveMaximum", &Compiler::number<&Node::exclusiveMaximum>},
      {"minLength", &Compiler::count<&Node::minLength>},
      {"maxLength", &Compiler::count<&Node::maxLength>},
      {"pattern", &Compiler::pattern},
      {"items", &Compiler::items},
      {"additionalItems", &Compiler::child<&Node::additionalItems>},
      {"contains", &Compiler::child<&Node::contains>},
      {"minItems", &Compiler::count<&Node::minItems>},
      {"maxItems", &Compiler::count<&Node::maxItems>},
      {"uniqueItems", &Compiler::uniqueItems},
      {"required", &Compiler::required},
      {"properties", &Compiler::properties},
      {"patternProperties", &Compiler::patternProperties},
      {"additionalProperties", &Compiler::child<&Node::additionalProperties>},
      {"propertyNames", &Compiler::child<&Node::propertyNames>},
      {"dependencies", &Compiler::dependencies},
      {"minProperties", &Compiler::count<&Node::minProperties>},
      {"maxProperties", &Compiler::count<&Node::maxProperties>},
      {"allOf", &Compiler::children<&Node::allOf>},
      {"anyOf", &Compiler::children<&Node::anyOf>},
      {"oneOf", &Compiler::children<&Node::oneOf>},
      {"not", &Compiler::child<&Node::notNode>},
      {"if", &Compiler::child<&Node::ifNode>},
      {"then", &Compiler::child<&Node::thenNode>},
      {"else", &Compiler::child<&Node::elseNode>},
  };
  return kHandlers;
}

std::string escaped(std::string_view member) {
  std::string out;
  for (const char c : member) {
    out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  }
  return out;
}

}  // namespace

const Node* Node::findProperty(std::string_view name) const {
  for (const auto& [known, node] : properties) {
    if (known == name) {
      return node;
    }
  }
  return nullptr;
}

std::string pointerTo(std::string_view base, std::string_view member) {
  return std::string(base) + "/" + escaped(member);
}

std::string pointerTo(std::string_view base, size_t index) {
  return std::string(base) + "/" + std::to_string(index);
}

}  // namespace schema_detail

JsonSchema::JsonSchema() {
  auto document = std::make_shared<schema_detail::Document>();
  document->nodes.push_back(std::make_unique<schema_detail::Node>());
  document->root = document->nodes.back().get();
  document_ = std::move(document);
}

JsonSchema::JsonSchema(std::shared_ptr<const schema_detail::Document> document)
    : document_(std::move(document)) {}

Result<JsonSchema> JsonSchema::compile(const json::Value& schema, std::string_view at) {
  auto document = std::make_shared<schema_detail::Document>();
  BUSBAR_TRY(schema_detail::Compiler(*document).compile(schema, at));
  return JsonSchema(std::move(document));
}

}  // namespace busbar
