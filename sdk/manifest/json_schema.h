// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar {

namespace schema_detail {
struct Document;
}  // namespace schema_detail

// A compiled JSON Schema, draft-07 (json-schema.org/draft-07). Every keyword is known or refused: a
// misspelt one would otherwise allow everything. Keys that begin with "x-" are annotations, as is
// `format`. $ref reaches "#" and "#/definitions/…" only; nothing is ever fetched.
// Both schema and value come from outside: patterns match in linear time (sdk/base/pattern.h), and
// one check does a bounded number of steps. Value type, cheap to copy; thread-safe once compiled.
class JsonSchema {
 public:
  static constexpr size_t kMaxSteps = 500'000;

  // The schema `true`, which allows everything.
  JsonSchema();
  // InvalidArgument; `field` is the JSON pointer of the mistake, behind the prefix `at`.
  static Result<JsonSchema> compile(const json::Value& schema, std::string_view at = "");

  // InvalidArgument; `field` is the JSON pointer into `value` behind the prefix `at`, `message` the
  // rule that it breaks. Never shows the value itself: it may be a secret.
  Status check(const json::Value& value, std::string_view at = "") const;

  // `value` with the `default` of each absent member of `properties`, at all depths where the
  // member's object exists.
  json::Value withDefaults(json::Value value) const;

 private:
  explicit JsonSchema(std::shared_ptr<const schema_detail::Document> document);
  // Shared by the copies of a schema; immutable.
  std::shared_ptr<const schema_detail::Document> document_;
};

}  // namespace busbar
