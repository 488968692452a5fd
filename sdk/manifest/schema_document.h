// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/base/json.h"
#include "sdk/base/pattern.h"

// The compiled form of a schema, shared by compiler and checker only.
namespace busbar::schema_detail {

enum TypeBit : uint8_t {
  kNull = 1,
  kBoolean = 2,
  kInteger = 4,
  kNumber = 8,
  kString = 16,
  kArray = 32,
  kObject = 64,
};

struct Node;
using Nodes = std::vector<const Node*>;

// One schema object (or the schemas true and false). Members follow the keywords of draft-07.
struct Node {
  bool never = false;  // the schema `false`
  const Node* ref = nullptr;
  uint8_t types = 0;  // TypeBits; 0: any
  std::optional<json::Value> constant;
  std::vector<json::Value> enumeration;
  std::optional<json::Value> defaultValue;

  std::optional<double> multipleOf;
  std::optional<double> minimum;
  std::optional<double> maximum;
  std::optional<double> exclusiveMinimum;
  std::optional<double> exclusiveMaximum;

  std::optional<uint64_t> minLength;
  std::optional<uint64_t> maxLength;
  std::optional<Pattern> pattern;

  const Node* items = nullptr;  // one schema for all
  Nodes itemList;               // one per place
  const Node* additionalItems = nullptr;
  const Node* contains = nullptr;
  std::optional<uint64_t> minItems;
  std::optional<uint64_t> maxItems;
  bool uniqueItems = false;

  std::vector<std::string> required;
  std::vector<std::pair<std::string, const Node*>> properties;
  std::vector<std::pair<Pattern, const Node*>> patternProperties;
  const Node* additionalProperties = nullptr;
  const Node* propertyNames = nullptr;
  std::vector<std::pair<std::string, std::vector<std::string>>> dependentKeys;
  std::vector<std::pair<std::string, const Node*>> dependentSchemas;
  std::optional<uint64_t> minProperties;
  std::optional<uint64_t> maxProperties;

  Nodes allOf;
  Nodes anyOf;
  Nodes oneOf;
  const Node* notNode = nullptr;
  const Node* ifNode = nullptr;
  const Node* thenNode = nullptr;
  const Node* elseNode = nullptr;

  const Node* findProperty(std::string_view name) const;
};

// Owns the nodes; `root` is one of them.
struct Document {
  std::vector<std::unique_ptr<Node>> nodes;
  const Node* root = nullptr;
};

// The pointer one step deeper, with ~ and / escaped (RFC 6901).
std::string pointerTo(std::string_view base, std::string_view member);
std::string pointerTo(std::string_view base, size_t index);

}  // namespace busbar::schema_detail
