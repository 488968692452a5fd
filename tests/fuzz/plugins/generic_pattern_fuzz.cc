// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A pattern, a message and their match. Input: the pattern, a line feed, the message. A match is
// compared with a plain search for what follows each field.

#include <algorithm>
#include <cstdlib>

#include "plugins/generic/message.h"
#include "plugins/generic/pattern.h"
#include "plugins/generic/text.h"

namespace {

using namespace busbar::generic;

void require(bool claim) {
  if (!claim) {
    std::abort();
  }
}

// True when the message has the pattern's texts in order, types aside.
bool hasTexts(const std::vector<Token>& tokens, std::string_view message) {
  size_t at = 0;
  bool isAfterField = false;
  for (size_t i = 0; i < tokens.size(); ++i) {
    if (tokens[i].isField) {
      isAfterField = true;
      continue;
    }
    const bool isLast = i + 1 == tokens.size();
    size_t found = isAfterField ? message.find(tokens[i].text, at) : at;
    if (isLast && isAfterField && message.size() >= at + tokens[i].text.size()) {
      found = message.size() - tokens[i].text.size();
    }
    if (found == std::string_view::npos ||
        message.substr(found, tokens[i].text.size()) != tokens[i].text) {
      return false;
    }
    at = found + tokens[i].text.size();
    isAfterField = false;
  }
  return isAfterField || at == message.size();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = std::min(input.find('\n'), input.size());
  const std::string_view text = input.substr(0, split);
  const std::string_view message = input.substr(std::min(split + 1, input.size()));
  require(fromText(toText(message.substr(0, 200), 200)) == message.substr(0, 200));
  require(fromHex(toHex(message)) == message);
  Message sent;
  std::string bytes;
  if (sent.buildText(text).empty() && sent.render({}, bytes).empty()) {
    require(!bytes.empty() && bytes.size() <= kMaxTextBytes);
  }
  Pattern pattern;
  if (!pattern.build(text).empty()) {
    return 0;
  }
  std::vector<Token> tokens;
  require(tokenize(text, tokens).empty());
  Captures captures;
  if (pattern.match(message, captures)) {
    require(captures.size() == pattern.keys().size());
    require(hasTexts(tokens, message));
  } else if (std::none_of(tokens.begin(), tokens.end(), [](const Token& token) {
               return token.isField && token.text.find(':') != std::string::npos;
             })) {
    require(!hasTexts(tokens, message));  // text and skipping take anything
  }
  return 0;
}
