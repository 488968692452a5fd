// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/secret_token.h"
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;
namespace grant = model::grant;

const std::string kInvitations = "/api/engine/v2/group_invitations";
constexpr int64_t kDay = int64_t{24} * 3600;

// Group 2 lies in group 1, both of the fixture's domain; group 3 is of domain 2. The caller "user"
// is 101, "support" 102, "admin" 103; the guest is 105, a plain user.
class GroupInvitationsApi : public ApiFixture {
 protected:
  GroupInvitationsApi() {
    put(sample::domain(2));
    put(sample::group(1));
    model::Group child = sample::group(2);
    child.parentId = group(1);
    put(child);
    put(sample::group(3, 2));
    guest_ = addKey(model::UserRole::User);
  }

  static std::string group(int n) { return sample::id(Table::Group, n); }
  static std::string user(int n) { return sample::id(Table::User, n); }
  void join(int groupNumber, int64_t bits, int userNumber = 101) {
    model::GroupUser membership = sample::groupUser(++memberships_, groupNumber, userNumber);
    membership.permissions = bits;
    put(membership);
  }
  static std::string to(int groupNumber, const std::string& more = {}) {
    return R"({"group_id":")" + group(groupNumber) + R"(","email":"guest@example.com")" + more +
           "}";
  }
  Answer invite(int groupNumber, const std::string& more = {}, const std::string& by = "admin") {
    Answer made = call("POST", kInvitations, to(groupNumber, more), by);
    EXPECT_EQ(made.status, 201) << made.text;
    return made;
  }
  Answer accept(const std::string& secret, const std::string& by) {
    return call("POST", kInvitations + "/accept", R"({"secret":")" + secret + "\"}", by);
  }
  void expectNone(const std::string& secret, const std::string& by) {
    const Answer refused = accept(secret, by);
    EXPECT_EQ(refused.status, 404) << refused.text;
    EXPECT_EQ(refused.member("reason"), "no_such_invitation");
  }
  int64_t bitsOf(int groupNumber, int userNumber) {
    const auto* row = site_.findGroupUser(group(groupNumber), user(userNumber));
    return row == nullptr ? -1 : row->permissions;
  }
  int64_t now() const { return clock_.utcNs() / 1'000'000'000; }
  // An invitation as a row, with its secret.
  std::string plant(model::GroupInvitation row) {
    const auth::SecretToken secret = auth::newSecret();
    row.secretHash = secret.hash;
    put(row);
    return row.id + "." + secret.text;
  }

  std::string guest_;
  int memberships_ = 0;
};

TEST_F(GroupInvitationsApi, LetTheirHolderInOnce) {
  const Answer made = invite(2, R"(,"permissions":5)");
  EXPECT_EQ(made.response.header("Cache-Control"), "no-store");
  EXPECT_EQ(made.member("invited_by_id"), user(103));
  const std::string secret = made.member("secret");
  const Answer joined = accept(secret, guest_);
  ASSERT_EQ(joined.status, 200) << joined.text;
  EXPECT_EQ(joined.member("group_id"), group(2));
  EXPECT_EQ(joined.member("user_id"), user(105));
  EXPECT_EQ(bitsOf(2, 105), 5);
  EXPECT_TRUE(site_.groupInvitations().empty());
  expectNone(secret, guest_);
  expectNone(secret, "user");
  EXPECT_EQ(bitsOf(2, 101), -1);
}

TEST_F(GroupInvitationsApi, AddToWhatAMemberHas) {
  join(2, grant::kRead, 105);
  const std::string secret = invite(2, R"(,"permissions":20)").member("secret");
  EXPECT_EQ(accept(secret, guest_).status, 200);
  EXPECT_EQ(bitsOf(2, 105), 21);
  // Nothing is taken away by a weaker one.
  EXPECT_EQ(accept(invite(2).member("secret"), guest_).status, 200);
  EXPECT_EQ(bitsOf(2, 105), 21);
}

TEST_F(GroupInvitationsApi, ShowTheirSecretOnceAndKeepItNowhere) {
  const Answer made = invite(2);
  const std::string secret = made.member("secret");
  const std::string tail = secret.substr(secret.find('.') + 1);
  const std::string own = kInvitations + "/" + made.member("id");
  const std::string hash = site_.groupInvitations().front()->secretHash;
  for (const std::string& path : {own, kInvitations, std::string("/api/busbar/v1/audit"),
                                  std::string("/api/busbar/v1/export"), own + "?x=1"}) {
    const Answer answer = call("GET", path);
    EXPECT_EQ(answer.status, 200) << path;
    EXPECT_EQ(answer.text.find(tail), std::string::npos) << path;
    EXPECT_EQ(answer.text.find(hash), std::string::npos) << path;
  }
  EXPECT_EQ(call("GET", "/api/busbar/v1/export").text.find("guest@example.com"), std::string::npos)
      << "they are no part of the configuration, as keys are none";
  EXPECT_NE(call("GET", "/api/busbar/v1/audit?type=group_invitation").text.find("(hidden)"),
            std::string::npos);
}

TEST_F(GroupInvitationsApi, AreMadeByManagersOfGroupsBelowTheTop) {
  EXPECT_EQ(call("POST", kInvitations, to(2), "user").member("field"), "group_id") << "unseen";
  EXPECT_EQ(call("POST", kInvitations, to(2), "support").status, 403);
  EXPECT_EQ(call("POST", kInvitations, to(3), "support").member("field"), "group_id");
  join(1, grant::kAll & ~grant::kManage);
  EXPECT_EQ(call("POST", kInvitations, to(2), "user").status, 403);
  const std::string membership = "/api/engine/v2/group_users/" + user(101) + "/" + group(1);
  ASSERT_EQ(call("PATCH", membership, R"({"permissions":64})").status, 200);
  EXPECT_EQ(call("POST", kInvitations, to(1), "user").status, 403) << "at the top: for admins";
  const Answer made = invite(2, R"(,"permissions":255)", "user");
  EXPECT_EQ(accept(made.member("secret"), guest_).status, 200);
}

TEST_F(GroupInvitationsApi, AreSeenAndWithdrawnByWhomMayInvite) {
  join(1, grant::kManage);
  const Answer below = invite(2);
  const Answer top = invite(1);
  const Answer foreign = invite(3);
  const auto count = [this](const std::string& query, const std::string& by) {
    return std::string(call("GET", kInvitations + query, {}, by).response.header("X-Total-Count"));
  };
  EXPECT_EQ(count("", "admin"), "3");
  EXPECT_EQ(count("?group_id=" + group(1), "admin"), "1");
  EXPECT_EQ(count("?authority_id=" + sample::id(Table::Domain, 2), "admin"), "1");
  EXPECT_EQ(count("", "user"), "1");
  EXPECT_EQ(count("", "support"), "0");
  EXPECT_EQ(count("", guest_), "0");
  const Answer page = call("GET", kInvitations + "?limit=2");
  EXPECT_EQ(page.body.asArray()->size(), 2U);
  EXPECT_EQ(page.response.header("Link"),
            "</api/engine/v2/group_invitations?offset=2&limit=2>; rel=\"next\"");
  const std::string own = kInvitations + "/" + below.member("id");
  for (const char* method : {"GET", "DELETE"}) {
    EXPECT_EQ(call(method, kInvitations + "/" + top.member("id"), {}, "user").status, 404);
    EXPECT_EQ(call(method, kInvitations + "/" + foreign.member("id"), {}, "user").status, 404);
    EXPECT_EQ(call(method, own, {}, "support").status, 404);
    EXPECT_EQ(call(method, own, {}, guest_).status, 404);
  }
  EXPECT_EQ(call("GET", own, {}, "user").status, 200);
  EXPECT_EQ(call("DELETE", own, {}, "user").status, 202);
  expectNone(below.member("secret"), guest_);
}

TEST_F(GroupInvitationsApi, ExpireAndMakeRoom) {
  EXPECT_NEAR(static_cast<double>(*invite(2).body.find("expires_at")->asInt()),
              static_cast<double>(now() + 7 * kDay), 60);
  EXPECT_EQ(call("POST", kInvitations, to(2)).member("field"), "email") << "one per address";
  for (const int64_t bad : {now() - 1, int64_t{1}, now() + 31 * kDay, int64_t{-1}}) {
    EXPECT_EQ(call("POST", kInvitations, to(1, R"(,"expires_at":)" + std::to_string(bad)))
                  .member("field"),
              "expires_at");
  }
  invite(1, R"(,"expires_at":)" + std::to_string(now() + 29 * kDay));
  model::GroupInvitation old = sample::groupInvitation(9, 2);
  old.email = "late@example.com";
  old.invitedById = user(103);
  old.expiresAt = now() - 1;
  expectNone(plant(old), guest_);
  EXPECT_EQ(
      call("POST", kInvitations, R"({"group_id":")" + group(2) + R"(","email":"late@example.com"})")
          .status,
      201)
      << "the expired one makes room";
  EXPECT_EQ(site_.findGroupInvitation(old.id), nullptr);
}

TEST_F(GroupInvitationsApi, AreForTheDomainOfTheirGroup) {
  const std::string secret = invite(3).member("secret");
  expectNone(secret, guest_);
  expectNone(secret, "admin");
  const std::string there = addKey(model::UserRole::User, 0, sample::id(Table::Domain, 2));
  EXPECT_EQ(accept(secret, there).status, 200);
  const Answer local =
      call("POST", kInvitations + "/accept", R"({"secret":")" + secret + "\"}", "", true);
  EXPECT_EQ(local.status, 403) << "nobody with a row: " << local.text;
}

// Whoever was put out of a group does not come back by an invitation made before.
TEST_F(GroupInvitationsApi, EndWithTheRightsOfTheirMaker) {
  join(1, grant::kManage);
  const std::string secret = invite(2, R"(,"permissions":64)", "user").member("secret");
  const std::string membership = "/api/engine/v2/group_users/" + user(101) + "/" + group(1);
  ASSERT_EQ(call("PATCH", membership, R"({"permissions":1})").status, 200);
  expectNone(secret, guest_);
  ASSERT_EQ(call("PATCH", membership, R"({"permissions":64})").status, 200);
  ASSERT_EQ(call("PATCH", "/api/engine/v2/groups/" + group(2), R"({"parent_id":""})").status, 200);
  expectNone(secret, guest_);
  model::GroupInvitation orphan = sample::groupInvitation(8, 2);
  orphan.email = "orphan@example.com";
  orphan.invitedById = user(99);
  expectNone(plant(orphan), guest_);
  orphan = sample::groupInvitation(7, 2);
  orphan.invitedById.clear();
  orphan.email = "local@example.com";
  EXPECT_EQ(accept(plant(orphan), guest_).status, 200) << "made over the control socket";
}

TEST_F(GroupInvitationsApi, GoWithTheirGroup) {
  const std::string secret = invite(2).member("secret");
  ASSERT_EQ(call("DELETE", "/api/engine/v2/groups/" + group(1)).status, 202);
  EXPECT_TRUE(site_.groupInvitations().empty());
  expectNone(secret, guest_);
}

TEST_F(GroupInvitationsApi, CannotBeGuessed) {
  const std::string secret = invite(2).member("secret");
  const std::string wrong = secret.substr(0, secret.find('.') + 1) + std::string(43, 'A');
  const std::string stranger =
      sample::id(Table::GroupInvitation, 5) + wrong.substr(wrong.find('.'));
  const std::string guesses[] = {wrong, stranger, "x", "." + wrong, secret + "A"};
  static_assert(std::size(guesses) == auth::GuessLimiter::kFreeGuesses);
  for (const std::string& guess : guesses) {
    expectNone(guess, guest_);
  }
  const Answer refused = accept(secret, guest_);
  EXPECT_EQ(refused.status, 429) << refused.text;
  EXPECT_EQ(refused.member("reason"), "too_many_failures");
  EXPECT_EQ(accept(secret, "user").status, 200) << "nobody else is held up";
}

TEST_F(GroupInvitationsApi, RefuseBadBodies) {
  const auto field = [this](const std::string& body) {
    const Answer refused = call("POST", kInvitations, body);
    EXPECT_EQ(refused.status, 422) << refused.text;
    return refused.member("field");
  };
  EXPECT_EQ(field("{}"), "group_id");
  EXPECT_EQ(field(R"({"group_id":")" + group(9) + R"(","email":"a@example.com"})"), "group_id");
  EXPECT_EQ(field(R"({"group_id":")" + group(1) + R"(","email":"nobody"})"), "email");
  EXPECT_EQ(field(to(1, R"(,"permissions":256)")), "permissions");
  EXPECT_EQ(field(to(1, R"(,"secret_hash":"x")")), "secret_hash");
  EXPECT_EQ(field(to(1, R"(,"expires_at":"soon")")), "expires_at");
  const Answer empty = call("POST", kInvitations + "/accept", "{}", "user");
  EXPECT_EQ(empty.status, 422);
  EXPECT_EQ(empty.member("field"), "secret");
  EXPECT_EQ(call("POST", kInvitations + "/accept", R"({"secret":5})", "user").status, 422);
}

// Of two that show one secret at a time, one is in.
TEST_F(GroupInvitationsApi, AreUsedOnceByTwoAtATime) {
  const std::string secret = invite(2).member("secret");
  waits_ = true;
  const std::string body = R"({"secret":")" + secret + "\"}";
  http::Request first;
  http::Request second;
  begin(first, "POST", kInvitations + "/accept", "user");
  begin(second, "POST", kInvitations + "/accept", guest_);
  RecordedExchange one;
  RecordedExchange two;
  one.send(router_, first, body);
  two.send(router_, second, body);
  ASSERT_TRUE(runUntil(*loop_, [&] { return one.sink().answers + two.sink().answers == 2; }));
  EXPECT_EQ(take(one).status, 200);
  const Answer late = take(two);
  EXPECT_EQ(late.status, 404);
  EXPECT_EQ(late.member("reason"), "no_such_invitation") << "as for one that comes later";
  EXPECT_EQ(site_.usersOfGroup(group(2)).size(), 1U);
}

}  // namespace
}  // namespace busbar
