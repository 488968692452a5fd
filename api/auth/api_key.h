// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace busbar::auth {

// The text of an API key: "bb_" + 26 characters of the row's id (without "key-") + "_" + 43
// characters of base64url: 256 random bits. Shown once; stored is only the SHA-256 of the 32 bytes,
// without salt or Argon2, which 256 random bits do not need.
using KeyDigest = std::array<uint8_t, 32>;

struct NewApiKey {
  std::string text;        // give it to the user, then forget it
  std::string secretHash;  // for model::ApiKey::secretHash, lower hex
};
// `keyId` is the row's id, "key-" and 26 characters. Random bits come from the kernel.
NewApiKey generateApiKey(std::string_view keyId);

struct ShownApiKey {
  std::string keyId;  // "key-…"
  KeyDigest digest;   // of the secret shown
};
// Strict: length, alphabets and the unused bits of the last character. None for all else.
std::optional<ShownApiKey> parseApiKey(std::string_view text);

// Compares in constant time. False also when `secretHash` is not 64 hex digits.
bool matches(const KeyDigest& digest, std::string_view secretHash);

}  // namespace busbar::auth
