// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "api/http/front/response.h"
#include "sdk/base/json.h"
#include "sdk/manifest/json_schema.h"

namespace busbar {

// api/openapi.yaml, to which tests hold what the API answers: status, media type, and the body by
// its schema, with the product's own validator, which refuses keywords that it does not know.
// Thread-compatible.
class OpenApiDescription {
 public:
  // The file below BUSBAR_SOURCE, read once in a program.
  static OpenApiDescription& ofTree();

  // What is wrong with the answer; empty when it is described.
  std::string findFault(std::string_view method, std::string_view target,
                        const http::Response& answer);
  // What is wrong with a body that was accepted; empty when the description lets clients send it.
  std::string findBodyFault(std::string_view method, std::string_view target,
                            std::string_view body);

 private:
  // A tree of path segments; parameters are under "{}".
  struct Node {
    std::map<std::string, std::unique_ptr<Node>, std::less<>> children;
    std::map<std::string, const json::Value*> operations;  // by method, lower case
  };

  explicit OpenApiDescription(json::Value document);
  const json::Value* findOperation(std::string_view method, std::string_view target) const;
  const json::Value* resolved(const json::Value* node) const;
  json::Value schemaOf(const json::Value& node) const;
  std::string check(const json::Value& schema, std::string_view body);
  std::string findContentFault(const json::Value& response, const http::Response& answer);
  bool isOfFront(const http::Response& answer) const;

  const json::Value document_;
  Node root_;
  std::map<const json::Value*, JsonSchema> compiled_;
};

// A test fails unless the answer, and what was accepted, is as the description says.
void expectDescribed(std::string_view method, std::string_view target, std::string_view body,
                     const http::Response& answer);

}  // namespace busbar
