// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;
namespace grant = model::grant;

const std::string kHistory = "/api/engine/v2/group_history";

// Groups 1 and 2 of the fixture's domain, apart; the caller "user" (101) manages group 1.
class GroupHistoryApi : public ApiFixture {
 protected:
  GroupHistoryApi() {
    put(sample::group(1));
    put(sample::group(2));
    model::GroupUser membership = sample::groupUser(1, 1, 101);
    membership.permissions = grant::kManage;
    put(membership);
    put(sample::zone(1));
  }

  static std::string group(int n) { return sample::id(Table::Group, n); }
  static std::string user(int n) { return sample::id(Table::User, n); }
  void must(const std::string& method, const std::string& path, const std::string& body = {}) {
    const Answer done = call(method, "/api/engine/v2" + path, body);
    ASSERT_LT(done.status, 300) << done.text;
  }
  // A member of group `n`, changed and gone.
  void comeAndGo(int n) {
    must("POST", "/group_users",
         R"({"user_id":")" + user(102) + R"(","group_id":")" + group(n) + "\"}");
    must("PATCH", "/group_users/" + user(102) + "/" + group(n), R"({"permissions":1})");
    must("DELETE", "/group_users/" + user(102) + "/" + group(n));
  }
  // "create group_user", … newest first.
  std::vector<std::string> told(const std::string& query, const std::string& by) {
    const Answer answer = call("GET", kHistory + query, {}, by);
    EXPECT_EQ(answer.status, 200) << answer.text;
    std::vector<std::string> out;
    for (const json::Value& row : *answer.body.asArray()) {
      out.push_back(*row.find("action")->asString() + " " + *row.find("type")->asString());
    }
    return out;
  }
  using Told = std::vector<std::string>;
};

TEST_F(GroupHistoryApi, TellsManagersOfTheirGroupsAlone) {
  comeAndGo(1);
  comeAndGo(2);
  must("PATCH", "/zones/" + sample::id(Table::Zone), R"({"description":"x"})");
  must("POST", "/group_zones",
       R"({"zone_id":")" + sample::id(Table::Zone) + R"(","group_id":")" + group(1) + "\"}");
  must("PATCH", "/groups/" + group(1), R"({"description":"x"})");
  must("PATCH", "/groups/" + group(2), R"({"description":"x"})");
  const Told own{"update group",      "create group_zone", "delete group_user", "update group_user",
                 "create group_user", "create group_user", "create group"};
  EXPECT_EQ(told("", "user"), own);
  EXPECT_EQ(told("?group_id=" + group(1), "user"), own);
  EXPECT_EQ(told("?group_id=" + group(1), "admin"), own);
  EXPECT_EQ(told("", "support"), Told{}) << "support manages none";
  EXPECT_EQ(told("", "admin").size(), 12U);
}

TEST_F(GroupHistoryApi, SaysWhoAndWhatAndNotFromWhere) {
  comeAndGo(1);
  const Answer answer = call("GET", kHistory + "?limit=1&offset=1", {}, "user");
  EXPECT_EQ(answer.response.header("X-Total-Count"), "5");
  EXPECT_EQ(answer.response.header("Content-Range"), "group_history 1-2/5");
  EXPECT_EQ(answer.response.header("Link"),
            "</api/engine/v2/group_history?offset=2&limit=1>; rel=\"next\"");
  const json::Value& row = answer.body.asArray()->front();
  EXPECT_EQ(*row.find("user_id")->asString(), user(103));
  EXPECT_EQ(*row.find("before")->find("permissions")->asInt(), 0);
  EXPECT_EQ(*row.find("after")->find("permissions")->asInt(), 1);
  for (const char* hidden : {"peer", "credential", "trace_id", "hash"}) {
    EXPECT_EQ(row.find(hidden), nullptr) << hidden;
  }
}

TEST_F(GroupHistoryApi, HidesWhatOneDoesNotManage) {
  const auto status = [this](int n, const char* by) {
    return call("GET", kHistory + "?group_id=" + group(n), {}, by).status;
  };
  EXPECT_EQ(status(2, "user"), 404) << "unseen";
  EXPECT_EQ(status(9, "user"), 404);
  EXPECT_EQ(status(1, "support"), 403) << "seen";
  must("PATCH", "/group_users/" + user(101) + "/" + group(1), R"({"permissions":1})");
  EXPECT_EQ(status(1, "user"), 403);
  EXPECT_EQ(told("", "user"), Told{});
  EXPECT_EQ(call("GET", kHistory + "?limit=x").status, 400);
}

TEST_F(GroupHistoryApi, OutlivesTheGroupForAdmins) {
  comeAndGo(2);
  must("DELETE", "/groups/" + group(2));
  EXPECT_EQ(told("?group_id=" + group(2), "admin"),
            (Told{"delete group", "delete group_user", "update group_user", "create group_user",
                  "create group"}));
}

TEST_F(GroupHistoryApi, HasInvitationsWithoutTheirSecrets) {
  must("POST", "/group_invitations",
       R"({"group_id":")" + group(1) + R"(","email":"guest@example.com"})");
  const Answer answer = call("GET", kHistory + "?limit=1", {}, "user");
  EXPECT_EQ(*answer.body.asArray()->front().find("after")->find("secret_hash")->asString(),
            "(hidden)")
      << answer.text;
}

}  // namespace
}  // namespace busbar
