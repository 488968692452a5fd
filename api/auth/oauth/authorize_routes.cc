// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/authorize_routes.h"

#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "api/auth/oauth/client.h"
#include "api/auth/oauth/form.h"
#include "api/auth/oauth/same_origin.h"
#include "api/auth/oauth/token_grant.h"
#include "api/http/front/target.h"

namespace busbar::oauth {
namespace {

using auth::AuthEvent;
using http::Request;

constexpr const char* kDefaultLogin = "/login?continue={{url}}";
constexpr size_t kMaxStateBytes = 2000;
constexpr size_t kMaxNonceBytes = 256;

// A request whose application and redirect URI are known to be right: from here on errors go to the
// application.
struct Authorization {
  Exchange exchange;
  std::string domainId;
  std::string clientId;
  std::string redirectUri;
  std::string state;
  std::vector<std::string> scopes;
  std::string challenge;
  std::string nonce;
  bool isImplicit = false;
};
using AuthorizationPtr = std::unique_ptr<Authorization>;

using Pairs = std::vector<std::pair<std::string, std::string>>;

// 302 to the application, with `pairs`, state and iss (RFC 9207) in the query, or in the fragment
// for the implicit grant.
void sendBack(Authorization& asked, Pairs pairs) {
  if (!asked.state.empty()) {
    pairs.emplace_back("state", asked.state);
  }
  pairs.emplace_back("iss", asked.exchange.origin());
  std::string location = asked.redirectUri;
  char separator = '#';
  if (!asked.isImplicit) {
    separator = location.find('?') == std::string::npos ? '?' : '&';
  }
  for (const auto& [name, value] : pairs) {
    location.append(1, separator).append(name).append("=").append(http::encodeComponent(value));
    separator = '&';
  }
  asked.exchange.redirect(location);
}

void sendError(Authorization& asked, const char* error, std::string description) {
  sendBack(asked, {{"error", error}, {"error_description", std::move(description)}});
}

// What is wrong with the request apart from client and redirect URI; none: nothing.
std::optional<std::pair<const char*, const char*>> read(const Form& form,
                                                        const model::OauthApp& app,
                                                        Authorization& asked) {
  using Fault = std::pair<const char*, const char*>;
  const std::string type = form.query("response_type");
  if (type != "code" && type != "token") {
    return Fault("unsupported_response_type", "response_type must be code");
  }
  asked.isImplicit = type == "token";
  if (asked.isImplicit && !app.allowImplicitGrant) {
    return Fault("unauthorized_client", "the application does not allow the implicit grant");
  }
  auto scopes = readScopes(app, form.query("scope"));
  if (!scopes) {
    return Fault("invalid_scope", "the application does not have this scope");
  }
  asked.scopes = std::move(*scopes);
  asked.nonce = form.query("nonce");
  asked.challenge = form.query("code_challenge");
  if (asked.nonce.size() > kMaxNonceBytes) {
    return Fault("invalid_request", "nonce is too long");
  }
  if (asked.isImplicit) {
    return std::nullopt;
  }
  // Without a method, RFC 7636 means plain, which proves nothing.
  if (!asked.challenge.empty() &&
      (form.query("code_challenge_method") != "S256" || !auth::isChallenge(asked.challenge))) {
    return Fault("invalid_request", "code_challenge must be of method S256");
  }
  if (asked.challenge.empty() && !app.confidential) {
    return Fault("invalid_request", "code_challenge (PKCE, S256) is missing");
  }
  return std::nullopt;
}

void giveCode(AuthParts& parts, AuthorizationPtr asked, const SignedIn& who) {
  AuthorizationCodeRecord grant;
  grant.clientId = asked->clientId;
  grant.userId = who.user->id;
  grant.domainId = asked->domainId;
  grant.sessionId = who.session->id;
  grant.redirectUri = asked->redirectUri;
  grant.codeChallenge = asked->challenge;
  grant.scopes = asked->scopes;
  grant.nonce = asked->nonce;
  grant.authTime = who.session->createdAt;
  parts.codes.issue(std::move(grant), [asked = std::move(asked)](const Result<std::string>& code) {
    if (!code.ok()) {
      sendError(*asked, "temporarily_unavailable", code.error().message);
      return;
    }
    sendBack(*asked, {{"code", *code}});
  });
}

void giveToken(AuthParts& parts, AuthorizationPtr asked, const SignedIn& who) {
  AuthEvent event = asked->exchange.event(AuthEvent::Kind::LegacyUsed);
  event.userId = who.user->id;
  event.clientId = asked->clientId;
  event.domainId = asked->domainId;
  event.detail = "implicit_grant";
  parts.events.onAuthEvent(event);
  TokenGrant grant{"implicit",      asked->domainId,
                   asked->clientId, who.user->id,
                   asked->scopes,   {},
                   who.session->id, {},
                   asked->nonce,    who.session->createdAt};
  openFamily(parts, std::move(grant),
             [&parts, asked = std::move(asked)](Result<TokenGrant> opened) {
               if (!opened.ok()) {
                 sendError(*asked, "temporarily_unavailable", opened.error().message);
                 return;
               }
               opened->refreshToken.clear();  // RFC 6749 s. 4.2.2: never in a fragment
               const auto tokens = makeTokens(parts, asked->exchange, *opened);
               if (!tokens.ok()) {
                 sendError(*asked, "access_denied", tokens.error().message);
                 return;
               }
               sendBack(*asked, {{"access_token", *tokens->find("access_token")->asString()},
                                 {"token_type", "Bearer"},
                                 {"expires_in", std::to_string(auth::AccessTokens::kLifeSeconds)},
                                 {"scope", *tokens->find("scope")->asString()}});
             });
}

void authorize(AuthParts& parts, Request& request, http::Responder responder) {
  Exchange exchange(request, std::move(responder));
  const auto form = Form::readQuery(request);
  const model::Domain* domain = domainOf(parts, exchange.host());
  if (!form.ok() || domain == nullptr) {
    exchange.refuse("invalid_request", form.ok() ? "there is no domain yet" : form.error().message);
    return;
  }
  const model::OauthApp* app = parts.site.findOauthAppByUid(domain->id, form->query("client_id"));
  if (app == nullptr) {
    exchange.refuse("invalid_request", "client_id names no application of this domain");
    return;
  }
  // Compared byte for byte (RFC 9700 s. 2.1), and nobody is sent anywhere before it is.
  if (app->redirectUri.empty() || form->query("redirect_uri") != app->redirectUri) {
    exchange.refuse("invalid_request", "redirect_uri is not the one that is registered");
    return;
  }
  auto asked = std::make_unique<Authorization>(Authorization{std::move(exchange),
                                                             domain->id,
                                                             app->uid,
                                                             app->redirectUri,
                                                             form->query("state"),
                                                             {},
                                                             {},
                                                             {},
                                                             false});
  if (asked->state.size() > kMaxStateBytes) {
    asked->state.clear();
    sendError(*asked, "invalid_request", "state is too long");
    return;
  }
  if (const auto fault = read(*form, *app, *asked)) {
    sendError(*asked, fault->first, fault->second);
    return;
  }
  const SignedIn who = signedIn(parts, request, *domain);
  if (who.user == nullptr && form->query("prompt") == "none") {
    sendError(*asked, "login_required", "nobody is signed in");
  } else if (who.user == nullptr) {
    asked->exchange.redirect(loginLocation(
        *domain, std::string(request.path()) + "?" + std::string(request.target().rawQuery())));
  } else if (asked->isImplicit) {
    giveToken(parts, std::move(asked), who);
  } else {
    giveCode(parts, std::move(asked), who);
  }
}

}  // namespace

std::string loginLocation(const model::Domain& domain, std::string_view back) {
  constexpr std::string_view kPlace = "{{url}}";
  std::string location = domain.loginUrl;
  const bool isHttps = location.starts_with("https://");
  // The place-holder is the only part that need not be a plain URL.
  if (!isHttps && !samePath(location, "")) {
    location = kDefaultLogin;
  }
  const std::string value = http::encodeComponent(back);
  for (size_t at = location.find(kPlace); at != std::string::npos;
       at = location.find(kPlace, at + value.size())) {
    location.replace(at, kPlace.size(), value);
  }
  return location;
}

void addAuthorizeRoutes(http::Router& router, AuthParts& parts) {
  router.add(http::Method::Get, "/auth/oauth/authorize",
             auth::Access(auth::Permission::None, "auth"),
             [&parts](Request& request, http::Responder responder) {
               authorize(parts, request, std::move(responder));
             });
}

}  // namespace busbar::oauth
