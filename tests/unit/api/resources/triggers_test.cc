// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;

const std::string kEngine = "/api/engine/v2";

constexpr const char* kLampManifest = R"({
  "manifest_version": 1, "id": "com.acme.lamp", "version": "1.0.0", "name": "Lamp",
  "module_name": "Lamp", "vendor": "Acme", "description": "A lamp.", "license": "Apache-2.0",
  "role": "device", "implements": [], "links": [],
  "settings": {"type": "object", "properties": {}, "additionalProperties": true},
  "functions": {
    "dim": {"title": "Dim", "description": "To a level.", "params": {"type": "object",
      "properties": {"level": {"type": "integer", "minimum": 0, "maximum": 100}},
      "required": ["level"], "additionalProperties": false}, "order": ["level"],
      "kind": "command"}},
  "status": [{"key": "level", "schema": {"type": "integer"}, "description": "0 to 100."}],
  "permissions": []
})";

// Room 1, in zones 1 and 2, has a lamp; room 2, in zone 1, has none.
class TriggersApi : public ApiFixture {
 protected:
  TriggersApi() {
    EXPECT_TRUE(Manifest::parse(kLampManifest).ok());
    model::Driver driver = sample::driver(1);
    driver.manifest = kLampManifest;
    driver.moduleName = "Lamp";
    put(driver);
    put(sample::mod(1, 1));
    put(sample::zone(1));
    put(sample::zone(2));
    model::System lit = sample::system(1);
    lit.modules = {sample::id(Table::Module, 1)};
    lit.zones = {sample::id(Table::Zone, 1), sample::id(Table::Zone, 2)};
    put(lit);
    model::System dark = sample::system(2);
    dark.zones = {sample::id(Table::Zone, 1)};
    put(dark);
  }

  std::string room(int n) const { return kEngine + "/systems/" + sample::id(Table::System, n); }
  std::string zone(int n) const { return kEngine + "/zones/" + sample::id(Table::Zone, n); }

  std::string makeTrigger(const std::string& members = R"("name":"Dark")") {
    const Answer made = call("POST", kEngine + "/triggers", "{" + members + "}");
    EXPECT_EQ(made.status, 201) << made.text;
    return made.member("id");
  }
  std::string makeInstance(const std::string& triggerId, int system = 1) {
    const Answer made =
        call("POST", room(system) + "/triggers", R"({"trigger_id":")" + triggerId + "\"}");
    EXPECT_EQ(made.status, 201) << made.text;
    return made.member("id");
  }
  // "path code" of each problem.
  static std::vector<std::string> problemsOf(const Answer& answer) {
    std::vector<std::string> out;
    const json::Value* problems = answer.body.find("problems");
    EXPECT_NE(problems, nullptr) << answer.text;
    if (problems != nullptr) {
      for (const json::Value& each : *problems->asArray()) {
        out.push_back(*each.find("path")->asString() + " " + *each.find("code")->asString());
      }
    }
    return out;
  }
  static std::vector<std::string> namesOf(const Answer& answer) {
    std::vector<std::string> out;
    for (const json::Value& row : *answer.body.asArray()) {
      out.push_back(*row.find("name")->asString());
    }
    return out;
  }
  // What zones made: "room zone" for each, by id.
  std::vector<std::string> madeByZones() const {
    std::vector<std::string> out;
    for (const auto* instance : site_.triggerInstances()) {
      if (!instance->zoneId.empty()) {
        out.push_back(instance->systemId.substr(instance->systemId.size() - 1) + " " +
                      instance->zoneId.substr(instance->zoneId.size() - 1));
      }
    }
    std::sort(out.begin(), out.end());
    return out;
  }
};

using Texts = std::vector<std::string>;

constexpr const char* kDimsLamp =
    R"("name":"Dim","conditions":{"comparisons":[{"left":{"mod":"Lamp_1","status":"level"},)"
    R"("operator":"greater_than","right":50}]},)"
    R"("actions":{"functions":[{"mod":"Lamp_1","method":"dim","args":{"level":10}}]})";

TEST_F(TriggersApi, MakesReadsChangesAndDeletesATrigger) {
  const Answer made = call("POST", kEngine + "/triggers", std::string("{") + kDimsLamp + "}");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.member("description"), "");
  EXPECT_EQ(*made.body.find("debounce_period"), json::Value(0));
  EXPECT_EQ(json::write(*made.body.find("supported_methods")), R"(["POST"])");
  EXPECT_EQ(json::write(*made.body.find("conditions")->find("time_dependents")), "[]");
  EXPECT_EQ(json::write(*made.body.find("actions")->find("mailers")), "[]");
  EXPECT_EQ(made.body.find("webhook"), nullptr);
  const std::string path = kEngine + "/triggers/" + made.member("id");
  const Answer changed = call("PATCH", path,
                              R"({"debounce_period":500,"important":true,"max_firings":3,)"
                              R"("period_ms":60000,"supported_methods":["get","PUT"],)"
                              R"("enable_webhook":true,"webhook":{"proof":"hmac"}})");
  ASSERT_EQ(changed.status, 200) << changed.text;
  EXPECT_EQ(json::write(*changed.body.find("supported_methods")), R"(["GET","PUT"])");
  EXPECT_EQ(*changed.body.find("conditions"), *made.body.find("conditions")) << "merged";
  EXPECT_EQ(call("GET", path, {}, "support").text, changed.text);
  EXPECT_EQ(call("PUT", path, changed.text).status, 200) << "what was shown is taken back";
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_EQ(call("GET", path).status, 404);
}

TEST_F(TriggersApi, IsReadBySupportAndWrittenByAdmins) {
  const std::string id = makeTrigger();
  const std::string path = kEngine + "/triggers/" + id;
  for (const std::string& read : {kEngine + "/triggers", path, path + "/instances"}) {
    EXPECT_EQ(call("GET", read, {}, "user").status, 403) << read;
    EXPECT_EQ(call("GET", read, {}, "support").status, 200) << read;
  }
  EXPECT_EQ(call("POST", kEngine + "/triggers", R"({"name":"x"})", "support").status, 403);
  EXPECT_EQ(call("PATCH", path, R"({"name":"x"})", "support").status, 403);
  EXPECT_EQ(call("DELETE", path, {}, "support").status, 403);
}

TEST_F(TriggersApi, RefusesBadTriggersByPath) {
  const std::string id = makeTrigger();
  const struct {
    const char* body;
    const char* field;
  } rows[] = {
      {R"({"name":" "})", "name"},
      {R"({"nmae":"x"})", "nmae"},
      {R"({"debounce_period":-1})", "debounce_period"},
      {R"({"debounce_period":86400001})", "debounce_period"},
      {R"({"supported_methods":["HEAD"]})", "supported_methods"},
      {R"({"supported_methods":[]})", "supported_methods"},
      {R"({"conditions":[]})", "conditions"},
      {R"({"actions":"x"})", "actions"},
      {R"({"max_firings":2})", "period_ms"},
      {R"({"control_system_id":"zone-1"})", "control_system_id"},
      {R"({"control_system_id":"sys-01J9ZQ4X0N0000000000000099"})", "control_system_id"},
      {R"({"conditions":{"comparisons":[{"left":1,"operator":"like","right":2}]}})",
       "conditions.comparisons.0.operator"},
      {R"({"conditions":{"time_dependents":[{"type":"cron","cron":"61 * * * *"}]}})",
       "conditions.time_dependents.0.cron"},
      {R"({"conditions":{"other":1}})", "conditions.other"},
      {R"({"actions":{"functions":[{"mod":"Lamp_1"}]}})", "actions.functions.0.method"},
      {R"({"actions":{"mailers":[{"emails":["x"],"content":"y"}]}})", "actions.mailers.0.emails.0"},
      {R"({"webhook":{"proof":"none"}})", "webhook.proof"},
  };
  const uint64_t before = site_.position();
  for (const auto& row : rows) {
    const Answer answer = call("PATCH", kEngine + "/triggers/" + id, row.body);
    EXPECT_EQ(answer.status, 422) << row.body << answer.text;
    EXPECT_EQ(answer.member("field"), row.field) << answer.text;
  }
  EXPECT_EQ(call("POST", kEngine + "/triggers", "{}").member("field"), "name");
  EXPECT_EQ(call("PATCH", kEngine + "/triggers/absent", "{}").status, 404);
  EXPECT_EQ(site_.position(), before);
}

TEST_F(TriggersApi, FindsTriggersByTheirWords) {
  makeTrigger(R"("name":"Forgotten lamp","description":"after work")");
  makeTrigger(R"("name":"Flood","description":"in the cellar")");
  EXPECT_EQ(namesOf(call("GET", kEngine + "/triggers")), (Texts{"Flood", "Forgotten lamp"}));
  EXPECT_EQ(namesOf(call("GET", kEngine + "/triggers?q=cell")), Texts{"Flood"});
  EXPECT_EQ(namesOf(call("GET", kEngine + "/triggers?q=nothing")), Texts{});
}

// A trigger that belongs to a system, or is at work in some, must fit one of them.
TEST_F(TriggersApi, ATriggerMustFitASystemThatItIsFor) {
  const std::string owner = R"("control_system_id":")" + sample::id(Table::System, 1) + "\",";
  const struct {
    const char* members;
    const char* field;
  } rows[] = {
      {R"("conditions":{"comparisons":[{"left":{"mod":"Lmap_1","status":"level"},)"
       R"("operator":"equal","right":1}]})",
       "conditions.comparisons.0.left.mod"},
      {R"("conditions":{"comparisons":[{"left":1,"operator":"equal",)"
       R"("right":{"mod":"Lamp_1","status":"lvl"}}]})",
       "conditions.comparisons.0.right.status"},
      {R"("actions":{"functions":[{"mod":"Lamp_1","method":"dmi"}]})",
       "actions.functions.0.method"},
      {R"("actions":{"functions":[{"mod":"Lamp_1","method":"dim","args":{"level":101}}]})",
       "actions.functions.0.args.level"},
      {R"("actions":{"functions":[{"mod":"Lamp_1","method":"dim","args":[1,2]}]})",
       "actions.functions.0.args"},
  };
  for (const auto& row : rows) {
    const std::string body = std::string(R"({"name":"T",)") + row.members + "}";
    const Answer refused = call("POST", kEngine + "/triggers", "{" + owner + body.substr(1));
    EXPECT_EQ(refused.status, 422) << body << refused.text;
    EXPECT_EQ(refused.member("field"), row.field) << refused.text;
    EXPECT_EQ(call("POST", kEngine + "/triggers", body).status, 201)
        << "of a trigger that is for no system yet only the form is known: " << body;
  }
  EXPECT_EQ(call("POST", kEngine + "/triggers",
                 "{" + owner +
                     R"("name":"T","actions":{"functions":[{"mod":"Lamp_1","method":"dim",)"
                     R"("args":{"level":"{{ cause.left }}"}}]}})")
                .status,
            201)
      << "what a template becomes is known later";
  const std::string id = makeTrigger(kDimsLamp);
  makeInstance(id, 1);
  makeInstance(id, 2);
  const std::string path = kEngine + "/triggers/" + id;
  EXPECT_EQ(call("PATCH", path, std::string("{") + kDimsLamp + "}").status, 200)
      << "it fits room 1, if not room 2";
  EXPECT_EQ(call("PATCH", path, R"({"actions":{"functions":[{"mod":"Lmap_1","method":"dim"}]}})")
                .member("field"),
            "actions.functions.0.mod");
}

TEST_F(TriggersApi, WhatNoLongerFitsKeepsNobodyFromOtherChanges) {
  const std::string id =
      makeTrigger(R"("control_system_id":")" + sample::id(Table::System, 1) + "\"," + kDimsLamp);
  ASSERT_EQ(call("PATCH", kEngine + "/modules/" + sample::id(Table::Module, 1),
                 R"({"custom_name":"Sconce"})")
                .status,
            200);
  const std::string path = kEngine + "/triggers/" + id;
  EXPECT_EQ(call("PATCH", path, R"({"name":"Renamed"})").status, 200);
  EXPECT_EQ(call("PATCH", path, R"({"actions":{}})").status, 422) << "conditions do not fit";
}

TEST_F(TriggersApi, PutsATriggerToWorkInASystem) {
  const std::string triggerId = makeTrigger(R"("name":"Dark","important":true)");
  const Answer made = call("POST", room(1) + "/triggers",
                           R"({"trigger_id":")" + triggerId + R"(","important":false})");
  ASSERT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.member("name"), "Dark");
  EXPECT_EQ(*made.body.find("important"), json::Value(true)) << "as its trigger";
  EXPECT_EQ(*made.body.find("enabled"), json::Value(true));
  EXPECT_EQ(*made.body.find("exec_enabled"), json::Value(false));
  EXPECT_EQ(made.member("webhook_secret").size(), 43U);
  EXPECT_EQ(*made.body.find("control_system")->find("name"), json::Value("Room 1"));
  EXPECT_EQ(problemsOf(made), Texts{});
  const std::string path = room(1) + "/triggers/" + made.member("id");
  const Answer changed =
      call("PATCH", path,
           R"({"enabled":false,"important":false,"exec_enabled":true,"playlists":["p"]})");
  ASSERT_EQ(changed.status, 200) << changed.text;
  const Answer shown = call("GET", path);
  EXPECT_EQ(shown.text, changed.text);
  EXPECT_EQ(*shown.body.find("enabled"), json::Value(false));
  EXPECT_EQ(call("PUT", path, shown.text).status, 200) << "what was shown is taken back";
  EXPECT_EQ(call("GET", path + "?complete=false").body.find("control_system"), nullptr);
  EXPECT_EQ(call("GET", room(2) + "/triggers/" + made.member("id")).status, 404)
      << "it is of another system";
  EXPECT_EQ(call("DELETE", room(2) + "/triggers/" + made.member("id")).status, 404);
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_EQ(call("GET", path).status, 404);
}

TEST_F(TriggersApi, RefusesBadInstances) {
  const std::string triggerId = makeTrigger();
  const std::string path = room(1) + "/triggers";
  EXPECT_EQ(call("POST", path, "{}").member("field"), "trigger_id");
  EXPECT_EQ(call("POST", path, R"({"trigger_id":"nothing"})").member("field"), "trigger_id");
  EXPECT_EQ(call("POST", path, R"({"trigger_id":")" + sample::id(Table::Trigger, 99) + "\"}")
                .member("field"),
            "trigger_id");
  EXPECT_EQ(call("POST", room(9) + "/triggers", R"({"trigger_id":")" + triggerId + "\"}").status,
            404);
  const std::string own = path + "/" + makeInstance(triggerId);
  for (const char* body :
       {R"({"enabled":1})", R"({"trigger_id":"trigger-01J9ZQ4X0N0000000000000099"})",
        R"({"zone_id":"zone-01J9ZQ4X0N0000000000000001"})", R"({"enabeld":true})"}) {
    EXPECT_EQ(call("PATCH", own, body).status, 422) << body;
  }
}

TEST_F(TriggersApi, TheSecretIsForAdmins) {
  const std::string triggerId = makeTrigger();
  const std::string path = room(1) + "/triggers/" + makeInstance(triggerId);
  const std::string instances = kEngine + "/triggers/" + triggerId + "/instances";
  const std::string secret = call("GET", path).member("webhook_secret");
  ASSERT_EQ(secret.size(), 43U);
  EXPECT_NE(call("GET", room(1) + "/triggers").text.find(secret), std::string::npos);
  EXPECT_NE(call("GET", instances).text.find(secret), std::string::npos);
  EXPECT_NE(call("GET", kEngine + "/triggers/" + triggerId + "?instances=true").text.find(secret),
            std::string::npos);
  for (const char* caller : {"user", "support"}) {
    for (const std::string& read : {path, room(1) + "/triggers", instances,
                                    kEngine + "/triggers/" + triggerId + "?instances=true"}) {
      EXPECT_EQ(call("GET", read, {}, caller).text.find("webhook_secret"), std::string::npos)
          << caller << read;
    }
  }
  EXPECT_EQ(call("PATCH", path, R"({"enabled":true})", "support").text.find("webhook_secret"),
            std::string::npos);
  const std::string renewing =
      "/api/busbar/v1/trigger_instances/" + path.substr(path.rfind('/') + 1) + "/secret";
  EXPECT_EQ(call("POST", renewing, {}, "support").status, 403);
  const Answer renewed = call("POST", renewing);
  EXPECT_EQ(renewed.status, 200) << renewed.text;
  EXPECT_EQ(renewed.member("webhook_secret").size(), 43U);
  EXPECT_NE(renewed.member("webhook_secret"), secret);
  EXPECT_EQ(call("GET", path).member("webhook_secret"), renewed.member("webhook_secret"));
  for (const AuditEntry& entry : store_.data().audit) {
    EXPECT_EQ((entry.before + entry.after).find(secret), std::string::npos);
  }
}

TEST_F(TriggersApi, SupportAndGrantsWriteInstancesAndAnybodyReadsThem) {
  const std::string triggerId = makeTrigger();
  const std::string list = room(1) + "/triggers";
  const std::string path = list + "/" + makeInstance(triggerId);
  const std::string body = R"({"trigger_id":")" + triggerId + "\"}";
  EXPECT_EQ(call("GET", list, {}, "user").status, 200);
  EXPECT_EQ(call("GET", path, {}, "user").status, 200);
  EXPECT_EQ(call("POST", list, body, "user").status, 403);
  EXPECT_EQ(call("PATCH", path, R"({"enabled":false})", "user").status, 403);
  EXPECT_EQ(call("DELETE", path, {}, "user").status, 403);
  EXPECT_EQ(call("POST", list, body, "support").status, 201);
  model::Group group = sample::group(1);
  put(group);
  model::GroupUser membership = sample::groupUser(1);
  membership.userId = sample::id(Table::User, 101);
  membership.permissions = model::grant::kUpdate;
  put(membership);
  model::GroupZone grant = sample::groupZone(1, 1, 1);
  grant.permissions = model::grant::kUpdate;
  grant.deny = false;
  put(grant);
  EXPECT_EQ(call("PATCH", path, R"({"enabled":false})", "user").status, 200);
  EXPECT_EQ(call("POST", list, body, "user").status, 403) << "which takes another grant";
}

TEST_F(TriggersApi, ListsWhatIsAskedFor) {
  const std::string calm = makeTrigger(R"("name":"Calm","description":"nothing to see")");
  const std::string loud = makeTrigger(R"("name":"Loud","important":true)");
  const std::string first = makeInstance(calm);
  makeInstance(loud);
  makeInstance(loud, 2);
  triggerStates_.states[first] = {true, 7, 0, 0};
  const std::string list = room(1) + "/triggers";
  const Answer all = call("GET", list);
  EXPECT_EQ(namesOf(all), (Texts{"Calm", "Loud"}));
  const json::Value& row = all.body.asArray()->front();
  EXPECT_EQ(*row.find("triggered"), json::Value(true));
  EXPECT_EQ(*row.find("trigger_count"), json::Value(7));
  EXPECT_NE(row.find("control_system"), nullptr);
  EXPECT_EQ(call("GET", list + "?complete=false").body.asArray()->front().find("control_system"),
            nullptr);
  EXPECT_EQ(namesOf(call("GET", list + "?important=true")), Texts{"Loud"});
  EXPECT_EQ(namesOf(call("GET", list + "?important=false")), Texts{"Calm"});
  EXPECT_EQ(namesOf(call("GET", list + "?triggered=true")), Texts{"Calm"});
  EXPECT_EQ(namesOf(call("GET", list + "?triggered=false")), Texts{"Loud"});
  EXPECT_EQ(namesOf(call("GET", list + "?trigger_id=" + loud)), Texts{"Loud"});
  EXPECT_EQ(namesOf(call("GET", list + "?as_of=1")), Texts{});
  EXPECT_EQ(namesOf(call("GET", list + "?q=see")), Texts{"Calm"});
  EXPECT_EQ(namesOf(call("GET", list + "?q=loud")), Texts{"Loud"}) << "not that of room 2";
  const Answer page = call("GET", list + "?limit=1&offset=1");
  EXPECT_EQ(namesOf(page), Texts{"Loud"});
  EXPECT_EQ(page.response.header("X-Total-Count"), "2");
  EXPECT_EQ(call("GET", list + "?as_of=x").status, 400);
  EXPECT_EQ(call("GET", list + "?triggered=x").status, 400);
  EXPECT_EQ(call("GET", room(9) + "/triggers").status, 404);
  const std::string systems = kEngine + "/systems?trigger_id=";
  EXPECT_EQ(namesOf(call("GET", systems + calm)), Texts{"Room 1"});
  EXPECT_EQ(namesOf(call("GET", systems + loud)), (Texts{"Room 1", "Room 2"}));
  EXPECT_EQ(namesOf(call("GET", systems + "nothing")), Texts{});
}

TEST_F(TriggersApi, ShowsWhatDoesNotFitASystem) {
  const std::string triggerId = makeTrigger(kDimsLamp);
  const std::string lit = makeInstance(triggerId, 1);
  const Answer dark = call("POST", room(2) + "/triggers", R"({"trigger_id":")" + triggerId + "\"}");
  EXPECT_EQ(dark.status, 201) << "it is not refused";
  EXPECT_EQ(problemsOf(dark), (Texts{"conditions.comparisons.0.left.mod no_module",
                                     "actions.functions.0.mod no_module"}));
  const std::string path = room(1) + "/triggers/" + lit;
  EXPECT_EQ(problemsOf(call("GET", path)), Texts{});
  ASSERT_EQ(call("PATCH", kEngine + "/modules/" + sample::id(Table::Module, 1),
                 R"({"custom_name":"Sconce"})")
                .status,
            200);
  EXPECT_EQ(problemsOf(call("GET", path)), problemsOf(dark)) << "it was renamed since";
}

TEST_F(TriggersApi, ZonesGiveTriggersToTheirSystems) {
  const std::string triggerId = makeTrigger();
  const std::string list = R"({"triggers":[")" + triggerId + "\"]}";
  const Answer given = call("PATCH", zone(1), list);
  ASSERT_EQ(given.status, 200) << given.text;
  EXPECT_EQ(json::write(*given.body.find("triggers")), "[\"" + triggerId + "\"]");
  EXPECT_EQ(madeByZones(), (Texts{"1 1", "2 1"}));
  EXPECT_EQ(call("PATCH", zone(2), list).status, 200);
  EXPECT_EQ(madeByZones(), (Texts{"1 1", "1 2", "2 1"}));
  EXPECT_EQ(namesOf(call("GET", zone(1) + "/triggers", {}, "support")), Texts{"Dark"});
  EXPECT_EQ(call("GET", zone(1) + "/triggers", {}, "user").status, 403);
  EXPECT_EQ(call("GET", kEngine + "/zones/absent/triggers").status, 404);
  EXPECT_EQ(call("GET", zone(1) + "?complete=true").body.find("trigger_data")->asArray()->size(),
            1U);
  const Answer made = call("POST", kEngine + "/systems",
                           R"({"name":"Room 3","zones":[")" + sample::id(Table::Zone, 2) + "\"]}");
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(made.member("name"), "Room 3") << "the system, not what it brought with it";
  EXPECT_EQ(site_.instancesOfSystem(made.member("id")).size(), 1U);
  EXPECT_EQ(call("DELETE", kEngine + "/systems/" + made.member("id")).status, 202);
  EXPECT_EQ(call("PATCH", room(1) + "?version=4", R"({"zones":[]})").status, 200);
  EXPECT_EQ(madeByZones(), Texts{"2 1"});
  EXPECT_EQ(call("PATCH", zone(1), R"({"triggers":[]})").status, 200);
  EXPECT_EQ(madeByZones(), Texts{});
  EXPECT_EQ(
      call("PATCH", zone(1), R"({"triggers":[")" + sample::id(Table::Trigger, 9) + "\"]}").status,
      422);
}

TEST_F(TriggersApi, WhatAZoneGivesCannotBeTakenOutOfOneSystem) {
  const std::string triggerId = makeTrigger();
  ASSERT_EQ(call("PATCH", zone(1), R"({"triggers":[")" + triggerId + "\"]}").status, 200);
  const std::string own =
      room(2) + "/triggers/" + *site_.instancesOfSystem(sample::id(Table::System, 2)).begin();
  const Answer refused = call("DELETE", own);
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(refused.member("reason"), "made_by_zone");
  EXPECT_EQ(call("PATCH", own, R"({"enabled":false})").status, 200);
}

TEST_F(TriggersApi, DeletingATriggerTakesItOutOfZonesAndSystems) {
  const std::string triggerId = makeTrigger();
  ASSERT_EQ(call("PATCH", zone(1), R"({"triggers":[")" + triggerId + "\"]}").status, 200);
  makeInstance(triggerId);
  const std::string path = kEngine + "/triggers/" + triggerId;
  const Answer preview = call("DELETE", path + "?dry_run=true");
  EXPECT_EQ(preview.body.find("would_delete")->asArray()->size(), 4U) << preview.text;
  EXPECT_EQ(preview.body.find("would_change")->asArray()->size(), 1U);
  EXPECT_EQ(call("DELETE", path).status, 202);
  EXPECT_TRUE(site_.triggerInstances().empty());
  EXPECT_TRUE(site_.findZone(sample::id(Table::Zone, 1))->triggers.empty());
}

// Neither change touches a row of the other: only the order keeps the second from missing the
// first.
TEST_F(TriggersApi, ChangesThatBearOnInstancesGoOneAfterTheOther) {
  const std::string triggerId = makeTrigger();
  http::Request list;
  http::Request system;
  http::Request third;
  RecordedExchange exchanges[3];
  begin(list, "PATCH", zone(2), "admin");
  exchanges[0].send(router_, list, R"({"triggers":[")" + triggerId + "\"]}");
  begin(system, "POST", kEngine + "/systems", "admin");
  exchanges[1].send(router_, system,
                    R"({"name":"Late","zones":[")" + sample::id(Table::Zone, 2) + "\"]}");
  begin(third, "PATCH", room(2) + "?version=4", "admin");
  exchanges[2].send(router_, third, R"({"zones":[")" + sample::id(Table::Zone, 2) + "\"]}");
  ASSERT_TRUE(runUntil(*loop_, [&] {
    return std::all_of(std::begin(exchanges), std::end(exchanges),
                       [](RecordedExchange& each) { return each.sink().answers == 1; });
  }));
  EXPECT_EQ(take(exchanges[0]).status, 200);
  const Answer late = take(exchanges[1]);
  ASSERT_EQ(late.status, 201) << late.text;
  EXPECT_EQ(take(exchanges[2]).status, 200);
  EXPECT_EQ(site_.instancesOfSystem(late.member("id")).size(), 1U);
  EXPECT_EQ(site_.instancesOfSystem(sample::id(Table::System, 2)).size(), 1U);
}

}  // namespace
}  // namespace busbar
