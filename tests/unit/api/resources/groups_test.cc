// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;
namespace grant = model::grant;

const std::string kGroupsBase = "/api/engine/v2";

// Group 2 lies in group 1, both of the fixture's domain; group 3 is of domain 2. User 101 is the
// caller "user".
class GroupsApi : public ApiFixture {
 protected:
  GroupsApi() {
    put(sample::domain(2));
    put(sample::group(1));
    model::Group child = sample::group(2);
    child.parentId = group(1);
    put(child);
    put(sample::group(3, 2));
    put(sample::zone(1));
    put(sample::zone(2));
  }

  static std::string group(int n) { return sample::id(Table::Group, n); }
  static std::string user(int n) { return sample::id(Table::User, n); }
  static std::string zone(int n) { return sample::id(Table::Zone, n); }
  void join(int n, int groupNumber, int64_t bits) {
    model::GroupUser membership = sample::groupUser(n, groupNumber, 101);
    membership.permissions = bits;
    put(membership);
  }
  static std::string quoted(const std::string& text) { return "\"" + text + "\""; }
};

TEST_F(GroupsApi, AdminsMakeReadChangeAndDeleteGroups) {
  const Answer made =
      call("POST", kGroupsBase + "/groups",
           R"({"name":"Night shift","parent_id":")" + group(1) + R"(","subsystems":["support"]})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.member("authority_id"), sample::id(Table::Domain));
  const std::string path = kGroupsBase + "/groups/" + made.member("id");
  EXPECT_EQ(call("PATCH", path, R"({"description":"x"})").member("description"), "x");
  EXPECT_EQ(call("GET", kGroupsBase + "/groups?parent_id=root&include_children_count=true")
                .body.asArray()
                ->size(),
            2u);
  EXPECT_EQ(call("GET", kGroupsBase + "/groups?parent_id=" + group(1)).body.asArray()->size(), 2u);
  EXPECT_EQ(call("DELETE", kGroupsBase + "/groups/" + group(1)).status, 202);
  EXPECT_EQ(call("GET", path).status, 404) << "it lay in the deleted group";
}

TEST_F(GroupsApi, RefuseBadGroups) {
  const std::string own = kGroupsBase + "/groups/" + group(1);
  EXPECT_EQ(call("POST", kGroupsBase + "/groups", "{}").member("field"), "name");
  EXPECT_EQ(call("PATCH", own, R"({"parent_id":)" + quoted(group(2)) + "}").member("field"),
            "parent_id");
  EXPECT_EQ(call("PATCH", own, R"({"parent_id":)" + quoted(group(3)) + "}").member("field"),
            "parent_id");
  EXPECT_EQ(call("PATCH", own, R"({"authority_id":)" + quoted(sample::id(Table::Domain, 2)) + "}")
                .member("field"),
            "authority_id");
  EXPECT_EQ(call("POST", kGroupsBase + "/groups", R"({"name":"Group 1"})").status, 409);
  EXPECT_EQ(call("POST", kGroupsBase + "/groups", R"({"name":"x","members":[]})").member("field"),
            "members");
}

TEST_F(GroupsApi, AreSeenByTheirMembersAndBySupportOfTheDomain) {
  const auto seen = [this](const char* caller) {
    return call("GET", kGroupsBase + "/groups", {}, caller).body.asArray()->size();
  };
  EXPECT_EQ(seen("user"), 0u);
  EXPECT_EQ(seen("support"), 2u);
  EXPECT_EQ(seen("admin"), 3u);
  EXPECT_EQ(call("GET", kGroupsBase + "/groups/" + group(1), {}, "user").status, 404);
  EXPECT_EQ(call("GET", kGroupsBase + "/groups/" + group(3), {}, "support").status, 404);
  EXPECT_EQ(call("PATCH", kGroupsBase + "/groups/" + group(3), "{}", "support").status, 404);
  EXPECT_EQ(call("DELETE", kGroupsBase + "/groups/" + group(3), {}, "support").status, 404);
  join(1, 1, grant::kRead);
  EXPECT_EQ(seen("user"), 2u) << "also below";
  const Answer current = call("GET", kGroupsBase + "/groups/current", {}, "user");
  ASSERT_EQ(current.body.asArray()->size(), 2u);
  EXPECT_EQ(*current.body.asArray()->front().find("permissions")->asInt(), grant::kRead);
  EXPECT_EQ(
      call("PATCH", kGroupsBase + "/groups/" + group(2), R"({"description":"x"})", "user").status,
      403);
  EXPECT_EQ(call("PATCH", kGroupsBase + "/groups/" + group(2), R"({"description":"x"})", "support")
                .status,
            403);
}

TEST_F(GroupsApi, ManagersRunWhatLiesBelowThem) {
  join(1, 1, grant::kManage);
  EXPECT_EQ(
      call("PATCH", kGroupsBase + "/groups/" + group(2), R"({"description":"x"})", "user").status,
      200);
  const Answer made = call("POST", kGroupsBase + "/groups",
                           R"({"name":"New","parent_id":)" + quoted(group(2)) + "}", "user");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(call("POST", kGroupsBase + "/groups", R"({"name":"Top"})", "user").status, 403);
  EXPECT_EQ(call("DELETE", kGroupsBase + "/groups/" + group(1), {}, "user").status, 403);
  EXPECT_EQ(
      call("PATCH", kGroupsBase + "/groups/" + group(2), R"({"parent_id":""})", "user").status,
      403);
  EXPECT_EQ(
      call("PATCH", kGroupsBase + "/groups/" + group(2), R"({"subsystems":["signage"]})", "user")
          .status,
      403)
      << "a subsystem opens routes";
  EXPECT_EQ(
      call("PATCH", kGroupsBase + "/groups/" + group(2), R"({"subsystems":[]})", "user").status,
      200);
  EXPECT_EQ(call("DELETE", kGroupsBase + "/groups/" + group(2), {}, "user").status, 202);
}

TEST_F(GroupsApi, MembersComeChangeAndGo) {
  const std::string body = R"({"user_id":)" + quoted(user(102)) + R"(,"group_id":)" +
                           quoted(group(1)) + R"(,"permissions":5})";
  const Answer made = call("POST", kGroupsBase + "/group_users", body);
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(*made.body.find("user")->find("id")->asString(), user(102));
  EXPECT_EQ(call("POST", kGroupsBase + "/group_users", body).status, 409);
  const std::string path = kGroupsBase + "/group_users/" + user(102) + "/" + group(1);
  EXPECT_EQ(*call("PATCH", path, R"({"permissions":1})").body.find("permissions")->asInt(), 1);
  EXPECT_EQ(*call("GET", path).body.find("permissions")->asInt(), 1);
  const Answer list = call("GET", kGroupsBase + "/group_users?group_id=" + group(1));
  EXPECT_EQ(list.body.asArray()->size(), 1u);
  EXPECT_EQ(list.response.header("X-Total-Count"), "1");
  EXPECT_EQ(call("GET", kGroupsBase + "/group_users?user_id=" + user(103)).text, "[]");
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_EQ(call("GET", path).status, 404);
  EXPECT_EQ(call("DELETE", path).status, 404);
}

TEST_F(GroupsApi, RefuseBadMembersAndGrants) {
  const auto members = [this](const std::string& body) {
    return call("POST", kGroupsBase + "/group_users", body).member("field");
  };
  EXPECT_EQ(members("{}"), "user_id");
  EXPECT_EQ(
      members(R"({"user_id":)" + quoted(user(101)) + R"(,"group_id":)" + quoted(group(9)) + "}"),
      "group_id");
  EXPECT_EQ(
      members(R"({"user_id":)" + quoted(user(101)) + R"(,"group_id":)" + quoted(group(3)) + "}"),
      "user_id")
      << "of another domain";
  EXPECT_EQ(members(R"({"user_id":)" + quoted(user(101)) + R"(,"group_id":)" + quoted(group(1)) +
                    R"(,"permissions":256})"),
            "permissions");
  EXPECT_EQ(call("POST", kGroupsBase + "/group_zones",
                 R"({"zone_id":)" + quoted(zone(9)) + R"(,"group_id":)" + quoted(group(1)) + "}")
                .member("field"),
            "zone_id");
}

TEST_F(GroupsApi, NobodyGivesWhatTheyDoNotHave) {
  join(1, 1, grant::kManage);
  const std::string toUser = R"({"user_id":)" + quoted(user(102)) + R"(,"group_id":)";
  EXPECT_EQ(call("POST", kGroupsBase + "/group_users",
                 toUser + quoted(group(2)) + R"(,"permissions":255})", "user")
                .status,
            201)
      << "a manager has all bits";
  EXPECT_EQ(call("POST", kGroupsBase + "/group_users", toUser + quoted(group(3)) + "}", "user")
                .member("field"),
            "group_id")
      << "another domain's group does not exist";
  // In zone 1 the group has Update; in zone 2 nothing.
  model::GroupZone held = sample::groupZone(1, 1, 1);
  held.deny = false;
  held.permissions = grant::kUpdate;
  put(held);
  const auto give = [&](int zoneNumber, int64_t bits) {
    return call("POST", kGroupsBase + "/group_zones",
                R"({"group_id":)" + quoted(group(2)) + R"(,"zone_id":)" + quoted(zone(zoneNumber)) +
                    R"(,"permissions":)" + std::to_string(bits) + "}",
                "user")
        .status;
  };
  EXPECT_EQ(give(1, grant::kDelete), 403);
  EXPECT_EQ(give(2, grant::kUpdate), 403);
  EXPECT_EQ(give(1, grant::kUpdate), 201);
  const std::string own = kGroupsBase + "/group_zones/" + group(1) + "/" + zone(1);
  EXPECT_EQ(call("PATCH", own, R"({"permissions":255})", "user").status, 403);
  EXPECT_EQ(call("PATCH", own, R"({"permissions":0})", "user").status, 200);
}

TEST_F(GroupsApi, PlainMembersChangeNothing) {
  join(1, 1, grant::kRead | grant::kUpdate);
  const std::string own = kGroupsBase + "/group_users/" + user(101) + "/" + group(1);
  EXPECT_EQ(call("GET", own, {}, "user").status, 200);
  EXPECT_EQ(call("PATCH", own, R"({"permissions":255})", "user").status, 403);
  EXPECT_EQ(call("DELETE", own, {}, "user").status, 403);
  EXPECT_EQ(call("GET", own, {}, "support").status, 200);
  EXPECT_EQ(call("DELETE", own, {}, "support").status, 403);
}

}  // namespace
}  // namespace busbar
