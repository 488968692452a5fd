// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/token_grant.h"

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "api/auth/base64url.h"
#include "api/auth/jwt.h"
#include "api/auth/oauth/client.h"
#include "api/auth/secret_token.h"

namespace busbar::oauth {
namespace {

bool hasScope(const TokenGrant& grant, std::string_view scope) {
  return std::find(grant.scopes.begin(), grant.scopes.end(), scope) != grant.scopes.end();
}

// OpenID Connect Core s. 2.
std::optional<std::string> makeIdToken(AuthParts& parts, const Exchange& exchange,
                                       const TokenGrant& grant, const model::User& user,
                                       const auth::AccessTokens::Issued& access) {
  json::Object claims;
  claims.set("iss", exchange.origin());
  claims.set("sub", user.id);
  claims.set("aud", grant.clientId);
  claims.set("iat", access.issuedAt);
  claims.set("exp", access.issuedAt + auth::AccessTokens::kLifeSeconds);
  claims.set("auth_time", grant.authTime);
  if (!grant.nonce.empty()) {
    claims.set("nonce", grant.nonce);
  }
  claims.set("at_hash", auth::encodeBase64Url(auth::sha256(access.token).substr(0, 16)));
  claims.set("email", user.email);
  claims.set("name", user.name);
  return auth::signJwt(parts.keys.active(), auth::JwtType::Id, claims);
}

}  // namespace

Result<json::Object> makeTokens(AuthParts& parts, const Exchange& exchange,
                                const TokenGrant& grant) {
  const model::Domain* domain = parts.site.findDomain(grant.domainId);
  const model::OauthApp* app =
      domain == nullptr ? nullptr : parts.site.findOauthAppByUid(domain->id, grant.clientId);
  const model::User* user = app == nullptr || grant.userId.empty()
                                ? nullptr
                                : findLivingUser(parts, grant.userId, *domain);
  if (app == nullptr || (user == nullptr && !grant.userId.empty())) {
    return Error::of(ErrorCode::InvalidArgument, "the user or the application is no more");
  }
  auto access =
      parts.tokens.issue({*domain, user, *app, grant.scopes, grant.familyId, grant.sessionId});
  if (!access.ok()) {
    return std::move(access).error();
  }
  json::Object body;
  body.set("access_token", access->token);
  body.set("token_type", "Bearer");
  body.set("expires_in", auth::AccessTokens::kLifeSeconds);
  if (!grant.refreshToken.empty()) {
    body.set("refresh_token", grant.refreshToken);
  }
  body.set("scope", joinScopes(grant.scopes));
  body.set("created_at", access->issuedAt);
  if (user != nullptr && hasScope(grant, "openid")) {
    const auto idToken = makeIdToken(parts, exchange, grant, *user, *access);
    if (!idToken) {
      return Error::of(ErrorCode::Unavailable, "the id token cannot be signed");
    }
    body.set("id_token", *idToken);
  }
  return body;
}

void giveTokens(AuthParts& parts, Exchange exchange, const TokenGrant& grant) {
  auto body = makeTokens(parts, exchange, grant);
  auto event = exchange.event(auth::AuthEvent::Kind::TokenIssued);
  event.userId = grant.userId;
  event.clientId = grant.clientId;
  event.domainId = grant.domainId;
  event.detail = grant.kind;
  if (!body.ok()) {
    event.kind = auth::AuthEvent::Kind::TokenRefused;
    parts.events.onAuthEvent(event);
    exchange.refuse(body.error());
    return;
  }
  parts.events.onAuthEvent(event);
  exchange.json(200, std::move(*body));
}

void openFamily(AuthParts& parts, TokenGrant grant, Callback<void(Result<TokenGrant>)> done) {
  TokenFamilyRecord family;
  family.id = parts.families.newId();
  family.clientId = grant.clientId;
  family.userId = grant.userId;
  family.domainId = grant.domainId;
  family.sessionId = grant.sessionId;
  family.scopes = grant.scopes;
  family.createdAt = parts.journal.now();
  family.authTime = grant.authTime;
  grant.familyId = family.id;
  std::vector<AuthWrite> writes;
  grant.refreshToken = parts.families.add(std::move(family), writes);
  auto kept = std::make_unique<TokenGrant>(std::move(grant));
  parts.journal.write(std::move(writes), [kept = std::move(kept),
                                          done = std::move(done)](const Status& written) mutable {
    done(written.ok() ? Result<TokenGrant>(std::move(*kept)) : Result<TokenGrant>(written.error()));
  });
}

}  // namespace busbar::oauth
