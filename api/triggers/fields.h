// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "registry/model/validate.h"
#include "sdk/base/json.h"

// For the readers of a trigger's documents only.
namespace busbar::triggers {

// More errors than that are not noted.
inline constexpr size_t kMaxReadErrors = 20;
inline constexpr size_t kMaxLongTextBytes = 64 * 1024;
inline constexpr size_t kMaxShortTextBytes = 256;
inline constexpr std::array<std::string_view, 5> kHttpMethods{"GET", "POST", "PUT", "PATCH",
                                                              "DELETE"};

// `path` is the field's: "conditions.rule.all.0". An empty one is the document itself.
void noteError(model::FieldErrors& errors, std::string path, std::string reason);
std::string pathOf(std::string_view path, std::string_view member);
std::string pathOf(std::string_view path, size_t index);

// The members of one JSON object inside of a document. Notes what is wrong by its path, and in
// finish() each member that nobody asked for. Null is the same as absent, except for findValue().
class Fields {
 public:
  struct Range {
    int64_t least;
    int64_t most;
  };

  // What is no object is noted, and nothing more of it. All outlive this.
  Fields(const json::Value& value, std::string path, model::FieldErrors& errors);

  const std::string& path() const { return path_; }
  std::string pathOf(std::string_view name) const { return triggers::pathOf(path_, name); }
  model::FieldErrors& errors() { return errors_; }

  const json::Value* find(std::string_view name);
  const json::Value* findValue(std::string_view name);
  // As find(); its absence is noted.
  const json::Value* require(std::string_view name);
  // The one member of `kinds` that is there: which kind of thing this is. Null after noting why
  // not.
  const json::Member* findKind(std::initializer_list<std::string_view> kinds);

  std::optional<int64_t> integer(std::string_view name, Range range);
  // A text that is not empty. Null when absent or wrong.
  const std::string* text(std::string_view name, size_t maxBytes = kMaxShortTextBytes);
  const std::string* requireText(std::string_view name, size_t maxBytes = kMaxShortTextBytes);
  const json::Array* array(std::string_view name, size_t maxEntries);

  void fail(std::string_view name, std::string reason);
  void finish();

 private:
  const json::Object* object_;  // null: it is none
  std::string path_;
  model::FieldErrors& errors_;
  std::set<std::string, std::less<>> known_;
};

}  // namespace busbar::triggers
