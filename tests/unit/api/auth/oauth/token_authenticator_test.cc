// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/token_authenticator.h"

#include "api/auth/api_key.h"
#include "api/auth/jwt.h"
#include "tests/support/oauth_fixture.h"

namespace busbar::oauth {
namespace {

class TokenAuthenticatorTest : public OauthFixture {
 protected:
  uint64_t checks() { return service_.authenticator().checks(); }
  std::string reasonOf(const std::string& token, const std::string& host = kHost) {
    return probe(token, host).member("reason");
  }
  // A token of our own key with other claims.
  std::string forge(const char* claim, json::Value value) {
    const auto opened = auth::openJwt(tokens().member("access_token"), auth::JwtType::Access,
                                      service_.parts().keys.all());
    json::Object claims = opened->claims;
    claims.set(claim, std::move(value));
    return auth::signJwt(service_.parts().keys.active(), auth::JwtType::Access, claims).value();
  }
};

TEST_F(TokenAuthenticatorTest, ChecksASignatureOnce) {
  const std::string token = tokens().member("access_token");
  const uint64_t before = checks();
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(probe(token).status, 200);
  }
  EXPECT_EQ(checks(), before + 1);
  EXPECT_EQ(probe(token + "=").status, 401);  // the whole text is the key of the cache
  EXPECT_EQ(probe(token + ".x").status, 401);
}

// Each of these ends a token that is in the cache, at once.
TEST_F(TokenAuthenticatorTest, NothingRevokedStaysInTheCache) {
  const auto cached = [&] {
    Answer issued = tokens();
    EXPECT_EQ(probe(issued.member("access_token")).status, 200);
    EXPECT_EQ(probe(issued.member("access_token")).status, 200);
    return issued;
  };
  Answer issued = cached();  // the token
  post("/auth/oauth/revoke", {{"token", issued.member("access_token")}});
  EXPECT_EQ(reasonOf(issued.member("access_token")), "revoked_token");

  issued = cached();  // its session
  const std::string cookie = sessionHeader(signIn());
  get("/auth/logout", {{"Cookie", cookie}});
  EXPECT_EQ(probe(issued.member("access_token")).status, 401);

  issued = cached();  // its user, by another hand
  changeUser(ada_.id, [&](model::User& user) { user.loggedOutAt += 1; });
  EXPECT_EQ(probe(issued.member("access_token")).status, 401);
  issued = cached();
  changeUser(ada_.id, [&](model::User& user) { user.deleted = true; });
  EXPECT_EQ(probe(issued.member("access_token")).status, 401);
  changeUser(ada_.id, [&](model::User& user) { user.deleted = false; });

  issued = cached();  // its application
  write(ConfigWrite::Kind::Erase, publicApp_);
  EXPECT_EQ(reasonOf(issued.member("access_token")), "revoked_token");
  put(publicApp_);

  issued = cached();  // its key
  ASSERT_TRUE(rotateKey(*loop_, service_.parts().keys).ok());
  EXPECT_EQ(probe(issued.member("access_token")).status, 200);  // a rotation signs nobody out
  const Answer after = tokens();
  EXPECT_EQ(probe(after.member("access_token")).status, 200);
  clock_.advance(std::chrono::seconds(auth::KeyRing::kRetiredSeconds));
  service_.parts().keys.sweep();
  EXPECT_EQ(reasonOf(issued.member("access_token")), "unknown_signing_key");
}

TEST_F(TokenAuthenticatorTest, TheRoleIsThatOfTheUserNow) {
  const std::string token = tokens().member("access_token");
  router_.add(
      http::Method::Get, "/support", auth::Access(auth::Permission::Support, "systems"),
      [](http::Request&, http::Responder responder) { responder.send(http::Response(204)); });
  const std::vector<std::pair<std::string, std::string>> bearer{
      {"Authorization", "Bearer " + token}};
  EXPECT_EQ(get("/support", bearer).status, 204);
  changeUser(ada_.id, [](model::User& user) { user.role = model::UserRole::User; });
  EXPECT_EQ(get("/support", bearer).status, 403);
}

TEST_F(TokenAuthenticatorTest, ExpiresAlsoInTheCache) {
  const std::string token = tokens().member("access_token");
  EXPECT_EQ(probe(token).status, 200);
  clock_.advance(std::chrono::seconds(7200 + auth::kJwtLeewaySeconds - 1));
  EXPECT_EQ(probe(token).status, 200);
  clock_.advance(std::chrono::seconds(1));
  EXPECT_EQ(reasonOf(token), "expired_token");
}

TEST_F(TokenAuthenticatorTest, HoldsInItsDomainAlone) {
  const std::string token = tokens().member("access_token");
  EXPECT_EQ(probe(token, "other.test").status, 401);
  EXPECT_EQ(reasonOf(token, "other.test"), "wrong_audience");
  EXPECT_EQ(probe(token, "busbar.test:8443").status, 200);
  EXPECT_EQ(reasonOf(forge("aud", "other.test"), "other.test"), "revoked_token");
}

TEST_F(TokenAuthenticatorTest, RefusesClaimsThatDoNotFit) {
  EXPECT_EQ(reasonOf(forge("sub", bob_.id)), "unknown_user");
  EXPECT_EQ(reasonOf(forge("sub", "user-0")), "unknown_user");
  EXPECT_EQ(reasonOf(forge("client_id", "x")), "revoked_token");
  EXPECT_EQ(reasonOf(forge("jti", "")), "revoked_token");
  EXPECT_EQ(reasonOf(forge("jti", "fam-0.x")), "revoked_token");
  EXPECT_EQ(reasonOf(forge("iss", "https://busbar.test")), "wrong_issuer");
  EXPECT_EQ(probe(forge("scope", json::Array())).status, 403);
  EXPECT_EQ(probe(forge("scope", "public")).status, 403);
}

TEST_F(TokenAuthenticatorTest, ScopesLimitATokenAsAKey) {
  EXPECT_EQ(probe(tokens("systems.read").member("access_token")).status, 200);
  EXPECT_EQ(probe(tokens("systems.write").member("access_token")).status, 403);
  EXPECT_EQ(probe(tokens("zones").member("access_token")).status, 403);
}

TEST_F(TokenAuthenticatorTest, KeysHoldInTheirDomainToo) {
  model::ApiKey key;
  key.id = ids_.next(model::Table::ApiKey);
  key.name = "key";
  key.userId = ada_.id;
  const auth::NewApiKey made = auth::generateApiKey(key.id);
  key.secretHash = made.secretHash;
  put(key);
  Ask ask;
  ask.headers = {{"X-API-Key", made.text}};
  EXPECT_EQ(call("GET", "/probe", ask).status, 200);
  ask.host = "other.test";
  EXPECT_EQ(call("GET", "/probe", ask).member("reason"), "other_domain");
  ask.headers = {{"Authorization", "Bearer " + made.text}};
  EXPECT_EQ(call("GET", "/probe", ask).status, 401);
  ask.host = kHost;
  EXPECT_EQ(call("GET", "/probe", ask).status, 200);
}

// For connections that outlive their request.
TEST_F(TokenAuthenticatorTest, TellsWhatAPrincipalIsNow) {
  const Answer issued = tokens();
  auth::Credentials credentials;
  const std::string bearer = "Bearer " + issued.member("access_token");
  credentials.authorization = bearer;
  credentials.host = kHost;
  auth::TokenAuthenticator& authenticator = service_.authenticator();
  const auto principal = authenticator.authenticate(credentials).principal;
  ASSERT_TRUE(principal);
  EXPECT_EQ(authenticator.recheck(*principal).principal, principal);
  changeUser(ada_.id, [](model::User& user) { user.role = model::UserRole::Admin; });
  EXPECT_TRUE(authenticator.recheck(*principal).principal->isAdmin());
  post("/auth/oauth/revoke", {{"token", issued.member("refresh_token")}});
  EXPECT_EQ(authenticator.recheck(*principal).error.reason, "revoked_token");
  const std::string other = "Bearer " + tokens().member("access_token");
  credentials.authorization = other;
  const auto second = authenticator.authenticate(credentials).principal;
  clock_.advance(std::chrono::seconds(7200 + auth::kJwtLeewaySeconds));
  EXPECT_EQ(authenticator.recheck(*second).error.reason, "expired_token");
}

TEST_F(TokenAuthenticatorTest, TakesLooseCredentialsWhereARouteDoes) {
  http::RouteOptions options;
  options.credentials = http::CredentialPlaces::Everywhere;
  router_.add(
      http::Method::Get, "/socket", auth::Access(auth::Permission::User, "control"),
      [](http::Request&, http::Responder responder) { responder.send(http::Response(204)); },
      options);
  const std::string token = tokens().member("access_token");
  EXPECT_EQ(get("/socket?bearer_token=" + token).status, 204);
  EXPECT_EQ(get("/socket", {{"Cookie", "a=b; bearer_token=" + token}}).status, 204);
  EXPECT_EQ(get("/socket?bearer_token=x", {{"Authorization", "Token " + token}}).status, 204);
  EXPECT_EQ(get("/socket?bearer_token=x").status, 401);
  EXPECT_EQ(get("/socket?api-key=" + token).status, 401);
  // Nowhere else.
  EXPECT_EQ(get("/probe?bearer_token=" + token).status, 401);
  EXPECT_EQ(get("/probe", {{"Cookie", "bearer_token=" + token}}).status, 401);
  EXPECT_EQ(get("/probe", {{"Cookie", sessionHeader(signIn())}}).status, 401);
}

}  // namespace
}  // namespace busbar::oauth
