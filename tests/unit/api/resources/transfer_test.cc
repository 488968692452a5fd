// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/configuration_document.h"
#include "api/resources/configuration_plan.h"
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

using model::Table;

constexpr const char* kTransferManifest = R"({
  "manifest_version": 1, "id": "com.acme.lamp", "version": "1.0.0", "name": "Lamp",
  "module_name": "Lamp", "vendor": "Acme", "description": "A lamp.", "license": "Apache-2.0",
  "role": "device", "implements": [], "links": [], "functions": {}, "status": [],
  "permissions": [], "settings": {"type": "object", "properties": {
    "port": {"type": "integer", "minimum": 1}}, "additionalProperties": false}
})";

class TransferApi : public ApiFixture {
 protected:
  TransferApi() {
    put(sample::driver(1));
    put(sample::mod(1));
    put(sample::zone(1));
    model::System room = sample::system(1);
    room.modules = {sample::id(Table::Module, 1)};
    room.zones = {sample::id(Table::Zone, 1)};
    put(room);
    put(sample::settings(1, room.id, "a: 1"));
    put(sample::settings(2, room.id, "password: geheimnis", model::EncryptionLevel::Support));
    put(sample::metadata(1, room.id));
    put(sample::schema(1));
    put(sample::oauthApp(1));
    put(sample::group(1));
    model::GroupUser membership = sample::groupUser(1);
    membership.userId = sample::id(Table::User, 101);
    put(membership);
    put(sample::groupZone(1));
    put(sample::trigger(1));
    put(sample::triggerInstance(1));
  }
  // Zone 1 gives trigger 1 to room 1.
  std::string giveTrigger() {
    EXPECT_EQ(call("PATCH", "/api/engine/v2/zones/" + sample::id(Table::Zone, 1),
                   R"({"triggers":[")" + sample::id(Table::Trigger, 1) + "\"]}")
                  .status,
              200);
    const auto& made = site_.instancesOfZone(sample::id(Table::Zone, 1));
    EXPECT_EQ(made.size(), 1U);
    return made.empty() ? "" : *made.begin();
  }
  json::Value exported() {
    const Answer answer = call("GET", "/api/busbar/v1/export");
    EXPECT_EQ(answer.status, 200) << answer.text;
    return answer.body;
  }
  Answer apply(const json::Value& document, const std::string& query = {}) {
    return call("POST", "/api/busbar/v1/import" + query, json::write(document));
  }
  // The row of a list with an id that ends in `n`.
  static json::Object& row(json::Value& document, std::string_view list, int n = 1) {
    for (json::Value& each : *document.asObject()->find(list)->asArray()) {
      if (each.find("id")->asString()->ends_with("0" + std::to_string(n))) {
        return *each.asObject();
      }
    }
    ADD_FAILURE() << "no row " << n << " in " << list;
    static json::Object none;
    return none;
  }
  static std::string changesOf(const Answer& answer) {
    std::string out;
    const json::Value* changes = answer.body.find("changes");
    if (changes == nullptr) {
      return answer.text;
    }
    for (const json::Value& change : *changes->asArray()) {
      out += (out.empty() ? "" : ", ") + *change.find("action")->asString() + " " +
             *change.find("type")->asString();
    }
    return out;
  }
};

TEST_F(TransferApi, ExportsEverythingButSecrets) {
  const json::Value document = exported();
  const std::string text = json::write(document);
  EXPECT_EQ(text.find("geheimnis"), std::string::npos);
  EXPECT_EQ(text.find("secret_hash"), std::string::npos);
  EXPECT_EQ(text.find(sample::apiKey(101).secretHash), std::string::npos);
  EXPECT_EQ(text.find("password_hash"), std::string::npos);
  EXPECT_EQ(text.find("\"internals\""), std::string::npos);
  EXPECT_EQ(text.find("webhook_secret"), std::string::npos);
  for (const char* list : {"domains", "users", "oauth_apps", "drivers", "zones", "systems",
                           "modules", "settings", "triggers", "trigger_instances", "schemas",
                           "metadata", "groups", "group_users", "group_zones"}) {
    ASSERT_NE(document.find(list), nullptr) << list;
    EXPECT_FALSE(document.find(list)->asArray()->empty()) << list;
  }
  EXPECT_EQ(document.find("settings")->asArray()->size(), 2U);
  EXPECT_NE(text.find("\"a: 1\""), std::string::npos);
  EXPECT_EQ(call("GET", "/api/busbar/v1/export", {}, "support").status, 403);
}

TEST_F(TransferApi, WhatWasExportedChangesNothing) {
  const uint64_t before = site_.position();
  for (const char* query : {"", "?dry_run=true", "?prune=true"}) {
    const Answer answer = apply(exported(), query);
    EXPECT_EQ(answer.status, 200) << answer.text;
    EXPECT_EQ(changesOf(answer), "") << query;
  }
  EXPECT_EQ(site_.position(), before);
}

TEST_F(TransferApi, ANewInstanceGetsASecretAndAPresentOneKeepsIts) {
  json::Value document = exported();
  row(document, "trigger_instances").set("enabled", true);
  json::Object added = row(document, "trigger_instances");
  added.set("id", sample::id(Table::TriggerInstance, 2));
  document.asObject()->find("trigger_instances")->asArray()->emplace_back(added);
  const Answer answer = apply(document);
  EXPECT_EQ(changesOf(answer), "update trigger_instance, create trigger_instance") << answer.text;
  const auto* kept = site_.findTriggerInstance(sample::id(Table::TriggerInstance, 1));
  const auto* made = site_.findTriggerInstance(sample::id(Table::TriggerInstance, 2));
  ASSERT_NE(made, nullptr);
  EXPECT_EQ(kept->webhookSecret, sample::triggerInstance(1).webhookSecret);
  EXPECT_EQ(made->webhookSecret.size(), 43U);
  EXPECT_NE(made->webhookSecret, kept->webhookSecret);
  row(document, "trigger_instances").set("webhook_secret", std::string(43, 'x'));
  EXPECT_EQ(apply(document).status, 422) << "nobody may choose one";
}

TEST_F(TransferApi, InstancesFollowTheZonesOfTheDocument) {
  json::Value document = exported();
  row(document, "zones").set("triggers", json::Array{sample::id(Table::Trigger, 1)});
  const Answer given = apply(document);
  EXPECT_EQ(changesOf(given), "update zone, create trigger_instance") << given.text;
  ASSERT_EQ(site_.instancesOfZone(sample::id(Table::Zone, 1)).size(), 1U);
  const std::string made = *site_.instancesOfZone(sample::id(Table::Zone, 1)).begin();
  for (const char* query : {"", "?prune=true"}) {
    EXPECT_EQ(changesOf(apply(exported(), query)), "") << query;
    EXPECT_EQ(changesOf(apply(document, query)), "") << query << ": it does not name the instance";
  }
  json::Value renamed = exported();
  for (json::Value& each : *renamed.asObject()->find("trigger_instances")->asArray()) {
    if (*each.find("id") == json::Value(made)) {
      each.asObject()->set("id", sample::id(Table::TriggerInstance, 77));
      each.asObject()->set("enabled", false);
    }
  }
  EXPECT_EQ(changesOf(apply(renamed)), "update trigger_instance")
      << "known by its trigger, system and zone";
  EXPECT_FALSE(site_.findTriggerInstance(made)->enabled);
  row(document, "zones").set("triggers", json::Array());
  EXPECT_EQ(changesOf(apply(document)), "update zone, delete trigger_instance");
  EXPECT_EQ(site_.findTriggerInstance(made), nullptr);
}

TEST_F(TransferApi, ASecondMachineGetsTheInstancesOfTheFirst) {
  const std::string made = giveTrigger();
  json::Value document = exported();
  row(document, "settings", 2).set("settings_string", "password: geheimnis");
  Site other;
  other.reset({1, {*site_.findDriver(sample::id(Table::Driver, 1)), sample::domain()}});
  api::DriverManifests manifests(other);
  auto outcome = api::planConfiguration(other, manifests, ids_, document, false, "");
  const auto* refusal = std::get_if<api::Refusal>(&outcome);
  ASSERT_EQ(refusal, nullptr) << refusal->error.message;
  const auto* plan = std::get_if<api::ConfigurationPlan>(&outcome);
  size_t instances = 0;
  for (const ConfigWrite& write : plan->writes) {
    instances += std::holds_alternative<model::TriggerInstance>(write.record) ? 1U : 0U;
    other.apply({2, write.kind, write.record});
  }
  EXPECT_EQ(instances, 2U) << "and no further one for the zone";
  EXPECT_NE(other.findTriggerInstance(made), nullptr);
}

TEST_F(TransferApi, PruningTriggersTakesTheirInstancesAndThePlaceInZones) {
  giveTrigger();
  json::Value document = exported();
  document.asObject()->set("triggers", json::Array());
  document.asObject()->set("trigger_instances", json::Array());
  row(document, "zones").set("triggers", json::Array());
  const Answer answer = apply(document, "?prune=true");
  EXPECT_EQ(answer.status, 200) << answer.text;
  EXPECT_TRUE(site_.triggers().empty());
  EXPECT_TRUE(site_.triggerInstances().empty());
  document.asObject()->erase("zones");
  EXPECT_EQ(changesOf(apply(document, "?prune=true")), "");
}

TEST_F(TransferApi, RefusesTriggersThatCannotBe) {
  const auto refused = [this](auto change) {
    json::Value document = exported();
    change(document);
    const Answer answer = apply(document);
    EXPECT_EQ(answer.status, 422) << answer.text;
    return answer.member("field");
  };
  EXPECT_EQ(refused([](json::Value& document) {
              row(document, "triggers")
                  .set("conditions",
                       *json::parse(R"({"comparisons":[{"left":1,"operator":"x","right":1}]})"));
            }),
            "/triggers/0/conditions/comparisons/0/operator");
  EXPECT_EQ(refused([](json::Value& document) {
              row(document, "zones").set("triggers", json::Array{sample::id(Table::Trigger, 9)});
            }),
            "/zones/0/triggers");
  EXPECT_EQ(refused([](json::Value& document) {
              json::Object added = row(document, "trigger_instances");
              added.set("id", sample::id(Table::TriggerInstance, 5));
              added.set("zone_id", sample::id(Table::Zone, 1));
              document.asObject()->find("trigger_instances")->asArray()->emplace_back(added);
            }),
            "/trigger_instances/1/zone_id")
      << "the zone does not ask for it";
  EXPECT_EQ(refused([](json::Value& document) {
              row(document, "trigger_instances").set("zone_id", sample::id(Table::Zone, 1));
            }),
            "/trigger_instances/0");
}

TEST_F(TransferApi, ChangesWhatDiffersAndKeepsTheRest) {
  json::Value document = exported();
  row(document, "systems").set("description", "new");
  json::Object zone = row(document, "zones");
  zone.set("id", sample::id(Table::Zone, 9));
  zone.set("name", "Ninth");
  document.asObject()->find("zones")->asArray()->emplace_back(zone);
  const uint64_t before = site_.position();
  const Answer plan = apply(document, "?dry_run=true");
  EXPECT_EQ(changesOf(plan), "create zone, update system") << plan.text;
  EXPECT_EQ(site_.position(), before);
  EXPECT_EQ(changesOf(apply(document)), "create zone, update system");
  EXPECT_EQ(site_.position(), before + 1) << "one transaction";
  const model::System& room = *site_.systems().front();
  EXPECT_EQ(room.description, "new");
  EXPECT_EQ(room.version, sample::system().version + 1);
  EXPECT_EQ(site_.findZone(sample::id(Table::Zone, 9))->name, "Ninth");
  EXPECT_EQ(site_.findSettings(sample::id(Table::Settings, 2))->text, "password: geheimnis");
  EXPECT_EQ(changesOf(apply(document)), "") << "again: nothing";
}

// A machine with the same driver, whose domain has another id and the same host.
TEST_F(TransferApi, MakesTheSameSiteOnAnotherMachine) {
  model::User gone = sample::user(150);
  gone.domainId = sample::id(Table::Domain);
  gone.deleted = true;
  put(gone);
  json::Value document = exported();
  row(document, "settings", 2).set("settings_string", "password: geheimnis");
  Site other;
  model::Domain domain = sample::domain();
  domain.id = sample::id(Table::Domain, 77);
  other.reset({1, {domain, sample::driver(1)}});
  api::DriverManifests manifests(other);
  auto outcome = api::planConfiguration(other, manifests, ids_, document, false, "");
  const auto* refusal = std::get_if<api::Refusal>(&outcome);
  ASSERT_EQ(refusal, nullptr) << refusal->error.message;
  for (const ConfigWrite& write : std::get<api::ConfigurationPlan>(outcome).writes) {
    other.apply({2, write.kind, write.record});
  }
  EXPECT_EQ(other.domains().size(), 1U);
  EXPECT_EQ(other.oauthApps().front()->ownerId, domain.id);
  EXPECT_EQ(other.groups().front()->domainId, domain.id);
  EXPECT_TRUE(other.findUser(gone.id)->deleted);
  const std::string& hash = other.oauthApps().front()->secretHash;
  EXPECT_EQ(hash.size(), 64U);
  EXPECT_NE(hash, site_.oauthApps().front()->secretHash) << "nobody knows the secret";
  for (const api::ConfigurationList& list : api::configurationLists()) {
    if (list.table != Table::Domain) {
      EXPECT_EQ(json::write(json::Value(api::configurationRows(other, list.table))),
                json::write(json::Value(api::configurationRows(site_, list.table))))
          << list.name;
    }
  }
  auto again = api::planConfiguration(other, manifests, ids_, document, true, "");
  EXPECT_TRUE(std::get<api::ConfigurationPlan>(again).changes.empty());
}

TEST_F(TransferApi, NeitherDeletesNorRevivesUsers) {
  model::User gone = sample::user(150);
  gone.domainId = sample::id(Table::Domain);
  gone.deleted = true;
  put(gone);
  json::Value document = exported();
  for (json::Value& user : *document.asObject()->find("users")->asArray()) {
    user.asObject()->set("deleted", *user.find("id")->asString() != gone.id);
  }
  EXPECT_EQ(changesOf(apply(document)), "");
  EXPECT_TRUE(site_.findUser(gone.id)->deleted);
  EXPECT_FALSE(site_.findUser(sample::id(Table::User, 101))->deleted);
}

TEST_F(TransferApi, RefusesSettingsThatNoLongerFitADriver) {
  model::Driver driver = sample::driver(2);
  driver.manifest = kTransferManifest;
  ASSERT_TRUE(Manifest::parse(driver.manifest).ok())
      << Manifest::parse(driver.manifest).error().message;
  put(driver);
  put(sample::mod(2, 2));
  put(sample::settings(3, sample::id(Table::Module, 2), "port: 7"));
  json::Value document = exported();
  row(document, "settings", 3).set("settings_string", "port: 0");
  const Answer answer = apply(document, "?dry_run=true");
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_TRUE(answer.member("field").ends_with("/settings_string/port")) << answer.text;
  row(document, "settings", 3).set("settings_string", "port: 8");
  EXPECT_EQ(changesOf(apply(document)), "update settings");
}

TEST_F(TransferApi, MembersAreOfTheDomainOfTheirGroup) {
  model::Domain east = sample::domain(7);
  put(east);
  model::User stranger = sample::user(301);
  stranger.domainId = east.id;
  put(stranger);
  json::Value document = exported();
  row(document, "group_users").set("user_id", stranger.id);
  const Answer answer = apply(document);
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_EQ(answer.member("field"), "/group_users/0/user_id");
}

TEST_F(TransferApi, TakesRowsWithFewMembersAndHiddenTextsThatAreWrittenIn) {
  json::Value document =
      *json::parse(R"({"format":"busbar.configuration/1","settings":[{"id":")" +
                   sample::id(Table::Settings, 2) + R"(","settings_string":"password: neu"}]})");
  EXPECT_EQ(changesOf(apply(document)), "update settings");
  EXPECT_EQ(site_.findSettings(sample::id(Table::Settings, 2))->text, "password: neu");
  EXPECT_EQ(site_.findSettings(sample::id(Table::Settings, 2))->keys,
            std::vector<std::string>{"password"});
}

TEST_F(TransferApi, PrunesOnlyWhenAsked) {
  json::Value document = exported();
  document.asObject()->find("systems")->asArray()->clear();
  document.asObject()->find("modules")->asArray()->clear();
  document.asObject()->find("settings")->asArray()->clear();
  document.asObject()->find("metadata")->asArray()->clear();
  document.asObject()->find("trigger_instances")->asArray()->clear();
  EXPECT_EQ(changesOf(apply(document)), "");
  EXPECT_EQ(site_.systems().size(), 1U);
  const Answer pruned = apply(document, "?prune=true");
  EXPECT_EQ(pruned.status, 200) << pruned.text;
  EXPECT_TRUE(site_.systems().empty());
  EXPECT_TRUE(site_.modules().empty());
  EXPECT_EQ(site_.zones().size(), 1U);
  EXPECT_FALSE(site_.users().empty());
}

TEST_F(TransferApi, RefusesToPruneWhatTheDocumentNames) {
  json::Value document = exported();
  document.asObject()->find("systems")->asArray()->clear();
  const Answer answer = apply(document, "?prune=true&dry_run=true");
  EXPECT_EQ(answer.status, 422);
  EXPECT_NE(answer.text.find("would go with"), std::string::npos) << answer.text;
}

TEST_F(TransferApi, RefusesBadDocumentsAndChangesNothing) {
  const uint64_t before = site_.position();
  const auto with = [](const std::string& rest) {
    return R"({"format":"busbar.configuration/1")" + rest + "}";
  };
  const std::string zone = sample::id(Table::Zone, 1);
  struct Row {
    std::string body;
    int status;
    std::string field;
  };
  for (const Row& each : {
           Row{"{", 400, ""},
           Row{"[]", 422, "format"},
           Row{"{}", 422, "format"},
           Row{R"({"format":"busbar.configuration/2"})", 422, "format"},
           Row{with(R"(,"rooms":[])"), 422, "rooms"},
           Row{with(R"(,"zones":{})"), 422, "zones"},
           Row{with(R"(,"zones":[1])"), 422, "/zones/0/id"},
           Row{with(R"(,"zones":[{"id":"sys-1"}])"), 422, "/zones/0/id"},
           Row{with(R"(,"zones":[{"id":")" + zone + R"(","nmae":"x"}])"), 422, "/zones/0/nmae"},
           Row{with(R"(,"zones":[{"id":")" + zone + R"(","name":1}])"), 422, "/zones/0/name"},
           Row{with(R"(,"zones":[{"id":")" + zone + R"(","name":" "}])"), 422, "/zones/0/name"},
           Row{with(R"(,"zones":[{"id":")" + zone + R"("},{"id":")" + zone + R"("}])"), 422,
               "/zones/1/id"},
           Row{with(R"(,"drivers":[{"id":")" + sample::id(Table::Driver, 9) + R"("}])"), 422,
               "/drivers/0/id"},
           Row{with(R"(,"modules":[{"id":")" + sample::id(Table::Module, 9) + R"("}])"), 422,
               "/modules/0/driver_id"},
           Row{with(R"(,"settings":[{"id":")" + sample::id(Table::Settings, 9) +
                    R"(","parent_id":")" + zone + R"(","encryption_level":1}])"),
               422, "/settings/0/settings_string"},
           Row{with(R"(,"systems":[{"id":")" + sample::id(Table::System, 1) + R"(","zones":[")" +
                    sample::id(Table::Zone, 9) + R"("]}])"),
               422, "/systems/0/zones"},
           Row{with(R"(,"users":[{"id":")" + sample::id(Table::User, 9) +
                    R"(","name":"x","email":"x@example.com","authority_id":")" +
                    sample::id(Table::Domain, 9) + R"("}])"),
               422, "/users/0/authority_id"},
           Row{with(R"(,"oauth_apps":[{"id":")" + sample::id(Table::OauthApp, 1) +
                    R"(","secret_hash":"00"}])"),
               422, "/oauth_apps/0/secret_hash"},
           Row{with(R"(,"group_users":[{"id":")" + sample::id(Table::GroupUser, 9) +
                    R"(","user_id":")" + sample::id(Table::User, 9) + R"(","group_id":")" +
                    sample::id(Table::Group, 1) + R"("}])"),
               422, "/group_users/0/user_id"},
           Row{with(R"(,"groups":[{"id":")" + sample::id(Table::Group, 8) +
                    R"(","name":"a","parent_id":")" + sample::id(Table::Group, 9) +
                    R"("},{"id":")" + sample::id(Table::Group, 9) +
                    R"(","name":"b","parent_id":")" + sample::id(Table::Group, 8) + R"("}])"),
               422, "/groups/0/parent_id"},
       }) {
    const Answer answer = call("POST", "/api/busbar/v1/import", each.body);
    EXPECT_EQ(answer.status, each.status) << each.body << answer.text;
    EXPECT_EQ(answer.member("field"), each.field) << answer.text;
  }
  EXPECT_EQ(site_.position(), before);
}

TEST_F(TransferApi, NobodyRaisesOrLowersThemselves) {
  json::Value document = exported();
  row(document, "users", 3).set("role", 0);  // the admin of the fixture, user 103
  const Answer answer = apply(document);
  EXPECT_EQ(answer.status, 422) << answer.text;
}

TEST_F(TransferApi, ADomainKeepsAnAdmin) {
  model::Domain east = sample::domain(7);
  east.domain = "east.example";
  put(east);
  for (int n : {301, 302}) {
    model::User admin = sample::user(n, model::UserRole::Admin);
    admin.domainId = east.id;
    put(admin);
  }
  json::Value document = exported();
  const auto demote = [&](int n) {
    for (json::Value& each : *document.asObject()->find("users")->asArray()) {
      if (*each.find("id")->asString() == sample::id(Table::User, n)) {
        each.asObject()->set("role", 0);
      }
    }
  };
  demote(301);
  EXPECT_EQ(apply(document, "?dry_run=true").status, 200);
  demote(302);
  const Answer answer = apply(document);
  EXPECT_EQ(answer.status, 422) << answer.text;
  EXPECT_EQ(answer.member("field"), "/users");
  EXPECT_EQ(site_.findUser(sample::id(Table::User, 302))->role, model::UserRole::Admin);
}

}  // namespace
}  // namespace busbar
