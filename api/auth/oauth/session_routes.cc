// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/session_routes.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "api/auth/oauth/authorize_routes.h"
#include "api/auth/oauth/form.h"
#include "api/auth/oauth/same_origin.h"
#include "api/http/cookies.h"
#include "api/http/front/target.h"

namespace busbar::oauth {
namespace {

using auth::AuthEvent;
using http::Request;

constexpr const char* kVersion = "v2.0.0";  // what PlaceOS's client chooses its paths by
constexpr int64_t kMaxSessionMinutes = auth::Sessions::kAbsoluteSeconds / 60;

Error otherSite() {
  return Error::because(ErrorCode::PermissionDenied, "cross_site",
                        "this cannot be asked for by another site");
}

Error noDomain() {
  return Error::because(ErrorCode::NotFound, "no_domain", "there is no domain yet");
}

// Who a request's Authorization header stands for; null: nobody.
std::shared_ptr<const auth::Principal> principalOf(auth::Authenticator& authenticator,
                                                   const Request& request) {
  auth::Credentials credentials;
  credentials.authorization = request.header("Authorization").value_or(std::string_view());
  credentials.peerAddress = request.peerAddress();
  credentials.host = request.header("Host").value_or(std::string_view());
  if (credentials.authorization.empty()) {
    return nullptr;
  }
  return authenticator.authenticate(credentials).principal;
}

int64_t idleSecondsOf(const model::Domain& domain) {
  const auto internals = json::parse(domain.internals);
  const json::Value* minutes = internals.ok() ? internals->find("session_timeout") : nullptr;
  if (minutes == nullptr || minutes->asInt() == nullptr) {
    return auth::Sessions::kIdleSeconds;
  }
  return std::clamp<int64_t>(*minutes->asInt(), 1, kMaxSessionMinutes) * 60;
}

void authority(AuthParts& parts, auth::Authenticator& authenticator, Request& request,
               http::Responder responder) {
  Exchange exchange(request, std::move(responder));
  const model::Domain* domain = domainOf(parts, exchange.host());
  if (domain == nullptr) {
    exchange.fail(noDomain());
    return;
  }
  json::Array emailDomains;
  for (const std::string& each : domain->emailDomains) {
    emailDomains.emplace_back(each);
  }
  const auto config = json::parse(domain->config);
  json::Object body;
  body.set("id", domain->id);
  body.set("name", domain->name);
  body.set("description", domain->description);
  body.set("domain", domain->domain);
  body.set("login_url", domain->loginUrl);
  body.set("logout_url", domain->logoutUrl);
  body.set("config", config.ok() ? *config : json::Value(json::Object()));
  body.set("email_domains", std::move(emailDomains));
  body.set("updated_at", domain->updatedAt);
  body.set("version", kVersion);
  body.set("session", signedIn(parts, request, *domain).user != nullptr);
  body.set("token_valid", principalOf(authenticator, request) != nullptr);
  body.set("production", true);
  exchange.json(200, std::move(body));
}

// A sign-in on its way.
struct SignInRequest {
  Exchange exchange;
  std::string domainId;
  bool hasContinue = false;
  std::string next;  // where to go afterwards; a path of this origin

  // Back to the form when the browser sent one, with a word that tells the page what to say.
  void refuse(const Error& error, int retryAfterSeconds) {
    if (!hasContinue) {
      exchange.fail(error, retryAfterSeconds);
      return;
    }
    const char* why = error.code == ErrorCode::Unauthenticated     ? "wrong"
                      : error.code == ErrorCode::ResourceExhausted ? "wait"
                                                                   : "away";
    exchange.redirect(std::string("/login?error=") + why +
                      "&continue=" + http::encodeComponent(next));
  }
};
using SignInPtr = std::unique_ptr<SignInRequest>;

void openSession(AuthParts& parts, SignInPtr asked, const std::string& userId) {
  const model::Domain* domain = parts.site.findDomain(asked->domainId);
  const model::User* user = domain == nullptr ? nullptr : findLivingUser(parts, userId, *domain);
  if (user == nullptr) {
    asked->refuse(Error::because(ErrorCode::Unauthenticated, "wrong_credentials",
                                 "the name or the password is wrong"),
                  0);
    return;
  }
  auth::Sessions::NewSession session;
  session.userId = user->id;
  session.domainId = domain->id;
  session.address = asked->exchange.address();
  session.notBefore = user->loggedOutAt + 1;
  session.idleSeconds = idleSecondsOf(*domain);
  parts.sessions.open(std::move(session), [&parts, asked = std::move(asked),
                                           userId](const Result<auth::Sessions::Opened>& opened) {
    if (!opened.ok()) {
      asked->refuse(opened.error(), 1);
      return;
    }
    http::Response response =
        asked->hasContinue ? Exchange::redirection(asked->next) : http::Response(202);
    const bool isTls = asked->exchange.isTls();
    http::setCookie(response, kSessionCookie, opened->cookie, isTls,
                    auth::Sessions::kAbsoluteSeconds);
    if (parts.devices.find(asked->exchange.deviceCookie(), userId).empty()) {
      http::setCookie(response, kDeviceCookie, parts.devices.add(userId), isTls,
                      auth::KnownDevices::kLifeSeconds);
    }
    asked->exchange.send(std::move(response));
  });
}

void signIn(AuthParts& parts, auth::Authenticator&, Request& request, http::Responder responder) {
  auto asked = std::make_unique<SignInRequest>(
      SignInRequest{{request, std::move(responder)}, {}, false, {}});
  Exchange& exchange = asked->exchange;
  if (isCrossSite(request)) {
    exchange.fail(otherSite());
    return;
  }
  const auto form = Form::read(request);
  const model::Domain* domain = domainOf(parts, exchange.host());
  if (!form.ok() || domain == nullptr) {
    exchange.fail(form.ok() ? noDomain() : form.error());
    return;
  }
  // A password in a query would stand in logs and histories.
  if (!form->query("password").empty() || form->body("email").empty()) {
    exchange.fail(Error::at(ErrorCode::InvalidArgument, "email",
                            "email and password belong into the body, as a form"));
    return;
  }
  const std::string next = form->get("continue");
  asked->hasContinue = !next.empty();
  asked->next = samePath(next, exchange.host()).value_or("/");
  asked->domainId = domain->id;
  AuthEvent event = exchange.event(AuthEvent::Kind::SignedIn);
  event.detail = "session";
  PasswordSignIn::Attempt attempt{domain->id, form->body("email"), form->body("password"),
                                  exchange.deviceCookie(), std::move(event)};
  parts.signIn.run(std::move(attempt),
                   [&parts, asked = std::move(asked)](Result<std::string> userId,
                                                      int retryAfterSeconds) mutable {
                     if (userId.ok()) {
                       openSession(parts, std::move(asked), *userId);
                     } else {
                       asked->refuse(userId.error(), retryAfterSeconds);
                     }
                   });
}

void login(AuthParts& parts, auth::Authenticator&, Request& request, http::Responder responder) {
  Exchange exchange(request, std::move(responder));
  const model::Domain* domain = domainOf(parts, exchange.host());
  if (domain == nullptr) {
    exchange.fail(noDomain());
    return;
  }
  if (request.query("provider") || request.query("id")) {
    exchange.fail(Error::because(ErrorCode::NotFound, "no_such_provider",
                                 "there is no sign-in with another provider"));
    return;
  }
  const auto next = samePath(request.query("continue").value_or("/"), exchange.host());
  exchange.redirect(loginLocation(*domain, next.value_or("/")));
}

// Everything that the user holds ends: sessions, tokens, codes for tokens, and by `logged_out_at`
// whatever else was issued up to now.
void endEverything(AuthParts& parts, const std::string& userId, std::string traceId,
                   Callback<void(Status)> done) {
  std::vector<AuthWrite> writes = parts.sessions.endAllOf(userId);
  for (AuthWrite& write : parts.families.endAllOf(userId)) {
    writes.push_back(std::move(write));
  }
  for (AuthWrite& write : parts.codes.endAllOf(userId)) {
    writes.push_back(std::move(write));
  }
  parts.journal.countRevocation();
  parts.journal.write(std::move(writes), [&parts, userId, traceId = std::move(traceId),
                                          done = std::move(done)](const Status& written) mutable {
    if (!written.ok()) {
      done(written.error());
      return;
    }
    const int64_t now = parts.journal.now();
    parts.users.run(
        userId, {userId, std::move(traceId)},
        [now](model::User& user) {
          user.loggedOutAt = std::max(user.loggedOutAt, now);
          return true;
        },
        std::move(done));
  });
}

void logout(AuthParts& parts, auth::Authenticator& authenticator, Request& request,
            http::Responder responder) {
  auto exchange = std::make_unique<Exchange>(request, std::move(responder));
  const model::Domain* domain = domainOf(parts, exchange->host());
  if (domain == nullptr || isCrossSite(request)) {
    exchange->fail(domain == nullptr ? noDomain() : otherSite());
    return;
  }
  std::string userId;
  if (const SignedIn who = signedIn(parts, request, *domain); who.user != nullptr) {
    userId = who.user->id;
  } else if (const auto principal = principalOf(authenticator, request);
             principal != nullptr && parts.site.findUser(principal->userId) != nullptr) {
    userId = principal->userId;
  }
  std::string next = domain->logoutUrl;
  if (next == request.path() || !samePath(next, exchange->host())) {
    next = "/login";  // the domain names this very route, which is the default
  }
  next = samePath(request.query("continue").value_or(std::string_view()), exchange->host())
             .value_or(next);
  http::Response response = Exchange::redirection(next);
  http::setCookie(response, kSessionCookie, "", exchange->isTls(), 0);
  if (userId.empty()) {
    exchange->send(std::move(response));
    return;
  }
  AuthEvent event = exchange->event(AuthEvent::Kind::SignedOut);
  event.userId = userId;
  event.domainId = domain->id;
  parts.events.onAuthEvent(event);
  endEverything(parts, userId, event.traceId,
                [exchange = std::move(exchange),
                 response = std::move(response)](const Status& ended) mutable {
                  if (ended.ok() || ended.error().code == ErrorCode::NotFound) {
                    exchange->send(std::move(response));
                  } else {
                    exchange->fail(ended.error());
                  }
                });
}

}  // namespace

void addSessionRoutes(http::Router& router, AuthParts& parts, auth::Authenticator& authenticator) {
  const auto add = [&](http::Method method, const char* path, auto action) {
    http::RouteOptions options;
    options.bodyLimitBytes = Form::kMaxBodyBytes;
    router.add(
        method, path, auth::Access(auth::Permission::None, "auth"),
        [&parts, &authenticator, action](Request& request, http::Responder responder) {
          action(parts, authenticator, request, std::move(responder));
        },
        options);
  };
  add(http::Method::Get, "/auth/authority", authority);
  add(http::Method::Post, "/auth/signin", signIn);
  add(http::Method::Get, "/auth/login", login);
  add(http::Method::Get, "/auth/logout", logout);
}

}  // namespace busbar::oauth
