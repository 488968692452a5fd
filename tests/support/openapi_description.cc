// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/openapi_description.h"

#include <algorithm>
#include <cstdlib>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <yaml-cpp/yaml.h>

#include "sdk/base/ascii.h"

namespace busbar {
namespace {

constexpr std::string_view kProblem = "application/problem+json";

json::Value toJson(const YAML::Node& node);

// Quoted text has the tag "!"; plain text may be a number or such.
json::Value scalarOf(const YAML::Node& node) {
  const std::string& text = node.Scalar();
  if (node.Tag() != "!" && !text.empty()) {
    if (auto value = json::parse(text); value.ok() && value->asString() == nullptr) {
      return std::move(*value);
    }
  }
  return text;
}

json::Value toJson(const YAML::Node& node) {
  if (node.IsMap()) {
    json::Object out;
    for (const auto& entry : node) {
      const std::string& key = entry.first.Scalar();
      if (key != "example" && key != "examples") {
        out.set(key, toJson(entry.second));
      }
    }
    return out;
  }
  if (node.IsSequence()) {
    json::Array out;
    for (const auto& entry : node) {
      out.push_back(toJson(entry));
    }
    return out;
  }
  return node.IsScalar() ? scalarOf(node) : json::Value();
}

std::vector<std::string_view> segmentsOf(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    path.remove_prefix(1);
    const size_t slash = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, slash));
    path.remove_prefix(slash);
  }
  return out;
}

const json::Value* at(const json::Value* value, std::string_view name) {
  return value == nullptr ? nullptr : value->find(name);
}

std::string mediaOf(const http::Response& answer) {
  return answer.contentType().substr(0, answer.contentType().find(';'));
}

}  // namespace

OpenApiDescription& OpenApiDescription::ofTree() {
  static OpenApiDescription description([] {
    const char* source = std::getenv("BUSBAR_SOURCE");
    return toJson(
        YAML::LoadFile(std::string(source == nullptr ? "." : source) + "/api/openapi.yaml"));
  }());
  return description;
}

OpenApiDescription::OpenApiDescription(json::Value document) : document_(std::move(document)) {
  for (const auto& [path, operations] : *document_.find("paths")->asObject()) {
    Node* node = &root_;
    for (const std::string_view segment : segmentsOf(path)) {
      auto& child = node->children[std::string(segment.starts_with('{') ? "{}" : segment)];
      if (child == nullptr) {
        child = std::make_unique<Node>();
      }
      node = child.get();
    }
    for (const auto& [method, operation] : *operations.asObject()) {
      node->operations[method] = &operation;
    }
  }
}

const json::Value* OpenApiDescription::findOperation(std::string_view method,
                                                     std::string_view target) const {
  // PlaceOS's client library leaves this slash out in places.
  constexpr std::string_view kEngine = "/api/engine/v2";
  std::string path(target.substr(0, target.find('?')));
  if (path.starts_with(kEngine) && path.size() > kEngine.size() && path[kEngine.size()] != '/') {
    path.insert(kEngine.size(), "/");
  }
  const auto segments = segmentsOf(path);
  const Node* found = nullptr;
  const auto visit = [&](const auto& self, const Node& node, size_t depth) -> void {
    if (depth == segments.size()) {
      found = node.operations.empty() ? nullptr : &node;
      return;
    }
    for (const std::string_view name : {segments[depth], std::string_view("{}")}) {
      const auto child = node.children.find(name);
      if (found == nullptr && child != node.children.end()) {
        self(self, *child->second, depth + 1);
      }
    }
  };
  visit(visit, root_, 0);
  if (found == nullptr) {
    return nullptr;
  }
  const auto it = found->operations.find(method == "HEAD" ? "get" : asciiLowered(method));
  return it == found->operations.end() ? nullptr : it->second;
}

// What a $ref names, or the node itself.
const json::Value* OpenApiDescription::resolved(const json::Value* node) const {
  const json::Value* reference = at(node, "$ref");
  if (reference == nullptr) {
    return node;
  }
  const json::Value* target = &document_;
  for (const std::string_view name :
       segmentsOf(std::string_view(*reference->asString()).substr(1))) {
    target = at(target, name);
  }
  return target;
}

// References make no circles; tests/unit/api/openapi_lint_test.py sees to that.
json::Value OpenApiDescription::schemaOf(const json::Value& node) const {
  if (const json::Array* list = node.asArray()) {
    json::Array out;
    for (const json::Value& entry : *list) {
      out.push_back(schemaOf(entry));
    }
    return out;
  }
  const json::Object* object = resolved(&node)->asObject();
  if (object == nullptr) {
    return node;
  }
  json::Object out;
  for (const auto& [name, value] : *object) {
    out.set(name, schemaOf(value));
  }
  return out;
}

std::string OpenApiDescription::check(const json::Value& schema, std::string_view body) {
  auto it = compiled_.find(&schema);
  if (it == compiled_.end()) {
    auto compiled = JsonSchema::compile(schemaOf(schema));
    if (!compiled.ok()) {
      return "the schema itself: " + compiled.error().field + " " + compiled.error().message;
    }
    it = compiled_.emplace(&schema, std::move(*compiled)).first;
  }
  const auto value = json::parse(body, {64 << 20, 128});
  if (!value.ok()) {
    return "no JSON: " + value.error().message;
  }
  const Status status = it->second.check(*value);
  return status.ok() ? std::string() : status.error().field + " " + status.error().message;
}

std::string OpenApiDescription::findContentFault(const json::Value& response,
                                                 const http::Response& answer) {
  const json::Value* content = response.find("content");
  if (content == nullptr) {
    return answer.body().empty() ? "" : "there is a body, but none is described";
  }
  const json::Value* media = content->find(mediaOf(answer));
  if (media == nullptr) {
    return "media type " + mediaOf(answer) + " is not described";
  }
  const bool isJson = mediaOf(answer) == "application/json" || mediaOf(answer) == kProblem;
  return isJson ? check(*media->find("schema"), answer.body()) : std::string();
}

// What the front and the router answer on any path: a Problem with one of their reasons.
bool OpenApiDescription::isOfFront(const http::Response& answer) const {
  const json::Value* reasons =
      at(document_.find("x-busbar-front"), std::to_string(answer.status()));
  const auto problem = json::parse(answer.body());
  const json::Value* reason = problem.ok() ? problem->find("reason") : nullptr;
  return mediaOf(answer) == kProblem && reasons != nullptr && reason != nullptr &&
         std::find(reasons->asArray()->begin(), reasons->asArray()->end(), *reason) !=
             reasons->asArray()->end();
}

std::string OpenApiDescription::findFault(std::string_view method, std::string_view target,
                                          const http::Response& answer) {
  const json::Value* operation = findOperation(method, target);
  if (method == "OPTIONS" && answer.status() == 204) {
    return answer.body().empty() ? "" : "there is a body";
  }
  std::string fault = "status " + std::to_string(answer.status()) + " is not described";
  const json::Value* responses = at(operation, "responses");
  const json::Value* response = at(responses, std::to_string(answer.status()));
  response = resolved(response == nullptr ? at(responses, "default") : response);
  if (response != nullptr) {
    fault = findContentFault(*response, answer);
  }
  if (!fault.empty() && isOfFront(answer)) {
    fault = check(*document_.find("components")->find("schemas")->find("Problem"), answer.body());
  }
  return fault;
}

std::string OpenApiDescription::findBodyFault(std::string_view method, std::string_view target,
                                              std::string_view body) {
  const json::Value* content = at(at(findOperation(method, target), "requestBody"), "content");
  const json::Value* media = at(content, "application/json");
  return media == nullptr || body.empty() ? "" : check(*media->find("schema"), body);
}

void expectDescribed(std::string_view method, std::string_view target, std::string_view body,
                     const http::Response& answer) {
  OpenApiDescription& description = OpenApiDescription::ofTree();
  EXPECT_EQ(description.findFault(method, target, answer), "")
      << method << " " << target << ": " << answer.status() << " " << answer.body();
  if (answer.status() >= 200 && answer.status() < 300) {
    EXPECT_EQ(description.findBodyFault(method, target, body), "")
        << method << " " << target << " accepts " << body;
  }
}

}  // namespace busbar
