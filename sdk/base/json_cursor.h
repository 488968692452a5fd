// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

// A look at the top level of JSON text that has passed json::check() before, many times cheaper
// than json::parse(). Results are views into the text.
namespace busbar::json {

// The members of an object, one after the other; none when the text is of another type.
class MemberCursor {
 public:
  explicit MemberCursor(std::string_view text);
  // False after the last. Keys come without quotes and with their escapes.
  bool next(std::string_view& key, std::string_view& value);

 private:
  const char* at_;
  const char* end_;
};

// The elements of an array; none when the text is of another type.
std::vector<std::string_view> elementsOf(std::string_view text);

}  // namespace busbar::json
