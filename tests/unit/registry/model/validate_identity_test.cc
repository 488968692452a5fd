// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "registry/model/validate.h"
#include "tests/support/sample_records.h"

namespace busbar::model {
namespace {

using Fields = std::vector<std::string>;

Fields fieldsOf(const FieldErrors& errors) {
  Fields out;
  for (const FieldError& error : errors) {
    out.push_back(error.field);
  }
  return out;
}

template <class R, class Change>
Fields broken(R record, Change change) {
  change(record);
  return fieldsOf(validate(record));
}

TEST(ValidateIdentity, SamplesAreValid) {
  EXPECT_EQ(fieldsOf(validate(sample::user())), Fields{});
  EXPECT_EQ(fieldsOf(validate(sample::apiKey())), Fields{});
  EXPECT_EQ(fieldsOf(validate(sample::domain())), Fields{});
  EXPECT_EQ(fieldsOf(validate(sample::oauthApp())), Fields{});
  EXPECT_EQ(fieldsOf(validate(sample::group())), Fields{});
  EXPECT_EQ(fieldsOf(validate(sample::groupUser())), Fields{});
  EXPECT_EQ(fieldsOf(validate(sample::groupZone())), Fields{});
  EXPECT_EQ(fieldsOf(validate(sample::groupInvitation())), Fields{});
}

TEST(ValidateIdentity, EmptyRecordsNameTheirRequiredMembers) {
  EXPECT_EQ(fieldsOf(validate(User{})), (Fields{"name", "email"}));
  EXPECT_EQ(fieldsOf(validate(ApiKey{})), (Fields{"name", "user_id", "secret_hash"}));
  EXPECT_EQ(fieldsOf(validate(Domain{})), (Fields{"name", "domain"}));
  EXPECT_EQ(fieldsOf(validate(OauthApp{})),
            (Fields{"owner_id", "name", "uid", "secret_hash", "redirect_uri"}));
  EXPECT_EQ(fieldsOf(validate(Group{})), (Fields{"authority_id", "name"}));
  EXPECT_EQ(fieldsOf(validate(GroupUser{})), (Fields{"user_id", "group_id"}));
  EXPECT_EQ(fieldsOf(validate(GroupZone{})), (Fields{"zone_id", "group_id"}));
  EXPECT_EQ(fieldsOf(validate(GroupInvitation{})), (Fields{"group_id", "email", "secret_hash"}));
}

TEST(ValidateIdentity, HostsAreTakenFromWhatPeopleWrite) {
  const std::pair<const char*, const char*> cases[] = {
      {"Example.COM", "example.com"},
      {"https://example.com:8443/path?x#y", "example.com"},
      {"example.com:80", "example.com"},
      {" example.com ", "example.com"},
      {"http://user:pw@example.com", "example.com"},
      {"[::1]:8080", "::1"},
      {"::1", "::1"},
      {"[::1", "::1"},
      {"", ""}};
  for (const auto& [written, host] : cases) {
    EXPECT_EQ(hostOf(written), host) << written;
  }
  Domain domain = sample::domain();
  domain.domain = "HTTPS://Rooms.Example.com/";
  domain.emailDomains = {"Example.com", " example.com", ""};
  normalise(domain);
  EXPECT_EQ(domain.domain, "rooms.example.com");
  EXPECT_EQ(domain.emailDomains, Fields{"example.com"});
}

TEST(ValidateIdentity, DomainMembersAreChecked) {
  const auto with = [](auto change) { return broken(sample::domain(), change); };
  EXPECT_EQ(with([](Domain& d) { d.domain = "a b"; }), Fields{"domain"});
  for (const char* url : {"", "login", "//evil.example", "/\\evil.example", "javascript:alert(1)",
                          "ftp://a.example"}) {
    EXPECT_EQ(with([url](Domain& d) { d.loginUrl = url; }), Fields{"login_url"}) << url;
    EXPECT_EQ(with([url](Domain& d) { d.logoutUrl = url; }), Fields{"logout_url"}) << url;
  }
  for (const char* text : {"", "[]", "{", "1"}) {
    EXPECT_EQ(with([text](Domain& d) { d.config = text; }), Fields{"config"}) << text;
    EXPECT_EQ(with([text](Domain& d) { d.internals = text; }), Fields{"internals"}) << text;
  }
  EXPECT_EQ(with([](Domain& d) { d.config = "{\"a\":\"" + std::string(70'000, 'x') + "\"}"; }),
            Fields{"config"});
  EXPECT_EQ(with([](Domain& d) { d.emailDomains = {"a b"}; }), Fields{"email_domains"});
}

TEST(ValidateIdentity, UserMembersAreChecked) {
  const auto with = [](auto change) { return broken(sample::user(), change); };
  EXPECT_EQ(with([](User& u) { u.email = "nobody"; }), Fields{"email"});
  EXPECT_EQ(with([](User& u) { u.domainId = "sys-1"; }), Fields{"authority_id"});
  EXPECT_EQ(with([](User& u) { u.phone = "1\n2"; }), Fields{"phone"});
  EXPECT_EQ(with([](User& u) { u.loginName = std::string(300, 'x'); }), Fields{"login_name"});
  EXPECT_EQ(with([](User& u) { u.groups = {"a\tb"}; }), Fields{"groups"});
  EXPECT_EQ(with([](User& u) { u.workPreferences = "{}"; }), Fields{"work_preferences"});
  EXPECT_EQ(with([](User& u) { u.workOverrides = "[]"; }), Fields{"work_overrides"});
  EXPECT_EQ(with([](User& u) { u.loggedOutAt = -1; }), Fields{"logged_out_at"});
  for (const char* language : {"d", "deut", "de-", "de_AT", "12"}) {
    EXPECT_EQ(with([language](User& u) { u.preferredLanguage = language; }),
              Fields{"preferred_language"})
        << language;
  }
  for (const char* language : {"", "de", "gsw", "en-AU", "zh-Hans-CN"}) {
    EXPECT_EQ(with([language](User& u) { u.preferredLanguage = language; }), Fields{}) << language;
  }
}

TEST(ValidateIdentity, AUsersNameFollowsFirstAndLastName) {
  User user;
  user.firstName = " Ada ";
  user.lastName = "Lovelace ";
  user.name = "somebody";
  user.email = " Ada@Example.COM";
  user.groups = {"a", " a"};
  normalise(user);
  EXPECT_EQ(user.name, "Ada Lovelace");
  EXPECT_EQ(user.email, "ada@example.com");
  EXPECT_EQ(user.groups, Fields{"a"});
  user.lastName.clear();
  normalise(user);
  EXPECT_EQ(user.name, "Ada");
  user.firstName.clear();
  user.name = "kept";
  normalise(user);
  EXPECT_EQ(user.name, "kept");
}

TEST(ValidateIdentity, ApplicationAndGroupMembersAreChecked) {
  const auto app = [](auto change) { return broken(sample::oauthApp(), change); };
  for (const char* uri : {"", "/path", "app", "https://a.example/#x", "https://a b"}) {
    EXPECT_EQ(app([uri](OauthApp& a) { a.redirectUri = uri; }), Fields{"redirect_uri"}) << uri;
  }
  for (const char* uri : {"https://a.example/cb?x=1", "http://localhost:8080/", "my.app://back"}) {
    EXPECT_EQ(app([uri](OauthApp& a) { a.redirectUri = uri; }), Fields{}) << uri;
  }
  EXPECT_EQ(app([](OauthApp& a) { a.uid = "ABC"; }), Fields{"uid"});
  EXPECT_EQ(app([](OauthApp& a) { a.scopes.clear(); }), Fields{"scopes"});
  EXPECT_EQ(broken(sample::group(), [](Group& g) { g.parentId = g.id; }), Fields{"parent_id"});
  for (const int64_t bits : {int64_t{-1}, int64_t{256}}) {
    EXPECT_EQ(broken(sample::groupUser(), [bits](GroupUser& m) { m.permissions = bits; }),
              Fields{"permissions"});
    EXPECT_EQ(broken(sample::groupZone(), [bits](GroupZone& g) { g.permissions = bits; }),
              Fields{"permissions"});
    EXPECT_EQ(
        broken(sample::groupInvitation(), [bits](GroupInvitation& i) { i.permissions = bits; }),
        Fields{"permissions"});
  }
  const auto invitation = [](auto change) { return broken(sample::groupInvitation(), change); };
  EXPECT_EQ(invitation([](GroupInvitation& i) { i.email = "nobody"; }), Fields{"email"});
  EXPECT_EQ(invitation([](GroupInvitation& i) { i.expiresAt = -1; }), Fields{"expires_at"});
  EXPECT_EQ(invitation([](GroupInvitation& i) { i.invitedById = "me"; }), Fields{"invited_by_id"});
  EXPECT_EQ(invitation([](GroupInvitation& i) { i.invitedById.clear(); }), Fields{});
  GroupInvitation shouted = sample::groupInvitation();
  shouted.email = " Guest@Example.com ";
  normalise(shouted);
  EXPECT_EQ(shouted.email, "guest@example.com");
}

}  // namespace
}  // namespace busbar::model
