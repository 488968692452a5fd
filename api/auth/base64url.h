// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace busbar::auth {

// Base64url without padding (RFC 4648 s. 5), one text per value.
std::string encodeBase64Url(std::span<const uint8_t> bytes);
inline std::string encodeBase64Url(std::string_view bytes) {
  return encodeBase64Url({reinterpret_cast<const uint8_t*>(bytes.data()), bytes.size()});
}
// Strict: none for padding, other alphabets, white space, an impossible length, and unused bits of
// the last character that are not zero.
std::optional<std::string> decodeBase64Url(std::string_view text);

}  // namespace busbar::auth
