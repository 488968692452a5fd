// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/http_json/request_template.h"

#include <algorithm>

namespace busbar::http_json {
namespace {

bool isLetter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

bool isDigit(char c) {
  return c >= '0' && c <= '9';
}

// The name in "{name}" that `text` begins with; empty when it does not.
std::string_view nameIn(std::string_view text) {
  if (text.size() < 3 || text[0] != '{' || !isLetter(text[1])) {
    return {};
  }
  size_t end = 2;
  while (end < text.size() && (isLetter(text[end]) || isDigit(text[end]))) {
    ++end;
  }
  return end < text.size() && text[end] == '}' ? text.substr(1, end - 1) : std::string_view();
}

void appendEncoded(std::string& out, std::string_view text, bool isForm) {
  constexpr std::string_view kHex = "0123456789ABCDEF";
  for (const char c : text) {
    if (isLetter(c) || isDigit(c) || c == '-' || c == '.' || (c == '~' && !isForm)) {
      out += c;
    } else if (c == ' ' && isForm) {
      out += '+';
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', kHex[byte >> 4U], kHex[byte & 15U]};
    }
  }
}

std::string plain(const std::string& name, Json value) {
  if (value.isArray() || value.isObject()) {
    throw Failure::invalid("argument " + name + " must be a string, a number or a boolean");
  }
  return value.isString() ? value.as<std::string>() : value.text();
}

}  // namespace

RequestTemplate::RequestTemplate(std::string_view text, Place place) : place_(place) {
  size_t from = 0;
  for (size_t at = 0; at < text.size();) {
    const std::string_view name = nameIn(text.substr(at));
    if (name.empty()) {
      ++at;
      continue;
    }
    addText(text.substr(from, at - from));
    pieces_.push_back({std::string(name), true, inString_});
    at += name.size() + 2;
    from = at;
  }
  addText(text.substr(from));
}

void RequestTemplate::addText(std::string_view text) {
  if (text.empty()) {
    return;
  }
  pieces_.push_back({std::string(text), false, false});
  for (size_t i = 0; place_ == Place::Json && i < text.size(); ++i) {
    if (text[i] == '"') {
      inString_ = !inString_;
    } else if (text[i] == '\\' && inString_) {
      ++i;
    }
  }
}

void RequestTemplate::appendValue(std::string& out, const Piece& piece, Json value) const {
  switch (place_) {
    case Place::Url:
    case Place::Form:
      appendEncoded(out, plain(piece.text, value), place_ == Place::Form);
      return;
    case Place::Text:
      out += plain(piece.text, value);
      return;
    case Place::Json:
      break;
  }
  if (!piece.isQuoted) {
    out += value.text();
    return;
  }
  const std::string quoted = toJson(plain(piece.text, value));
  out.append(quoted, 1, quoted.size() - 2);
}

std::string RequestTemplate::fill(Json values) const {
  std::string out;
  for (const Piece& piece : pieces_) {
    if (!piece.isValue) {
      out += piece.text;
      continue;
    }
    const Json value = values[std::string_view(piece.text)];
    if (value.isNull()) {
      throw Failure::invalid("argument " + piece.text + " is missing");
    }
    appendValue(out, piece, value);
  }
  return out;
}

std::vector<std::string> RequestTemplate::names() const {
  std::vector<std::string> names;
  for (const Piece& piece : pieces_) {
    if (piece.isValue && std::find(names.begin(), names.end(), piece.text) == names.end()) {
      names.push_back(piece.text);
    }
  }
  return names;
}

}  // namespace busbar::http_json
