// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/generic/text.h"

#include <utility>

namespace busbar::generic {
namespace {

constexpr std::string_view kLetters = "rnt0\\{}";
constexpr std::string_view kMeanings("\r\n\t\0\\{}", 7);
constexpr std::string_view kDigits = "0123456789abcdef";

int hexValue(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

// The byte in two hexadecimal digits at the front.
std::optional<char> hexByte(std::string_view text) {
  if (text.size() < 2 || hexValue(text[0]) < 0 || hexValue(text[1]) < 0) {
    return std::nullopt;
  }
  return static_cast<char>(hexValue(text[0]) * 16 + hexValue(text[1]));
}

// Takes an escape, of which the backslash is gone, off the front.
std::optional<char> takeEscape(std::string_view& text) {
  if (text.empty()) {
    return std::nullopt;
  }
  const char letter = text[0];
  text.remove_prefix(1);
  if (letter == 'x') {
    const auto byte = hexByte(text);
    text.remove_prefix(byte ? 2 : 0);
    return byte;
  }
  const size_t at = kLetters.find(letter);
  return at == std::string_view::npos ? std::nullopt : std::optional(kMeanings[at]);
}

void addByte(std::vector<Token>& tokens, char byte) {
  if (tokens.empty() || tokens.back().isField) {
    tokens.emplace_back();
  }
  tokens.back().text += byte;
}

}  // namespace

std::string tokenize(std::string_view text, std::vector<Token>& tokens) {
  tokens.clear();
  if (text.size() > kMaxTextBytes) {
    return "is longer than 1024 bytes";
  }
  while (!text.empty()) {
    const char c = text[0];
    text.remove_prefix(1);
    if (c == '\\') {
      const auto byte = takeEscape(text);
      if (!byte) {
        return "has an unknown escape: write \\\\ for a backslash";
      }
      addByte(tokens, *byte);
    } else if (c == '{') {
      const size_t end = text.find('}');
      if (end == std::string_view::npos) {
        return "has a { without its }: write \\{ for a brace";
      }
      tokens.push_back({true, std::string(text.substr(0, end))});
      text.remove_prefix(end + 1);
    } else if (c == '}') {
      return "has a } without its {: write \\} for a brace";
    } else {
      addByte(tokens, c);
    }
  }
  return {};
}

std::optional<std::string> fromText(std::string_view text) {
  std::vector<Token> tokens;
  if (!tokenize(text, tokens).empty() || tokens.size() > 1 ||
      (!tokens.empty() && tokens[0].isField)) {
    return std::nullopt;
  }
  return tokens.empty() ? std::string() : std::move(tokens[0].text);
}

std::optional<std::string> fromHex(std::string_view text) {
  std::string bytes;
  while (!text.empty()) {
    if (text[0] == ' ') {
      text.remove_prefix(1);
      continue;
    }
    const auto byte = hexByte(text);
    if (!byte) {
      return std::nullopt;
    }
    bytes += *byte;
    text.remove_prefix(2);
  }
  return bytes;
}

std::string toText(std::string_view bytes, size_t maxBytes) {
  std::string text;
  for (const char c : bytes.substr(0, maxBytes)) {
    const auto byte = static_cast<unsigned char>(c);
    const size_t at = kMeanings.find(c);
    if (at != std::string_view::npos) {
      (text += '\\') += kLetters[at];
    } else if (byte < 0x20 || byte > 0x7e) {
      ((text += "\\x") += kDigits[byte >> 4]) += kDigits[byte & 15];
    } else {
      text += c;
    }
  }
  return bytes.size() > maxBytes ? text + "…" : text;
}

std::string toHex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    (text += kDigits[byte >> 4]) += kDigits[byte & 15];
  }
  return text;
}

}  // namespace busbar::generic
