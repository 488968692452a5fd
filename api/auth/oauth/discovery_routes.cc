// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/discovery_routes.h"

#include <initializer_list>
#include <memory>
#include <utility>

namespace busbar::oauth {
namespace {

using http::Request;

json::Array listOf(std::initializer_list<const char*> texts) {
  json::Array out;
  for (const char* text : texts) {
    out.emplace_back(text);
  }
  return out;
}

json::Object metadata(const Exchange& exchange) {
  const std::string origin = exchange.origin();
  json::Object body;
  body.set("issuer", origin);
  body.set("authorization_endpoint", origin + "/auth/oauth/authorize");
  body.set("token_endpoint", origin + "/auth/oauth/token");
  body.set("revocation_endpoint", origin + "/auth/oauth/revoke");
  body.set("introspection_endpoint", origin + "/auth/oauth/introspect");
  body.set("userinfo_endpoint", origin + "/auth/oauth/userinfo");
  body.set("jwks_uri", origin + "/auth/oauth/discovery/keys");
  body.set("scopes_supported", listOf({"openid", "profile", "email", "public"}));
  body.set("response_types_supported", listOf({"code", "token"}));
  body.set("response_modes_supported", listOf({"query", "fragment"}));
  body.set("grant_types_supported", listOf({"authorization_code", "refresh_token",
                                            "client_credentials", "password", "implicit"}));
  body.set("code_challenge_methods_supported", listOf({"S256"}));
  for (const char* endpoint : {"token", "revocation", "introspection"}) {
    body.set(std::string(endpoint) + "_endpoint_auth_methods_supported",
             listOf({"client_secret_basic", "client_secret_post", "none"}));
  }
  body.set("introspection_endpoint_auth_methods_supported",
           listOf({"client_secret_basic", "client_secret_post"}));
  body.set("subject_types_supported", listOf({"public"}));
  body.set("id_token_signing_alg_values_supported", listOf({"RS256"}));
  body.set("claims_supported",
           listOf({"iss", "sub", "aud", "exp", "iat", "auth_time", "nonce", "at_hash", "email",
                   "name", "full_name", "given_name", "family_name", "nickname", "phone_number",
                   "preferred_username"}));
  body.set("authorization_response_iss_parameter_supported", true);
  return body;
}

void configuration(AuthParts&, Request& request, http::Responder responder) {
  Exchange exchange(request, std::move(responder));
  json::Object body = metadata(exchange);
  exchange.json(200, std::move(body));
}

void publicKeys(AuthParts& parts, Request& request, http::Responder responder) {
  Exchange(request, std::move(responder)).json(200, parts.keys.jwks());
}

void rotate(AuthParts& parts, Request& request, http::Responder responder) {
  auto exchange = std::make_unique<Exchange>(request, std::move(responder));
  auth::AuthEvent event = exchange->event(auth::AuthEvent::Kind::KeyRotated);
  event.userId = request.principal().userId;
  parts.keys.rotate([&parts, exchange = std::move(exchange),
                     event = std::move(event)](const Result<std::string>& id) mutable {
    if (!id.ok()) {
      exchange->fail(id.error());
      return;
    }
    event.detail = *id;
    parts.events.onAuthEvent(event);
    json::Object body;
    body.set("id", *id);
    exchange->json(201, std::move(body));
  });
}

}  // namespace

void addDiscoveryRoutes(http::Router& router, AuthParts& parts) {
  const auto add = [&](http::Method method, const char* path, auth::Access access, auto action) {
    router.add(method, path, access, [&parts, action](Request& request, http::Responder responder) {
      action(parts, request, std::move(responder));
    });
  };
  const auth::Access open(auth::Permission::None, "auth");
  add(http::Method::Get, "/.well-known/openid-configuration", open, configuration);
  add(http::Method::Get, "/.well-known/oauth-authorization-server", open, configuration);
  add(http::Method::Get, "/auth/oauth/discovery/keys", open, publicKeys);
  add(http::Method::Post, "/api/busbar/v1/signing_keys",
      auth::Access(auth::Permission::Admin, "signing_keys"), rotate);
}

}  // namespace busbar::oauth
