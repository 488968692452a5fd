// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/auth/api_key_authenticator.h"
#include "api/auth/argon2_hasher.h"
#include "api/auth/oauth/auth_service.h"
#include "api/auth/oauth/form.h"
#include "api/auth/secret_token.h"
#include "api/http/front/target.h"
#include "tests/support/auth_data.h"
#include "tests/support/await.h"
#include "tests/support/fake_auth_store.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_config_store.h"
#include "tests/support/openapi_description.h"
#include "tests/support/recording_sink.h"

namespace busbar {

// Signing in as a whole, over stores in memory and without sockets: two domains, users, and an
// application of each kind.
class OauthFixture : public testing::Test {
 protected:
  static constexpr const char* kPassword = "blue tractor 1962";
  static constexpr const char* kHost = "busbar.test";
  static constexpr const char* kVerifier = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
  static constexpr const char* kChallenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

  struct Answer {
    int status = 0;
    json::Value body;
    std::string text;
    std::string location;
    std::map<std::string, std::string> cookies;  // name -> value and attributes
    http::Response response{0};
    std::string member(std::string_view name) const {
      const json::Value* value = body.find(name);
      return value == nullptr || value->asString() == nullptr ? std::string() : *value->asString();
    }
    // Of the query or fragment of the location.
    std::string parameter(const std::string& name) const {
      http::Target target;
      const size_t at = location.find_first_of("?#");
      if (at == std::string::npos || !target.parse("/?" + location.substr(at + 1)).ok()) {
        return {};
      }
      return std::string(target.query(name).value_or(std::string_view()));
    }
    std::string cookie(const std::string& name) const {
      const auto it = cookies.find(name);
      return it == cookies.end() ? std::string() : it->second.substr(0, it->second.find(';'));
    }
  };

  struct Ask {
    std::string body = {};
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string host = kHost;
    std::string address = "192.0.2.1";
    bool isTls = true;
  };

  // `cost`: of a password that is looked at.
  explicit OauthFixture(auth::Argon2Hasher::Cost cost = kCost) : cost_(cost) {
    EXPECT_TRUE(await<void>(*loop_, [this](Callback<void(Status)> done) {
                  site_.follow(store_, Instant::max(), std::move(done));
                }).ok());
    domain_ = addDomain(kHost);
    other_ = addDomain("other.test");
    ada_ = addUser(domain_.id, "ada@busbar.test", model::UserRole::Support);
    bob_ = addUser(other_.id, "bob@other.test", model::UserRole::User);
    publicApp_ = addApp("https://app.test/back", [](model::OauthApp&) {});
    legacyApp_ = addApp("https://legacy.test/", [](model::OauthApp& app) {
      app.allowPasswordGrant = app.allowImplicitGrant = app.allowQueryParameters = true;
    });
    confidentialApp_ = addApp("https://server.test/cb?x=1", [](model::OauthApp& app) {
      app.confidential = true;
      app.secretHash = auth::hashSecret("the-secret");
      app.scopes = "systems modules.read";
    });
    service_.addRoutes(router_);
    router_.add(
        http::Method::Get, "/probe", auth::Access(auth::Permission::User, "systems"),
        [](http::Request& request, http::Responder responder) {
          responder.send(http::Response::json(200, json::Value(request.principal().userId)));
        });
    EXPECT_TRUE(await<void>(*loop_, [this](Callback<void(Status)> done) {
                  service_.start(std::move(done));
                }).ok());
  }

  model::Domain addDomain(const std::string& host) {
    model::Domain domain;
    domain.id = ids_.next(model::Table::Domain);
    domain.name = host;
    domain.domain = host;
    put(domain);
    return domain;
  }

  model::User addUser(const std::string& domainId, const std::string& email, model::UserRole role,
                      const std::string& password = kPassword) {
    model::User user;
    user.id = ids_.next(model::Table::User);
    user.domainId = domainId;
    user.name = email.substr(0, email.find('@'));
    user.email = email;
    user.role = role;
    user.passwordHash = auth::hashPassword(password, kCost).value();
    put(user);
    return user;
  }

  template <class F>
  model::OauthApp addApp(const std::string& redirectUri, F change) {
    model::OauthApp app;
    app.id = ids_.next(model::Table::OauthApp);
    app.ownerId = domain_.id;
    app.name = redirectUri;
    app.redirectUri = redirectUri;
    app.uid = auth::hashSecret(redirectUri).substr(0, 32);
    change(app);
    put(app);
    return app;
  }

  void write(ConfigWrite::Kind kind, model::Record record) {
    auto done = await<std::vector<ConfigChange>>(*loop_, [&](auto finished) {
      store_.apply({{kind, std::move(record)}}, {}, Instant::max(), std::move(finished));
    });
    ASSERT_TRUE(done.ok()) << done.error().message << done.error().field;
  }
  void put(model::Record record) { write(ConfigWrite::Kind::Insert, std::move(record)); }
  // Changes the row as it is now.
  template <class F>
  void changeUser(const std::string& id, F change) {
    model::User user = *site_.findUser(id);
    change(user);
    write(ConfigWrite::Kind::Update, user);
  }

  // Tests have routes of their own beside those of the service.
  static bool isOfService(std::string_view target) {
    return target.starts_with("/auth/") || target.starts_with("/api/") ||
           target.starts_with("/login") || target.starts_with("/.well-known/");
  }

  Answer call(std::string_view method, std::string_view target, const Ask& ask) {
    http::Request request;
    EXPECT_TRUE(request.setLine(method, target, true).ok()) << target;
    request.addHeader("Host", ask.host);
    for (const auto& [name, value] : ask.headers) {
      request.addHeader(name, value);
    }
    http::Peer peer;
    peer.address = ask.address;
    peer.isTls = ask.isTls;
    request.setPeer(peer);
    request.setIds("request-1", trace_.begin(), false);
    RecordedExchange exchange;
    exchange.send(router_, request, ask.body);
    runUntil(*loop_, [&] { return exchange.sink().answers > 0; });
    Answer answer = take(exchange);
    if (isOfService(target)) {
      expectDescribed(method, target, ask.body, answer.response);
    }
    return answer;
  }
  Answer get(std::string_view target,
             std::vector<std::pair<std::string, std::string>> headers = {}) {
    Ask ask;
    ask.headers = std::move(headers);
    return call("GET", target, ask);
  }

  using Fields = std::vector<std::pair<std::string, std::string>>;
  static std::string encode(const Fields& fields) {
    std::string out;
    for (const auto& [name, value] : fields) {
      out.append(out.empty() ? "" : "&").append(name).append("=");
      out.append(http::encodeComponent(value));
    }
    return out;
  }
  Answer post(std::string_view target, const Fields& fields) { return post(target, fields, Ask()); }
  Answer post(std::string_view target, const Fields& fields, Ask ask) {
    ask.body = encode(fields);
    ask.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
    return call("POST", target, ask);
  }

  Answer take(RecordedExchange& exchange) {
    Answer answer;
    if (!exchange.sink().answer) {
      return answer;
    }
    answer.response = *exchange.sink().answer;
    answer.status = answer.response.status();
    answer.text = answer.response.body();
    answer.location = std::string(answer.response.header("Location"));
    for (const auto& [name, value] : answer.response.headers()) {
      if (name == "Set-Cookie") {
        const size_t equals = value.find('=');
        answer.cookies[value.substr(0, equals)] = value.substr(equals + 1);
      }
    }
    if (auto parsed = json::parse(answer.text)) {
      answer.body = std::move(*parsed);
    }
    return answer;
  }

  Answer signIn(const std::string& email = "ada@busbar.test",
                const std::string& password = kPassword) {
    return signIn(email, password, Ask());
  }
  Answer signIn(const std::string& email, const std::string& password, Ask ask) {
    return post("/auth/signin", {{"email", email}, {"password", password}}, std::move(ask));
  }
  // The Cookie header of a signed-in browser.
  std::string sessionHeader(const Answer& answer) const {
    return "__Host-busbar_session=" + answer.cookie("__Host-busbar_session");
  }

  std::string authorizeTarget(const model::OauthApp& app, Fields more = {}) {
    Fields fields{{"response_type", "code"},         {"client_id", app.uid},
                  {"redirect_uri", app.redirectUri}, {"state", "nonce;x"},
                  {"code_challenge", kChallenge},    {"code_challenge_method", "S256"}};
    for (auto& [name, value] : more) {
      std::erase_if(fields, [&](const auto& field) { return field.first == name; });
      if (!value.empty()) {
        fields.emplace_back(name, value);
      }
    }
    return "/auth/oauth/authorize?" + encode(fields);
  }

  // Signs in, authorizes, redeems: the tokens of a public application.
  Answer tokens(const std::string& scope = "public") {
    const std::string cookie = sessionHeader(signIn());
    const auto authorized =
        get(authorizeTarget(publicApp_, {{"scope", scope}}), {{"Cookie", cookie}});
    EXPECT_EQ(authorized.status, 302) << authorized.text;
    return redeem(authorized.parameter("code"));
  }
  Answer redeem(const std::string& code) {
    return post("/auth/oauth/token", {{"grant_type", "authorization_code"},
                                      {"client_id", publicApp_.uid},
                                      {"redirect_uri", publicApp_.redirectUri},
                                      {"code", code},
                                      {"code_verifier", kVerifier}});
  }
  Answer probe(const std::string& token, const std::string& host = kHost) {
    Ask ask;
    ask.host = host;
    ask.headers = {{"Authorization", "Bearer " + token}};
    return call("GET", "/probe", ask);
  }

  static constexpr auth::Argon2Hasher::Cost kCost{64, 1, 1};

  const auth::Argon2Hasher::Cost cost_;
  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  Site site_;
  FakeConfigStore store_{*loop_};
  FakeAuthStore authStore_{*loop_, authDataWithKey()};
  model::IdGenerator ids_{clock_};
  RecordingAuthEvents events_;
  auth::ApiKeyAuthenticator apiKeys_{clock_, [this](const std::string& keyId) {
                                       auth::ApiKeyRows rows;
                                       rows.key = site_.findApiKey(keyId);
                                       if (rows.key != nullptr) {
                                         rows.user = site_.findUser(rows.key->userId);
                                       }
                                       return rows;
                                     }};
  oauth::AuthService service_{{*loop_, site_, store_, authStore_, ids_, events_, apiKeys_, cost_}};
  http::Router router_{service_.authenticator()};
  http::TraceIds trace_;
  model::Domain domain_;
  model::Domain other_;
  model::User ada_;
  model::User bob_;
  model::OauthApp publicApp_;
  model::OauthApp legacyApp_;
  model::OauthApp confidentialApp_;
};

}  // namespace busbar
