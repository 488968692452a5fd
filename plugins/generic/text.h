// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Bytes as people write them in settings. Escapes: \r \n \t \0 \\ \{ \} and \xHH; all else stands
// for itself. {…} is a field.
namespace busbar::generic {

inline constexpr size_t kMaxTextBytes = 1024;

struct Token {
  bool isField = false;
  std::string text;  // bytes, or what stands between the braces
};
// Empty, or a sentence about what is wrong. Neighbouring bytes are one token.
std::string tokenize(std::string_view text, std::vector<Token>& tokens);

// Text that may hold no field; nothing when it is malformed.
std::optional<std::string> fromText(std::string_view text);
// "02 50 4f" or "02504F"; nothing when it is no hexadecimal.
std::optional<std::string> fromHex(std::string_view text);
// Printable ASCII that fromText() understands; at most `maxBytes` of the bytes, then "…".
std::string toText(std::string_view bytes, size_t maxBytes);
std::string toHex(std::string_view bytes);

}  // namespace busbar::generic
