// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/session_routes.h"

#include "tests/support/oauth_fixture.h"

namespace busbar::oauth {
namespace {

using Kind = auth::AuthEvent::Kind;
using std::chrono::seconds;

class SessionRoutes : public OauthFixture {
 protected:
  Answer authority(const std::string& cookie = {}, const std::string& bearer = {}) {
    Ask ask;
    if (!cookie.empty()) {
      ask.headers.emplace_back("Cookie", cookie);
    }
    if (!bearer.empty()) {
      ask.headers.emplace_back("Authorization", "Bearer " + bearer);
    }
    return call("GET", "/auth/authority", ask);
  }
  bool hasSession(const std::string& cookie) {
    return *authority(cookie).body.find("session")->asBool();
  }
};

TEST_F(SessionRoutes, TellsWhatTheAuthorityIs) {
  const Answer answer = authority();
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.member("id"), domain_.id);
  EXPECT_EQ(answer.member("domain"), "busbar.test");
  EXPECT_EQ(answer.member("version"), "v2.0.0");
  EXPECT_EQ(answer.member("login_url"), "/login?continue={{url}}");
  EXPECT_FALSE(*answer.body.find("session")->asBool());
  EXPECT_FALSE(*answer.body.find("token_valid")->asBool());
  EXPECT_EQ(answer.body.find("internals"), nullptr);
  EXPECT_TRUE(*authority("", tokens().member("access_token")).body.find("token_valid")->asBool());
  EXPECT_FALSE(*authority("", "x").body.find("token_valid")->asBool());
  Ask ask;
  ask.host = "OTHER.test:8443";
  EXPECT_EQ(call("GET", "/auth/authority", ask).member("id"), other_.id);
  ask.host = "unknown.test";
  EXPECT_EQ(call("GET", "/auth/authority", ask).member("id"), domain_.id);  // the oldest
}

TEST_F(SessionRoutes, SignsInAndSetsGuardedCookies) {
  const Answer answer = signIn();
  ASSERT_EQ(answer.status, 202) << answer.text;
  EXPECT_EQ(answer.text, "");
  const std::string& cookie = answer.cookies.at("__Host-busbar_session");
  for (const char* attribute : {"; Path=/", "; HttpOnly", "; SameSite=Lax", "; Secure"}) {
    EXPECT_NE(cookie.find(attribute), std::string::npos) << cookie;
  }
  EXPECT_EQ(cookie.find("Domain"), std::string::npos);
  EXPECT_TRUE(hasSession(sessionHeader(answer)));
  EXPECT_FALSE(hasSession(sessionHeader(answer) + "x"));
  EXPECT_EQ(events_.count(Kind::SignedIn, "session"), 1U);
  Ask plain;
  plain.isTls = false;
  const Answer overHttp = signIn("ada@busbar.test", kPassword, plain);
  EXPECT_EQ(overHttp.cookies.at("busbar_session").find("Secure"), std::string::npos);
}

// A password is easily typed into the wrong field.
TEST_F(SessionRoutes, TellsNoNameThatIsOfNoAccount) {
  const auto nameOf = [this](const std::string& typed) {
    EXPECT_EQ(signIn(typed, "x").status, 401);
    return events_.all.back().name;
  };
  EXPECT_EQ(nameOf(" Ada@Busbar.test "), "ada@busbar.test");
  const std::string typed = nameOf("Correct Horse");
  EXPECT_TRUE(typed.starts_with("unknown ")) << typed;
  EXPECT_EQ(typed.size(), std::string("unknown ").size() + 12);
  EXPECT_EQ(typed.find_first_not_of("0123456789abcdef", 8), std::string::npos) << typed;
  EXPECT_EQ(nameOf("correct horse"), typed) << "that it came again can be seen";
  EXPECT_NE(nameOf("correct horsf"), typed);
}

TEST_F(SessionRoutes, RemembersTheSignInOnTheUser) {
  signIn();
  ASSERT_TRUE(runUntil(*loop_, [&] { return site_.findUser(ada_.id)->loginCount == 1; }));
  EXPECT_EQ(site_.findUser(ada_.id)->lastLogin, 1'700'000'000);
}

TEST_F(SessionRoutes, GoesOnToAPathOfItsOwnOnly) {
  const auto next = [&](const std::string& to) {
    return post("/auth/signin",
                {{"email", "ada@busbar.test"}, {"password", kPassword}, {"continue", to}})
        .location;
  };
  EXPECT_EQ(next("/app/#/x"), "/app/#/x");
  EXPECT_EQ(next("https://busbar.test/app/"), "/app/");
  for (const char* other :
       {"//evil.test", "https://evil.test/", "/\\evil.test", "https:evil.test", "/\tevil.test",
        "\t//evil.test", "/\n/evil.test", "javascript:alert(1)", "https://busbar.test@evil.test/",
        "https://busbar.test.evil.test/", "\uFF0F\uFF0Fevil.test", "/\r\nSet-Cookie: a=b"}) {
    EXPECT_EQ(next(other), "/") << other;
    const std::string query = "?continue=" + http::encodeComponent(other);
    EXPECT_EQ(get("/auth/login" + query).location, "/login?continue=%2F") << other;
    EXPECT_EQ(get("/auth/logout" + query).location, "/login") << other;
    EXPECT_NE(get("/login" + query).text.find("value=\"/\""), std::string::npos) << other;
  }
}

TEST_F(SessionRoutes, UnknownAndWrongLookAlike) {
  addUser(domain_.id, "gone@busbar.test", model::UserRole::User);
  changeUser(site_.findUserByEmail(domain_.id, "gone@busbar.test")->id,
             [](model::User& user) { user.deleted = true; });
  addUser(domain_.id, "keyless@busbar.test", model::UserRole::User);
  changeUser(site_.findUserByEmail(domain_.id, "keyless@busbar.test")->id,
             [](model::User& user) { user.passwordHash.clear(); });
  const Answer wrong = signIn("ada@busbar.test", "wrong password");
  EXPECT_EQ(wrong.status, 401);
  EXPECT_EQ(wrong.member("reason"), "wrong_credentials");
  EXPECT_TRUE(wrong.cookies.empty());
  int address = 10;
  for (const char* email : {"nobody@busbar.test", "gone@busbar.test", "keyless@busbar.test",
                            "bob@other.test", "' OR 1=1", "ada@busbar.test "}) {
    Ask ask;
    ask.address = "192.0.2." + std::to_string(++address);
    const Answer answer = signIn(email, "wrong password", ask);
    EXPECT_EQ(answer.status, 401) << email;
    EXPECT_EQ(answer.text, wrong.text) << email;
  }
  const Answer form =
      post("/auth/signin", {{"email", "ada@busbar.test"}, {"password", "x"}, {"continue", "/app"}});
  EXPECT_EQ(form.location, "/login?error=wrong&continue=%2Fapp");
}

TEST_F(SessionRoutes, TakesNoPasswordFromAQueryAndNoOtherBody) {
  EXPECT_EQ(post("/auth/signin?email=ada@busbar.test&password=x", {}).status, 400);
  EXPECT_EQ(post("/auth/signin?password=x", {{"email", "ada@busbar.test"}}).status, 400);
  Ask ask;
  ask.body = R"({"email":"a"})";
  ask.headers = {{"Content-Type", "application/json"}};
  EXPECT_EQ(call("POST", "/auth/signin", ask).status, 400);
}

TEST_F(SessionRoutes, RefusesOtherSites) {
  for (const auto& header : Fields{{"Origin", "https://evil.test"},
                                   {"Origin", "null"},
                                   {"Sec-Fetch-Site", "cross-site"},
                                   {"Sec-Fetch-Site", "same-site"}}) {
    Ask ask;
    ask.headers = {header};
    const Answer answer = signIn("ada@busbar.test", kPassword, ask);
    EXPECT_EQ(answer.status, 403) << header.second;
    EXPECT_TRUE(answer.cookies.empty());
    ask.headers.emplace_back("Cookie", sessionHeader(signIn()));
    EXPECT_EQ(call("GET", "/auth/logout", ask).status, 403) << header.second;
  }
  Ask own;
  own.headers = {{"Origin", "https://busbar.test"}, {"Sec-Fetch-Site", "same-origin"}};
  EXPECT_EQ(signIn("ada@busbar.test", kPassword, own).status, 202);
}

// S7, from one address: the account and the address have few guesses, and right ones cost none.
TEST_F(SessionRoutes, FewGuessesThenWaiting) {
  int looked = 0;
  for (int second = 0; second < 15 * 60; ++second) {
    const Answer answer = signIn("ada@busbar.test", "guess " + std::to_string(second));
    if (answer.status == 401) {
      ++looked;
    } else {
      EXPECT_EQ(answer.status, 429);
      EXPECT_EQ(answer.member("reason"), "too_many_failures");
      EXPECT_GE(std::stoi(std::string(answer.response.header("Retry-After"))), 1);
    }
    clock_.advance(seconds(1));
  }
  EXPECT_EQ(looked, 10);
  EXPECT_EQ(events_.count(Kind::SignInRefused, "wrong_credentials"), 10U);
}

// S7, from many addresses.
TEST_F(SessionRoutes, ManyAddressesHaveNoMoreGuessesAtAnAccount) {
  int looked = 0;
  for (int i = 0; i < 500; ++i) {
    Ask ask;
    ask.address = "198.51.100." + std::to_string(i % 50);
    looked += signIn("ada@busbar.test", "guess", ask).status == 401 ? 1 : 0;
    clock_.advance(seconds(1));
  }
  EXPECT_EQ(looked, 10);
}

TEST_F(SessionRoutes, OneAddressHasFewGuessesAtManyAccounts) {
  int looked = 0;
  for (int i = 0; i < 500; ++i) {
    looked += signIn("user" + std::to_string(i % 100) + "@busbar.test", "guess").status == 401;
    clock_.advance(seconds(1));
  }
  EXPECT_EQ(looked, 10);
}

// Whoever has one address has ten guesses; who has fifty has ten at each account, and no more.
TEST_F(SessionRoutes, TenThousandGuessesGetFew) {
  for (const int addresses : {1, 50}) {
    clock_.advance(std::chrono::minutes(15));
    std::map<int, int> looked;
    int all = 0;
    for (int i = 0; i < 10'000; ++i) {
      Ask ask;
      ask.address = "198.51.100." + std::to_string(i % addresses);
      const int account = i * 7 % 100;
      const int status =
          signIn("user" + std::to_string(account) + "@busbar.test", "guess", ask).status;
      ASSERT_TRUE(status == 401 || status == 429) << status;
      looked[account] += status == 401 ? 1 : 0;
      all += status == 401 ? 1 : 0;
      clock_.advance(std::chrono::milliseconds(80));  // 10,000 in less than 15 minutes
    }
    for (const auto& [account, count] : looked) {
      EXPECT_LE(count, 10) << account;
    }
    EXPECT_LE(all, 10 * addresses);
    EXPECT_GT(all, 0);
  }
}

TEST_F(SessionRoutes, GuessesOfStrangersLockNobodyOut) {
  const Answer before = signIn();
  const std::string device = "__Host-busbar_device=" + before.cookie("__Host-busbar_device");
  const std::string token = tokens().member("access_token");
  for (int i = 0; i < 60; ++i) {
    Ask stranger;
    stranger.address = "198.51.100." + std::to_string(i);
    signIn("ada@busbar.test", "guess", stranger);
  }
  EXPECT_EQ(signIn().status, 429);  // also with the right password
  Ask known;
  known.headers = {{"Cookie", device}};
  const Answer answer = signIn("ada@busbar.test", kPassword, known);
  EXPECT_EQ(answer.status, 202) << answer.text;
  EXPECT_FALSE(answer.cookies.contains("__Host-busbar_device"));
  EXPECT_TRUE(hasSession(sessionHeader(before)));
  EXPECT_EQ(probe(token).status, 200);
  // A device is of one account, and has few guesses too.
  EXPECT_EQ(signIn("bob@other.test", kPassword, known).status, 401);
  int looked = 0;
  for (int i = 0; i < 50; ++i) {
    looked += signIn("ada@busbar.test", "guess", known).status == 401 ? 1 : 0;
  }
  EXPECT_EQ(looked, 5);
  clock_.advance(std::chrono::minutes(15));
  EXPECT_EQ(signIn().status, 202);  // and nobody for good
}

// A password takes longer than its request here.
class CostlySignIn : public OauthFixture {
 protected:
  CostlySignIn() : OauthFixture({16U << 10U, 1, 1}) {}
};

TEST_F(CostlySignIn, AFloodWaitsOutsideTheLoop) {
  // More at once than the hasher takes: the rest is told to wait, and no guess is counted.
  int refused = 0;
  std::vector<std::unique_ptr<RecordedExchange>> exchanges;
  for (int i = 0; i < 300; ++i) {
    http::Request request;
    ASSERT_TRUE(request.setLine("POST", "/auth/signin", true).ok());
    request.addHeader("Host", kHost);
    request.addHeader("Content-Type", "application/x-www-form-urlencoded");
    http::Peer peer;
    peer.address = "10.0." + std::to_string(i / 200) + "." + std::to_string(i % 200);
    request.setPeer(peer);
    request.setIds("request-1", trace_.begin(), false);
    exchanges.push_back(std::make_unique<RecordedExchange>());
    exchanges.back()->send(router_, request,
                           "email=u" + std::to_string(i) + "%40busbar.test&password=x");
  }
  ASSERT_TRUE(runUntil(*loop_, [&] {
    return std::all_of(exchanges.begin(), exchanges.end(),
                       [](const auto& each) { return each->sink().answers > 0; });
  }));
  for (const auto& each : exchanges) {
    const int status = each->sink().answer->status();
    EXPECT_TRUE(status == 401 || status == 429) << status;
    refused += status == 429 ? 1 : 0;
  }
  EXPECT_GT(refused, 0);
}

TEST_F(SessionRoutes, SignsOutEverywhere) {
  const std::string first = sessionHeader(signIn());
  const std::string second = sessionHeader(signIn());
  const Answer issued = tokens();
  EXPECT_EQ(probe(issued.member("access_token")).status, 200);
  Ask ask;
  ask.headers = {{"Cookie", first}};
  const std::string code = get(authorizeTarget(publicApp_), ask.headers).parameter("code");
  ASSERT_NE(code, "");
  const Answer answer = call("GET", "/auth/logout?continue=/bye", ask);
  EXPECT_EQ(answer.status, 302) << answer.text;
  EXPECT_EQ(answer.location, "/bye");
  EXPECT_NE(answer.cookies.at("__Host-busbar_session").find("Max-Age=0"), std::string::npos);
  EXPECT_FALSE(hasSession(first));
  EXPECT_FALSE(hasSession(second));
  EXPECT_EQ(probe(issued.member("access_token")).status, 401);
  EXPECT_EQ(site_.findUser(ada_.id)->loggedOutAt, 1'700'000'000);
  EXPECT_EQ(events_.count(Kind::SignedOut), 1U);
  EXPECT_EQ(redeem(code).member("error"), "invalid_grant") << "a code that was not shown in time";
  // Who signs in again within the same second is in.
  EXPECT_TRUE(hasSession(sessionHeader(signIn())));
  EXPECT_EQ(probe(tokens().member("access_token")).status, 200);
}

TEST_F(SessionRoutes, SignsOutByToken) {
  const Answer issued = tokens();
  Ask ask;
  ask.headers = {{"Authorization", "Bearer " + issued.member("access_token")}};
  const Answer answer = call("GET", "/auth/logout", ask);
  EXPECT_EQ(answer.location, "/login");
  EXPECT_EQ(probe(issued.member("access_token")).status, 401);
  EXPECT_EQ(get("/auth/logout?continue=//evil.test").location, "/login");
}

TEST_F(SessionRoutes, ANewPasswordEndsEverything) {
  const std::string session = sessionHeader(signIn());
  const Answer issued = tokens();
  const std::string code =
      get(authorizeTarget(publicApp_), {{"Cookie", session}}).parameter("code");
  changeUser(ada_.id, [](model::User& user) {
    user.passwordHash = auth::hashPassword("another one 77", kCost).value();
  });
  EXPECT_EQ(redeem(code).member("error"), "invalid_grant");
  EXPECT_FALSE(hasSession(session));
  EXPECT_EQ(probe(issued.member("access_token")).status, 401);
  EXPECT_EQ(signIn("ada@busbar.test", "another one 77").status, 202);
}

// The same password at another cost is no new password.
TEST_F(SessionRoutes, StoresPasswordsAnewWhenTheCostHasChanged) {
  changeUser(ada_.id, [](model::User& user) {
    user.passwordHash = auth::hashPassword(kPassword, {128, 1, 1}).value();
  });
  const Answer answer = signIn();
  ASSERT_EQ(answer.status, 202);
  ASSERT_TRUE(runUntil(*loop_, [&] {
    return site_.findUser(ada_.id)->passwordHash.starts_with("$argon2id$v=19$m=64,");
  }));
  EXPECT_TRUE(hasSession(sessionHeader(answer)));
  EXPECT_EQ(signIn().status, 202);
}

TEST_F(SessionRoutes, TheDomainSaysHowLongASessionMayRest) {
  model::Domain changed = *site_.findDomain(domain_.id);
  changed.internals = R"({"session_timeout":10})";
  write(ConfigWrite::Kind::Update, changed);
  const std::string session = sessionHeader(signIn());
  clock_.advance(seconds(599));
  EXPECT_TRUE(hasSession(session));
  clock_.advance(seconds(600));
  EXPECT_FALSE(hasSession(session));
}

TEST_F(SessionRoutes, LoginSendsToTheDomainsPage) {
  EXPECT_EQ(get("/auth/login?continue=/app").location, "/login?continue=%2Fapp");
  EXPECT_EQ(get("/auth/login?continue=//evil.test").location, "/login?continue=%2F");
  EXPECT_EQ(get("/auth/login?provider=oauth2&id=x").status, 404);
}

TEST_F(SessionRoutes, TheLoginPageIsPlainAndGuarded) {
  const Answer page = get("/login?continue=/app%3Fa=%22%3E%3Cscript%3E&error=wrong");
  ASSERT_EQ(page.status, 200);
  const std::string_view policy = page.response.header("Content-Security-Policy");
  EXPECT_NE(policy.find("default-src 'none'"), std::string::npos);
  EXPECT_NE(policy.find("frame-ancestors 'none'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
  EXPECT_NE(page.text.find("The name or the password is wrong."), std::string::npos);
  EXPECT_EQ(page.text.find("\"><script>"), std::string::npos);
  EXPECT_EQ(page.text.find("{{"), std::string::npos);
  EXPECT_NE(page.text.find("<label for=\"password\">"), std::string::npos);
  EXPECT_EQ(page.text.find(" style="), std::string::npos);
  EXPECT_NE(get("/login?continue=//evil.test").text.find("value=\"/\""), std::string::npos);
  EXPECT_EQ(get("/login?error=%3Cb%3E").text.find("<b>"), std::string::npos);
  EXPECT_EQ(get("/login/login.css").response.contentType(), "text/css; charset=utf-8");
  EXPECT_EQ(get("/login/login.js").response.contentType(), "text/javascript; charset=utf-8");
}

}  // namespace
}  // namespace busbar::oauth
