// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/chunked_decoder.h"

#include <algorithm>

namespace busbar::http {
namespace {

constexpr Refusal kBadSize{400, "bad_chunk", "a chunk size is malformed"};
constexpr Refusal kBadEnd{400, "bad_chunk", "a chunk does not end with CR LF"};
constexpr Refusal kBadExtension{400, "bad_chunk", "a chunk extension is malformed or too long"};
constexpr Refusal kBadTrailer{400, "bad_trailer", "the trailers are malformed or too long"};
constexpr Refusal kTooLarge{413, "body_too_large", "the body is over this route's limit"};

constexpr unsigned kMaxSizeDigits = 8;
constexpr size_t kMaxExtensionBytes = 256;
constexpr size_t kMaxAllExtensionBytes = 4096;
constexpr size_t kMaxTrailerBytes = 4096;
constexpr size_t kMaxTrailerLines = 16;

int hexValue(char c) {
  if (c >= '0' && c <= '9') {
    return c - '0';
  }
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

ChunkedDecoder::State ChunkedDecoder::refuse(const Refusal& refusal) {
  refusal_ = refusal;
  return State::Refused;
}

ChunkedDecoder::State ChunkedDecoder::feed(std::string_view& input, std::string& out,
                                           size_t limitBytes) {
  if (refusal_) {
    return State::Refused;
  }
  while (step_ != Step::Done && !input.empty()) {
    if (step_ == Step::Data) {
      if (left_ > limitBytes - std::min(limitBytes, out.size())) {
        return refuse(kTooLarge);
      }
      const size_t take = std::min<uint64_t>(left_, input.size());
      out.append(input.substr(0, take));
      input.remove_prefix(take);
      left_ -= take;
      step_ = left_ == 0 ? Step::DataCr : Step::Data;
      continue;
    }
    if (auto refusal = takeByte(input.front())) {
      return refuse(*refusal);
    }
    input.remove_prefix(1);
  }
  return step_ == Step::Done ? State::Done : State::NeedMore;
}

std::optional<Refusal> ChunkedDecoder::takeByte(char c) {
  switch (step_) {
    case Step::Size:
      return takeSize(c);
    case Step::Extension:
      return takeExtension(c);
    case Step::SizeLf:
      if (c != '\n') {
        return kBadSize;
      }
      step_ = left_ == 0 ? Step::Trailer : Step::Data;
      digits_ = 0;
      return std::nullopt;
    case Step::DataCr:
      step_ = Step::DataLf;
      return c == '\r' ? std::nullopt : std::optional(kBadEnd);
    case Step::DataLf:
      step_ = Step::Size;
      return c == '\n' ? std::nullopt : std::optional(kBadEnd);
    case Step::Trailer:
      return takeTrailer(c);
    case Step::Data:
    case Step::Done:
      break;
  }
  return std::nullopt;
}

std::optional<Refusal> ChunkedDecoder::takeSize(char c) {
  if (const int value = hexValue(c); value >= 0) {
    left_ = left_ << 4 | static_cast<unsigned>(value);
    return ++digits_ > kMaxSizeDigits ? std::optional(kBadSize) : std::nullopt;
  }
  if (digits_ == 0) {
    return kBadSize;
  }
  if (c == '\r') {
    step_ = Step::SizeLf;
    return std::nullopt;
  }
  extensionBytes_ = 0;
  step_ = Step::Extension;
  return c == ';' ? std::nullopt : std::optional(kBadSize);
}

std::optional<Refusal> ChunkedDecoder::takeExtension(char c) {
  if (c == '\r') {
    step_ = Step::SizeLf;
    return std::nullopt;
  }
  const bool tooLong =
      ++extensionBytes_ > kMaxExtensionBytes || ++allExtensionBytes_ > kMaxAllExtensionBytes;
  return tooLong || !isFieldValue({&c, 1}) ? std::optional(kBadExtension) : std::nullopt;
}

std::optional<Refusal> ChunkedDecoder::takeTrailer(char c) {
  if (++trailerBytes_ > kMaxTrailerBytes) {
    return kBadTrailer;
  }
  line_.push_back(c);
  if (c != '\n') {
    return std::nullopt;
  }
  return endTrailerLine();
}

std::optional<Refusal> ChunkedDecoder::endTrailerLine() {
  if (!line_.ends_with("\r\n")) {
    return kBadTrailer;
  }
  if (line_.size() == 2) {
    step_ = Step::Done;
    return std::nullopt;
  }
  HeadField ignored;
  const std::string_view line(line_.data(), line_.size() - 2);
  if (++trailerLines_ > kMaxTrailerLines || parseField(line, ignored)) {
    return kBadTrailer;
  }
  line_.clear();
  return std::nullopt;
}

}  // namespace busbar::http
