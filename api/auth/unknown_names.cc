// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/unknown_names.h"

#include <sys/random.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "sdk/base/result.h"

namespace busbar::auth {
namespace {

constexpr size_t kShownBytes = 6;

}  // namespace

UnknownNames::UnknownNames() {
  BUSBAR_CHECK(getrandom(key_.data(), key_.size(), 0) == static_cast<ssize_t>(key_.size()));
}

UnknownNames::~UnknownNames() {
  OPENSSL_cleanse(key_.data(), key_.size());
}

std::string UnknownNames::standIn(std::string_view name) const {
  std::array<uint8_t, EVP_MAX_MD_SIZE> digest{};
  BUSBAR_CHECK(HMAC(EVP_sha256(), key_.data(), static_cast<int>(key_.size()),
                    reinterpret_cast<const uint8_t*>(name.data()), name.size(), digest.data(),
                    nullptr) != nullptr);
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string out = "unknown ";
  for (size_t i = 0; i < kShownBytes; ++i) {
    out.push_back(kDigits[digest[i] >> 4U]);
    out.push_back(kDigits[digest[i] & 15U]);
  }
  return out;
}

}  // namespace busbar::auth
