// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;

const std::string kUsers = "/api/engine/v2/users";
const std::string kGood = "correct battery staple";

// The fixture's users are 101 (user), 102 (support), 103 (admin), 104 (another admin); 201 and its
// key belong to domain 2.
class UsersApi : public ApiFixture {
 protected:
  UsersApi() {
    put(sample::domain(2));
    stranger_ = sample::user(201, model::UserRole::Admin);
    stranger_.domainId = sample::id(Table::Domain, 2);
    put(stranger_);
  }

  static std::string idOf(int n) { return sample::id(Table::User, n); }
  static std::string path(int n) { return kUsers + "/" + sample::id(Table::User, n); }
  std::string make(const std::string& members) {
    const Answer made = call("POST", kUsers, "{" + members + "}");
    EXPECT_EQ(made.status, 201) << made.text;
    return made.member("id");
  }
  const model::User& row(const std::string& id) { return *site_.findUser(id); }
  void soften() {
    model::Domain domain = *site_.findDomain(sample::id(Table::Domain));
    const Answer done = call("PATCH", "/api/engine/v2/domains/" + domain.id,
                             R"({"internals":{"soft_delete":true}})");
    EXPECT_EQ(done.status, 200) << done.text;
  }
  void clearInternals() {
    call("PATCH", "/api/engine/v2/domains/" + sample::id(Table::Domain), R"({"internals":{}})");
  }

  model::User stranger_;
};

TEST_F(UsersApi, MakesReadsChangesAndDeletesAUser) {
  clearInternals();
  const Answer made =
      call("POST", kUsers,
           R"({"first_name":"Ada","last_name":"Lovelace","email":"Ada@Example.com",)"
           R"("support":true,"groups":["IT"],"login_name":"ada","staff_id":"7",)"
           R"("work_preferences":[{"day_of_week":1,"blocks":[]}],"version":0})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.member("name"), "Ada Lovelace");
  EXPECT_EQ(made.member("email"), "ada@example.com");
  EXPECT_EQ(made.member("authority_id"), sample::id(Table::Domain));
  EXPECT_TRUE(*made.body.find("support")->asBool());
  EXPECT_FALSE(*made.body.find("sys_admin")->asBool());
  EXPECT_TRUE(made.body.find("card_number")->isNull()) << "absent values are null";
  const std::string own = kUsers + "/" + made.member("id");
  const Answer changed = call("PUT", own + "?version=0", R"({"phone":"1","sys_admin":true})");
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_TRUE(*changed.body.find("sys_admin")->asBool());
  EXPECT_EQ(changed.member("phone"), "1");
  EXPECT_EQ(json::write(*changed.body.find("work_preferences")),
            R"([{"day_of_week":1,"blocks":[]}])");
  EXPECT_EQ(call("DELETE", own).status, 202);
  EXPECT_EQ(call("GET", own).status, 404);
}

TEST_F(UsersApi, AreFoundByIdMailLoginNameAndStaffId) {
  for (const std::string& reference : {idOf(101), std::string("USER101@example.com"),
                                       std::string("login101"), std::string("staff101")}) {
    EXPECT_EQ(call("GET", kUsers + "/" + reference, {}, "user").member("id"), idOf(101))
        << reference;
  }
  for (const std::string& reference : {idOf(201), std::string("user201@example.com"),
                                       std::string("login201"), std::string("staff201")}) {
    EXPECT_EQ(call("GET", kUsers + "/" + reference, {}, "user").status, 404) << reference;
    EXPECT_EQ(call("GET", kUsers + "/" + reference, {}, "support").status, 404) << reference;
  }
  EXPECT_EQ(call("GET", path(201)).status, 200) << "admins run the whole site";
}

TEST_F(UsersApi, ShowWhatTheReaderMaySee) {
  const Answer open = call("GET", path(102), {}, "user");
  EXPECT_EQ(open.body.find("email_digest")->asString()->size(), 32u);
  for (const char* hidden : {"sys_admin", "support", "misc", "login_name", "card_number",
                             "ui_theme", "password", "password_hash", "associated_metadata"}) {
    EXPECT_EQ(open.body.find(hidden), nullptr) << hidden;
  }
  const Answer full = call("GET", path(102));
  EXPECT_EQ(full.member("login_name"), "login102");
  EXPECT_EQ(full.text.find("argon2id"), std::string::npos);
  const Answer own = call("GET", kUsers + "/current", {}, "user");
  EXPECT_EQ(own.member("id"), idOf(101));
  EXPECT_EQ(own.member("ui_theme"), "dark");
  EXPECT_EQ(json::write(*own.body.find("associated_metadata")), "{}");
  EXPECT_EQ(json::write(*own.body.find("subsystem_access")), "[]");
  EXPECT_EQ(call("GET", kUsers + "/current", {}, "", true).status, 404) << "no row: local";
}

TEST_F(UsersApi, ShowTheirMetadataInTheirDomainOnly) {
  const std::string body = R"({"name":"desk","details":{"floor":3}})";
  for (const int number : {101, 201}) {
    ASSERT_EQ(call("PUT", "/api/engine/v2/metadata/" + idOf(number), body).status, 200);
  }
  const Answer own = call("GET", kUsers + "/current", {}, "user");
  EXPECT_NE(own.body.find("associated_metadata")->find("desk"), nullptr) << own.text;
  const Answer list = call("GET", kUsers + "?q=101&include_metadata=true", {}, "user");
  ASSERT_EQ(list.body.asArray()->size(), 1u) << list.text;
  EXPECT_NE(list.body.asArray()->front().find("associated_metadata")->find("desk"), nullptr);
  const Answer bulk =
      call("GET", "/api/engine/v2/metadata/desk/bulk?parent_ids=" + idOf(101) + "," + idOf(201), {},
           "support");
  EXPECT_FALSE(bulk.body.find(idOf(101))->isNull()) << bulk.text;
  EXPECT_TRUE(bulk.body.find(idOf(201))->isNull()) << bulk.text;
  for (const char* caller : {"user", "support"}) {
    EXPECT_EQ(call("GET", path(101) + "/metadata", {}, caller).status, 200);
    EXPECT_EQ(call("GET", path(201) + "/metadata", {}, caller).status, 404);
    EXPECT_EQ(call("GET", "/api/engine/v2/metadata/" + idOf(201), {}, caller).status, 404);
    EXPECT_EQ(call("PUT", "/api/engine/v2/metadata/" + idOf(201), body, caller).status, 404);
  }
}

TEST_F(UsersApi, ListTheirDomainAndForAdminsAnyDomain) {
  const std::string two = "?authority_id=" + sample::id(Table::Domain, 2);
  EXPECT_EQ(call("GET", kUsers, {}, "user").body.asArray()->size(), 4u);
  EXPECT_EQ(call("GET", kUsers + two, {}, "user").body.asArray()->size(), 4u);
  EXPECT_EQ(call("GET", kUsers).body.asArray()->size(), 5u);
  EXPECT_EQ(call("GET", kUsers + two).body.asArray()->size(), 1u);
  const Answer page = call("GET", kUsers + "?limit=2&q=101+102+103");
  EXPECT_EQ(page.response.header("X-Total-Count"), "3") << page.text;
  EXPECT_NE(page.response.header("Link"), "");
}

TEST_F(UsersApi, ChangeTheirOwnProfileButNotTheirRights) {
  EXPECT_EQ(call("PATCH", path(101), R"({"nickname":"Nick"})", "user").status, 200);
  // What was read may be sent back whole.
  const Answer own = call("GET", kUsers + "/current", {}, "user");
  EXPECT_EQ(call("PATCH", path(101) + "?version=0", own.text, "user").status, 200);
  for (const auto& [body, field] : std::vector<std::pair<const char*, const char*>>{
           {R"({"sys_admin":true})", "sys_admin"},
           {R"({"support":true})", "sys_admin"},
           {R"({"role":"admin"})", "sys_admin"},
           {R"({"groups":["Board"]})", "groups"},
           {R"({"login_name":"root"})", "login_name"},
           {R"({"staff_id":"1"})", "staff_id"},
           {R"({"card_number":"1"})", "card_number"}}) {
    const Answer refused = call("PATCH", path(101), body, "user");
    EXPECT_EQ(refused.status, 403) << body << refused.text;
    EXPECT_EQ(refused.member("field"), field);
  }
  EXPECT_EQ(call("PATCH", path(102), R"({"nickname":"x"})", "user").status, 403);
  EXPECT_EQ(call("PATCH", path(102), R"({"nickname":"x"})", "support").status, 200) << "itself";
  EXPECT_EQ(call("PATCH", path(101), R"({"nickname":"x"})", "support").status, 403);
  EXPECT_EQ(call("PATCH", path(201), R"({"nickname":"x"})", "support").status, 404);
  EXPECT_EQ(row(idOf(101)).role, model::UserRole::User);
}

TEST_F(UsersApi, KeepTheirMailAndDomain) {
  EXPECT_EQ(call("PATCH", path(101), R"({"email":"USER101@example.com"})").status, 200);
  EXPECT_EQ(call("PATCH", path(101), R"({"email":"other@example.com"})").member("field"), "email");
  EXPECT_EQ(call("PATCH", path(101), R"({"authority_id":")" + sample::id(Table::Domain, 2) + "\"}")
                .member("field"),
            "authority_id");
  // The same address may be in two domains, but not twice in one.
  EXPECT_EQ(call("POST", kUsers,
                 R"({"name":"x","email":"user101@example.com","authority_id":")" +
                     sample::id(Table::Domain, 2) + "\"}")
                .status,
            201);
  EXPECT_EQ(call("POST", kUsers, R"({"name":"x","email":"user101@example.com"})").member("field"),
            "email");
}

TEST_F(UsersApi, RefuseBadMembers) {
  const std::pair<const char*, const char*> rows[] = {
      {R"({"email":"a@example.com"})", "name"},
      {R"({"name":"x","email":"nobody"})", "email"},
      {R"({"name":"x","email":"a@example.com","role":"root"})", "role"},
      {R"({"name":"x","email":"a@example.com","sys_admin":1})", "sys_admin"},
      {R"({"name":"x","email":"a@example.com","preferred_language":"?"})", "preferred_language"},
      {R"({"name":"x","email":"a@example.com","work_preferences":{}})", "work_preferences"},
      {R"({"name":"x","email":"a@example.com","authority_id":"authority-x"})", "authority_id"},
      {R"({"name":"x","email":"a@example.com","password":"short"})", "password"},
      {R"({"name":"x","email":"a@example.com","password":"Password1234"})", "password"},
      {R"({"name":"x","email":"a@example.com","password":5})", "password"},
      {R"({"name":"x","email":"a@example.com","password_hash":"$x"})", "password_hash"}};
  for (const auto& [body, field] : rows) {
    const Answer answer = call("POST", kUsers, body);
    EXPECT_EQ(answer.status, 422) << body << answer.text;
    EXPECT_EQ(answer.member("field"), field) << answer.text;
    EXPECT_EQ(answer.text.find("Password1234"), std::string::npos);
  }
  EXPECT_EQ(call("POST", kUsers, "{").status, 400);
}

TEST_F(UsersApi, StorePasswordsHashedAndNeverShowThem) {
  const std::string id = make(R"("name":"x","email":"a@example.com","password":")" + kGood + "\"");
  EXPECT_EQ(row(id).passwordHash, "$fake$" + kGood);
  const Answer shown = call("GET", kUsers + "/" + id);
  EXPECT_TRUE(*shown.body.find("has_password")->asBool());
  EXPECT_EQ(shown.text.find(kGood), std::string::npos);
  const Answer changed = call("PATCH", kUsers + "/" + id, R"({"password":"another good one"})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.text.find("another good one"), std::string::npos);
  EXPECT_EQ(row(id).passwordHash, "$fake$another good one");
  EXPECT_GT(row(id).loggedOutAt, 1'600'000'000) << "sessions end";
  EXPECT_EQ(call("PATCH", kUsers + "/" + id, R"({"password":""})").status, 200);
  EXPECT_EQ(row(id).passwordHash, "");
}

TEST_F(UsersApi, ShowThePresentPasswordToChangeTheirOwn) {
  call("PATCH", path(101), R"({"password":")" + kGood + "\"}");
  const std::string wish = R"({"password":"another good one")";
  for (const std::string& wrong : {wish + "}", wish + R"(,"current_password":"guess"})"}) {
    const Answer refused = call("PATCH", path(101), wrong, "user");
    EXPECT_EQ(refused.status, 422) << refused.text;
    EXPECT_EQ(refused.member("field"), "current_password");
  }
  EXPECT_EQ(
      call("PATCH", path(101),
           wish + R"(,"confirm_password":"other","current_password":")" + kGood + "\"}", "user")
          .member("field"),
      "confirm_password");
  const Answer done =
      call("PATCH", path(101), wish + R"(,"current_password":")" + kGood + "\"}", "user");
  EXPECT_EQ(done.status, 200) << done.text;
  EXPECT_EQ(row(idOf(101)).passwordHash, "$fake$another good one");
  // Without one, a key cannot make itself a sign-in.
  EXPECT_EQ(call("PATCH", path(101), R"({"password":""})").status, 200);
  EXPECT_EQ(call("PATCH", path(101), wish + "}", "user").status, 403);
  // An admin proves it for the own row too, but not for others.
  EXPECT_EQ(call("PATCH", path(103), wish + "}").member("field"), "current_password");
}

TEST_F(UsersApi, DoNotLetThePresentPasswordBeGuessed) {
  call("PATCH", path(101), R"({"password":")" + kGood + "\"}");
  const auto attempt = [&](const std::string& current) {
    return call("PATCH", path(101),
                R"({"password":"another good one","current_password":")" + current + "\"}", "user");
  };
  for (size_t n = 0; n < auth::GuessLimiter::kFreeGuesses; ++n) {
    EXPECT_EQ(attempt("guess").status, 422);
  }
  const Answer refused = attempt(kGood);
  EXPECT_EQ(refused.status, 429) << refused.text;
  EXPECT_EQ(refused.member("reason"), "too_many_failures");
  EXPECT_EQ(row(idOf(101)).passwordHash, "$fake$" + kGood);
  EXPECT_EQ(call("PATCH", path(101), R"({"password":"a word of the admin"})").status, 200);
}

TEST_F(UsersApi, SayWhenPasswordsCannotBeHashed) {
  hasher_.failure = Error::because(ErrorCode::ResourceExhausted, "busy", "too many");
  const Answer busy =
      call("POST", kUsers, R"({"name":"x","email":"a@example.com","password":")" + kGood + "\"}");
  EXPECT_EQ(busy.status, 429) << busy.text;
  EXPECT_EQ(site_.findUserByEmail("", "a@example.com"), nullptr);
}

TEST_F(UsersApi, TheLastAdminOfADomainStays) {
  const Answer demoted = call("PATCH", path(201), R"({"sys_admin":false})");
  EXPECT_EQ(demoted.status, 409) << demoted.text;
  EXPECT_EQ(demoted.member("reason"), "last_admin");
  EXPECT_EQ(call("DELETE", path(201)).member("reason"), "last_admin");
  EXPECT_EQ(call("PATCH", path(104), R"({"sys_admin":false})").status, 200) << "103 is one too";
  EXPECT_EQ(row(idOf(104)).role, model::UserRole::User);
  EXPECT_EQ(call("PATCH", path(103), R"({"sys_admin":false})").member("reason"), "last_admin");
}

TEST_F(UsersApi, MayBeDeletedSoftlyAndRevived) {
  soften();
  EXPECT_EQ(call("DELETE", path(101)).status, 202);
  ASSERT_NE(site_.findUser(idOf(101)), nullptr);
  EXPECT_EQ(call("GET", kUsers + "/current", {}, "user").status, 401) << "its keys are dead";
  EXPECT_EQ(call("GET", kUsers + "?q=user101").body.asArray()->size(), 0u);
  EXPECT_EQ(call("GET", kUsers + "?q=user101&include_deleted=true").body.asArray()->size(), 1u);
  const Answer back = call("POST", path(101) + "/revive");
  EXPECT_EQ(back.status, 200);
  EXPECT_FALSE(*back.body.find("deleted")->asBool());
  EXPECT_EQ(call("GET", kUsers + "/current", {}, "user").status, 200);
  EXPECT_EQ(call("DELETE", path(101) + "?force_removal=true").status, 202);
  EXPECT_EQ(site_.findUser(idOf(101)), nullptr);
  EXPECT_EQ(call("POST", path(101) + "/revive").status, 404);
}

TEST_F(UsersApi, TellDirectoryGroupsByMail) {
  const std::string wanted = "?emails=user101@example.com,user201@example.com,nobody@example.com";
  const std::string row = R"([{"id":")" + idOf(101) + R"(","groups":["Facilities","IT"]}])";
  EXPECT_EQ(call("GET", kUsers + "/groups" + wanted, {}, "user").text, row);
  EXPECT_EQ(call("GET", "/api/engine/v2users/groups" + wanted, {}, "user").text, row);
  EXPECT_EQ(call("GET", kUsers + "/groups", {}, "user").status, 422);
}

TEST_F(UsersApi, TheirKeysSayWhomTheyStandForAndWhenTheyWereUsed) {
  const std::string keys = "/api/engine/v2/api_keys";
  const Answer token = call("GET", keys + "/inspect", {}, "user");
  EXPECT_EQ(token.member("sub"), idOf(101));
  EXPECT_EQ(token.member("aud"), sample::domain().domain);
  EXPECT_EQ(token.member("iss"), "POS");
  EXPECT_EQ(json::write(*token.body.find("u")),
            R"({"n":"User 101","e":"user101@example.com","p":0,"r":["Facilities","IT"]})");
  EXPECT_EQ(*token.body.find("exp")->asInt() - *token.body.find("iat")->asInt(), 3900);
  const Answer shown = call("GET", keys + "/" + sample::id(Table::ApiKey, 101));
  EXPECT_GT(*shown.body.find("last_used_at")->asInt(), 1'600'000'000) << shown.text;
  EXPECT_EQ(shown.member("authority_id"), sample::id(Table::Domain));
  EXPECT_EQ(*shown.body.find("authority")->find("domain")->asString(), sample::domain().domain);
  const Answer none = call("GET", keys + "?authority_id=" + sample::id(Table::Domain, 2));
  EXPECT_EQ(none.text, "[]");
  EXPECT_EQ(call("POST", keys, R"({"name":"x","scopes":["sytems"]})").member("field"), "scopes");
  EXPECT_EQ(call("POST", keys, R"({"name":"x","scopes":["systems.read"],"ttl":60})").status, 201);
  // The last uses reach the rows.
  api_.writeKeyUsage();
  const std::string key = sample::id(Table::ApiKey, 101);
  EXPECT_TRUE(runUntil(*loop_, [&] { return site_.findApiKey(key)->lastUsedAt > 1'600'000'000; }));
}

}  // namespace
}  // namespace busbar
