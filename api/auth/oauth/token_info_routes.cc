// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/token_info_routes.h"

#include <algorithm>
#include <utility>

#include "api/auth/authenticator.h"
#include "api/auth/oauth/client.h"
#include "api/auth/oauth/form.h"

namespace busbar::oauth {
namespace {

using http::Request;

json::Object describeAccess(const auth::TokenFacts& facts) {
  json::Object body;
  body.set("active", true);
  body.set("scope", joinScopes(facts.scopes));
  body.set("client_id", facts.clientId);
  if (facts.user != nullptr) {
    body.set("username", facts.user->email);
  }
  body.set("token_type", "Bearer");
  body.set("exp", facts.expiresAt);
  body.set("iat", facts.issuedAt);
  body.set("sub", facts.subject);
  body.set("iss", auth::AccessTokens::kIssuer);
  body.set("jti", facts.jti);
  return body;
}

json::Object describeFamily(const TokenFamilyRecord& family) {
  json::Object body;
  body.set("active", true);
  body.set("scope", joinScopes(family.scopes));
  body.set("client_id", family.clientId);
  body.set("exp", family.expiresAt);
  body.set("iat", family.createdAt);
  body.set("sub", family.userId);
  return body;
}

void introspect(AuthParts& parts, Request& request, http::Responder responder) {
  Exchange exchange(request, std::move(responder));
  const auto form = Form::read(request);
  const model::Domain* domain = domainOf(parts, exchange.host());
  if (!form.ok() || domain == nullptr) {
    exchange.refuse("invalid_request", form.ok() ? "there is no domain yet" : form.error().message);
    return;
  }
  const auto client = readClient(
      parts.site, *domain, request.header("Authorization").value_or(std::string_view()), *form);
  if (!client.ok() || !client->isAuthenticated) {
    const bool isMissing = !client.ok() && client.error().code == ErrorCode::NotFound;
    exchange.refuse(isMissing ? "invalid_request" : "invalid_client",
                    "only an application that shows its secret may ask");
    return;
  }
  const std::string token = form->get("token");
  if (const auto facts = parts.tokens.check(token, *domain); facts.ok()) {
    json::Object body = describeAccess(*facts);
    body.set("aud", domain->domain);
    exchange.json(200, std::move(body));
    return;
  }
  const TokenFamilyRecord* family = parts.families.ofRefreshToken(token);
  // A refresh token is a matter of its own application alone (RFC 7662 s. 2.2).
  if (family != nullptr && family->clientId == client->app->uid && family->domainId == domain->id &&
      parts.families.isPresent(*family, token)) {
    exchange.json(200, describeFamily(*family));
    return;
  }
  json::Object body;
  body.set("active", false);
  exchange.json(200, std::move(body));
}

void userInfo(AuthParts& parts, Request& request, http::Responder responder) {
  Exchange exchange(request, std::move(responder));
  const model::User* user = parts.site.findUser(request.principal().userId);
  if (user == nullptr) {
    exchange.fail(
        Error::because(ErrorCode::NotFound, "no_user", "this credential belongs to no user"));
    return;
  }
  json::Object body;
  body.set("sub", user->id);
  const auto set = [&body](const char* name, const std::string& value) {
    if (!value.empty()) {
      body.set(name, value);
    }
  };
  set("name", user->name);
  set("full_name", user->name);
  set("email", user->email);
  set("given_name", user->firstName);
  set("family_name", user->lastName);
  set("nickname", user->nickname);
  set("phone_number", user->phone);
  set("preferred_username", user->loginName.empty() ? user->email : user->loginName);
  exchange.json(200, std::move(body));
}

void tokenInfo(AuthParts& parts, Request& request, http::Responder responder) {
  Exchange exchange(request, std::move(responder));
  auth::Credentials credentials;
  credentials.authorization = request.header("Authorization").value_or(std::string_view());
  const model::Domain* domain = domainOf(parts, exchange.host());
  const auto facts = domain == nullptr
                         ? Result<auth::TokenFacts>(Error::of(ErrorCode::Unauthenticated, ""))
                         : parts.tokens.check(credentials.token(), *domain);
  if (!facts.ok()) {
    exchange.fail(
        Error::because(ErrorCode::NotFound, "no_token", "this credential is no access token"));
    return;
  }
  json::Array scope;
  for (const std::string& each : facts->scopes) {
    scope.emplace_back(each);
  }
  json::Object application;
  application.set("uid", facts->clientId);
  json::Object body;
  body.set("resource_owner_id",
           facts->user == nullptr ? json::Value() : json::Value(facts->subject));
  body.set("scope", std::move(scope));
  body.set("expires_in", std::max<int64_t>(facts->expiresAt - parts.journal.now(), 0));
  body.set("application", std::move(application));
  body.set("created_at", facts->issuedAt);
  exchange.json(200, std::move(body));
}

}  // namespace

void addTokenInfoRoutes(http::Router& router, AuthParts& parts) {
  const auto add = [&](http::Method method, const char* path, auth::Access access, auto action) {
    http::RouteOptions options;
    options.bodyLimitBytes = Form::kMaxBodyBytes;
    router.add(
        method, path, access,
        [&parts, action](Request& request, http::Responder responder) {
          action(parts, request, std::move(responder));
        },
        options);
  };
  const auth::Access open(auth::Permission::None, "auth");
  const auth::Access person(auth::Permission::User, "openid");
  add(http::Method::Post, "/auth/oauth/introspect", open, introspect);
  add(http::Method::Get, "/auth/oauth/token/info", person, tokenInfo);
  add(http::Method::Get, "/auth/oauth/userinfo", person, userInfo);
  add(http::Method::Post, "/auth/oauth/userinfo", person, userInfo);
}

}  // namespace busbar::oauth
