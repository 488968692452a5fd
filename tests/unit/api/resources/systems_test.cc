// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <set>

#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using SystemsApi = ApiFixture;

std::string system(const std::string& id) {
  return "/api/engine/v2/systems/" + id;
}

TEST_F(SystemsApi, CreatesReadsChangesAndDeletes) {
  const Answer made = call("POST", "/api/engine/v2/systems", R"({"name":" Room 1 ","capacity":4})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.member("name"), "Room 1");
  const std::string id = made.member("id");
  EXPECT_EQ(call("GET", system(id), {}, "user").text, made.text);
  const Answer changed = call("PATCH", system(id) + "?version=0", R"({"name":"Room 2"})");
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(*changed.body.find("version")->asInt(), 1);
  EXPECT_EQ(*changed.body.find("capacity")->asInt(), 4);
  const Answer clash = call("PUT", system(id) + "?version=0", R"({"name":"Room 3"})");
  EXPECT_EQ(clash.status, 409);
  EXPECT_EQ(clash.member("reason"), "version_clash");
  EXPECT_EQ(*clash.body.find("current_version")->asInt(), 1);
  EXPECT_EQ(*clash.body.find("given_version")->asInt(), 0);
  EXPECT_EQ(call("PATCH", system(id), R"({"name":"Room 3"})").status, 422);
  EXPECT_EQ(call("DELETE", system(id)).status, 202);
  EXPECT_EQ(call("GET", system(id)).status, 404);
}

TEST_F(SystemsApi, PagesByNameThenId) {
  for (const char* name : {"c", "a", "b"}) {
    ASSERT_EQ(
        call("POST", "/api/engine/v2/systems", std::string(R"({"name":")") + name + "\"}").status,
        201);
  }
  const Answer page = call("GET", "/api/engine/v2/systems?limit=2&q=");
  ASSERT_EQ(page.status, 200);
  ASSERT_EQ(page.body.asArray()->size(), 2U);
  EXPECT_EQ(*(*page.body.asArray())[0].find("name")->asString(), "a");
  EXPECT_EQ(page.response.header("X-Total-Count"), "3");
  EXPECT_EQ(page.response.header("Content-Range"), "sys 0-2/3");
  EXPECT_EQ(page.response.header("Link"),
            "</api/engine/v2/systems?q=&offset=2&limit=2>; rel=\"next\"");
  const Answer last = call("GET", "/api/engine/v2/systems?limit=2&offset=2");
  EXPECT_EQ(last.body.asArray()->size(), 1U);
  EXPECT_EQ(last.response.header("Link"), "");
}

TEST_F(SystemsApi, ListsWhatFitsASearchAlikeByName) {
  std::vector<std::string> ids;
  for (const char* name : {"c", "a", "b"}) {
    const Answer made = call("POST", "/api/engine/v2/systems",
                             std::string(R"({"description":"hall","name":")") + name + "\"}");
    ASSERT_EQ(made.status, 201) << made.text;
    ids.push_back(*made.body.find("id")->asString());
  }
  const Answer found = call("GET", "/api/engine/v2/systems?q=hall&limit=2");
  ASSERT_EQ(found.body.asArray()->size(), 2U);
  EXPECT_EQ(*(*found.body.asArray())[0].find("id")->asString(), ids[1]);
  EXPECT_EQ(*(*found.body.asArray())[1].find("id")->asString(), ids[2]);
}

TEST_F(SystemsApi, SearchesWithinTheFilters) {
  for (int n = 1; n <= 9; ++n) {
    model::System room = sample::system(n);
    room.name = "Room " + std::to_string(n) + (n % 3 == 0 ? " aquarium" : "");
    room.bookable = n != 6;
    put(room);
  }
  const Answer page =
      call("GET", "/api/engine/v2/systems?q=aqua&bookable=true&limit=1", {}, "user");
  ASSERT_EQ(page.status, 200) << page.text;
  ASSERT_EQ(page.body.asArray()->size(), 1U);
  EXPECT_EQ(page.body.asArray()->front().find("id")->asString()->back(), '3');
  EXPECT_EQ(page.response.header("X-Total-Count"), "2");
  EXPECT_EQ(page.response.header("Content-Range"), "sys 0-1/2");
  EXPECT_EQ(page.response.header("Link"),
            "</api/engine/v2/systems?q=aqua&bookable=true&offset=1&limit=1>; rel=\"next\"");
  const Answer rest =
      call("GET", "/api/engine/v2/systems?q=aqua&bookable=true&limit=1&offset=1", {}, "user");
  ASSERT_EQ(rest.body.asArray()->size(), 1U);
  EXPECT_EQ(rest.body.asArray()->front().find("id")->asString()->back(), '9');
  EXPECT_EQ(rest.response.header("Link"), "");
  EXPECT_EQ(call("GET", "/api/engine/v2/systems?q=*").body.asArray()->size(), 9U);
  EXPECT_EQ(call("GET", "/api/engine/v2/systems?q=nothing").text, "[]");
  EXPECT_EQ(call("GET", "/api/engine/v2/systems?q=%22%29%28").body.asArray()->size(), 9U);
}

TEST_F(SystemsApi, ListsByEmailAndWhatNoSystemHas) {
  put(sample::system(1));
  put(sample::system(2));
  const Answer found = call(
      "GET", "/api/engine/v2/systems/with_emails?in=Room1@example.com,x@example.com", {}, "user");
  ASSERT_EQ(found.body.asArray()->size(), 1U) << found.text;
  EXPECT_EQ(found.response.header("X-Total-Count"), "1");
  EXPECT_EQ(call("GET", "/api/engine/v2/systems/with_emails").status, 422);
  EXPECT_EQ(call("GET", "/api/engine/v2/systems?signage=true").text, "[]");
  EXPECT_EQ(call("GET", "/api/engine/v2/systems?trigger_id=trigger-1").text, "[]");
  const Answer none = call("GET", "/api/engine/v2/repositories");
  EXPECT_EQ(none.text, "[]");
  EXPECT_EQ(none.response.header("Content-Range"), "repositories 0-0/0");
  EXPECT_EQ(call("GET", "/api/engine/v2/repositories/repo-1").status, 404);
  EXPECT_EQ(call("POST", "/api/engine/v2/reindex?backfill=true").status, 200);
}

TEST_F(SystemsApi, ListsWhatADeletionTakesWithItAndChangesNothing) {
  put(sample::driver(1));
  put(sample::mod(1));
  put(sample::zone(1));
  model::System room = sample::system(1);
  room.modules = {sample::id(model::Table::Module, 1)};
  room.zones = {sample::id(model::Table::Zone, 1)};
  put(room);
  put(sample::settings(1, room.id));
  put(sample::metadata(1, room.id));
  const uint64_t before = site_.position();
  const Answer would = call("DELETE", system(room.id) + "?dry_run=true");
  ASSERT_EQ(would.status, 200) << would.text;
  std::set<std::string> types;
  for (const json::Value& row : *would.body.find("would_delete")->asArray()) {
    types.insert(*row.find("type")->asString());
  }
  EXPECT_EQ(types, (std::set<std::string>{"metadata", "module", "settings", "system"}));
  const Answer zone =
      call("DELETE", "/api/engine/v2/zones/" + sample::id(model::Table::Zone, 1) + "?dry_run=true");
  ASSERT_EQ(zone.body.find("would_change")->asArray()->size(), 1U) << zone.text;
  EXPECT_EQ(*zone.body.find("would_change")->asArray()->front().find("id")->asString(), room.id);
  for (const std::string& path :
       {system(room.id) + "/module/" + room.modules.front(),
        "/api/engine/v2/modules/" + room.modules.front(),
        "/api/engine/v2/drivers/" + sample::id(model::Table::Driver, 1),
        "/api/engine/v2/settings/" + sample::id(model::Table::Settings, 1)}) {
    EXPECT_EQ(call("DELETE", path + "?dry_run=true").status, 200) << path;
    EXPECT_EQ(call("DELETE", path + "?dry_run=maybe").status, 400) << path;
  }
  EXPECT_EQ(call("DELETE", system("sys-none") + "?dry_run=true").status, 404);
  EXPECT_EQ(site_.position(), before);
}

TEST_F(SystemsApi, RefusesBadInputAndChangesNothing) {
  struct Row {
    const char* body;
    int status;
    const char* field;
  };
  const uint64_t before = site_.position();
  for (const Row& row :
       {Row{"{", 400, ""}, Row{"[]", 400, ""}, Row{"{}", 422, "name"},
        Row{R"({"name":7})", 422, "name"}, Row{R"({"name":"x","nmae":1})", 422, "nmae"},
        Row{R"({"name":"x","capacity":"many"})", 422, "capacity"},
        Row{R"({"name":"x","capacity":-1})", 422, "capacity"},
        Row{R"({"name":"x","zones":["zone-1"]})", 422, "zones"},
        Row{R"({"name":"x","email":"nobody"})", 422, "email"},
        Row{R"({"name":"x","support_url":"here"})", 422, "support_url"},
        Row{R"({"name":"x","bookable":1})", 422, "bookable"}}) {
    const Answer answer = call("POST", "/api/engine/v2/systems", row.body);
    EXPECT_EQ(answer.status, row.status) << row.body << answer.text;
    EXPECT_EQ(answer.member("field"), row.field) << answer.text;
    EXPECT_FALSE(answer.member("error").empty());
  }
  EXPECT_EQ(site_.position(), before);
}

TEST_F(SystemsApi, StartsNothingForWhatItDoesNotUnderstand) {
  put(sample::driver(1));
  model::Module mod = sample::mod(1, 1);
  mod.running = mod.ignoreStartstop = false;
  put(mod);
  model::System system = sample::system(1);
  system.modules = {mod.id};
  put(system);
  const uint64_t before = site_.position();
  const std::string path = "/api/engine/v2/systems/" + system.id + "/start";
  EXPECT_EQ(call("POST", path, "{").status, 400);
  EXPECT_EQ(call("POST", path, "[true]").status, 400);
  EXPECT_EQ(call("POST", path + "?single_occurrence=maybe").status, 400);
  EXPECT_EQ(call("POST", path, R"({"single_occurrence":"yes"})").status, 422);
  EXPECT_EQ(call("POST", path, R"({"single":true})").status, 422);
  EXPECT_EQ(site_.position(), before);
  EXPECT_EQ(call("POST", path, R"({"single_occurrence":false})").status, 200);
  EXPECT_TRUE(site_.findModule(mod.id)->running);
}

TEST_F(SystemsApi, NamesModulesAndCallsThem) {
  put(sample::driver(1));
  model::Module mod = sample::mod(1, 1);
  mod.customName = "Display";
  put(mod);
  model::System room = sample::system(1);
  room.modules = {mod.id};
  put(room);
  host_.echoes = true;
  const Answer types = call("GET", system(room.id) + "/types", {}, "user");
  EXPECT_EQ(types.text, R"({"Display":1})");
  const Answer done = call("POST", system(room.id) + "/Display_1/power", "[true]", "user");
  EXPECT_EQ(done.status, 200);
  EXPECT_EQ(done.text, "[true]");
  const Answer missing = call("POST", system(room.id) + "/Display_2/power", "[true]", "user");
  EXPECT_EQ(missing.status, 404);
  EXPECT_EQ(missing.member("sys_id"), room.id);
  EXPECT_EQ(missing.member("module_name"), "Display");
  EXPECT_EQ(*missing.body.find("index")->asInt(), 2);
  EXPECT_EQ(call("POST", system(room.id) + "/Display/power", "[true", "user").status, 400);
  EXPECT_EQ(call("POST", system(room.id) + "/Display/power?timeout_ms=0", "[]", "user").status,
            400);
  host_.states[mod.id]["power"] = "true";
  EXPECT_EQ(call("GET", system(room.id) + "/Display", {}, "user").text, R"({"power":"true"})");
  EXPECT_EQ(call("GET", system(room.id) + "/Display/power", {}, "user").text, "true");
  EXPECT_EQ(call("GET", system(room.id) + "/Display/none", {}, "user").text, "null");
}

TEST_F(SystemsApi, KeepsProtectedModulesForSupport) {
  put(sample::driver(1));
  model::Module mod = sample::mod(1, 1);
  mod.customName = "_Hidden";
  put(mod);
  model::System room = sample::system(1);
  room.modules = {mod.id};
  put(room);
  host_.echoes = true;
  for (const char* name : {"/_Hidden", "/_Hidden_1", "/%5FHidden/power", "/functions/_Hidden"}) {
    EXPECT_EQ(call("GET", system(room.id) + name, {}, "user").status, 403) << name;
    EXPECT_NE(call("GET", system(room.id) + name, {}, "support").status, 403) << name;
  }
  EXPECT_EQ(call("POST", system(room.id) + "/_Hidden_1/power", "[]", "user").status, 403);
  EXPECT_TRUE(host_.calls.empty());
  EXPECT_EQ(call("POST", system(room.id) + "/_Hidden_1/power", "[]", "support").status, 200);
}

TEST_F(SystemsApi, CancelsACallWhoseClientLeft) {
  put(sample::driver(1));
  const model::Module mod = sample::mod(1, 1);
  put(mod);
  http::Request request;
  begin(request, "POST", "/api/engine/v2/modules/" + mod.id + "/exec/wait", "admin");
  RecordedExchange exchange;
  ASSERT_TRUE(exchange.send(router_, request, "[]"));
  ASSERT_EQ(host_.calls.size(), 1U);
  exchange.sink().gone = true;
  EXPECT_TRUE(runUntil(*loop_, [this] { return !host_.cancelled.empty(); }));
  EXPECT_EQ(host_.cancelled.front(), host_.calls.front().id);
  host_.calls.front().done(ExecuteReply{"1", 200});  // too late, and harmless
}

}  // namespace
}  // namespace busbar
