// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/docs/asset.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "sdk/base/net/gzip_decoder.h"
#include "sdk/base/result.h"

namespace busbar::docs {
namespace {

constexpr size_t kPieceBytes = 16U << 10;
constexpr size_t kPackedPieceBytes = 1024;  // what is unpacked at once becomes some 20 times that
constexpr size_t kTrailerBytes = 8;         // CRC-32 and length (RFC 1952 s. 2.3.1)
constexpr size_t kMaxRatio = 1100;          // more than gzip can do

// One answer on its way. Kept alive by the stream's callbacks, which end with the stream.
class Sending : public std::enable_shared_from_this<Sending> {
 public:
  Sending(const Asset& asset, bool isCompressed, http::EventStream stream)
      : rest_(asset.gzip()), stream_(std::move(stream)) {
    if (!isCompressed) {
      decoder_.emplace(asset.sizeBytes(), kMaxRatio);
    }
  }

  void begin() {
    stream_.onDrained([self = shared_from_this()] { self->goOn(); });
    stream_.onClosed([self = shared_from_this()] { self->stream_.close(); });
    goOn();
  }

 private:
  void goOn() {
    http::StreamWrite written = http::StreamWrite::Sent;
    while (written == http::StreamWrite::Sent && !rest_.empty()) {
      written = stream_.write(next());
    }
    if (rest_.empty() || written == http::StreamWrite::Gone) {
      stream_.close();
    }
  }

  // Good until the next call.
  std::string_view next() {
    const std::string_view piece = rest_.substr(0, decoder_ ? kPackedPieceBytes : kPieceBytes);
    rest_.remove_prefix(piece.size());
    if (!decoder_) {
      return piece;
    }
    unpacked_.clear();
    BUSBAR_CHECK(decoder_->unpack(piece, unpacked_).ok());  // the build has packed it
    return unpacked_;
  }

  std::string_view rest_;  // packed
  std::optional<GzipDecoder> decoder_;
  std::string unpacked_;
  http::EventStream stream_;
};

std::string_view trim(std::string_view text) {
  while (text.starts_with(' ') || text.starts_with('\t')) {
    text.remove_prefix(1);
  }
  while (text.ends_with(' ') || text.ends_with('\t')) {
    text.remove_suffix(1);
  }
  return text;
}

// What stands before the first `mark`; takes it and the mark away from `text`.
std::string_view cut(std::string_view& text, char mark) {
  const size_t end = std::min(text.find(mark), text.size());
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(std::min(end + 1, text.size()));
  return trim(part);
}

// "q=0", "q=0.000": this coding is not wanted.
bool isRefusal(std::string_view weight) {
  return weight.size() >= 3 && (weight[0] == 'q' || weight[0] == 'Q') && weight[1] == '=' &&
         weight.substr(2).find_first_not_of("0.") == std::string_view::npos;
}

bool isGzip(std::string_view coding) {
  constexpr std::string_view kGzip = "gzip";
  return coding.size() == kGzip.size() &&
         std::equal(coding.begin(), coding.end(), kGzip.begin(),
                    [](char a, char b) { return (a | 0x20) == b; });
}

}  // namespace

Asset::Asset(std::string_view gzip) : gzip_(gzip) {
  BUSBAR_CHECK(gzip_.size() > kTrailerBytes);
}

uint32_t Asset::sizeBytes() const {
  uint32_t size = 0;
  for (size_t i = 1; i <= 4; ++i) {
    size = size << 8 | static_cast<uint8_t>(gzip_[gzip_.size() - i]);
  }
  return size;
}

std::string Asset::etag() const {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "W/\"";
  for (const char c : gzip_.substr(gzip_.size() - kTrailerBytes)) {
    const auto byte = static_cast<uint8_t>(c);
    out.push_back(kDigits[byte >> 4]);
    out.push_back(kDigits[byte & 15]);
  }
  return out + "\"";
}

std::string Asset::text() const {
  std::string out;
  BUSBAR_CHECK(GzipDecoder(sizeBytes(), kMaxRatio).unpack(gzip_, out).ok());
  return out;
}

void Asset::serve(const http::Request& request, http::Responder responder, std::string contentType,
                  http::Response head) const {
  const std::string tag = etag();
  head.set("ETag", tag);
  head.set("Vary", "Accept-Encoding");
  if (holdsEtag(request.header("If-None-Match").value_or(""), tag)) {
    responder.send(std::move(head.setStatus(304)));
    return;
  }
  const bool isCompressed = acceptsGzip(request.header("Accept-Encoding").value_or(""));
  if (isCompressed) {
    head.set("Content-Encoding", "gzip");
  }
  head.setBody(std::move(contentType), {});
  std::make_shared<Sending>(*this, isCompressed, responder.stream(std::move(head)))->begin();
}

bool acceptsGzip(std::string_view acceptEncoding) {
  std::optional<bool> any;
  while (!acceptEncoding.empty()) {
    std::string_view weight = cut(acceptEncoding, ',');
    const std::string_view coding = cut(weight, ';');
    if (isGzip(coding)) {
      return !isRefusal(trim(weight));
    }
    if (coding == "*") {
      any = !isRefusal(trim(weight));
    }
  }
  return any.value_or(false);
}

bool holdsEtag(std::string_view ifNoneMatch, std::string_view etag) {
  while (!ifNoneMatch.empty()) {
    const std::string_view each = cut(ifNoneMatch, ',');
    if (each == "*" || each == etag) {
      return true;
    }
  }
  return false;
}

}  // namespace busbar::docs
