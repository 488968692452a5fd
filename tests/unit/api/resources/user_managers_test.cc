// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;
namespace grant = model::grant;

const std::string kPeople = "/api/engine/v2/users";

// Zone 1 is the organisation's zone of the fixture's domain. The caller "user" (101) is in group 1,
// which has in a zone what a test gives it. 105 and 106 are other plain users, 102 is support, 103
// and 104 are admins; 201 is a plain user of domain 2.
class UserManagersApi : public ApiFixture {
 protected:
  UserManagersApi() {
    put(sample::domain(2));
    put(sample::zone(1));
    put(sample::zone(2));
    put(sample::group(1));
    model::GroupUser membership = sample::groupUser(1, 1, 101);
    membership.permissions = grant::kAll;
    put(membership);
    addKey(model::UserRole::User);
    addKey(model::UserRole::User);
    model::User stranger = sample::user(201, model::UserRole::User);
    stranger.domainId = sample::id(Table::Domain, 2);
    put(stranger);
    configure(R"({"org_zone":")" + sample::id(Table::Zone, 1) + "\"}", "{}");
  }

  void configure(const std::string& config, const std::string& internals) {
    const Answer done = call("PATCH", "/api/engine/v2/domains/" + sample::id(Table::Domain),
                             R"({"config":)" + config + R"(,"internals":)" + internals + "}");
    ASSERT_EQ(done.status, 200) << done.text;
  }
  void give(int64_t bits, int zoneNumber = 1) {
    model::GroupZone row = sample::groupZone(++grants_, 1, zoneNumber);
    row.permissions = bits;
    row.deny = false;
    put(row);
  }
  void giveInstead(int64_t bits) {
    const Answer done = call("PATCH",
                             "/api/engine/v2/group_zones/" + sample::id(Table::Group, 1) + "/" +
                                 sample::id(Table::Zone, 1),
                             R"({"permissions":)" + std::to_string(bits) + "}");
    ASSERT_EQ(done.status, 200) << done.text;
  }
  static std::string idOf(int n) { return sample::id(Table::User, n); }
  static std::string path(int n) { return kPeople + "/" + idOf(n); }
  Answer ask(const std::string& method, const std::string& where, const std::string& body = {},
             const char* caller = "user") {
    return call(method, where, body, caller);
  }
  int status(const std::string& method, const std::string& where, const std::string& body = {},
             const char* caller = "user") {
    return call(method, where, body, caller).status;
  }
  // The member that a refusal blames, after it was seen to be one for rights.
  std::string blamed(const std::string& method, const std::string& where, const std::string& body,
                     const char* caller = "user") {
    const uint64_t before = site_.position();
    const Answer answer = call(method, where, body, caller);
    EXPECT_EQ(answer.status, 403) << method << " " << where << " " << body << " " << answer.text;
    EXPECT_EQ(site_.position(), before) << "nothing is changed";
    return answer.member("field");
  }
  const model::User& row(int n) { return *site_.findUser(idOf(n)); }

  static constexpr const char* kNew =
      R"({"name":"Grace","email":"grace@example.com","password":"correct battery staple"})";
  int grants_ = 0;
};

TEST_F(UserManagersApi, EachBitOpensItsOwn) {
  const auto tried = [this] {
    return std::vector<int>{
        status("POST", kPeople, kNew), status("PATCH", path(105), R"({"phone":"1"})"),
        status("PUT", path(105), R"({"phone":"2"})"), status("DELETE", path(106) + "?dry_run=true"),
        status("POST", path(106) + "/revive")};
  };
  EXPECT_EQ(tried(), (std::vector<int>{403, 403, 403, 403, 403})) << "no grant";
  give(grant::kAll, 2);
  EXPECT_EQ(tried(), (std::vector<int>{403, 403, 403, 403, 403})) << "a grant in another zone";
  give(grant::kUpdate);
  EXPECT_EQ(tried(), (std::vector<int>{403, 200, 200, 403, 403}));
  giveInstead(grant::kCreate);
  EXPECT_EQ(tried(), (std::vector<int>{201, 403, 403, 403, 200}));
  giveInstead(grant::kDelete);
  EXPECT_EQ(tried(), (std::vector<int>{403, 403, 403, 200, 403}));
}

TEST_F(UserManagersApi, MakeUsableAccounts) {
  give(grant::kCreate);
  const Answer made = ask("POST", kPeople, kNew);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.body.find("card_number"), nullptr) << "as everybody sees it";
  const model::User& user = *site_.findUser(made.member("id"));
  EXPECT_EQ(user.domainId, sample::id(Table::Domain));
  EXPECT_EQ(user.role, model::UserRole::User);
  EXPECT_EQ(user.passwordHash, "$fake$correct battery staple");
  EXPECT_EQ(ask("POST", kPeople, kNew).status, 409);
}

TEST_F(UserManagersApi, GiveNoRights) {
  give(grant::kAll);
  const std::string person = R"({"name":"Eve","email":"eve@example.com",)";
  const std::pair<const char*, const char*> members[] = {
      {R"("sys_admin":true})", "sys_admin"}, {R"("support":true})", "sys_admin"},
      {R"("role":"admin"})", "sys_admin"},   {R"("role":"support"})", "sys_admin"},
      {R"("groups":["Board"]})", "groups"},  {R"("login_name":"root"})", "login_name"},
      {R"("staff_id":"1"})", "staff_id"},    {R"("card_number":"1"})", "card_number"}};
  for (const char* caller : {"user", "support"}) {
    for (const auto& [body, field] : members) {
      EXPECT_EQ(blamed("POST", kPeople, person + body, caller), field);
      EXPECT_EQ(blamed("PATCH", path(105), std::string("{") + body, caller), field);
      EXPECT_EQ(blamed("PATCH", path(101), std::string("{") + body), field) << "nor to oneself";
    }
    EXPECT_EQ(blamed("POST", kPeople,
                     person + R"("authority_id":")" + sample::id(Table::Domain, 2) + "\"}", caller),
              "authority_id");
    EXPECT_EQ(blamed("POST", kPeople, person + R"("authority_id":""})", caller), "authority_id");
  }
  EXPECT_EQ(site_.findUserByEmail("", "eve@example.com"), nullptr);
}

TEST_F(UserManagersApi, TouchNobodyWithMoreThanTheRoleUser) {
  give(grant::kAll);
  for (const char* caller : {"user", "support"}) {
    for (const int target : {102, 103, 104}) {
      if (target == 102 && std::string(caller) == "support") {
        continue;  // itself
      }
      blamed("PATCH", path(target), R"({"nickname":"x"})", caller);
      blamed("PATCH", path(target), R"({"sys_admin":false,"support":false})", caller);
      blamed("PATCH", path(target), R"({"email":"mine@example.com"})", caller);
      blamed("PATCH", path(target), R"({"password":"correct battery staple"})", caller);
      blamed("DELETE", path(target), {}, caller);
      blamed("DELETE", path(target) + "?dry_run=true", {}, caller);
      blamed("DELETE", path(target) + "?force_removal=true", {}, caller);
      blamed("POST", path(target) + "/revive", {}, caller);
    }
  }
  blamed("DELETE", path(102), {}, "support");
  // The last admin is as safe, and a deleted one stays deleted.
  ASSERT_EQ(call("DELETE", path(104)).status, 202);
  blamed("DELETE", path(103), {});
  configure(R"({"org_zone":")" + sample::id(Table::Zone, 1) + "\"}", R"({"soft_delete":true})");
  ASSERT_EQ(call("DELETE", path(102)).status, 202);
  blamed("POST", path(102) + "/revive", {});
  EXPECT_TRUE(row(102).deleted);
}

TEST_F(UserManagersApi, ReachNoOtherDomain) {
  give(grant::kAll);
  for (const char* caller : {"user", "support"}) {
    EXPECT_EQ(status("PATCH", path(201), R"({"phone":"1"})", caller), 404);
    EXPECT_EQ(status("DELETE", path(201), {}, caller), 404);
    EXPECT_EQ(status("POST", path(201) + "/revive", {}, caller), 404);
    EXPECT_EQ(status("DELETE", kPeople + "/user201@example.com", {}, caller), 404);
    EXPECT_EQ(ask("PATCH", path(105), R"({"authority_id":")" + sample::id(Table::Domain, 2) + "\"}",
                  caller)
                  .member("field"),
              "authority_id");
  }
  EXPECT_NE(site_.findUser(idOf(201)), nullptr);
}

TEST_F(UserManagersApi, SetNoPasswordOfOthersAndNoMail) {
  give(grant::kAll);
  for (const char* caller : {"user", "support"}) {
    EXPECT_EQ(blamed("PATCH", path(105), R"({"password":"correct battery staple"})", caller),
              "password");
    EXPECT_EQ(blamed("PATCH", path(105), R"({"password":""})", caller), "password");
    EXPECT_EQ(ask("PATCH", path(105), R"({"email":"mine@example.com"})", caller).member("field"),
              "email");
  }
  EXPECT_EQ(row(105).passwordHash, sample::user(105).passwordHash);
}

// A key for "Panel 3" with the role admin would make an admin of whoever has this address.
TEST_F(UserManagersApi, TakeNoAddressOfAKeysUser) {
  give(grant::kAll);
  const std::string body = R"({"name":"x","email":"Panel-3@Keys.Local"})";
  EXPECT_EQ(blamed("POST", kPeople, body), "email");
  EXPECT_EQ(blamed("POST", kPeople, body, "support"), "email");
  EXPECT_EQ(status("POST", kPeople, body, "admin"), 201);
  // Nor do they make, change or delete keys themselves.
  const std::string keys = "/api/engine/v2/api_keys";
  EXPECT_EQ(status("POST", keys, R"({"name":"k","user_id":")" + idOf(105) + "\"}"), 403);
  EXPECT_EQ(status("DELETE", keys + "/" + sample::id(Table::ApiKey, 103)), 403);
}

TEST_F(UserManagersApi, DeleteAndReviveThoseWithTheRoleUser) {
  give(grant::kAll);
  configure(R"({"org_zone":")" + sample::id(Table::Zone, 1) + "\"}", R"({"soft_delete":true})");
  EXPECT_EQ(status("DELETE", path(105)), 202);
  EXPECT_TRUE(row(105).deleted);
  const Answer back = ask("POST", path(105) + "/revive");
  EXPECT_EQ(back.status, 200) << back.text;
  EXPECT_EQ(back.body.find("card_number"), nullptr);
  EXPECT_FALSE(row(105).deleted);
  EXPECT_EQ(status("DELETE", path(105) + "?force_removal=true", {}, "support"), 202);
  EXPECT_EQ(site_.findUser(idOf(105)), nullptr);
  EXPECT_EQ(status("POST", kPeople, kNew, "support"), 201) << "support needs no grant";
}

TEST_F(UserManagersApi, AreAdminsAloneWithoutAZoneOfTheOrganisation) {
  give(grant::kAll);
  for (const std::string& config : {std::string("{}"), std::string(R"({"org_zone":""})"),
                                    R"({"org_zone":")" + sample::id(Table::Zone, 9) + "\"}"}) {
    configure(config, "{}");
    for (const char* caller : {"user", "support"}) {
      blamed("POST", kPeople, kNew, caller);
      blamed("PATCH", path(105), R"({"phone":"1"})", caller);
      blamed("DELETE", path(105), {}, caller);
      blamed("POST", path(105) + "/revive", {}, caller);
    }
  }
  EXPECT_EQ(status("POST", kPeople, kNew, "admin"), 201);
}

// Between the look at the request and the write, the row may have become an admin's.
TEST_F(UserManagersApi, JudgeTheRowThatIsWritten) {
  give(grant::kAll);
  model::User raised = row(105);
  raised.role = model::UserRole::Admin;
  store_.apply({{ConfigWrite::Kind::Update, raised}}, {}, clock_.now() + Milliseconds(10'000),
               [](const auto&) {});
  ASSERT_EQ(row(105).role, model::UserRole::User) << "the site does not show it yet";
  EXPECT_EQ(status("PATCH", path(105), R"({"phone":"1"})"), 403);
  EXPECT_EQ(row(105).phone, sample::user(105).phone);
}

}  // namespace
}  // namespace busbar
