// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/access_tokens.h"

#include <algorithm>

#include "api/auth/jwt.h"
#include "api/auth/secret_token.h"

namespace busbar::auth {
namespace {

constexpr std::string_view kFamilyPrefix = "fam-";

Error refused(std::string reason, std::string message) {
  return Error::because(ErrorCode::Unauthenticated, std::move(reason), std::move(message));
}

std::string textOf(const json::Object& claims, std::string_view name) {
  const json::Value* value = claims.find(name);
  return value == nullptr || value->asString() == nullptr ? std::string() : *value->asString();
}

int64_t numberOf(const json::Object& claims, std::string_view name) {
  const json::Value* value = claims.find(name);
  return value == nullptr || value->asInt() == nullptr ? 0 : *value->asInt();
}

template <class Texts>
json::Array arrayOf(const Texts& texts) {
  json::Array out;
  for (const std::string& text : texts) {
    out.emplace_back(text);
  }
  return out;
}

TokenFacts factsOf(const json::Object& claims) {
  TokenFacts facts;
  facts.subject = textOf(claims, "sub");
  facts.clientId = textOf(claims, "client_id");
  facts.jti = textOf(claims, "jti");
  facts.sessionId = textOf(claims, "sid");
  facts.issuedAt = numberOf(claims, "iat");
  facts.expiresAt = numberOf(claims, "exp");
  if (facts.jti.starts_with(kFamilyPrefix)) {
    facts.familyId = facts.jti.substr(0, facts.jti.find('.'));
  }
  const json::Value* scopes = claims.find("scope");
  if (scopes != nullptr && scopes->asArray() != nullptr) {
    for (const json::Value& scope : *scopes->asArray()) {
      if (scope.asString() != nullptr) {
        facts.scopes.push_back(*scope.asString());
      }
    }
  }
  return facts;
}

}  // namespace

Result<AccessTokens::Issued> AccessTokens::issue(const Grant& grant) {
  if (!keys_.isReady()) {
    return Error::of(ErrorCode::Unavailable, "there is no signing key yet");
  }
  int64_t now = journal_.now();
  json::Object who;
  if (grant.user != nullptr) {
    // Everything issued up to loggedOutAt is dead, so what is issued in that very second is of the
    // next one.
    now = std::max(now, grant.user->loggedOutAt + 1);
    who.set("n", grant.user->name);
    who.set("e", grant.user->email);
    who.set("p", static_cast<int>(grant.user->role));
    who.set("r", arrayOf(grant.user->groups));
  } else {
    who.set("n", grant.app.name);
    who.set("e", "");
    who.set("p", static_cast<int>(model::UserRole::User));
    who.set("r", json::Array());
  }
  const std::string random = newSecret().text.substr(0, 22);  // 132 bits
  json::Object claims;
  claims.set("iss", kIssuer);
  claims.set("iat", now);
  claims.set("exp", now + kLifeSeconds);
  claims.set("jti", grant.familyId.empty() ? random : grant.familyId + "." + random);
  claims.set("aud", grant.domain.domain);
  claims.set("sub", grant.user != nullptr ? grant.user->id : grant.app.id);
  claims.set("scope", arrayOf(grant.scopes));
  claims.set("client_id", grant.app.uid);
  if (!grant.sessionId.empty()) {
    claims.set("sid", grant.sessionId);
  }
  claims.set("u", std::move(who));
  auto token = signJwt(keys_.active(), JwtType::Access, claims);
  if (!token || token->size() > kMaxJwtBytes) {
    return Error::of(ErrorCode::Unavailable, "the token cannot be signed");
  }
  return Issued{std::move(*token), now};
}

Result<TokenFacts> AccessTokens::check(std::string_view text, const model::Domain& domain) const {
  auto opened = openJwt(text, JwtType::Access, keys_.all());
  if (!opened.ok()) {
    return std::move(opened).error();
  }
  BUSBAR_TRY(checkClaims(opened->claims, {kIssuer, domain.domain, journal_.now()}));
  TokenFacts facts = factsOf(opened->claims);
  BUSBAR_TRY(recheck(facts, domain));
  facts.user = site_.findUser(facts.subject);
  return facts;
}

Status AccessTokens::recheck(const TokenFacts& facts, const model::Domain& domain) const {
  if (facts.expiresAt <= journal_.now() - kJwtLeewaySeconds) {
    return refused("expired_token", "the token has expired");
  }
  const model::OauthApp* app = site_.findOauthAppByUid(domain.id, facts.clientId);
  if (app == nullptr || facts.jti.empty() || families_.isRevoked(facts.jti) ||
      (!facts.familyId.empty() && families_.find(facts.familyId) == nullptr)) {
    return refused("revoked_token", "the token was revoked");
  }
  if (facts.subject == app->id) {
    return {};
  }
  const model::User* user = site_.findUser(facts.subject);
  if (user == nullptr || user->deleted || site_.domainIdOf(*user) != domain.id) {
    return refused("unknown_user", "the user of the token is no more");
  }
  if (facts.issuedAt <= user->loggedOutAt) {
    return refused("logged_out", "logged out");
  }
  return {};
}

}  // namespace busbar::auth
