// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/client_secret.h"

#include <array>
#include <cstdint>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "registry/model/ids.h"
#include "sdk/base/result.h"

namespace busbar::auth {
namespace {

constexpr std::string_view kHex = "0123456789abcdef";
constexpr std::string_view kBase64Url =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

std::string hexDigest(const EVP_MD* kind, std::string_view text) {
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  BUSBAR_CHECK(EVP_Digest(text.data(), text.size(), digest.data(), &size, kind, nullptr) == 1);
  std::string out;
  for (unsigned i = 0; i < size; ++i) {
    out.push_back(kHex[digest[i] >> 4U]);
    out.push_back(kHex[digest[i] & 15U]);
  }
  return out;
}

}  // namespace

std::string clientIdOf(std::string_view redirectUri) {
  return hexDigest(EVP_md5(), redirectUri);
}

std::string emailDigest(std::string_view lowerEmail) {
  return hexDigest(EVP_md5(), lowerEmail);
}

NewClientSecret generateClientSecret() {
  // 43 characters of 6 random bits each; the odd two bits are as good as the others.
  std::array<uint8_t, 43> random{};
  model::systemRandom(random);
  NewClientSecret secret;
  for (const uint8_t byte : random) {
    secret.text.push_back(kBase64Url[byte & 63U]);
  }
  OPENSSL_cleanse(random.data(), random.size());
  secret.secretHash = hexDigest(EVP_sha256(), secret.text);
  return secret;
}

bool isClientSecret(std::string_view text, std::string_view secretHash) {
  const std::string shown = hexDigest(EVP_sha256(), text);
  return shown.size() == secretHash.size() &&
         CRYPTO_memcmp(shown.data(), secretHash.data(), shown.size()) == 0;
}

}  // namespace busbar::auth
