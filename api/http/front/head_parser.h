// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace busbar::http {

// The RFC 9112 grammar check of a request head, stricter where leniency has been abused: whatever
// two servers might read in two ways is refused. Pure functions on bytes; nothing is copied.

// Why bytes are refused. The texts are constants. The connection ends after every refusal.
struct Refusal {
  int status;               // 400, 413, 414, 417, 431, 501, 505
  std::string_view reason;  // stable, "bad_header"
  std::string_view detail;
};

inline constexpr size_t kMaxHeaders = 100;

struct HeadField {
  std::string_view name;
  std::string_view value;  // without surrounding blanks
};

enum class BodyFraming { None, Length, Chunked };

// A checked head. Views point into the bytes that were parsed.
struct Head {
  std::string_view method;
  std::string_view target;  // origin-form, or "*" with OPTIONS
  bool isHttp11 = true;
  bool keepAlive = true;
  bool expectsContinue = false;
  BodyFraming framing = BodyFraming::None;
  uint64_t contentLength = 0;
  std::array<HeadField, kMaxHeaders> fields;
  size_t fieldCount = 0;
};

// Looks for the end of a head. `scanned` is 0 for new bytes and is kept between calls while `bytes`
// grows. Refuses a bare LF, and a first byte that cannot begin a method, as soon as it is seen.
struct HeadScan {
  size_t headBytes = 0;  // 0: not complete yet
  std::optional<Refusal> refusal;
};
HeadScan scanHead(std::string_view bytes, size_t& scanned);

// Parses a complete head, its last empty line included.
std::optional<Refusal> parseHead(std::string_view bytes, Head& head);

// Checks one header or trailer line without its CRLF.
std::optional<Refusal> parseField(std::string_view line, HeadField& field);

// RFC 9110 s. 5.6.2 and s. 5.5, for headers that we write.
bool isToken(std::string_view text);
bool isFieldValue(std::string_view text);
// ASCII letters in any case.
bool equalsIgnoringCase(std::string_view a, std::string_view b);

}  // namespace busbar::http
