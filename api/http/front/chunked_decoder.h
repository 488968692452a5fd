// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api/http/front/head_parser.h"

namespace busbar::http {

// Decodes a chunked body (RFC 9112 s. 7.1) from pieces of any size. Strict CRLF; sizes are 1 to 8
// hex digits, nothing before them; extensions are bounded (256 bytes a chunk, 4 KiB a body) and
// ignored; trailers are checked, bounded (16 lines, 4 KiB) and dropped. Thread-compatible.
class ChunkedDecoder {
 public:
  enum class State { NeedMore, Done, Refused };

  void reset() { *this = ChunkedDecoder(); }
  // Takes bytes off `input` and appends the decoded ones to `out` while that stays within
  // `limitBytes` (else refused with 413). After Done the rest of `input` is untouched.
  State feed(std::string_view& input, std::string& out, size_t limitBytes);
  const Refusal& refusal() const { return *refusal_; }

 private:
  enum class Step { Size, Extension, SizeLf, Data, DataCr, DataLf, Trailer, Done };
  State refuse(const Refusal& refusal);
  std::optional<Refusal> takeSize(char c);
  std::optional<Refusal> takeExtension(char c);
  std::optional<Refusal> takeTrailer(char c);
  std::optional<Refusal> endTrailerLine();
  std::optional<Refusal> takeByte(char c);

  Step step_ = Step::Size;
  unsigned digits_ = 0;
  uint64_t left_ = 0;  // of the present chunk
  size_t extensionBytes_ = 0;
  size_t allExtensionBytes_ = 0;
  size_t trailerBytes_ = 0;
  size_t trailerLines_ = 0;
  std::string line_;  // of a trailer
  std::optional<Refusal> refusal_;
};

}  // namespace busbar::http
