// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/secret_token.h"

#include <sys/random.h>

#include <array>
#include <cstdint>
#include <memory>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/sha.h>

#include "api/auth/base64url.h"
#include "sdk/base/result.h"

namespace busbar::auth {
namespace {

constexpr size_t kSecretBytes = 32;
constexpr size_t kSecretLength = 43;
constexpr size_t kMaxIdBytes = 64;

}  // namespace

std::string sha256(std::string_view text) {
  // Looking an algorithm up costs more than hashing a token does, so it is done once.
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> kSha256(
      EVP_MD_fetch(nullptr, "SHA256", nullptr), &EVP_MD_free);
  std::string digest(SHA256_DIGEST_LENGTH, '\0');
  BUSBAR_CHECK(kSha256 != nullptr &&
               EVP_Digest(text.data(), text.size(), reinterpret_cast<unsigned char*>(digest.data()),
                          nullptr, kSha256.get(), nullptr) == 1);
  return digest;
}

std::string hashSecret(std::string_view text) {
  constexpr std::string_view kHex = "0123456789abcdef";
  std::string out;
  for (const char c : sha256(text)) {
    out.push_back(kHex[static_cast<unsigned char>(c) >> 4U]);
    out.push_back(kHex[static_cast<unsigned char>(c) & 15U]);
  }
  return out;
}

SecretToken newSecret() {
  std::array<uint8_t, kSecretBytes> bytes{};
  BUSBAR_CHECK(getrandom(bytes.data(), bytes.size(), 0) == static_cast<ssize_t>(bytes.size()));
  SecretToken token;
  token.text = encodeBase64Url(bytes);
  token.hash = hashSecret(token.text);
  OPENSSL_cleanse(bytes.data(), bytes.size());
  return token;
}

bool equalsSecretly(std::string_view a, std::string_view b) {
  return a.size() == b.size() && CRYPTO_memcmp(a.data(), b.data(), a.size()) == 0;
}

std::optional<NamedSecret> parseNamedSecret(std::string_view text) {
  const size_t point = text.find('.');
  if (point == std::string_view::npos || point == 0 || point > kMaxIdBytes) {
    return std::nullopt;
  }
  const std::string_view secret = text.substr(point + 1);
  if (secret.size() != kSecretLength || !decodeBase64Url(secret)) {
    return std::nullopt;
  }
  return NamedSecret{std::string(text.substr(0, point)), hashSecret(secret)};
}

}  // namespace busbar::auth
