// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/api_key.h"

#include <sys/random.h>

#include <algorithm>

#include <openssl/crypto.h>
#include <openssl/sha.h>

#include "api/auth/authenticator.h"
#include "api/auth/base64url.h"
#include "sdk/base/result.h"

namespace busbar::auth {
namespace {

constexpr std::string_view kPrefix = kApiKeyPrefix;
constexpr std::string_view kRowPrefix = "key-";
constexpr size_t kIdLength = 26;
constexpr size_t kSecretLength = 43;
constexpr size_t kTextLength = 3 + kIdLength + 1 + kSecretLength;

constexpr std::string_view kHex = "0123456789abcdef";

constexpr uint8_t kNoDigit = 255;

// Character -> its value in `alphabet`.
constexpr std::array<uint8_t, 256> valuesOf(std::string_view alphabet) {
  std::array<uint8_t, 256> values{};
  values.fill(kNoDigit);
  for (size_t i = 0; i < alphabet.size(); ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = static_cast<uint8_t>(i);
  }
  return values;
}
constexpr auto kHexValues = valuesOf(kHex);

using Secret = std::array<uint8_t, 32>;

KeyDigest digestOf(const Secret& secret) {
  KeyDigest digest{};
  // It needs memory; without any, zeros would be taken for the digest.
  BUSBAR_CHECK(SHA256(secret.data(), secret.size(), digest.data()) != nullptr);
  return digest;
}

bool isId(std::string_view text) {
  return text.size() == kIdLength && std::all_of(text.begin(), text.end(), [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
         });
}

}  // namespace

NewApiKey generateApiKey(std::string_view keyId) {
  BUSBAR_CHECK(keyId.starts_with(kRowPrefix) && isId(keyId.substr(kRowPrefix.size())));
  Secret secret;
  const ssize_t n = getrandom(secret.data(), secret.size(), 0);
  BUSBAR_CHECK(n == static_cast<ssize_t>(secret.size()));  // never short below 256 bytes
  NewApiKey key;
  key.text.append(kPrefix).append(keyId.substr(kRowPrefix.size())).append("_");
  key.text.append(encodeBase64Url(secret));
  for (const uint8_t byte : digestOf(secret)) {
    key.secretHash.push_back(kHex[byte >> 4]);
    key.secretHash.push_back(kHex[byte & 15]);
  }
  OPENSSL_cleanse(secret.data(), secret.size());
  return key;
}

std::optional<ShownApiKey> parseApiKey(std::string_view text) {
  if (text.size() != kTextLength || !text.starts_with(kPrefix) ||
      text[kPrefix.size() + kIdLength] != '_') {
    return std::nullopt;
  }
  const std::string_view id = text.substr(kPrefix.size(), kIdLength);
  auto decoded = decodeBase64Url(text.substr(kPrefix.size() + kIdLength + 1));
  Secret secret{};
  if (!isId(id) || !decoded || decoded->size() != secret.size()) {
    return std::nullopt;
  }
  std::copy(decoded->begin(), decoded->end(), secret.begin());
  ShownApiKey shown{std::string(kRowPrefix).append(id), digestOf(secret)};
  OPENSSL_cleanse(secret.data(), secret.size());
  OPENSSL_cleanse(decoded->data(), decoded->size());
  return shown;
}

bool matches(const KeyDigest& digest, std::string_view secretHash) {
  if (secretHash.size() != 2 * digest.size()) {
    return false;
  }
  KeyDigest stored{};
  for (size_t i = 0; i < secretHash.size(); ++i) {
    const uint8_t value = kHexValues[static_cast<unsigned char>(secretHash[i])];
    if (value == kNoDigit) {
      return false;
    }
    stored[i / 2] = static_cast<uint8_t>(stored[i / 2] << 4U | value);
  }
  return CRYPTO_memcmp(stored.data(), digest.data(), digest.size()) == 0;
}

}  // namespace busbar::auth
