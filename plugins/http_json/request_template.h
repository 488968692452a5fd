// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <busbar/json.hpp>

namespace busbar::http_json {

// Where a text stands, and so how values are written into it.
enum class Place {
  Url,   // percent-encoded (RFC 3986 s. 2.3): a value never becomes another segment or parameter
  Json,  // as JSON; within quotes as the inside of a string
  Form,  // application/x-www-form-urlencoded
  Text,  // as it is
};

// A text with places for values: {name}, where a name is letters, digits and _, and no digit first.
// Other braces are text. A value.
class RequestTemplate {
 public:
  RequestTemplate() = default;
  RequestTemplate(std::string_view text, Place place);

  // Throws Failure E_INVALID when a value is missing, or an array or object would have to stand in
  // anything but JSON.
  std::string fill(Json values) const;
  bool isEmpty() const { return pieces_.empty(); }
  std::vector<std::string> names() const;

 private:
  struct Piece {
    std::string text;  // or the name
    bool isValue = false;
    bool isQuoted = false;  // Json: within a string
  };
  void addText(std::string_view text);
  void appendValue(std::string& out, const Piece& piece, Json value) const;

  Place place_ = Place::Text;
  bool inString_ = false;  // while it is read
  std::vector<Piece> pieces_;
};

}  // namespace busbar::http_json
