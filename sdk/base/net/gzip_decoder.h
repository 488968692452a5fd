// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "sdk/base/result.h"

namespace busbar {

// Unpacks gzip (RFC 1952, several members allowed) piece by piece, and stops before a bomb has done
// harm: never more than `maxBytes` come out, and from 1 MiB on never more than `maxRatio` times
// what went in. Thread-compatible.
class GzipDecoder {
 public:
  static constexpr size_t kRatioFromBytes = 1U << 20;

  GzipDecoder(size_t maxBytes, size_t maxRatio);
  GzipDecoder(const GzipDecoder&) = delete;
  GzipDecoder& operator=(const GzipDecoder&) = delete;
  ~GzipDecoder();

  // Appends what `packed` gives. DataLoss, reason `http_bad_answer`: no gzip; ResourceExhausted,
  // reason `http_bomb` or `http_too_large`. After an error only destruction is allowed.
  Status unpack(std::string_view packed, std::string& out);
  // DataLoss, reason `http_truncated`, when the end of a member is missing.
  Status finish() const;

 private:
  struct Stream;
  Status check() const;

  const size_t maxBytes_;
  const size_t maxRatio_;
  size_t in_ = 0;
  size_t out_ = 0;
  bool atMemberEnd_ = true;  // no input at all is an empty body
  std::unique_ptr<Stream> stream_;
};

}  // namespace busbar
