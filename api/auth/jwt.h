// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api/auth/signing_key.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

// The one door for JSON Web Tokens (RFC 7519, RFC 8725). Busbar reads only tokens of its own, so
// the door knows one algorithm and one shape, and there is exactly one text per token. It is our
// own because Poco::JWT takes expired tokens and altered texts of a signed one (a fourth part, a
// padded signature), and cjose reads JSON by jansson, past our own JSON door.
namespace busbar::auth {

enum class JwtType {
  Access,  // typ "at+jwt" (RFC 9068 s. 2.1): for the API
  Id,      // typ "JWT": OpenID Connect id tokens, which open nothing here
};

struct JwtExpectation {
  std::string_view issuer;
  std::string_view audience;
  int64_t now = 0;  // epoch seconds
};

inline constexpr size_t kMaxJwtBytes = 8192;
inline constexpr int64_t kJwtLeewaySeconds = 60;

// None when OpenSSL fails, which takes a lack of memory.
std::optional<std::string> signJwt(const SigningKey& key, JwtType type, const json::Object& claims);

struct SignedClaims {
  std::string keyId;
  json::Object claims;
};
// Checks form and signature: three parts of strict base64url, a header of exactly alg "RS256", typ
// and kid, a kid that is one of `keys`, claims that are one JSON object without duplicates.
// Unauthenticated, reason malformed_token, unknown_signing_key or bad_signature.
Result<SignedClaims> openJwt(std::string_view text, JwtType type, std::span<const SigningKey> keys);

// Checks iss and aud (each one string), and exp, iat and, when present, nbf against the time with
// kJwtLeewaySeconds. Unauthenticated, reason wrong_issuer, wrong_audience, expired_token,
// early_token or malformed_token.
Status checkClaims(const json::Object& claims, const JwtExpectation& expected);

}  // namespace busbar::auth
