// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/front/request.h"
#include "api/http/front/responder.h"

namespace busbar::docs {

// A file inside the program, compressed with gzip. A value that points into read-only data; its
// pages are not touched before it is served.
class Asset {
 public:
  // `gzip`: one whole member (RFC 1952), which the build has made.
  explicit Asset(std::string_view gzip);

  std::string_view gzip() const { return gzip_; }
  uint32_t sizeBytes() const;  // uncompressed
  // W/"…", of checksum and length. Weak: the same with and without compression (RFC 9110 s. 8.8.3).
  std::string etag() const;
  // The uncompressed text; for small files.
  std::string text() const;

  // Answers with `head` (status 200) and this as the body: compressed when the request accepts
  // that, else as text; or 304 when the client has it. One reader, however slow, takes under
  // 160 KiB of memory.
  void serve(const http::Request& request, http::Responder responder, std::string contentType,
             http::Response head) const;

 private:
  std::string_view gzip_;
};

// Whether an Accept-Encoding header (RFC 9110 s. 12.5.3) lets an answer be compressed with gzip.
bool acceptsGzip(std::string_view acceptEncoding);
// Whether an If-None-Match header (RFC 9110 s. 13.1.2) is `*` or holds the tag.
bool holdsEtag(std::string_view ifNoneMatch, std::string_view etag);

}  // namespace busbar::docs
