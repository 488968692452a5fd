// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/generic/message.h"

#include <algorithm>
#include <utility>

#include "plugins/generic/pattern.h"

namespace busbar::generic {

std::string Message::buildText(std::string_view text) {
  if (std::string error = tokenize(text, tokens_); !error.empty()) {
    return error;
  }
  for (const Token& token : tokens_) {
    if (token.isField && !isKey(token.text)) {
      return "has a field that cannot be the name of a parameter: " + token.text;
    }
  }
  return tokens_.empty() ? "is empty" : std::string();
}

std::string Message::buildHex(std::string_view hex) {
  auto bytes = fromHex(hex);
  if (!bytes || bytes->empty() || bytes->size() > kMaxTextBytes) {
    return "must be 1 to 1024 bytes in hexadecimal";
  }
  tokens_ = {{false, std::move(*bytes)}};
  return {};
}

std::string Message::render(const std::map<std::string, std::string>& parameters,
                            std::string& bytes) const {
  for (const auto& [name, value] : parameters) {
    if (std::none_of(tokens_.begin(), tokens_.end(), [&parameter = name](const Token& token) {
          return token.isField && token.text == parameter;
        })) {
      return "has no field for the parameter " + name;
    }
    const auto isControl = [](char c) { return (c >= 0 && c < 0x20) || c == 0x7f; };
    if (value.size() > kMaxParameterBytes || std::any_of(value.begin(), value.end(), isControl)) {
      return "takes no control characters and at most 256 bytes as " + name;
    }
  }
  bytes.clear();
  for (const Token& token : tokens_) {
    const auto found = token.isField ? parameters.find(token.text) : parameters.end();
    if (token.isField && found == parameters.end()) {
      return "needs the parameter " + token.text;
    }
    bytes += token.isField ? found->second : token.text;
  }
  return bytes.empty() ? "came out empty" : std::string();
}

}  // namespace busbar::generic
