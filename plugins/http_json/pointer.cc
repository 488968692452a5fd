// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/http_json/pointer.h"

#include <charconv>
#include <utility>

namespace busbar::http_json {
namespace {

std::optional<std::string> unescaped(std::string_view token) {
  std::string out;
  for (size_t i = 0; i < token.size(); ++i) {
    if (token[i] != '~') {
      out += token[i];
      continue;
    }
    ++i;
    if (i == token.size() || (token[i] != '0' && token[i] != '1')) {
      return std::nullopt;
    }
    out += token[i] == '0' ? '~' : '/';
  }
  return out;
}

// RFC 6901 s. 4: digits without leading zeros.
std::optional<size_t> toIndex(const std::string& token) {
  size_t index = 0;
  const char* const end = token.data() + token.size();
  const auto [at, error] = std::from_chars(token.data(), end, index);
  if (error != std::errc() || at != end || (token.size() > 1 && token[0] == '0')) {
    return std::nullopt;
  }
  return index;
}

Json step(Json from, const std::string& token) {
  if (!from.isArray()) {
    return from[std::string_view(token)];
  }
  const auto index = toIndex(token);
  return index ? from[*index] : Json();
}

}  // namespace

std::optional<Pointer> Pointer::parse(std::string_view text) {
  Pointer made;
  while (!text.empty()) {
    if (text[0] != '/') {
      return std::nullopt;
    }
    text.remove_prefix(1);
    const std::string_view token = text.substr(0, text.find('/'));
    auto name = unescaped(token);
    if (!name) {
      return std::nullopt;
    }
    made.tokens_.push_back(std::move(*name));
    text.remove_prefix(token.size());
  }
  return made;
}

Json Pointer::find(Json root) const {
  for (const std::string& token : tokens_) {
    root = step(root, token);
  }
  return root;
}

}  // namespace busbar::http_json
