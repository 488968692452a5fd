// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/token_routes.h"

#include <memory>
#include <utility>

#include "api/auth/jwt.h"
#include "api/auth/oauth/client.h"
#include "api/auth/oauth/form.h"
#include "api/auth/oauth/token_grant.h"

namespace busbar::oauth {
namespace {

using auth::AuthEvent;
using http::Request;
using Kind = AuthEvent::Kind;

// A token request on its way. Held by one owner at a time.
struct Asked {
  Exchange exchange;
  Form form;
  std::string domainId;
  std::string clientId;
  bool isAuthenticated = false;

  AuthEvent event(Kind kind, std::string detail) const {
    AuthEvent event = exchange.event(kind);
    event.clientId = clientId;
    event.domainId = domainId;
    event.detail = std::move(detail);
    return event;
  }
};
using AskedPtr = std::unique_ptr<Asked>;

const model::OauthApp* appOf(const AuthParts& parts, const Asked& asked) {
  return parts.site.findOauthAppByUid(asked.domainId, asked.clientId);
}

// Reuse is told as such; all else is a refusal.
void refuseGrant(AuthParts& parts, Asked& asked, const Error& error) {
  const bool isReuse = error.reason == "reused_code" || error.reason == "reused_refresh_token";
  parts.events.onAuthEvent(asked.event(isReuse ? Kind::Reused : Kind::TokenRefused, error.reason));
  asked.exchange.refuse(error);
}

void redeemCode(AuthParts& parts, AskedPtr asked) {
  auth::AuthorizationCodes::Shown shown{asked->form.get("code"), asked->clientId,
                                        asked->form.get("redirect_uri"),
                                        asked->form.get("code_verifier")};
  if (shown.code.empty()) {
    asked->exchange.refuse("invalid_request", "code is missing");
    return;
  }
  parts.codes.redeem(shown, [&parts, asked = std::move(asked)](
                                Result<auth::AuthorizationCodes::Redeemed> redeemed) {
    if (!redeemed.ok()) {
      refuseGrant(parts, *asked, redeemed.error());
      return;
    }
    const AuthorizationCodeRecord& code = redeemed->grant;
    giveTokens(parts, std::move(asked->exchange),
               {"authorization_code", code.domainId, code.clientId, code.userId, code.scopes,
                code.familyId, code.sessionId, redeemed->refreshToken, code.nonce, code.authTime});
  });
}

void refresh(AuthParts& parts, AskedPtr asked) {
  const std::string token = asked->form.get("refresh_token");
  const std::string clientId = asked->clientId;
  // Before anything is used up.
  const TokenFamilyRecord* known = parts.families.ofRefreshToken(token);
  if (known != nullptr && known->domainId != asked->domainId) {
    refuseGrant(parts, *asked,
                Error::because(ErrorCode::InvalidArgument, "other_domain",
                               "the refresh token is for another domain"));
    return;
  }
  parts.families.refresh(
      token, clientId,
      [&parts, asked = std::move(asked)](Result<auth::TokenFamilies::Refreshed> refreshed) {
        if (!refreshed.ok()) {
          refuseGrant(parts, *asked, refreshed.error());
          return;
        }
        const TokenFamilyRecord& family = refreshed->family;
        giveTokens(parts, std::move(asked->exchange),
                   {"refresh_token",
                    family.domainId,
                    family.clientId,
                    family.userId,
                    family.scopes,
                    family.id,
                    family.sessionId,
                    refreshed->refreshToken,
                    {},
                    family.authTime});
      });
}

void clientCredentials(AuthParts& parts, AskedPtr asked) {
  const model::OauthApp* app = appOf(parts, *asked);
  if (!app->confidential || !asked->isAuthenticated) {
    asked->exchange.refuse("unauthorized_client", "only a confidential application may do this");
    return;
  }
  auto scopes = readScopes(*app, asked->form.get("scope"));
  if (!scopes) {
    asked->exchange.refuse("invalid_scope", "the application does not have this scope");
    return;
  }
  giveTokens(parts, std::move(asked->exchange),
             {"client_credentials",
              asked->domainId,
              asked->clientId,
              {},
              std::move(*scopes),
              {},
              {},
              {},
              {},
              0});
}

void password(AuthParts& parts, AskedPtr asked) {
  const model::OauthApp* app = appOf(parts, *asked);
  if (!app->allowPasswordGrant) {
    asked->exchange.refuse("unauthorized_client",
                           "the application does not allow the password grant");
    return;
  }
  auto scopes = readScopes(*app, asked->form.get("scope"));
  if (!scopes) {
    asked->exchange.refuse("invalid_scope", "the application does not have this scope");
    return;
  }
  parts.events.onAuthEvent(asked->event(Kind::LegacyUsed, "password_grant"));
  PasswordSignIn::Attempt attempt{asked->domainId, asked->form.get("username"),
                                  asked->form.get("password"), asked->exchange.deviceCookie(),
                                  asked->event(Kind::SignedIn, "password_grant")};
  parts.signIn.run(
      std::move(attempt), [&parts, asked = std::move(asked), scopes = std::move(*scopes)](
                              Result<std::string> userId, int retryAfterSeconds) mutable {
        if (!userId.ok() && userId.error().code != ErrorCode::Unauthenticated) {
          asked->exchange.refuse(userId.error(), retryAfterSeconds);
          return;
        }
        if (!userId.ok()) {
          asked->exchange.refuse("invalid_grant", userId.error().message);
          return;
        }
        TokenGrant grant{
            "password", asked->domainId,    asked->clientId, *userId, std::move(scopes), {}, {}, {},
            {},         parts.journal.now()};
        openFamily(parts, std::move(grant),
                   [&parts, asked = std::move(asked)](Result<TokenGrant> opened) {
                     if (!opened.ok()) {
                       asked->exchange.refuse(opened.error());
                       return;
                     }
                     giveTokens(parts, std::move(asked->exchange), *opened);
                   });
      });
}

// Ends what `token` is part of: its family, or the token alone when it has none. Whoever holds a
// token may end it. Answers 200 also for what is no token (RFC 7009 s. 2.2).
void endToken(AuthParts& parts, Exchange exchange, const model::Domain& domain,
              const std::string& token, const std::string& clientId) {
  std::vector<AuthWrite> writes;
  AuthEvent event = exchange.event(Kind::TokenRevoked);
  event.domainId = domain.id;
  const TokenFamilyRecord* family = parts.families.ofRefreshToken(token);
  if (family != nullptr && (clientId.empty() || family->clientId == clientId)) {
    // Also by a token that was used before: it is a sign of trouble and never good again.
    event.userId = family->userId;
    event.clientId = family->clientId;
    writes = parts.families.end(std::string(family->id));
  } else if (const auto facts = parts.tokens.check(token, domain);
             facts.ok() && (clientId.empty() || facts->clientId == clientId)) {
    event.userId = facts->user == nullptr ? std::string() : facts->user->id;
    event.clientId = facts->clientId;
    writes = facts->familyId.empty()
                 ? parts.families.revoke(facts->jti, facts->expiresAt + auth::kJwtLeewaySeconds)
                 : parts.families.end(facts->familyId);
  }
  if (writes.empty()) {
    exchange.json(200, json::Object());
    return;
  }
  parts.events.onAuthEvent(event);
  auto held = std::make_unique<Exchange>(std::move(exchange));
  parts.journal.write(std::move(writes), [held = std::move(held)](const Status& written) {
    if (written.ok()) {
      held->json(200, json::Object());
    } else {
      held->refuse(written.error());
    }
  });
}

// Answers itself when there is no client that may ask.
bool identify(AuthParts& parts, const Request& request, const model::Domain& domain, Asked& asked) {
  const auto client = readClient(
      parts.site, domain, request.header("Authorization").value_or(std::string_view()), asked.form);
  if (!client.ok()) {
    const ErrorCode code = client.error().code;
    asked.exchange.refuse(code == ErrorCode::Unauthenticated ? "invalid_client" : "invalid_request",
                          client.error().message);
    return false;
  }
  asked.domainId = domain.id;
  asked.clientId = client->app->uid;
  asked.isAuthenticated = client->isAuthenticated;
  if (!asked.form.hasGrantInQuery()) {
    return true;
  }
  if (!client->app->allowQueryParameters) {
    asked.exchange.refuse("invalid_request", "parameters of a grant belong into the body");
    return false;
  }
  parts.events.onAuthEvent(asked.event(Kind::LegacyUsed, "query_parameters"));
  return true;
}

void token(AuthParts& parts, Request& request, http::Responder responder) {
  Exchange exchange(request, std::move(responder));
  auto form = Form::read(request);
  const model::Domain* domain = domainOf(parts, exchange.host());
  if (!form.ok() || domain == nullptr) {
    exchange.refuse("invalid_request", form.ok() ? "there is no domain yet" : form.error().message);
    return;
  }
  const std::string kind = form->get("grant_type");
  if (kind.empty() && !form->get("token").empty()) {
    // How PlaceOS's client revokes its token.
    endToken(parts, std::move(exchange), *domain, form->get("token"), {});
    return;
  }
  auto asked = std::make_unique<Asked>(Asked{std::move(exchange), std::move(*form), {}, {}, false});
  if (!identify(parts, request, *domain, *asked)) {
    return;
  }
  if (kind == "authorization_code") {
    redeemCode(parts, std::move(asked));
  } else if (kind == "refresh_token") {
    refresh(parts, std::move(asked));
  } else if (kind == "client_credentials") {
    clientCredentials(parts, std::move(asked));
  } else if (kind == "password") {
    password(parts, std::move(asked));
  } else if (kind.empty()) {
    asked->exchange.refuse("invalid_request", "grant_type is missing");
  } else {
    asked->exchange.refuse("unsupported_grant_type", "this grant is not known here");
  }
}

void revoke(AuthParts& parts, Request& request, http::Responder responder) {
  Exchange exchange(request, std::move(responder));
  auto form = Form::read(request);
  const model::Domain* domain = domainOf(parts, exchange.host());
  if (!form.ok() || domain == nullptr || form->get("token").empty()) {
    exchange.refuse("invalid_request", form.ok() ? "token is missing" : form.error().message);
    return;
  }
  const auto client = readClient(
      parts.site, *domain, request.header("Authorization").value_or(std::string_view()), *form);
  // A client that does not say who it is holds the token at least.
  if (!client.ok() && client.error().code != ErrorCode::NotFound) {
    exchange.refuse("invalid_client", client.error().message);
    return;
  }
  endToken(parts, std::move(exchange), *domain, form->get("token"),
           client.ok() ? client->app->uid : std::string());
}

}  // namespace

void addTokenRoutes(http::Router& router, AuthParts& parts) {
  const auto add = [&](const char* path, auto action) {
    http::RouteOptions options;
    options.bodyLimitBytes = Form::kMaxBodyBytes;
    router.add(
        http::Method::Post, path, auth::Access(auth::Permission::None, "auth"),
        [&parts, action](Request& request, http::Responder responder) {
          action(parts, request, std::move(responder));
        },
        options);
  };
  add("/auth/oauth/token", token);
  add("/auth/token", token);
  add("/auth/oauth/revoke", revoke);
}

}  // namespace busbar::oauth
