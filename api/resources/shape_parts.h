// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "registry/model/records.h"
#include "sdk/base/json.h"

// Pieces that many shapes share.
namespace busbar::api {

inline json::Array toArray(const std::vector<std::string>& texts) {
  return json::Array(texts.begin(), texts.end());
}

// Leaves out what is empty.
inline void setText(json::Object& out, std::string_view name, const std::string& text) {
  if (!text.empty()) {
    out.set(name, text);
  }
}

// id and times.
inline json::Object commonMembers(const model::Common& row) {
  json::Object out;
  out.set("id", row.id);
  out.set("created_at", row.createdAt);
  out.set("updated_at", row.updatedAt);
  return out;
}

}  // namespace busbar::api
