// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

const std::string kDomains = "/api/engine/v2/domains";

using DomainsApi = ApiFixture;

TEST_F(DomainsApi, MakesReadsChangesAndDeletesADomain) {
  const Answer made = call("POST", kDomains,
                           R"({"name":"East","domain":"HTTPS://East.Example.com:8443/x",)"
                           R"("config":{"default_app":"/a/"},"internals":{"soft_delete":true}})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_TRUE(made.member("id").starts_with("authority-"));
  EXPECT_EQ(made.member("domain"), "east.example.com");
  EXPECT_EQ(made.member("login_url"), "/login?continue={{url}}");
  EXPECT_EQ(made.member("logout_url"), "/auth/logout");
  EXPECT_EQ(*made.body.find("config")->find("default_app")->asString(), "/a/");
  const std::string path = kDomains + "/" + made.member("id");
  const Answer changed =
      call("PATCH", path + "?version=0", R"({"email_domains":["East.example.com"],"config":null})");
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(json::write(*changed.body.find("email_domains")), R"(["east.example.com"])");
  EXPECT_EQ(json::write(*changed.body.find("config")), "{}");
  EXPECT_EQ(json::write(*changed.body.find("internals")), R"({"soft_delete":true})");
  EXPECT_EQ(call("GET", path).member("name"), "East");
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_EQ(call("GET", path).status, 404);
}

TEST_F(DomainsApi, ListsAllToAdminsAndTheOwnToSupport) {
  put(sample::domain(2));
  const Answer all = call("GET", kDomains + "?limit=500");
  EXPECT_EQ(all.body.asArray()->size(), 2u);
  EXPECT_EQ(all.response.header("X-Total-Count"), "2");
  EXPECT_EQ(all.response.header("Content-Range"), "authority 0-2/2");
  EXPECT_NE(all.body.asArray()->front().find("internals"), nullptr);
  const Answer own = call("GET", kDomains, {}, "support");
  ASSERT_EQ(own.body.asArray()->size(), 1u);
  EXPECT_EQ(own.body.asArray()->front().find("internals"), nullptr);
  EXPECT_EQ(call("GET", kDomains + "/" + sample::id(model::Table::Domain, 1), {}, "support").status,
            200);
  EXPECT_EQ(call("GET", kDomains + "/" + sample::id(model::Table::Domain, 2), {}, "support").status,
            404);
  EXPECT_EQ(call("GET", kDomains + "/" + sample::id(model::Table::Domain, 2)).status, 200);
}

TEST_F(DomainsApi, RefusesBadDomains) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"domain":"a.example"})", "name"},
      {R"({"name":"x"})", "domain"},
      {R"({"name":"x","domain":"a b"})", "domain"},
      {R"({"name":"x","domain":"a.example","login_url":"//evil"})", "login_url"},
      {R"({"name":"x","domain":"a.example","config":[]})", "config"},
      {R"({"name":"x","domain":"a.example","internals":"x"})", "internals"},
      {R"({"name":"x","domain":"a.example","colour":1})", "colour"}};
  for (const auto& [body, field] : rows) {
    const Answer answer = call("POST", kDomains, body);
    EXPECT_EQ(answer.status, 422) << body << answer.text;
    EXPECT_EQ(answer.member("field"), field) << answer.text;
  }
  const Answer taken =
      call("POST", kDomains, R"({"name":"x","domain":")" + sample::domain().domain + "\"}");
  EXPECT_EQ(taken.status, 409) << taken.text;
  EXPECT_EQ(taken.member("field"), "domain");
}

TEST_F(DomainsApi, KeepsTheDefaultDomain) {
  const Answer refused = call("DELETE", kDomains + "/" + sample::id(model::Table::Domain, 1));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.member("reason"), "last_domain");
}

TEST_F(DomainsApi, ListsOfWhatIsNotHereAreEmptyAndNothingCanBeMade) {
  for (const char* name :
       {"repositories", "oauth_auths", "saml_auths", "ldap_auths", "edges", "brokers", "storages",
        "assets", "alerts", "uploads", "short_url", "signage/playlists"}) {
    const std::string path = std::string("/api/engine/v2/") + name;
    const Answer list = call("GET", path + "?q=&limit=5&offset=0");
    EXPECT_EQ(list.text, "[]") << name;
    EXPECT_EQ(list.response.header("X-Total-Count"), "0");
    EXPECT_EQ(list.response.header("Content-Range"), std::string(name) + " 0-0/0");
    const Answer refused = call("POST", path, "{}");
    EXPECT_EQ(refused.status, 404) << name;
    EXPECT_EQ(refused.member("reason"), "not_here");
    EXPECT_EQ(call("GET", path + "/some-id").status, 404) << name;
    EXPECT_EQ(call("GET", path + "?limit=x").status, 400) << name;
  }
}

TEST_F(DomainsApi, TellsVersionsAndScopes) {
  EXPECT_EQ(*call("GET", "/api/engine/v2/version", {}, "user").body.find("version")->asString(),
            "9.9.9");
  EXPECT_EQ(call("GET", "/api/engine/v2/platform", {}, "user").member("version"), "9.9.9");
  const Answer versions = call("GET", "/api/engine/v2cluster/versions", {}, "user");
  ASSERT_EQ(versions.body.asArray()->size(), 1u) << versions.text;
  const Answer scopes = call("GET", "/api/engine/v2/scopes", {}, "user");
  EXPECT_EQ(*scopes.body.asArray()->front().asString(), "public");
  for (const http::RouteInfo& route : router_.dump()) {
    const bool isListed =
        std::any_of(scopes.body.asArray()->begin(), scopes.body.asArray()->end(),
                    [&](const json::Value& name) { return *name.asString() == route.scope; });
    EXPECT_TRUE(isListed || route.scope.empty()) << route.scope << " " << route.pattern;
  }
}

}  // namespace
}  // namespace busbar
