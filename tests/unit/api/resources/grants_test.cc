// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;
namespace grant = model::grant;

const std::string kBase = "/api/engine/v2";

// Zone 2 lies in zone 1; zone 3 apart. System 1 is in zone 2 and has module 1, system 2 in zone 3
// with module 2. The caller "user" is in group 1, which has what a test gives it in zone 1.
class GrantsApi : public ApiFixture {
 protected:
  GrantsApi() {
    put(sample::driver(1));
    model::Driver logic = sample::driver(2);
    logic.role = model::Role::Logic;
    put(logic);
    put(sample::mod(1));
    put(sample::mod(2));
    put(sample::zone(1));
    model::Zone child = sample::zone(2);
    child.parentId = zone(1);
    put(child);
    put(sample::zone(3));
    model::System one = sample::system(1);
    one.zones = {zone(2)};
    one.modules = {mod(1)};
    put(one);
    model::System two = sample::system(2);
    two.zones = {zone(3)};
    two.modules = {mod(2)};
    put(two);
    put(sample::group(1));
    model::GroupUser membership = sample::groupUser(1, 1, 101);
    membership.permissions = grant::kAll;
    put(membership);
  }

  static std::string zone(int n) { return sample::id(Table::Zone, n); }
  static std::string mod(int n) { return sample::id(Table::Module, n); }
  void give(int64_t bits, int zoneNumber = 1, bool deny = false) {
    model::GroupZone row = sample::groupZone(++rows_, 1, zoneNumber);
    row.permissions = bits;
    row.deny = deny;
    put(row);
  }
  std::string system(int n) { return kBase + "/systems/" + sample::id(Table::System, n); }
  std::string version(int n) {
    return "?version=" + std::to_string(site_.findSystem(sample::id(Table::System, n))->version);
  }
  int status(const std::string& method, const std::string& path, const std::string& body = "{}") {
    return call(method, path, body, "user").status;
  }

  int rows_ = 0;
};

TEST_F(GrantsApi, NothingIsChangedWithoutAGrant) {
  EXPECT_EQ(status("PATCH", system(1) + version(1)), 403);
  EXPECT_EQ(status("DELETE", system(1)), 403);
  EXPECT_EQ(status("PATCH", kBase + "/modules/" + mod(1)), 403);
  EXPECT_EQ(status("PATCH", kBase + "/zones/" + zone(1)), 403);
  EXPECT_EQ(status("POST", kBase + "/systems", R"({"name":"New"})"), 403);
  EXPECT_EQ(status("POST", kBase + "/zones", R"({"name":"New"})"), 403);
  EXPECT_EQ(status("PATCH", kBase + "/systems/sys-none?version=1"), 403) << "as one that exists";
  const Answer refused = call("PATCH", system(1) + version(1), "{}", "user");
  EXPECT_EQ(refused.member("reason"), "not_allowed");
  EXPECT_NE(refused.member("detail").find("zone_update"), std::string::npos);
}

TEST_F(GrantsApi, UpdateReachesSystemsModulesAndZonesBelow) {
  give(grant::kUpdate);
  EXPECT_EQ(status("PATCH", system(1) + version(1), R"({"description":"x"})"), 200);
  EXPECT_EQ(status("PATCH", kBase + "/modules/" + mod(1), R"({"notes":"x"})"), 200);
  EXPECT_EQ(status("PATCH", kBase + "/zones/" + zone(2), R"({"description":"x"})"), 200);
  EXPECT_EQ(status("PATCH", system(2) + version(2), R"({"description":"x"})"), 403);
  EXPECT_EQ(status("PATCH", kBase + "/modules/" + mod(2), R"({"notes":"x"})"), 403);
  EXPECT_EQ(status("DELETE", system(1)), 403) << "not Delete";
  EXPECT_EQ(status("DELETE", kBase + "/zones/" + zone(2)), 403);
  give(grant::kUpdate, 2, true);
  EXPECT_EQ(status("PATCH", system(1) + version(1), R"({"description":"x"})"), 403) << "denied";
}

TEST_F(GrantsApi, CreateIsForTheZonesThatAreNamed) {
  give(grant::kCreate);
  const std::string inTwo = R"({"name":"New","zones":[")" + zone(2) + "\"]";
  EXPECT_EQ(status("POST", kBase + "/systems", inTwo + "}"), 201);
  EXPECT_EQ(status("POST", kBase + "/systems",
                   R"({"name":"Other","zones":[")" + zone(2) + R"(",")" + zone(3) + "\"]}"),
            403)
      << "one of the zones is not granted";
  EXPECT_EQ(
      status("POST", kBase + "/systems",
             R"({"name":"Thief","zones":[")" + zone(2) + R"("],"modules":[")" + mod(2) + "\"]}"),
      403)
      << "a module of others";
  EXPECT_EQ(status("POST", kBase + "/zones", R"({"name":"Z","parent_id":")" + zone(2) + "\"}"),
            201);
  EXPECT_EQ(status("POST", kBase + "/zones", R"({"name":"Y","parent_id":")" + zone(3) + "\"}"),
            403);
  EXPECT_EQ(status("POST", kBase + "/zones", R"({"name":"Top"})"), 403);
  EXPECT_EQ(status("POST", kBase + "/modules",
                   R"({"driver_id":")" + sample::id(Table::Driver, 2) +
                       R"(","control_system_id":")" + sample::id(Table::System, 1) + "\"}"),
            201);
  EXPECT_EQ(status("POST", kBase + "/modules",
                   R"({"driver_id":")" + sample::id(Table::Driver, 1) +
                       R"(","ip":"192.0.2.1","port":1})"),
            403)
      << "a module in no system is in no zone";
}

TEST_F(GrantsApi, DeleteReachesAllButRootZones) {
  give(grant::kDelete);
  EXPECT_EQ(status("DELETE", kBase + "/zones/" + zone(1)), 403);
  EXPECT_EQ(status("DELETE", system(1) + "/module/" + mod(1)), 202);
  EXPECT_EQ(status("DELETE", system(1)), 202);
  EXPECT_EQ(status("DELETE", kBase + "/zones/" + zone(2)), 202);
}

TEST_F(GrantsApi, NobodyMovesAnObjectToWhereTheyMayDoMore) {
  give(grant::kUpdate);
  give(grant::kAll, 3);
  const std::string both = R"({"zones":[")" + zone(2) + R"(",")" + zone(3) + "\"]}";
  EXPECT_EQ(status("PATCH", system(1) + version(1), both), 403);
  EXPECT_EQ(status("PATCH", system(1) + version(1), R"({"modules":[]})"), 200) << "only less";
  EXPECT_EQ(status("PATCH", kBase + "/zones/" + zone(2), R"({"parent_id":")" + zone(3) + "\"}"),
            403);
  // The other way round: what one manages may go where one may update.
  EXPECT_EQ(status("PATCH", system(2) + version(2), both), 200);
  EXPECT_EQ(status("PUT", system(1) + "/module/" + mod(2)), 200);
}

TEST_F(GrantsApi, ReadShowsModulesAndSettingsOfItsZonesOnly) {
  put(sample::settings(1, mod(1)));
  put(sample::settings(2, mod(2)));
  put(sample::settings(3, sample::id(Table::Driver, 1)));
  const std::string ofBoth =
      kBase + "/settings?parent_id=" + mod(1) + "," + mod(2) + "," + sample::id(Table::Driver, 1);
  const auto rows = [&](const std::string& path) {
    return call("GET", path, {}, "user").body.asArray()->size();
  };
  EXPECT_EQ(rows(kBase + "/modules"), 0U);
  EXPECT_EQ(rows(ofBoth), 0U);
  EXPECT_EQ(status("GET", kBase + "/modules/" + mod(1)), 403);
  EXPECT_EQ(status("GET", kBase + "/settings/" + sample::id(Table::Settings, 1)), 403);
  EXPECT_EQ(status("GET", "/api/busbar/v1/modules/" + mod(1) + "/health"), 403);
  give(grant::kRead);
  EXPECT_EQ(rows(kBase + "/modules"), 1U);
  EXPECT_EQ(rows(ofBoth), 1U);
  EXPECT_EQ(status("GET", kBase + "/modules/" + mod(1)), 200);
  EXPECT_EQ(status("GET", kBase + "/modules/" + mod(2)), 403);
  EXPECT_EQ(status("GET", kBase + "/settings/" + sample::id(Table::Settings, 1)), 200);
  EXPECT_EQ(status("GET", kBase + "/settings/" + sample::id(Table::Settings, 2)), 403);
  EXPECT_EQ(status("GET", kBase + "/settings"), 403) << "all of them are for support";
  EXPECT_EQ(status("GET", "/api/busbar/v1/modules/" + mod(1) + "/health"), 200);
  const auto complete = [&](int n) {
    return call("GET", system(n) + "?complete=true", {}, "user")
        .body.find("module_data")
        ->asArray()
        ->size();
  };
  EXPECT_EQ(complete(1), 1U);
  EXPECT_EQ(complete(2), 0U);
  EXPECT_EQ(call("GET", kBase + "/modules", {}, "support").body.asArray()->size(), 2U);
}

TEST_F(GrantsApi, HealthTellsOfCrashesToSupportOnly) {
  ExitReport report;
  report.driverId = sample::id(model::Table::Driver, 1);
  report.cause = "signal SIGSEGV";
  report.lastLogs = {"secret"};
  host_.reports = {report};
  give(grant::kRead);
  const std::string path = "/api/busbar/v1/modules/" + mod(1) + "/health";
  EXPECT_EQ(call("GET", path, {}, "user").text.find("secret"), std::string::npos);
  EXPECT_NE(call("GET", path, {}, "support").text.find("secret"), std::string::npos);
}

TEST_F(GrantsApi, UpdateWritesOpenSettingsOfItsZones) {
  put(sample::settings(1, mod(2)));
  put(sample::settings(2, zone(2), "{}", model::EncryptionLevel::Support));
  give(grant::kUpdate);
  const auto body = [](const std::string& parent, int level) {
    return R"({"parent_id":")" + parent + R"(","settings_string":"a: 1","encryption_level":)" +
           std::to_string(level) + "}";
  };
  const Answer made = call("POST", kBase + "/settings", body(mod(1), 0), "user");
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string own = kBase + "/settings/" + made.member("id");
  EXPECT_EQ(status("PATCH", own, R"({"settings_string":"a: 2"})"), 200);
  EXPECT_EQ(status("PATCH", own, R"({"encryption_level":1})"), 403);
  EXPECT_EQ(status("DELETE", own), 202);
  EXPECT_EQ(status("POST", kBase + "/settings", body(zone(2), 0)), 201);
  EXPECT_EQ(status("POST", kBase + "/settings", body(mod(1), 1)), 403);
  EXPECT_EQ(status("POST", kBase + "/settings", body(mod(2), 0)), 403);
  EXPECT_EQ(status("POST", kBase + "/settings", body(sample::id(Table::Driver, 1), 0)), 403);
  EXPECT_EQ(status("PATCH", kBase + "/settings/" + sample::id(Table::Settings, 1)), 403);
  EXPECT_EQ(status("DELETE", kBase + "/settings/" + sample::id(Table::Settings, 2)), 403)
      << "above level 0";
}

TEST_F(GrantsApi, MetadataIsWrittenAndDeletedByGrant) {
  const std::string in = kBase + "/metadata/" + sample::id(Table::System, 1);
  const std::string out = kBase + "/metadata/" + sample::id(Table::System, 2);
  const std::string body = R"({"name":"a","details":1})";
  give(grant::kUpdate);
  EXPECT_EQ(status("PUT", in, body), 200);
  EXPECT_EQ(status("PUT", out, body), 403);
  EXPECT_EQ(status("DELETE", in + "?name=a"), 403) << "not Delete";
  EXPECT_EQ(status("PUT", kBase + "/metadata/" + zone(1), R"({"name":"permissions","details":{}})"),
            403)
      << "not Manage";
  give(grant::kDelete, 2);
  EXPECT_EQ(status("DELETE", in + "?name=a"), 202);
}

TEST_F(GrantsApi, ZoneRolesOpenWhatTheySay) {
  model::Domain domain = *site_.findDomain(sample::id(Table::Domain));
  ASSERT_EQ(call("PATCH", kBase + "/domains/" + domain.id,
                 R"({"config":{"org_zone":")" + zone(3) + "\"}}")
                .status,
            200);
  const std::string metadata = kBase + "/metadata/" + zone(3);
  const std::string managed =
      R"({"name":"permissions","editors":["Facilities"],"details":{"manage":["facilities"]}})";
  EXPECT_EQ(call("PUT", metadata, managed).status, 200);
  EXPECT_EQ(status("PATCH", system(2) + version(2), R"({"description":"x"})"), 200);
  EXPECT_EQ(status("DELETE", system(2)), 403);
  const std::string all = R"({"name":"permissions","details":{"admin":["facilities"]}})";
  EXPECT_EQ(status("PATCH", metadata, all), 403) << "an editor gives itself no rights";
  EXPECT_EQ(call("PUT", metadata, R"({"name":"x","editors":["Facilities"],"details":{}})").status,
            200);
  EXPECT_EQ(status("PATCH", metadata + "/name", R"({"current_name":"x","new_name":"permissions"})"),
            403);
  EXPECT_EQ(call("PUT", metadata, all).status, 200);
  EXPECT_EQ(status("DELETE", system(2)), 202);
  EXPECT_EQ(status("PATCH", system(1) + version(1), R"({"description":"x"})"), 403);
}

TEST_F(GrantsApi, SupportNeedsNone) {
  EXPECT_EQ(call("PATCH", system(1) + version(1), R"({"description":"x"})", "support").status, 200);
  EXPECT_EQ(call("DELETE", kBase + "/zones/" + zone(1), {}, "support").status, 202);
}

}  // namespace
}  // namespace busbar
