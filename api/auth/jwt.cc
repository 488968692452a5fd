// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/jwt.h"

#include <algorithm>

#include "api/auth/base64url.h"

namespace busbar::auth {
namespace {

constexpr json::Limits kLimits{kMaxJwtBytes, 8};

Error refused(std::string reason, std::string message) {
  return Error::because(ErrorCode::Unauthenticated, std::move(reason), std::move(message));
}

Error malformed() {
  return refused("malformed_token", "this is no access token of Busbar");
}

std::string_view nameOf(JwtType type) {
  return type == JwtType::Access ? "at+jwt" : "JWT";
}

bool isText(const json::Object& object, std::string_view name, std::string_view expected) {
  const json::Value* value = object.find(name);
  return value != nullptr && value->asString() != nullptr && *value->asString() == expected;
}

std::optional<json::Object> decodeObject(std::string_view part) {
  const auto text = decodeBase64Url(part);
  if (!text) {
    return std::nullopt;
  }
  auto value = json::parse(*text, kLimits);
  if (!value || value->asObject() == nullptr) {
    return std::nullopt;
  }
  return std::move(*value->asObject());
}

}  // namespace

std::optional<std::string> signJwt(const SigningKey& key, JwtType type,
                                   const json::Object& claims) {
  json::Object header;
  header.set("alg", "RS256");
  header.set("typ", nameOf(type));
  header.set("kid", key.id());
  std::string text = encodeBase64Url(json::write(json::Value(std::move(header)))) + "." +
                     encodeBase64Url(json::write(json::Value(claims)));
  const auto signature = key.sign(text);
  if (!signature) {
    return std::nullopt;
  }
  text.append(".").append(encodeBase64Url(*signature));
  return text;
}

Result<SignedClaims> openJwt(std::string_view text, JwtType type,
                             std::span<const SigningKey> keys) {
  if (text.size() > kMaxJwtBytes) {
    return malformed();
  }
  const size_t first = text.find('.');
  const size_t second = first == std::string_view::npos ? first : text.find('.', first + 1);
  if (second == std::string_view::npos || text.find('.', second + 1) != std::string_view::npos) {
    return malformed();
  }
  const auto header = decodeObject(text.substr(0, first));
  if (!header || header->size() != 3 || !isText(*header, "alg", "RS256") ||
      !isText(*header, "typ", nameOf(type)) || !header->contains("kid")) {
    return malformed();
  }
  const auto signature = decodeBase64Url(text.substr(second + 1));
  if (!signature) {
    return malformed();
  }
  const auto key = std::find_if(keys.begin(), keys.end(), [&](const SigningKey& each) {
    return isText(*header, "kid", each.id());
  });
  if (key == keys.end()) {
    return refused("unknown_signing_key", "the token is signed with a key that is none of ours");
  }
  if (!key->verifies(text.substr(0, second), *signature)) {
    return refused("bad_signature", "the token was altered");
  }
  auto claims = decodeObject(text.substr(first + 1, second - first - 1));
  if (!claims) {
    return malformed();
  }
  return SignedClaims{key->id(), std::move(*claims)};
}

Status checkClaims(const json::Object& claims, const JwtExpectation& expected) {
  if (!isText(claims, "iss", expected.issuer)) {
    return refused("wrong_issuer", "the token was issued by somebody else");
  }
  if (!isText(claims, "aud", expected.audience)) {
    return refused("wrong_audience", "the token is for another domain");
  }
  const auto time = [&claims](std::string_view name) -> const int64_t* {
    const json::Value* value = claims.find(name);
    return value == nullptr ? nullptr : value->asInt();
  };
  const int64_t* expires = time("exp");
  const int64_t* issued = time("iat");
  if (expires == nullptr || issued == nullptr ||
      (claims.contains("nbf") && time("nbf") == nullptr)) {
    return malformed();
  }
  const int64_t latest = expected.now - kJwtLeewaySeconds;
  const int64_t earliest = expected.now + kJwtLeewaySeconds;
  if (*expires <= latest) {
    return refused("expired_token", "the token has expired");
  }
  if (*issued > earliest || (time("nbf") != nullptr && *time("nbf") > earliest)) {
    return refused("early_token", "the token is not valid yet; is the clock right?");
  }
  return {};
}

}  // namespace busbar::auth
