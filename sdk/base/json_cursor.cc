// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/json_cursor.h"

#include "sdk/base/json_scan.h"

namespace busbar::json {
namespace {

bool isBlank(char c) {
  return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

const char* skipBlank(const char* at, const char* end) {
  while (at != end && isBlank(*at)) {
    ++at;
  }
  return at;
}

// From behind the opening quote to behind the closing one.
const char* skipString(const char* at, const char* end) {
  for (at = findStop(at, end); at != end && *at != '"'; at = findStop(at, end)) {
    at += *at == '\\' && end - at > 1 ? 2 : 1;
  }
  return at == end ? end : at + 1;
}

const char* skipNested(const char* at, const char* end) {
  int depth = 0;
  while (at != end) {
    const char c = *at++;
    if (c == '"') {
      at = skipString(at, end);
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if ((c == ']' || c == '}') && --depth == 0) {
      break;
    }
  }
  return at;
}

const char* skipValue(const char* at, const char* end) {
  if (at != end && *at == '"') {
    return skipString(at + 1, end);
  }
  if (at != end && (*at == '[' || *at == '{')) {
    return skipNested(at, end);
  }
  while (at != end && *at != ',' && *at != ']' && *at != '}' && !isBlank(*at)) {
    ++at;
  }
  return at;
}

// Behind blanks and the opening bracket; `end` when the text does not begin with it.
const char* enter(std::string_view text, char bracket) {
  const char* const end = text.data() + text.size();
  const char* const at = skipBlank(text.data(), end);
  return at != end && *at == bracket ? at + 1 : end;
}

// At the next item, or at `end` behind the last.
const char* nextItem(const char* at, const char* end) {
  at = skipBlank(at, end);
  if (at != end && *at == ',') {
    at = skipBlank(at + 1, end);
  }
  return at == end || *at == ']' || *at == '}' ? end : at;
}

}  // namespace

MemberCursor::MemberCursor(std::string_view text)
    : at_(enter(text, '{')), end_(text.data() + text.size()) {}

bool MemberCursor::next(std::string_view& key, std::string_view& value) {
  at_ = nextItem(at_, end_);
  if (at_ == end_) {
    return false;
  }
  const char* const keyEnd = skipString(at_ + 1, end_);
  key = {at_ + 1, static_cast<size_t>(keyEnd - at_) - 2};
  at_ = skipBlank(keyEnd, end_);
  at_ = at_ == end_ ? end_ : skipBlank(at_ + 1, end_);  // the colon
  const char* const begin = at_;
  at_ = skipValue(at_, end_);
  value = {begin, static_cast<size_t>(at_ - begin)};
  return true;
}

std::vector<std::string_view> elementsOf(std::string_view text) {
  const char* const end = text.data() + text.size();
  std::vector<std::string_view> elements;
  for (const char* at = nextItem(enter(text, '['), end); at != end; at = nextItem(at, end)) {
    const char* const begin = at;
    at = skipValue(at, end);
    elements.emplace_back(begin, static_cast<size_t>(at - begin));
  }
  return elements;
}

}  // namespace busbar::json
