// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar {

struct SchemaViolation {
  std::string pointer;  // RFC 6901, of the value; "" is the whole
  std::string rule;     // completes "<pointer> …": "must be integer"
  bool operator==(const SchemaViolation&) const = default;
};

// A compiled JSON Schema, draft-07: settings of a driver, arguments of a function, types of
// statuses. Compiling and validating neither touch the network nor recurse without bound, whatever
// the schema is; flattenSchema() says what is refused. Immutable, cheap to copy, thread-safe.
class Schema {
 public:
  // InvalidArgument, with the JSON pointer into the schema as field.
  static Result<Schema> compile(const json::Value& schema);
  static Result<Schema> compileText(std::string_view text);

  // Every rule that `value` breaks; empty when it is valid.
  std::vector<SchemaViolation> validate(const json::Value& value) const;

 private:
  struct Compiled;
  explicit Schema(std::shared_ptr<const Compiled> compiled) : compiled_(std::move(compiled)) {}

  std::shared_ptr<const Compiled> compiled_;  // shared by the copies, never changed
};

}  // namespace busbar
