// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/validate.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar::api {

// Reads the members of a JSON object body into a record. An absent member leaves its target as it
// is, null sets it to empty, a wrong type is noted. At the end, every member that nobody asked for
// is an error: a misspelt name must not be lost in silence. Thread-compatible.
class BodyReader {
 public:
  // An empty body is an empty object. InvalidArgument: not JSON (with the offset), or no object.
  static Result<BodyReader> parse(std::string_view body);

  // Notes `name` as known; nullptr when absent.
  const json::Value* find(std::string_view name);
  void read(std::string_view name, std::string& out);
  void read(std::string_view name, bool& out);
  void read(std::string_view name, int64_t& out);
  void read(std::string_view name, int& out);
  void read(std::string_view name, std::vector<std::string>& out);
  // A member that is an object or array and is kept as JSON text; null gives `empty`.
  void readDocument(std::string_view name, std::string& out, std::string_view empty);
  // Members that clients are known to send back, though they are not theirs to set.
  void ignore(std::initializer_list<std::string_view> names);
  void fail(std::string_view name, std::string reason);
  // For members that must be there on create.
  void require(std::string_view name);

  // What was wrong so far, and each unknown member; `what` names the record ("system").
  model::FieldErrors finish(std::string_view what) const;

 private:
  explicit BodyReader(json::Object body) : body_(std::move(body)) {}

  json::Object body_;
  std::set<std::string, std::less<>> known_;
  model::FieldErrors errors_;
};

}  // namespace busbar::api
