// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>
#include <vector>

#include "api/http/front/chunked_decoder.h"
#include "api/http/front/head_parser.h"
#include "api/http/front/request.h"
#include "api/http/trace_context.h"

namespace busbar::http {

// What all connections of a front share for reading. Loop-only.
class ReaderShared {
 public:
  size_t maxHeadBytes = 16 * 1024;
  size_t maxBodyBytesInMemory = 64 << 20;
  size_t bodyBytesInMemory = 0;
  TraceIds traceIds;
  Head head;  // scratch

  std::unique_ptr<Request> takeRequest();
  void giveBack(std::unique_ptr<Request> request);

 private:
  std::vector<std::unique_ptr<Request>> spare_;  // idle connections hold none
};

// Turns the bytes of one connection into requests, one at a time. No I/O, no clock. Loop-only.
class RequestReader {
 public:
  enum class Event {
    NeedMore,  // the rest of the input is the beginning of something: keep it, append, call again
    Head,      // request() is filled but for its body: decide, set the limit, call again
    Complete,  // request() is whole; call finish() when done with it
    Refused,   // refusal() says why; nothing more can be read
  };

  explicit RequestReader(ReaderShared& shared) : shared_(shared) {}
  ~RequestReader() { finish(); }
  RequestReader(const RequestReader&) = delete;
  RequestReader& operator=(const RequestReader&) = delete;

  // Takes what it uses off `input`.
  Event next(std::string_view& input);

  Request& request() { return *request_; }
  const Refusal& refusal() const { return refusal_; }
  bool hasBody() const { return framing_ != BodyFraming::None; }
  BodyFraming framing() const { return framing_; }
  uint64_t contentLength() const { return contentLength_; }
  bool keepAlive() const { return keepAlive_; }
  bool isHttp11() const { return isHttp11_; }
  bool expectsContinue() const { return expectsContinue_; }
  bool isInsideHead() const { return scanned_ != 0; }
  bool isInsideRequest() const { return request_ != nullptr; }

  void setBodyLimit(size_t bytes) { bodyLimitBytes_ = bytes; }
  // The body is read and dropped; only for a body of known length.
  void discardBody() { discards_ = true; }
  void finish();

 private:
  Event readHead(std::string_view& input);
  Event fill(std::string_view head);
  Event readBody(std::string_view& input);
  Event readLength(std::string_view& input);
  Event refuse(const Refusal& refusal);
  void count();

  ReaderShared& shared_;
  std::unique_ptr<Request> request_;
  ChunkedDecoder chunked_;
  Refusal refusal_{};
  BodyFraming framing_ = BodyFraming::None;
  uint64_t contentLength_ = 0;
  uint64_t left_ = 0;
  size_t scanned_ = 0;
  size_t counted_ = 0;  // body bytes of ours in shared_.bodyBytesInMemory
  size_t bodyLimitBytes_ = 0;
  bool keepAlive_ = false;
  bool isHttp11_ = true;
  bool expectsContinue_ = false;
  bool discards_ = false;
};

}  // namespace busbar::http
