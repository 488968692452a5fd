// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/client_secret.h"
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;

const std::string kApps = "/api/engine/v2/oauth_apps";

class OauthAppsApi : public ApiFixture {
 protected:
  OauthAppsApi() {
    put(sample::domain(2));
    put(sample::oauthApp(1));
    put(sample::oauthApp(2, 2));
  }
};

TEST_F(OauthAppsApi, MakesReadsChangesAndDeletesAnApplication) {
  const std::string redirect = "http://localhost:8080/App/oauth-resp.html";
  const Answer made = call("POST", kApps, R"({"name":"Panel","redirect_uri":")" + redirect + "\"}");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.member("uid"), auth::clientIdOf(redirect));
  EXPECT_EQ(made.member("owner_id"), sample::id(Table::Domain));
  EXPECT_EQ(made.member("scopes"), "public");
  EXPECT_EQ(made.response.header("Cache-Control"), "no-store");
  for (const char* flag : {"allow_password_grant", "allow_implicit_grant", "allow_query_parameters",
                           "confidential", "skip_authorization"}) {
    EXPECT_FALSE(*made.body.find(flag)->asBool()) << flag;
  }
  const model::OauthApp& row = *site_.findOauthApp(made.member("id"));
  EXPECT_TRUE(auth::isClientSecret(made.member("secret"), row.secretHash));
  const std::string path = kApps + "/" + made.member("id");
  const Answer shown = call("GET", path);
  EXPECT_TRUE(shown.body.find("secret")->isNull());
  EXPECT_EQ(shown.text.find(row.secretHash), std::string::npos);
  // Its name stays when it moves.
  const Answer changed = call("PATCH", path + "?version=0",
                              R"({"redirect_uri":"https://b.example/","confidential":true,)"
                              R"("allow_password_grant":true,"scopes":"public openid"})");
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.member("uid"), made.member("uid"));
  EXPECT_TRUE(*changed.body.find("allow_password_grant")->asBool());
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_EQ(call("GET", path).status, 404);
}

TEST_F(OauthAppsApi, ANewSecretEndsTheOldOne) {
  const Answer made = call("POST", kApps, R"({"name":"a","redirect_uri":"https://a.example/"})");
  const std::string path = "/api/busbar/v1/oauth_apps/" + made.member("id") + "/secret";
  EXPECT_EQ(call("POST", path, {}, "support").status, 403);
  const Answer renewed = call("POST", path);
  ASSERT_EQ(renewed.status, 200) << renewed.text;
  EXPECT_EQ(renewed.response.header("Cache-Control"), "no-store");
  const std::string& hash = site_.findOauthApp(made.member("id"))->secretHash;
  EXPECT_TRUE(auth::isClientSecret(renewed.member("secret"), hash));
  EXPECT_FALSE(auth::isClientSecret(made.member("secret"), hash));
  EXPECT_EQ(renewed.member("uid"), made.member("uid"));
  EXPECT_EQ(call("POST", "/api/busbar/v1/oauth_apps/absent/secret").status, 404);
}

TEST_F(OauthAppsApi, RefusesBadApplications) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"redirect_uri":"https://a.example/"})", "name"},
      {R"({"name":"x"})", "redirect_uri"},
      {R"({"name":"x","redirect_uri":"https://a.example/#f"})", "redirect_uri"},
      {R"({"name":"x","redirect_uri":"https://a.example/","scopes":"pubic"})", "scopes"},
      {R"({"name":"x","redirect_uri":"https://a.example/","scopes":""})", "scopes"},
      {R"({"name":"x","redirect_uri":"https://a.example/","owner_id":"authority-x"})", "owner_id"},
      {R"({"name":"x","redirect_uri":"https://a.example/","secret_hash":""})", "secret_hash"},
      {R"({"name":"x","redirect_uri":"https://a.example/","allow_password_grant":1})",
       "allow_password_grant"}};
  for (const auto& [body, field] : rows) {
    const Answer answer = call("POST", kApps, body);
    EXPECT_EQ(answer.status, 422) << body << answer.text;
    EXPECT_EQ(answer.member("field"), field) << answer.text;
  }
  const Answer taken = call(
      "POST", kApps, R"({"name":"x","redirect_uri":")" + sample::oauthApp(1).redirectUri + "\"}");
  EXPECT_EQ(taken.status, 409) << taken.text;
  EXPECT_EQ(call("PATCH", kApps + "/" + sample::id(Table::OauthApp),
                 R"({"owner_id":")" + sample::id(Table::Domain, 2) + "\"}")
                .member("field"),
            "owner_id");
}

TEST_F(OauthAppsApi, AreListedToPeopleOfTheirDomainBySubsystem) {
  EXPECT_EQ(call("GET", kApps).body.asArray()->size(), 2u);
  EXPECT_EQ(
      call("GET", kApps + "?authority_id=" + sample::id(Table::Domain, 2)).body.asArray()->size(),
      1u);
  EXPECT_EQ(call("GET", kApps, {}, "support").body.asArray()->size(), 1u);
  EXPECT_EQ(call("GET", kApps, {}, "user").text, "[]") << "it is of a subsystem";
  put(sample::group(1));
  put(sample::groupUser(1, 1, 101));
  EXPECT_EQ(call("GET", kApps, {}, "user").body.asArray()->size(), 1u);
  const std::string two = kApps + "?authority_id=" + sample::id(Table::Domain, 2);
  EXPECT_EQ(call("GET", two, {}, "user").body.asArray()->size(), 1u) << "the own domain";
}

}  // namespace
}  // namespace busbar
