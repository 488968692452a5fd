// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/search_query.h"

#include <algorithm>

#include "sdk/base/code_point.h"

namespace busbar {
namespace {

bool isLetter(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || u >= 0x80;
}

// What joins the parts of an address, a host name, an id: part of a word, but never its beginning.
bool isJoint(char c) {
  return c == '@' || c == '.' || c == '-' || c == '_' || c == '+';
}

std::string_view firstCharacters(std::string_view text, size_t most) {
  size_t at = 0;
  for (size_t count = 0; count < most && at < text.size(); ++count) {
    nextCodePoint(text, at);
  }
  return text.substr(0, at);
}

bool isOperator(std::string_view word) {
  return word == "AND" || word == "OR" || word == "NOT";
}

}  // namespace

SearchQuery toSearchQuery(std::string_view text) {
  text = firstCharacters(text, SearchQuery::kMaxCharacters);
  SearchQuery query;
  size_t at = 0;
  while (query.words.size() < SearchQuery::kMaxWords) {
    while (at < text.size() && !isLetter(text[at])) {
      ++at;
    }
    if (at == text.size()) {
      break;
    }
    size_t end = at;
    while (end < text.size() && (isLetter(text[end]) || isJoint(text[end]))) {
      ++end;
    }
    const bool isField = end < text.size() && text[end] == ':';
    std::string_view word = text.substr(at, end - at);
    while (!isLetter(word.back())) {
      word.remove_suffix(1);
    }
    if (!isField && !isOperator(word)) {
      query.words.emplace_back(word);
    }
    at = end;
  }
  return query;
}

std::string SearchQuery::toMatch() const {
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "\"" : " OR \"") + word + "\"";
  }
  return out.empty() ? out : out + "*";
}

}  // namespace busbar
