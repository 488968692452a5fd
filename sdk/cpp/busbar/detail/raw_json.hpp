// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>

#include <rapidjson/document.h>

// The one header of the glue that knows RapidJSON.
namespace busbar::glue {

using RawJson = rapidjson::Value;

// Owns parsed text.
class RawDocument {
 public:
  // False when `text` is no JSON. Without recursion, so nested input costs no stack.
  bool parse(std::string_view text) {
    constexpr unsigned kFlags = rapidjson::kParseIterativeFlag | rapidjson::kParseFullPrecisionFlag;
    document_.Parse<kFlags>(text.data(), text.size());
    return !document_.HasParseError();
  }
  const RawJson* root() const { return &document_; }

 private:
  rapidjson::Document document_;
};

inline const RawJson* findMember(const RawJson& object, std::string_view name) {
  for (auto it = object.MemberBegin(); it != object.MemberEnd(); ++it) {
    if (std::string_view(it->name.GetString(), it->name.GetStringLength()) == name) {
      return &it->value;
    }
  }
  return nullptr;
}

}  // namespace busbar::glue
