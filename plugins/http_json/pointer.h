// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <busbar/json.hpp>

namespace busbar::http_json {

// A JSON Pointer (RFC 6901): "/rooms/0/temperature", with ~1 for / and ~0 for ~ in names. A value.
class Pointer {
 public:
  // Nothing when `text` is neither empty nor begins with /, or has another ~ escape.
  static std::optional<Pointer> parse(std::string_view text);

  // What it points to in `root`; null when there is nothing. Borrowed from the document.
  Json find(Json root) const;

 private:
  std::vector<std::string> tokens_;
};

}  // namespace busbar::http_json
