// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/base/result.h"

namespace busbar::http {

// The one front door for request targets (origin-form, RFC 9112 s. 3.2.1). A path is cut into
// segments first and each segment is decoded once, so no encoding can make a separator. Refused
// with InvalidArgument: empty segments but the last, `.` and `..` in any encoding, %2f, %5c,
// backslash, control characters, bad escapes, text that is not UTF-8. Nothing is ever normalised
// into another path. Reusable: parse() keeps the capacity. Thread-compatible.
class Target {
 public:
  static constexpr size_t kMaxBytes = 8192;
  static constexpr size_t kMaxSegments = 32;
  static constexpr size_t kMaxQueryPairs = 100;

  Status parse(std::string_view text);

  // As received, without the query: for logs and for problem details.
  std::string_view rawPath() const { return std::string_view(text_).substr(0, pathBytes_); }
  std::string_view rawQuery() const;
  const std::vector<std::string>& segments() const { return segments_; }
  size_t segmentCount() const { return segmentCount_; }
  std::string_view segment(size_t index) const { return segments_[index]; }
  bool hasTrailingSlash() const { return trailingSlash_; }
  // Makes two segments of one, the first of `bytes` bytes. rawPath() stays as received.
  void splitSegment(size_t index, size_t bytes);

  // The first value of a query parameter, decoded (`+` is a space).
  std::optional<std::string_view> query(std::string_view name) const;
  size_t queryCount() const { return queryCount_; }
  const std::pair<std::string, std::string>& queryAt(size_t index) const { return query_[index]; }

 private:
  Status parsePath(std::string_view path);
  Status parseQuery(std::string_view query);

  std::string text_;
  size_t pathBytes_ = 0;
  std::vector<std::string> segments_;  // the first segmentCount_ are in use
  size_t segmentCount_ = 0;
  bool trailingSlash_ = false;
  std::vector<std::pair<std::string, std::string>> query_;  // the first queryCount_ are in use
  size_t queryCount_ = 0;
};

// Percent-encodes all but unreserved characters (by Poco::URI), for building links.
std::string encodeComponent(std::string_view text);

}  // namespace busbar::http
