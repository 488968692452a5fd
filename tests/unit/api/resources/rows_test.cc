// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

const std::string kRowsBase = "/api/engine/v2";

// A driver of each kind that the tests need, and a module of it.
class RowsApi : public ApiFixture {
 protected:
  RowsApi() {
    device_ = sample::driver(1);
    device_.role = model::Role::Device;
    put(device_);
    module_ = sample::mod(1, 1);
    put(module_);
    zone_ = sample::zone(1);
    put(zone_);
    system_ = sample::system(1);
    system_.modules = {module_.id};
    system_.zones = {zone_.id};
    put(system_);
  }

  struct Bad {
    std::string method;
    std::string path;
    std::string body;
    int status;
    std::string field;
  };
  void expectRefused(const std::vector<Bad>& rows) {
    const uint64_t before = site_.position();
    for (const Bad& row : rows) {
      const Answer answer = call(row.method, kRowsBase + row.path, row.body);
      EXPECT_EQ(answer.status, row.status) << row.method << row.path << row.body << answer.text;
      EXPECT_EQ(answer.member("field"), row.field) << row.body << answer.text;
      EXPECT_FALSE(answer.member("detail").empty()) << answer.text;
    }
    EXPECT_EQ(site_.position(), before);
  }

  model::Driver device_;
  model::Module module_;
  model::Zone zone_;
  model::System system_;
};

TEST_F(RowsApi, MakesReadsChangesAndDeletesAModule) {
  const Answer made = call(
      "POST", kRowsBase + "/modules",
      R"({"driver_id":")" + device_.id + R"(","ip":"192.0.2.9","port":23,"custom_name":"Door"})");
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string path = kRowsBase + "/modules/" + made.member("id");
  EXPECT_EQ(made.member("name"), "Door");
  EXPECT_EQ(made.member("state"), "stored");
  const Answer changed = call("PATCH", path, R"({"notes":"left wing"})");
  EXPECT_EQ(changed.status, 200);
  EXPECT_EQ(changed.member("notes"), "left wing");
  EXPECT_EQ(changed.member("ip"), "192.0.2.9");
  EXPECT_EQ(call("POST", path + "/start", "{}").status, 200);
  EXPECT_TRUE(*call("GET", path).body.find("running")->asBool());
  EXPECT_EQ(call("POST", path + "/stop").status, 200);
  EXPECT_FALSE(*call("GET", path).body.find("running")->asBool());
  EXPECT_EQ(call("POST", path + "/load").text, "true");
  EXPECT_EQ(host_.reloaded, std::vector<std::string>{made.member("id")});
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_EQ(call("GET", path).status, 404);
}

TEST_F(RowsApi, RefusesBadModules) {
  const std::string driver = R"("driver_id":")" + device_.id + "\"";
  const std::string good = driver + R"(,"ip":"192.0.2.9","port":23)";
  const std::string own = "/modules/" + module_.id;
  expectRefused({
      {"POST", "/modules", "{}", 422, "driver_id"},
      {"POST", "/modules", R"({"driver_id":"driver-none"})", 422, "driver_id"},
      {"POST", "/modules", R"({"driver_id":5})", 422, "driver_id"},
      {"POST", "/modules", "{" + good + R"(,"prot":1})", 422, "prot"},
      {"POST", "/modules", "{" + driver + R"(,"ip":"a b","port":23})", 422, "ip"},
      {"POST", "/modules", "{" + driver + R"(,"ip":"h","port":70000})", 422, "port"},
      {"POST", "/modules", "{" + driver + R"(,"ip":"h","port":"23"})", 422, "port"},
      {"POST", "/modules", "{" + good + R"(,"control_system_id":")" + system_.id + "\"}", 422,
       "control_system_id"},
      {"POST", "/modules", "{" + good + R"(,"alert_level":"loud"})", 422, "alert_level"},
      {"POST", "/modules", "{" + good, 400, ""},
      {"PATCH", own, R"({"driver_id":"driver-other"})", 422, "driver_id"},
      {"PATCH", own, R"({"running":"yes"})", 422, "running"},
      {"PATCH", "/modules/mod-none", "{}", 404, ""},
      {"DELETE", "/modules/mod-none", "", 404, ""},
      {"GET", "/modules?limit=x", "", 400, "limit"},
      {"GET", "/modules?running=maybe", "", 400, "running"},
      {"GET", "/systems?bookable=1", "", 400, "bookable"},
      {"GET", "/systems?capacity=big", "", 400, "capacity"},
  });
}

TEST_F(RowsApi, BoundsAnAddressAlsoWhereTheRoleHasNoUseForIt) {
  model::Driver service = sample::driver(2);
  service.role = model::Role::Service;
  put(service);
  model::Driver logic = sample::driver(3);
  logic.role = model::Role::Logic;
  put(logic);
  const std::string good = R"({"uri":"https://a.example/","driver_id":")" + service.id + "\"";
  const std::string inSystem =
      R"({"control_system_id":")" + system_.id + R"(","driver_id":")" + logic.id + "\"";
  for (const std::string& begin : {good, inSystem}) {
    expectRefused({
        {"POST", "/modules", begin + R"(,"port":-1})", 422, "port"},
        {"POST", "/modules", begin + R"(,"port":65536})", 422, "port"},
        {"POST", "/modules", begin + ",\"ip\":\"" + std::string(254, 'a') + "\"}", 422, "ip"},
    });
    EXPECT_EQ(call("POST", kRowsBase + "/modules", begin + R"(,"port":65535})").status, 201);
  }
}

TEST_F(RowsApi, MovesModulesInAndOutOfSystems) {
  const std::string path = kRowsBase + "/systems/" + system_.id + "/module/" + module_.id;
  EXPECT_EQ(call("PUT", path, "{}").status, 200);
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_EQ(site_.findModule(module_.id), nullptr) << "no other system has it";
  EXPECT_EQ(call("DELETE", path).status, 404);
}

TEST_F(RowsApi, ChangesDriversButNotWhatTheManifestSays) {
  const std::string path = kRowsBase + "/drivers/" + device_.id;
  const Answer changed = call("PATCH", path, R"({"name":"Other","isolation":"module"})");
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.member("isolation"), "module");
  expectRefused({{"PATCH", "/drivers/" + device_.id, R"({"role":99})", 422, "role"},
                 {"PATCH", "/drivers/" + device_.id, R"({"isolation":"none"})", 422, "isolation"},
                 {"PATCH", "/drivers/" + device_.id, R"({"name":""})", 422, "name"},
                 {"PATCH", "/drivers/" + device_.id, R"({"colour":1})", 422, "colour"},
                 {"GET", "/drivers?role=lamp", "", 400, "role"}});
  EXPECT_EQ(call("POST", kRowsBase + "/drivers", "{}").status, 405);
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_EQ(site_.findModule(module_.id), nullptr) << "its modules go with it";
}

TEST_F(RowsApi, KeepsZonesInATree) {
  const Answer made =
      call("POST", kRowsBase + "/zones", R"({"name":"Level 1","parent_id":")" + zone_.id + "\"}");
  ASSERT_EQ(made.status, 201) << made.text;
  expectRefused({{"PATCH", "/zones/" + zone_.id, R"({"parent_id":")" + made.member("id") + "\"}",
                  422, "parent_id"},
                 {"POST", "/zones", R"({"name":""})", 422, "name"},
                 {"POST", "/zones", R"({"name":"x","tags":"a"})", 422, "tags"},
                 {"POST", "/zones", R"({"name":"x","level":1})", 422, "level"}});
  EXPECT_EQ(call("GET", kRowsBase + "/zones", {}, "user").status, 403);
  EXPECT_EQ(
      call("GET", kRowsBase + "/zones?parent_id=" + zone_.id, {}, "user").body.asArray()->size(),
      1U);
  EXPECT_EQ(call("DELETE", kRowsBase + "/zones/" + zone_.id).status, 202);
  EXPECT_EQ(site_.findZone(made.member("id")), nullptr);
  EXPECT_TRUE(site_.findSystem(system_.id)->zones.empty());
}

TEST_F(RowsApi, CallsEverySystemOfAZone) {
  model::System other = sample::system(2);
  other.zones = {zone_.id};
  put(other);
  host_.echoes = true;
  const std::string name(site_.resolvedName(*site_.findModule(module_.id)));
  const Answer done =
      call("POST", kRowsBase + "/zones/" + zone_.id + "/exec/" + name + "_1/off", "[]", "support");
  EXPECT_EQ(done.text, R"({"success":[")" + system_.id + R"("],"failure":[],"module_missing":[")" +
                           other.id + "\"]}");
  const std::string deep = std::string(33, '[') + std::string(33, ']');
  for (const std::string& args : {std::string("null"), std::string("1"), std::string("\"on\""),
                                  std::string("["), std::string(" true"), deep}) {
    const Answer refused = call(
        "POST", kRowsBase + "/zones/" + zone_.id + "/exec/" + name + "_1/off", args, "support");
    EXPECT_EQ(refused.status, 400) << args;
    EXPECT_EQ(refused.member("reason"), "bad_json") << args;
  }
}

TEST_F(RowsApi, HidesSettingsAboveTheReader) {
  const auto make = [&](int level, const std::string& text) {
    return call("POST", kRowsBase + "/settings",
                R"({"parent_id":")" + zone_.id + R"(","encryption_level":)" +
                    std::to_string(level) + R"(,"settings_string":")" + text + "\"}");
  };
  ASSERT_EQ(make(0, "a: 1").status, 201);
  ASSERT_EQ(make(1, "b: 1").status, 201);
  ASSERT_EQ(make(2, "c: 1").status, 201);
  const Answer never = make(3, "d: 1");
  ASSERT_EQ(never.status, 201);
  EXPECT_EQ(never.body.find("settings_string"), nullptr);
  const auto shown = [&](const char* reader) {
    std::string out;
    const Answer answer = call("GET", kRowsBase + "/settings?parent_id=" + zone_.id, {}, reader);
    for (const json::Value& row : *answer.body.asArray()) {
      const json::Value* text = row.find("settings_string");
      out += text == nullptr ? "-" : text->asString()->substr(0, 1);
    }
    return out;
  };
  EXPECT_EQ(shown("admin"), "-cba");
  EXPECT_EQ(shown("support"), "--ba");
  EXPECT_EQ(shown("user"), "") << "without a grant";
  put(sample::group(1));
  put(sample::groupUser(1, 1, 101));
  model::GroupZone grant = sample::groupZone(1, 1, 1);
  grant.permissions = model::grant::kRead;
  grant.deny = false;
  put(grant);
  EXPECT_EQ(shown("user"), "---a");
}

TEST_F(RowsApi, RefusesBadSettings) {
  const std::string parent = R"("parent_id":")" + zone_.id + "\"";
  expectRefused({
      {"POST", "/settings", "{}", 422, "parent_id"},
      {"POST", "/settings", R"({"parent_id":"zone-none"})", 422, "parent_id"},
      {"POST", "/settings", "{" + parent + R"(,"settings_string":"[1"})", 422, "settings_string"},
      {"POST", "/settings", "{" + parent + R"(,"settings_string":"- 1"})", 422, "settings_string"},
      {"POST", "/settings", "{" + parent + R"(,"encryption_level":4})", 422, "encryption_level"},
      {"POST", "/settings", "{" + parent + R"(,"secret":1})", 422, "secret"},
  });
  const Answer denied =
      call("POST", kRowsBase + "/settings", "{" + parent + R"(,"encryption_level":2})", "support");
  EXPECT_EQ(denied.status, 403);
}

TEST_F(RowsApi, ShowsAKeyOnceAndNeverAgain) {
  const Answer made = call("POST", kRowsBase + "/api_keys",
                           R"({"name":"Panel 1","permissions":"support"})", "", true);
  ASSERT_EQ(made.status, 201) << made.text;
  const std::string text = made.member("x_api_key");
  ASSERT_FALSE(text.empty());
  const Answer inspected = call("GET", kRowsBase + "/api_keys/inspect", {}, text);
  EXPECT_EQ(inspected.status, 200);
  EXPECT_EQ(*inspected.body.find("u")->find("p")->asInt(), 1);
  const Answer shown = call("GET", kRowsBase + "/api_keys/" + made.member("id"));
  EXPECT_TRUE(shown.body.find("x_api_key")->isNull());
  EXPECT_EQ(shown.text.find(site_.findApiKey(made.member("id"))->secretHash), std::string::npos);
  EXPECT_EQ(*shown.body.find("user")->find("name")->asString(), "Panel 1");
  EXPECT_EQ(call("DELETE", kRowsBase + "/api_keys/" + made.member("id")).status, 202);
  EXPECT_EQ(call("GET", kRowsBase + "/api_keys/inspect", {}, text).status, 401);
}

TEST_F(RowsApi, NamesOfKeysAreTakenWithinADomainOnly) {
  put(sample::domain(2));
  const std::string other = addKey(model::UserRole::Admin, 0, sample::id(model::Table::Domain, 2));
  const std::string body = R"({"name":"Panel 1"})";
  EXPECT_EQ(call("POST", kRowsBase + "/api_keys", body).status, 201);
  EXPECT_EQ(call("POST", kRowsBase + "/api_keys", body).status, 409);
  EXPECT_EQ(call("POST", kRowsBase + "/api_keys", body, other).status, 201);
  EXPECT_EQ(call("POST", kRowsBase + "/api_keys", body, other).status, 409);
}

TEST_F(RowsApi, RefusesBadKeys) {
  expectRefused({
      {"POST", "/api_keys", "{}", 422, "name"},
      {"POST", "/api_keys", R"({"name":"x","permissions":"root"})", 422, "permissions"},
      {"POST", "/api_keys", R"({"name":"x","permissions":7})", 422, "permissions"},
      {"POST", "/api_keys", R"({"name":"x","user_id":"user-none"})", 422, "user_id"},
      {"POST", "/api_keys", R"({"name":"x","scopes":[]})", 422, "scopes"},
      {"POST", "/api_keys", R"({"name":"x","ttl":-1})", 422, "ttl"},
      {"POST", "/api_keys", R"({"name":"x","hash":""})", 422, "hash"},
  });
}

TEST_F(RowsApi, TakesArgumentsNoDeeperThanResultsMayBe) {
  host_.echoes = true;
  const std::string path = kRowsBase + "/modules/" + module_.id + "/exec/on";
  const auto nested = [](size_t depth) {
    return std::string(depth, '[') + std::string(depth, ']');
  };
  EXPECT_EQ(call("POST", path, nested(32)).text, nested(32));
  const Answer refused = call("POST", path, nested(33));
  EXPECT_EQ(refused.status, 400);
  EXPECT_EQ(refused.member("reason"), "bad_arguments");
}

TEST_F(RowsApi, MakesNoCallThatItCannotAudit) {
  host_.echoes = true;
  store_.auditIsFull = true;
  const std::string name(site_.resolvedName(module_));
  const Answer refused = call("POST", kRowsBase + "/modules/" + module_.id + "/exec/on", "[]");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.member("reason"), "audit_busy");
  EXPECT_FALSE(refused.response.header("Retry-After").empty());
  const std::string inZone = kRowsBase + "/zones/" + zone_.id + "/exec/" + name + "_1/off";
  EXPECT_EQ(call("POST", inZone, "[]", "support").member("reason"), "audit_busy");
  EXPECT_TRUE(host_.calls.empty());
  store_.auditIsFull = false;
  EXPECT_EQ(call("POST", kRowsBase + "/modules/" + module_.id + "/exec/on", "[]").status, 200);
}

TEST_F(RowsApi, AnswersCallsByTheKindOfFailure) {
  struct Row {
    const char* reason;
    ErrorCode code;
    int given;
    int status;
    int number;
  };
  const std::string path = kRowsBase + "/modules/" + module_.id + "/exec/power";
  for (const Row& row : {Row{"module_not_found", ErrorCode::NotFound, 0, 404, 6},
                         Row{"function_not_found", ErrorCode::NotFound, 0, 400, 1},
                         Row{"bad_arguments", ErrorCode::InvalidArgument, 0, 400, 1},
                         Row{"permission_denied", ErrorCode::PermissionDenied, 0, 401, 2},
                         Row{"driver_error", ErrorCode::Internal, 418, 418, 3},
                         Row{"driver_crashed", ErrorCode::Unavailable, 0, 503, 7},
                         Row{"module_restarted", ErrorCode::Unavailable, 0, 503, 7},
                         Row{"module_busy", ErrorCode::ResourceExhausted, 0, 429, 7},
                         Row{"deadline_exceeded", ErrorCode::DeadlineExceeded, 0, 504, 7}}) {
    host_.refusal = Error::because(row.code, row.reason, "why");
    host_.refusal->httpStatus = row.given;
    const Answer answer = call("POST", path, "[]");
    EXPECT_EQ(answer.status, row.status) << answer.text;
    EXPECT_EQ(*answer.body.find("error_code")->asInt(), row.number) << answer.text;
    EXPECT_EQ(answer.member("reason"), row.reason);
    EXPECT_EQ(answer.member("error"), "why");
    EXPECT_EQ(answer.response.header("Retry-After").empty(),
              row.status != 503 && row.status != 429);
  }
}

TEST_F(RowsApi, SaysWhenTheStoreCannotWrite) {
  store_.failWrites(Error::because(ErrorCode::Unavailable, "io_error", "the disk is gone"));
  const Answer answer = call("POST", kRowsBase + "/zones", R"({"name":"x"})");
  EXPECT_EQ(answer.status, 503) << answer.text;
  EXPECT_EQ(answer.member("reason"), "io_error");
}

TEST_F(RowsApi, ChangesTheLogLevel) {
  const std::string path = "/api/busbar/v1/log-level";
  EXPECT_EQ(call("GET", path).member("level"), "info");
  const Answer changed = call("PUT", path, R"({"level":"debug"})");
  EXPECT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(changed.member("level"), "debug");
  EXPECT_EQ(log_->level(), LogLevel::Debug);
  for (const char* body : {"{}", R"({"level":"loud"})", R"({"level":5})", R"({"level":""})",
                           R"({"level":null})", R"({"level":"warn","levle":"info"})"}) {
    const Answer refused = call("PUT", path, body);
    EXPECT_EQ(refused.status, 422) << body << refused.text;
    EXPECT_TRUE(refused.member("field").starts_with("lev")) << refused.text;
  }
  EXPECT_EQ(call("PUT", path, "{").status, 400);
  EXPECT_EQ(call("PUT", path, R"({"level":"error"})", "support").status, 403);
  EXPECT_EQ(log_->level(), LogLevel::Debug);
}

}  // namespace
}  // namespace busbar
