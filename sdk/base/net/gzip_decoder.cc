// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/gzip_decoder.h"

#include <zlib.h>

namespace busbar {
namespace {

constexpr size_t kBlockBytes = 16U << 10;
constexpr int kGzipOnly = 15 + 16;  // window bits, see inflateInit2() in zlib.h

}  // namespace

struct GzipDecoder::Stream {
  z_stream z{};
};

GzipDecoder::GzipDecoder(size_t maxBytes, size_t maxRatio)
    : maxBytes_(maxBytes), maxRatio_(maxRatio), stream_(std::make_unique<Stream>()) {
  BUSBAR_CHECK(inflateInit2(&stream_->z, kGzipOnly) == Z_OK);
}

GzipDecoder::~GzipDecoder() {
  inflateEnd(&stream_->z);
}

Status GzipDecoder::check() const {
  if (out_ > maxBytes_) {
    return Error::because(ErrorCode::ResourceExhausted, "http_too_large",
                          "the answer unpacks to more than " + std::to_string(maxBytes_) +
                              " bytes; allow more, or ask for less");
  }
  if (out_ > kRatioFromBytes && out_ / maxRatio_ > in_) {
    return Error::because(ErrorCode::ResourceExhausted, "http_bomb",
                          "the answer unpacks to more than " + std::to_string(maxRatio_) +
                              " times its size; it looks like an attack");
  }
  return {};
}

Status GzipDecoder::unpack(std::string_view packed, std::string& out) {
  z_stream& z = stream_->z;
  z.next_in =
      reinterpret_cast<Bytef*>(const_cast<char*>(packed.data()));  // NOLINT: zlib only reads
  z.avail_in = static_cast<uInt>(packed.size());
  while (z.avail_in > 0) {
    if (atMemberEnd_) {
      inflateReset(&z);
      atMemberEnd_ = false;
    }
    const uInt inBefore = z.avail_in;
    const size_t outBefore = out.size();
    out.resize(outBefore + kBlockBytes);
    z.next_out = reinterpret_cast<Bytef*>(out.data() + outBefore);
    z.avail_out = kBlockBytes;
    const int code = inflate(&z, Z_NO_FLUSH);
    out.resize(outBefore + kBlockBytes - z.avail_out);
    in_ += inBefore - z.avail_in;
    out_ += out.size() - outBefore;
    BUSBAR_TRY(check());
    atMemberEnd_ = code == Z_STREAM_END;
    if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
      return Error::because(ErrorCode::DataLoss, "http_bad_answer",
                            "the answer says gzip and is none");
    }
  }
  return {};
}

Status GzipDecoder::finish() const {
  return atMemberEnd_ ? Status()
                      : Error::because(ErrorCode::DataLoss, "http_truncated",
                                       "the answer ends in the middle of its gzip data");
}

}  // namespace busbar
