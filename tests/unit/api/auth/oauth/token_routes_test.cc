// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/token_routes.h"

#include "api/auth/base64url.h"
#include "api/auth/jwt.h"
#include "tests/support/oauth_fixture.h"

namespace busbar::oauth {
namespace {

using Kind = auth::AuthEvent::Kind;

class TokenRoutes : public OauthFixture {
 protected:
  std::string code(Fields more = {}) {
    const std::string cookie = sessionHeader(signIn());
    return get(authorizeTarget(publicApp_, std::move(more)), {{"Cookie", cookie}})
        .parameter("code");
  }
  Answer token(const Fields& fields) { return token(fields, Ask()); }
  Answer token(const Fields& fields, Ask ask) {
    return post("/auth/oauth/token", fields, std::move(ask));
  }
  Fields redeemFields(const std::string& shownCode) {
    return {{"grant_type", "authorization_code"},
            {"client_id", publicApp_.uid},
            {"redirect_uri", publicApp_.redirectUri},
            {"code", shownCode},
            {"code_verifier", kVerifier}};
  }
  static Fields with(Fields fields, const std::string& name, const std::string& value) {
    std::erase_if(fields, [&](const auto& field) { return field.first == name; });
    fields.emplace_back(name, value);
    return fields;
  }
  Answer refresh(const std::string& refreshToken) {
    return token({{"grant_type", "refresh_token"},
                  {"client_id", publicApp_.uid},
                  {"refresh_token", refreshToken}});
  }
  static std::string basic(const std::string& id, const std::string& secret) {
    std::string text = auth::encodeBase64Url(id + ":" + secret);
    std::replace(text.begin(), text.end(), '-', '+');
    std::replace(text.begin(), text.end(), '_', '/');
    return "Basic " + text + std::string((4 - text.size() % 4) % 4, '=');
  }
  void expectError(const Answer& answer, int status, const char* error) {
    EXPECT_EQ(answer.status, status) << answer.text;
    EXPECT_EQ(answer.member("error"), error) << answer.text;
    EXPECT_FALSE(answer.member("error_description").empty());
    EXPECT_EQ(answer.response.header("Cache-Control"), "no-store");
  }
};

TEST_F(TokenRoutes, ACodeGivesTokens) {
  const Answer answer = tokens();
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.member("token_type"), "Bearer");
  EXPECT_EQ(*answer.body.find("expires_in")->asInt(), 7200);
  EXPECT_EQ(answer.member("scope"), "public");
  EXPECT_EQ(*answer.body.find("created_at")->asInt(), 1'700'000'000);
  EXPECT_FALSE(answer.member("refresh_token").empty());
  EXPECT_EQ(answer.body.find("id_token"), nullptr);
  EXPECT_EQ(answer.response.header("Cache-Control"), "no-store");
  EXPECT_EQ(probe(answer.member("access_token")).text, "\"" + ada_.id + "\"");
  EXPECT_EQ(events_.count(Kind::TokenIssued, "authorization_code"), 1U);
}

TEST_F(TokenRoutes, TheTokenHasTheClaimsOfTheReference) {
  const auto opened = auth::openJwt(tokens().member("access_token"), auth::JwtType::Access,
                                    service_.parts().keys.all());
  ASSERT_TRUE(opened.ok());
  const json::Object& claims = opened->claims;
  EXPECT_EQ(*claims.find("iss")->asString(), "POS");
  EXPECT_EQ(*claims.find("aud")->asString(), "busbar.test");
  EXPECT_EQ(*claims.find("sub")->asString(), ada_.id);
  EXPECT_EQ(*claims.find("exp")->asInt() - *claims.find("iat")->asInt(), 7200);
  EXPECT_EQ(*claims.find("client_id")->asString(), publicApp_.uid);
  EXPECT_TRUE(claims.find("sid")->asString()->starts_with("ses-"));
  EXPECT_FALSE(claims.find("jti")->asString()->empty());
  EXPECT_EQ(json::write(*claims.find("scope")), R"(["public"])");
  EXPECT_EQ(json::write(*claims.find("u")), R"({"n":"ada","e":"ada@busbar.test","p":1,"r":[]})");
}

TEST_F(TokenRoutes, OpenidGivesAnIdTokenThatOpensNothing) {
  const std::string cookie = sessionHeader(signIn());
  const std::string shown =
      get(authorizeTarget(publicApp_, {{"scope", "openid public"}, {"nonce", "n-1"}}),
          {{"Cookie", cookie}})
          .parameter("code");
  const Answer answer = redeem(shown);
  const std::string idToken = answer.member("id_token");
  const auto opened = auth::openJwt(idToken, auth::JwtType::Id, service_.parts().keys.all());
  ASSERT_TRUE(opened.ok()) << answer.text;
  EXPECT_EQ(*opened->claims.find("iss")->asString(), "https://busbar.test");
  EXPECT_EQ(*opened->claims.find("aud")->asString(), publicApp_.uid);
  EXPECT_EQ(*opened->claims.find("nonce")->asString(), "n-1");
  EXPECT_EQ(*opened->claims.find("auth_time")->asInt(), 1'700'000'000);
  EXPECT_EQ(probe(idToken).status, 401);
}

// S5.
TEST_F(TokenRoutes, ASecondUseOfACodeEndsItsTokens) {
  const std::string shown = code();
  const Answer first = redeem(shown);
  ASSERT_EQ(probe(first.member("access_token")).status, 200);
  expectError(redeem(shown), 400, "invalid_grant");
  EXPECT_EQ(probe(first.member("access_token")).status, 401);
  expectError(refresh(first.member("refresh_token")), 400, "invalid_grant");
  EXPECT_EQ(events_.count(Kind::Reused, "reused_code"), 1U);
}

TEST_F(TokenRoutes, ACodeIsGoodForItsRequestAlone) {
  for (const auto& [name, value] : Fields{{"redirect_uri", "https://app.test/other"},
                                          {"client_id", legacyApp_.uid},
                                          {"code_verifier", std::string(43, 'a')},
                                          {"code_verifier", ""}}) {
    expectError(token(with(redeemFields(code()), name, value)), 400, "invalid_grant");
  }
  const std::string late = code();
  clock_.advance(std::chrono::seconds(60));
  expectError(redeem(late), 400, "invalid_grant");
  expectError(token(with(redeemFields(""), "code", "")), 400, "invalid_request");
  EXPECT_GE(events_.count(Kind::TokenRefused), 5U);
}

TEST_F(TokenRoutes, RefreshRotatesAndAnOldOneEndsTheFamily) {
  const Answer first = tokens();
  const Answer second = refresh(first.member("refresh_token"));
  ASSERT_EQ(second.status, 200) << second.text;
  EXPECT_NE(second.member("refresh_token"), first.member("refresh_token"));
  EXPECT_EQ(probe(first.member("access_token")).status, 200);
  EXPECT_EQ(probe(second.member("access_token")).status, 200);
  expectError(refresh(first.member("refresh_token")), 400, "invalid_grant");
  EXPECT_EQ(probe(second.member("access_token")).status, 401);
  expectError(refresh(second.member("refresh_token")), 400, "invalid_grant");
  EXPECT_EQ(events_.count(Kind::Reused, "reused_refresh_token"), 1U);
}

TEST_F(TokenRoutes, ARefreshTokenOutlivesItsSessionButNotItsUser) {
  std::string shown = tokens().member("refresh_token");
  clock_.advance(std::chrono::hours(25));  // the session has ended unused
  Answer next = refresh(shown);
  ASSERT_EQ(next.status, 200) << next.text;
  EXPECT_EQ(probe(next.member("access_token")).status, 200);
  changeUser(ada_.id, [](model::User& user) { user.deleted = true; });
  expectError(refresh(next.member("refresh_token")), 400, "invalid_grant");
}

TEST_F(TokenRoutes, ARefreshTokenAtAnotherDomainIsRefusedAndStaysGood) {
  model::OauthApp twin = publicApp_;  // the same redirect URI, so the same uid
  twin.id = ids_.next(model::Table::OauthApp);
  twin.ownerId = other_.id;
  put(twin);
  const std::string shown = tokens().member("refresh_token");
  Ask ask;
  ask.host = "other.test";
  expectError(token({{"grant_type", "refresh_token"},
                     {"refresh_token", shown},
                     {"client_id", publicApp_.uid}},
                    ask),
              400, "invalid_grant");
  EXPECT_EQ(refresh(shown).status, 200);
}

TEST_F(TokenRoutes, ClientCredentialsAreForConfidentialApplications) {
  const Fields fields{{"grant_type", "client_credentials"}, {"scope", "systems.read"}};
  Ask ask;
  ask.headers = {{"Authorization", basic(confidentialApp_.uid, "the-secret")}};
  const Answer answer = token(fields, ask);
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(answer.body.find("refresh_token"), nullptr);
  EXPECT_EQ(answer.member("scope"), "systems.read");
  EXPECT_EQ(probe(answer.member("access_token")).text, "\"" + confidentialApp_.id + "\"");

  ask.headers = {{"Authorization", basic(confidentialApp_.uid, "wrong")}};
  const Answer wrong = token(fields, ask);
  expectError(wrong, 401, "invalid_client");
  EXPECT_TRUE(wrong.response.header("WWW-Authenticate").starts_with("Basic"));
  expectError(token(with(fields, "client_id", confidentialApp_.uid)), 401, "invalid_client");
  expectError(token(with(fields, "client_id", publicApp_.uid)), 400, "unauthorized_client");
  ask.headers = {{"Authorization", basic(confidentialApp_.uid, "the-secret")}};
  expectError(token(with(fields, "scope", "zones"), ask), 400, "invalid_scope");
  expectError(token(with(fields, "client_secret", "the-secret"), ask), 400, "invalid_request");
  const Answer inBody = token({{"grant_type", "client_credentials"},
                               {"client_id", confidentialApp_.uid},
                               {"client_secret", "the-secret"}});
  EXPECT_EQ(inBody.member("scope"), "systems modules.read");
}

TEST_F(TokenRoutes, ATokenOfAnApplicationEndsByItself) {
  const Answer issued = token({{"grant_type", "client_credentials"},
                               {"client_id", confidentialApp_.uid},
                               {"client_secret", "the-secret"}});
  const std::string shown = issued.member("access_token");
  ASSERT_EQ(probe(shown).status, 200);
  EXPECT_EQ(post("/auth/oauth/revoke", {{"token", shown}}).status, 200);
  EXPECT_EQ(probe(shown).status, 401);
}

TEST_F(TokenRoutes, ThePasswordGrantIsOffUnlessAllowed) {
  const Fields fields{{"grant_type", "password"},
                      {"client_id", publicApp_.uid},
                      {"username", "ada@busbar.test"},
                      {"password", kPassword}};
  expectError(token(fields), 400, "unauthorized_client");
  EXPECT_EQ(events_.count(Kind::LegacyUsed), 0U);
  const Answer answer = token(with(fields, "client_id", legacyApp_.uid));
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(probe(answer.member("access_token")).status, 200);
  EXPECT_EQ(events_.count(Kind::LegacyUsed, "password_grant"), 1U);
  const Fields legacy = with(fields, "client_id", legacyApp_.uid);
  expectError(token(with(legacy, "password", "wrong")), 400, "invalid_grant");
  expectError(token(with(legacy, "username", "nobody@busbar.test")), 400, "invalid_grant");
  // Another domain's people are nobody here.
  expectError(token(with(legacy, "username", "bob@other.test")), 400, "invalid_grant");
}

// As npm 4.7.7 of PlaceOS's client sends it: everything in the query, an empty form body.
TEST_F(TokenRoutes, ParametersInTheQueryAreOffUnlessAllowed) {
  const auto target = [&](const model::OauthApp& app) {
    return "/auth/token?" + encode({{"grant_type", "password"},
                                    {"client_id", app.uid},
                                    {"client_secret", ""},
                                    {"redirect_uri", app.redirectUri},
                                    {"authority", domain_.id},
                                    {"scope", "public"},
                                    {"username", "ada@busbar.test"},
                                    {"password", kPassword}});
  };
  expectError(post(target(publicApp_), {}), 400, "invalid_request");
  const Answer answer = post(target(legacyApp_), {});
  ASSERT_EQ(answer.status, 200) << answer.text;
  EXPECT_EQ(events_.count(Kind::LegacyUsed, "query_parameters"), 1U);
  // And how it revokes.
  EXPECT_EQ(post("/auth/token?token=" + answer.member("access_token"), {}).status, 200);
  EXPECT_EQ(probe(answer.member("access_token")).status, 401);
}

TEST_F(TokenRoutes, SaysWhatIsWrongAsRfc6749Does) {
  expectError(token({}), 400, "invalid_request");
  expectError(token({{"grant_type", "password"}}), 400, "invalid_request");
  expectError(token({{"client_id", publicApp_.uid}}), 400, "invalid_request");
  expectError(token({{"grant_type", "device"}, {"client_id", publicApp_.uid}}), 400,
              "unsupported_grant_type");
  expectError(token({{"grant_type", "refresh_token"}, {"client_id", "unknown"}}), 401,
              "invalid_client");
  expectError(token({{"grant_type", "a"}, {"grant_type", "b"}}), 400, "invalid_request");
  Ask ask;
  ask.body = R"({"grant_type":"password"})";
  ask.headers = {{"Content-Type", "application/json"}};
  expectError(call("POST", "/auth/oauth/token", ask), 400, "invalid_request");
  ask.host = "other.test";
  ask.body = "grant_type=refresh_token&refresh_token=x&client_id=" + publicApp_.uid;
  ask.headers = {{"Content-Type", "application/x-www-form-urlencoded; charset=utf-8"}};
  expectError(call("POST", "/auth/oauth/token", ask), 401, "invalid_client");  // another domain
}

TEST_F(TokenRoutes, RevocationEndsTheFamily) {
  for (const char* which : {"access_token", "refresh_token"}) {
    const Answer issued = tokens();
    const Answer answer = post("/auth/oauth/revoke",
                               {{"token", issued.member(which)}, {"client_id", publicApp_.uid}});
    EXPECT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(probe(issued.member("access_token")).status, 401);
    expectError(refresh(issued.member("refresh_token")), 400, "invalid_grant");
  }
  EXPECT_EQ(events_.count(Kind::TokenRevoked), 2U);
  EXPECT_EQ(post("/auth/oauth/revoke", {{"token", "unknown"}}).status, 200);
  expectError(post("/auth/oauth/revoke", {}), 400, "invalid_request");
  // Another client cannot end what is not its own.
  const Answer issued = tokens();
  post("/auth/oauth/revoke",
       {{"token", issued.member("access_token")}, {"client_id", legacyApp_.uid}});
  EXPECT_EQ(probe(issued.member("access_token")).status, 200);
}

TEST_F(TokenRoutes, TellsApplicationsWhatATokenIs) {
  const Answer issued = tokens();
  Ask ask;
  ask.headers = {{"Authorization", basic(confidentialApp_.uid, "the-secret")}};
  const Answer active =
      post("/auth/oauth/introspect", {{"token", issued.member("access_token")}}, ask);
  ASSERT_EQ(active.status, 200) << active.text;
  EXPECT_TRUE(*active.body.find("active")->asBool());
  EXPECT_EQ(active.member("sub"), ada_.id);
  EXPECT_EQ(active.member("client_id"), publicApp_.uid);
  // A refresh token is nobody's but its own application's.
  for (const std::string& other : {issued.member("refresh_token"), std::string("rubbish")}) {
    const Answer answer = post("/auth/oauth/introspect", {{"token", other}}, ask);
    EXPECT_EQ(answer.text, R"({"active":false})");
  }
  expectError(post("/auth/oauth/introspect",
                   {{"token", issued.member("access_token")}, {"client_id", publicApp_.uid}}),
              401, "invalid_client");
}

TEST_F(TokenRoutes, TellsTheHolderWhatATokenIs) {
  const Answer issued = tokens("openid");
  const std::string bearer = "Bearer " + issued.member("access_token");
  const Answer who = get("/auth/oauth/userinfo", {{"Authorization", bearer}});
  ASSERT_EQ(who.status, 200) << who.text;
  EXPECT_EQ(who.member("sub"), ada_.id);
  EXPECT_EQ(who.member("email"), "ada@busbar.test");
  EXPECT_EQ(get("/auth/oauth/userinfo").status, 401);
  const Answer info = get("/auth/oauth/token/info", {{"Authorization", bearer}});
  ASSERT_EQ(info.status, 200) << info.text;
  EXPECT_EQ(info.member("resource_owner_id"), ada_.id);
  EXPECT_EQ(*info.body.find("expires_in")->asInt(), 7200);
  EXPECT_EQ(get("/auth/oauth/token/info", {{"Authorization", "Bearer x"}}).status, 401);
  EXPECT_EQ(get("/auth/oauth/token/info").status, 401);
}

TEST_F(TokenRoutes, DescribesItself) {
  for (const char* path :
       {"/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"}) {
    const Answer answer = get(path);
    ASSERT_EQ(answer.status, 200);
    EXPECT_EQ(answer.member("issuer"), "https://busbar.test");
    EXPECT_EQ(answer.member("token_endpoint"), "https://busbar.test/auth/oauth/token");
    EXPECT_EQ(json::write(*answer.body.find("code_challenge_methods_supported")), R"(["S256"])");
    EXPECT_EQ(json::write(*answer.body.find("introspection_endpoint_auth_methods_supported")),
              R"(["client_secret_basic","client_secret_post"])");
  }
  const Answer keys = get("/auth/oauth/discovery/keys");
  ASSERT_EQ(keys.body.find("keys")->asArray()->size(), 1U);
  EXPECT_EQ(keys.text.find("\"d\""), std::string::npos);
}

}  // namespace
}  // namespace busbar::oauth
