// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/request_reader.h"

#include <algorithm>

namespace busbar::http {
namespace {

constexpr Refusal kLongHead{431, "head_too_large", "the request head is over 16 KiB"};
constexpr Refusal kLongBody{413, "body_too_large", "the body is over this route's limit"};
constexpr Refusal kNoMemory{503, "busy", "too many request bodies are being received"};
constexpr Refusal kBadTarget{400, "bad_target", "the request target is not an acceptable path"};

constexpr size_t kMaxSpareRequests = 64;
constexpr size_t kMaxRequestIdBytes = 128;

bool isRequestId(std::string_view text) {
  return !text.empty() && text.size() <= kMaxRequestIdBytes &&
         std::all_of(text.begin(), text.end(), [](char c) { return c > 0x20 && c < 0x7f; });
}

}  // namespace

std::unique_ptr<Request> ReaderShared::takeRequest() {
  if (spare_.empty()) {
    return std::make_unique<Request>();
  }
  auto request = std::move(spare_.back());
  spare_.pop_back();
  return request;
}

void ReaderShared::giveBack(std::unique_ptr<Request> request) {
  if (spare_.size() < kMaxSpareRequests) {
    request->clear();
    spare_.push_back(std::move(request));
  }
}

RequestReader::Event RequestReader::next(std::string_view& input) {
  return request_ == nullptr ? readHead(input) : readBody(input);
}

void RequestReader::finish() {
  if (request_ != nullptr) {
    shared_.bodyBytesInMemory -= std::exchange(counted_, 0);
    shared_.giveBack(std::move(request_));
  }
}

RequestReader::Event RequestReader::refuse(const Refusal& refusal) {
  refusal_ = refusal;
  return Event::Refused;
}

RequestReader::Event RequestReader::readHead(std::string_view& input) {
  while (scanned_ == 0 && input.starts_with("\r\n")) {
    input.remove_prefix(2);  // RFC 9112 s. 2.2: some clients send one after a body
  }
  if (input.empty() || (scanned_ == 0 && input == "\r")) {
    return Event::NeedMore;
  }
  const HeadScan scan = scanHead(input, scanned_);
  if (scan.refusal) {
    return refuse(*scan.refusal);
  }
  if (scan.headBytes > shared_.maxHeadBytes || scanned_ > shared_.maxHeadBytes) {
    return refuse(kLongHead);
  }
  if (scan.headBytes == 0) {
    return Event::NeedMore;
  }
  scanned_ = 0;
  const std::string_view head = input.substr(0, scan.headBytes);
  input.remove_prefix(scan.headBytes);
  return fill(head);
}

RequestReader::Event RequestReader::fill(std::string_view bytes) {
  Head& head = shared_.head;
  if (const auto refusal = parseHead(bytes, head)) {
    return refuse(*refusal);
  }
  request_ = shared_.takeRequest();
  framing_ = head.framing;
  contentLength_ = left_ = head.framing == BodyFraming::Length ? head.contentLength : 0;
  keepAlive_ = head.keepAlive;
  isHttp11_ = head.isHttp11;
  expectsContinue_ = head.expectsContinue && head.framing != BodyFraming::None;
  discards_ = false;
  bodyLimitBytes_ = 0;
  if (framing_ == BodyFraming::Chunked) {
    chunked_.reset();
  }
  if (!request_->setLine(head.method, head.target, head.isHttp11).ok()) {
    return refuse(kBadTarget);
  }
  std::string_view requestId;
  std::string_view traceparent;
  for (size_t i = 0; i < head.fieldCount; ++i) {
    const auto& [name, value] = head.fields[i];
    request_->addHeader(name, value);
    if (name.size() == 12 && equalsIgnoringCase(name, "X-Request-ID")) {
      requestId = value;
    } else if (name.size() == 11 && equalsIgnoringCase(name, "traceparent")) {
      traceparent = value;
    }
  }
  const auto given = traceparent.empty() ? std::nullopt : parseTraceparent(traceparent);
  const TraceContext trace = given ? *given : shared_.traceIds.begin();
  request_->setIds(isRequestId(requestId) ? requestId : trace.traceIdText(), trace,
                   given.has_value());
  return Event::Head;
}

RequestReader::Event RequestReader::readBody(std::string_view& input) {
  switch (framing_) {
    case BodyFraming::None:
      return Event::Complete;
    case BodyFraming::Length:
      return readLength(input);
    case BodyFraming::Chunked:
      break;
  }
  std::string body = request_->takeBody();
  const auto state = chunked_.feed(input, body, bodyLimitBytes_);
  request_->setBody(std::move(body));
  count();
  if (state == ChunkedDecoder::State::Refused) {
    return refuse(chunked_.refusal());
  }
  if (shared_.bodyBytesInMemory > shared_.maxBodyBytesInMemory) {
    return refuse(kNoMemory);
  }
  return state == ChunkedDecoder::State::Done ? Event::Complete : Event::NeedMore;
}

RequestReader::Event RequestReader::readLength(std::string_view& input) {
  const size_t take = std::min<uint64_t>(left_, input.size());
  if (!discards_) {
    if (contentLength_ > bodyLimitBytes_) {
      return refuse(kLongBody);
    }
    if (shared_.bodyBytesInMemory + take > shared_.maxBodyBytesInMemory) {
      return refuse(kNoMemory);
    }
    request_->appendBody(input.substr(0, take));
    count();
  }
  input.remove_prefix(take);
  left_ -= take;
  return left_ == 0 ? Event::Complete : Event::NeedMore;
}

void RequestReader::count() {
  shared_.bodyBytesInMemory += request_->body().size() - counted_;
  counted_ = request_->body().size();
}

}  // namespace busbar::http
