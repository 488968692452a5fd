// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sdk/base/json.h"
#include "sdk/base/result.h"

struct evp_pkey_st;

namespace busbar::auth {

// An RSA key for RS256 (RFC 7518 s. 3.3), and nothing else: no other kind, no shorter key, so that
// no text can choose how it is checked. Immutable; thread-safe.
class SigningKey {
 public:
  static constexpr int kBits = 2048;

  // Blocks for some 100 ms: for a pool thread. Unavailable when the machine has no memory.
  static Result<SigningKey> generate();
  // PKCS #8 in PEM. DataLoss unless it is an RSA key of at least kBits whose parts fit together.
  static Result<SigningKey> fromPem(std::string_view pem);

  // RFC 7638: base64url of the SHA-256 of the public key. Names the key and tells nothing of it.
  const std::string& id() const { return id_; }
  Result<std::string> toPem() const;
  // The public half as a JSON Web Key (RFC 7517).
  const json::Object& jwk() const { return jwk_; }

  // The signature bytes of `text`; none when OpenSSL fails, which takes a lack of memory.
  std::optional<std::string> sign(std::string_view text) const;
  bool verifies(std::string_view text, std::string_view signature) const;

 private:
  explicit SigningKey(std::shared_ptr<evp_pkey_st> key);

  std::shared_ptr<evp_pkey_st> key_;  // shared by copies; OpenSSL counts no const use
  std::string id_;
  json::Object jwk_;
};

}  // namespace busbar::auth
