// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/authorize_routes.h"

#include "tests/support/oauth_fixture.h"

namespace busbar::oauth {
namespace {

using Kind = auth::AuthEvent::Kind;

class AuthorizeRoutes : public OauthFixture {
 protected:
  AuthorizeRoutes() : cookie_(sessionHeader(signIn())) {}
  Answer authorize(const model::OauthApp& app, Fields more = {}) {
    return get(authorizeTarget(app, std::move(more)), {{"Cookie", cookie_}});
  }
  std::string cookie_;
};

TEST_F(AuthorizeRoutes, SendsTheCodeToTheRegisteredUri) {
  const Answer answer = authorize(publicApp_);
  ASSERT_EQ(answer.status, 302) << answer.text;
  EXPECT_TRUE(answer.location.starts_with("https://app.test/back?code=")) << answer.location;
  EXPECT_EQ(answer.parameter("state"), "nonce;x");
  EXPECT_EQ(answer.parameter("iss"), "https://busbar.test");
  EXPECT_EQ(answer.response.header("Cache-Control"), "no-store");
  const Answer second =
      authorize(confidentialApp_, {{"code_challenge", ""}, {"code_challenge_method", ""}});
  EXPECT_TRUE(second.location.starts_with("https://server.test/cb?x=1&code=")) << second.location;
}

// Whatever looks like the registered one to a browser, to a careless parser, or to a person.
const char* const kOtherUris[] = {
    "",
    "/",
    "back",
    "//app.test/back",
    "///app.test/back",
    "/\\app.test/back",
    "\\\\app.test\\back",
    "https:app.test/back",
    "https:/app.test/back",
    "https:///app.test/back",
    "https:\\\\app.test/back",
    "http://app.test/back",
    "HTTPS://app.test/back",
    "javascript://app.test/back",
    "data:text/html,app.test/back",
    "https://evil.test/",
    "https://evil.test/https://app.test/back",
    "https://evil.test?https://app.test/back",
    "https://evil.test#https://app.test/back",
    "https://evil.test\\@app.test/back",
    "https://app.test@evil.test/back",
    "https://app.test:x@evil.test/back",
    "https://evil.test@app.test/back",
    "https://app.test.evil.test/back",
    "https://app.test%2eevil.test/back",
    "https://app.test%00.evil.test/back",
    "https://app.testevil.test/back",
    "https://evilapp.test/back",
    "https://APP.test/back",
    "https://app.test./back",
    "https://app\u3002test/back",
    "https://\uFF41pp.test/back",
    "https://app.test:443/back",
    "https://app.test:8443/back",
    "https://app.test/",
    "https://app.test/bac",
    "https://app.test/backx",
    "https://app.test/back/",
    "https://app.test//back",
    "https://app.test/Back",
    "https://app.test/%62ack",
    "https://app.test/back/../x",
    "https://app.test/back/..;/x",
    "https://app.test/x/../back",
    "https://app.test/./back",
    "https://app.test/back%2f..%2fx",
    "https://app.test/back?x",
    "https://app.test/back?",
    "https://app.test/back#x",
    "https://app.test/back;x",
    "https://app.test/back%00",
    "https://app.test/back%0d%0aSet-Cookie:%20a=b",
    "https://app.test/back\r\nSet-Cookie: a=b",
    "https://app.test/back\t",
    " https://app.test/back",
    "https://app.test/back ",
    "\thttps://app.test/back",
    "https://app.\ntest/back",
};

TEST_F(AuthorizeRoutes, SendsNobodyToAnotherUri) {
  EXPECT_GE(std::size(kOtherUris), 40U);
  for (const char* uri : kOtherUris) {
    const Answer answer = authorize(publicApp_, {{"redirect_uri", uri}});
    EXPECT_EQ(answer.status, 400) << uri;
    EXPECT_EQ(answer.location, "") << uri;
    EXPECT_EQ(answer.member("error"), "invalid_request") << uri;
  }
  model::OauthApp unknown = publicApp_;
  unknown.uid = "unknown";
  EXPECT_EQ(authorize(unknown).status, 400);
  Ask ask;
  ask.host = "other.test";  // the application belongs to another domain
  EXPECT_EQ(call("GET", authorizeTarget(publicApp_), ask).status, 400);
}

TEST_F(AuthorizeRoutes, TellsTheApplicationWhatIsWrong) {
  const struct {
    Fields change;
    const char* error;
  } cases[] = {
      {{{"response_type", "id_token"}}, "unsupported_response_type"},
      {{{"response_type", ""}}, "unsupported_response_type"},
      {{{"response_type", "token"}}, "unauthorized_client"},
      {{{"scope", "\"x"}}, "invalid_scope"},
      {{{"code_challenge", ""}}, "invalid_request"},
      {{{"code_challenge_method", "plain"}}, "invalid_request"},
      {{{"code_challenge_method", ""}}, "invalid_request"},
      {{{"code_challenge", "short"}}, "invalid_request"},
      {{{"code_challenge", std::string(44, 'A')}}, "invalid_request"},
      {{{"nonce", std::string(300, 'n')}}, "invalid_request"},
  };
  for (const auto& each : cases) {
    const Answer answer = authorize(publicApp_, each.change);
    EXPECT_EQ(answer.status, 302) << answer.text;
    EXPECT_TRUE(answer.location.starts_with(publicApp_.redirectUri)) << answer.location;
    EXPECT_EQ(answer.parameter("error"), each.error) << answer.location;
    EXPECT_EQ(answer.parameter("state"), "nonce;x");
    EXPECT_EQ(answer.parameter("code"), "");
  }
  EXPECT_EQ(authorize(confidentialApp_, {{"scope", "zones"}}).parameter("error"), "invalid_scope");
}

TEST_F(AuthorizeRoutes, AsksWhoItIs) {
  cookie_ = "x=y";
  const Answer answer = authorize(publicApp_);
  EXPECT_EQ(answer.status, 302);
  EXPECT_TRUE(answer.location.starts_with("/login?continue=%2Fauth%2Foauth%2Fauthorize%3F"))
      << answer.location;
  EXPECT_EQ(answer.parameter("continue"), authorizeTarget(publicApp_));
  EXPECT_EQ(authorize(publicApp_, {{"prompt", "none"}}).parameter("error"), "login_required");
}

TEST_F(AuthorizeRoutes, TheImplicitGrantIsPerApplicationAndAudited) {
  const Answer answer = authorize(legacyApp_, {{"response_type", "token"}});
  ASSERT_EQ(answer.status, 302) << answer.text;
  EXPECT_TRUE(answer.location.starts_with("https://legacy.test/#access_token="));
  EXPECT_EQ(answer.parameter("token_type"), "Bearer");
  EXPECT_EQ(answer.parameter("expires_in"), "7200");
  EXPECT_EQ(answer.parameter("state"), "nonce;x");
  EXPECT_EQ(answer.parameter("refresh_token"), "");
  EXPECT_EQ(probe(answer.parameter("access_token")).status, 200);
  EXPECT_EQ(events_.count(Kind::LegacyUsed, "implicit_grant"), 1U);
}

TEST_F(AuthorizeRoutes, ASessionHoldsInItsDomainAndUntilItsUserGoes) {
  EXPECT_EQ(authorize(publicApp_).parameter("code").size(), 43U);
  // The same cookie without the prefix is none over TLS: another host could have set it.
  const Answer plain =
      get(authorizeTarget(publicApp_), {{"Cookie", cookie_.substr(std::string("__Host-").size())}});
  EXPECT_TRUE(plain.location.starts_with("/login"));
  changeUser(ada_.id, [](model::User& user) { user.deleted = true; });
  EXPECT_TRUE(authorize(publicApp_).location.starts_with("/login"));
}

TEST(LoginLocation, TakesTheDomainsOwnPage) {
  model::Domain domain;
  EXPECT_EQ(loginLocation(domain, "/a?b=c"), "/login?continue=%2Fa%3Fb%3Dc");
  domain.loginUrl = "https://sso.test/in?to={{url}}&again={{url}}";
  EXPECT_EQ(loginLocation(domain, "/a"), "https://sso.test/in?to=%2Fa&again=%2Fa");
  for (const char* bad :
       {"//evil.test/{{url}}", "javascript:x", "http://plain.test", "", "/\\evil"}) {
    domain.loginUrl = bad;
    EXPECT_EQ(loginLocation(domain, "/a"), "/login?continue=%2Fa") << bad;
  }
  domain.loginUrl = "/in?to={{url}}";
  EXPECT_EQ(loginLocation(domain, "/{{url}}"), "/in?to=%2F%7B%7Burl%7D%7D");
}

}  // namespace
}  // namespace busbar::oauth
