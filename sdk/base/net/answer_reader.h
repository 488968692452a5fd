// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "sdk/base/net/gzip_decoder.h"
#include "sdk/base/net/http_message.h"
#include "sdk/base/result.h"

namespace busbar {

// Turns what a server sends into head and body, and stops at the first thing that is too much or
// not what it should be. Knows nothing of sockets. Thread-compatible.
class AnswerReader {
 public:
  static constexpr size_t kMaxHeadBytes = 64U << 10;  // of all heads of one hop: 1xx, 401, trailers
  static constexpr size_t kMaxHeadLines = 256;
  static constexpr size_t kMaxSkippedBytes = 64U << 10;  // of the body of a redirect

  struct Options {
    size_t maxBytes = 0;
    size_t maxRatio = 0;
    bool acceptGzip = true;
    bool followsRedirects = true;
    bool answersChallenges = false;  // a 401 may be followed by the answer proper
  };
  explicit AnswerReader(Options options) : options_(options) {}

  // One line of a head, a trailer, or the empty line between; with its line end.
  Status line(std::string_view line);
  Status bytes(std::string_view bytes);
  // The server has said that this is all.
  Status finish();

  bool hasBegun() const { return headBytes_ > 0; }
  // Nothing that still comes can be another head.
  bool isHeadFinal() const;
  // The answer names another place, and that is not what the caller wants to see.
  bool isRedirect() const;
  // The body of a redirect is longer than anybody wants to read.
  bool isRedirectLong() const { return skipped_ > kMaxSkippedBytes; }
  const HttpHead& head() const { return head_; }
  HttpHead takeHead() { return std::move(head_); }
  std::string& body() { return body_; }  // unpacked, what has not been taken yet
  size_t bodyBytes() const { return body_.size(); }

 private:
  Status statusLine(std::string_view line);
  Status field(std::string_view line);
  Status endHead();

  const Options options_;
  size_t headBytes_ = 0;
  size_t headLines_ = 0;
  size_t received_ = 0;  // of the body, still packed
  size_t skipped_ = 0;
  bool inHead_ = false;
  bool bodySeen_ = false;
  HttpHead head_;
  std::string body_;
  std::optional<GzipDecoder> gzip_;
};

}  // namespace busbar
