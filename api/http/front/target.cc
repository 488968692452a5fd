// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/target.h"

#include <algorithm>
#include <array>

#include <Poco/URI.h>

#include "sdk/base/json.h"

namespace busbar::http {
namespace {

enum CharClass : unsigned char { kNone = 0, kPath = 1, kQuery = 2, kHex = 4 };

// RFC 3986 s. 3.3: pchar. In queries also what browsers leave unencoded and nothing gives a
// meaning.
constexpr std::array<unsigned char, 256> makeClasses() {
  std::array<unsigned char, 256> table{};
  const auto mark = [&table](std::string_view chars, unsigned char bits) {
    for (const char c : chars) {
      table[static_cast<unsigned char>(c)] |= bits;
    }
  };
  mark("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~", kPath | kQuery);
  mark("!$&'()*+,;=:@", kPath | kQuery);
  mark("/?[]{}|^`", kQuery);
  mark("0123456789ABCDEFabcdef", kHex);
  return table;
}
constexpr auto kClasses = makeClasses();

bool is(char c, unsigned char bits) {
  return (kClasses[static_cast<unsigned char>(c)] & bits) != 0;
}

unsigned hexValue(char c) {
  const auto u = static_cast<unsigned>(static_cast<unsigned char>(c));
  return u <= '9' ? u - '0' : (u | 0x20) - 'a' + 10;
}

Error bad(std::string what) {
  return Error::because(ErrorCode::InvalidArgument, "bad_target", std::move(what));
}

// Checks characters and escapes; says whether there is anything to decode.
Status checkText(std::string_view text, unsigned char allowed, bool& escaped) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      if (i + 2 >= text.size() || !is(text[i + 1], kHex) || !is(text[i + 2], kHex)) {
        return bad("bad percent escape in the request target");
      }
      escaped = true;
      i += 2;
    } else if (!is(text[i], allowed)) {
      return bad("character not allowed in the request target");
    }
  }
  return {};
}

// `out` is empty. Escapes are checked already.
void decode(std::string_view text, bool plusIsSpace, std::string& out) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%') {
      out.push_back(static_cast<char>(hexValue(text[i + 1]) << 4 | hexValue(text[i + 2])));
      i += 2;
    } else {
      out.push_back(plusIsSpace && text[i] == '+' ? ' ' : text[i]);
    }
  }
}

bool hasControl(std::string_view text) {
  return std::any_of(text.begin(), text.end(),
                     [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

Status decodeSegment(std::string_view raw, std::string& out) {
  bool escaped = false;
  if (Status status = checkText(raw, kPath, escaped); !status.ok()) {
    return status;
  }
  out.clear();
  if (!escaped) {
    out.assign(raw);
  } else {
    decode(raw, false, out);
    if (out.find_first_of("/\\") != std::string::npos) {
      return bad("encoded separator in the path");
    }
    if (hasControl(out) || !json::isUtf8(out)) {
      return bad("encoded control character or invalid UTF-8 in the path");
    }
  }
  if (out == "." || out == "..") {
    return bad("dot segment in the path");
  }
  return {};
}

Status decodeQueryPart(std::string_view raw, std::string& out) {
  bool escaped = false;
  if (Status status = checkText(raw, kQuery, escaped); !status.ok()) {
    return status;
  }
  out.clear();
  decode(raw, true, out);
  if (escaped && (out.find('\0') != std::string::npos || !json::isUtf8(out))) {
    return bad("NUL or invalid UTF-8 in the query");
  }
  return {};
}

}  // namespace

Status Target::parse(std::string_view text) {
  segmentCount_ = 0;
  queryCount_ = 0;
  trailingSlash_ = false;
  text_.assign(text.substr(0, kMaxBytes));
  pathBytes_ = std::min(text_.find('?'), text_.size());
  if (text.size() > kMaxBytes) {
    return bad("request target longer than 8192 bytes");
  }
  if (text.empty() || text.front() != '/') {
    return bad("request target does not begin with a slash");
  }
  if (Status status = parsePath(rawPath().substr(1)); !status.ok()) {
    return status;
  }
  return parseQuery(rawQuery());
}

void Target::splitSegment(size_t index, size_t bytes) {
  BUSBAR_CHECK(index < segmentCount_ && bytes <= segments_[index].size());
  std::string rest = segments_[index].substr(bytes);
  segments_[index].resize(bytes);
  segments_.insert(segments_.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(rest));
  ++segmentCount_;
}

std::string_view Target::rawQuery() const {
  return pathBytes_ < text_.size() ? std::string_view(text_).substr(pathBytes_ + 1)
                                   : std::string_view();
}

Status Target::parsePath(std::string_view path) {
  while (!path.empty()) {
    const size_t end = std::min(path.find('/'), path.size());
    if (end == 0) {
      return bad("empty segment in the path");
    }
    if (segmentCount_ == kMaxSegments) {
      return bad("more than 32 segments in the path");
    }
    if (segmentCount_ == segments_.size()) {
      segments_.emplace_back();
    }
    if (Status status = decodeSegment(path.substr(0, end), segments_[segmentCount_]);
        !status.ok()) {
      return status;
    }
    ++segmentCount_;
    trailingSlash_ = end + 1 == path.size();
    path.remove_prefix(std::min(end + 1, path.size()));
  }
  return {};
}

Status Target::parseQuery(std::string_view query) {
  while (!query.empty()) {
    const size_t end = std::min(query.find('&'), query.size());
    const std::string_view pair = query.substr(0, end);
    query.remove_prefix(std::min(end + 1, query.size()));
    if (pair.empty()) {
      continue;
    }
    if (queryCount_ == kMaxQueryPairs) {
      return bad("more than 100 query parameters");
    }
    if (queryCount_ == query_.size()) {
      query_.emplace_back();
    }
    auto& [name, value] = query_[queryCount_];
    const size_t equals = std::min(pair.find('='), pair.size());
    if (Status status = decodeQueryPart(pair.substr(0, equals), name); !status.ok()) {
      return status;
    }
    if (Status status = decodeQueryPart(pair.substr(std::min(equals + 1, pair.size())), value);
        !status.ok()) {
      return status;
    }
    ++queryCount_;
  }
  return {};
}

std::optional<std::string_view> Target::query(std::string_view name) const {
  for (size_t i = 0; i < queryCount_; ++i) {
    if (query_[i].first == name) {
      return query_[i].second;
    }
  }
  return std::nullopt;
}

std::string encodeComponent(std::string_view text) {
  std::string out;
  Poco::URI::encode(std::string(text), "!#$&'()*+,/:;=?@[]", out);
  return out;
}

}  // namespace busbar::http
