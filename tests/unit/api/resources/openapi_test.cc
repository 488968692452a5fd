// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cctype>
#include <cstdlib>
#include <fstream>
#include <map>
#include <set>
#include <sstream>
#include <utility>
#include <variant>
#include <vector>

#include <yaml-cpp/yaml.h>

#include "api/auth/oauth/auth_service.h"
#include "api/auth/secret_token.h"
#include "registry/model/records.h"
#include "tests/support/api_fixture.h"
#include "tests/support/auth_data.h"

namespace busbar {
namespace {

// One operation as api/openapi.yaml has it.
struct Operation {
  std::string permission;
  std::string scope;
  std::set<int> statuses;
};
using Operations = std::map<std::string, Operation>;  // by "GET /path/:id"

std::string toPattern(std::string path) {
  std::replace(path.begin(), path.end(), '{', ':');
  std::erase(path, '}');
  return path;
}

std::string sourceFolder() {
  const char* source = std::getenv("BUSBAR_SOURCE");
  return source == nullptr ? "." : source;
}

Operations readOpenApi() {
  const YAML::Node root = YAML::LoadFile(sourceFolder() + "/api/openapi.yaml");
  Operations out;
  for (const auto& path : root["paths"]) {
    for (const auto& entry : path.second) {
      std::string method = entry.first.as<std::string>();
      if (method == "parameters") {
        continue;
      }
      std::transform(method.begin(), method.end(), method.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      Operation operation;
      operation.permission = entry.second["x-busbar-permission"].as<std::string>();
      operation.scope = entry.second["x-busbar-scope"].as<std::string>();
      for (const auto& response : entry.second["responses"]) {
        if (response.first.as<std::string>() != "default") {
          operation.statuses.insert(response.first.as<int>());
        }
      }
      out[method + " " + toPattern(path.first.as<std::string>())] = operation;
    }
  }
  return out;
}

class OpenApi : public ApiFixture {
 protected:
  OpenApi() : operations_(readOpenApi()) {
    auth_.addRoutes(router_);
    EXPECT_TRUE(await<void>(*loop_, [this](Callback<void(Status)> done) {
                  auth_.start(std::move(done));
                }).ok());
  }
  const Operations operations_;
  FakeAuthStore authStore_{*loop_, authDataWithKey()};
  RecordingAuthEvents authEvents_;
  oauth::AuthService auth_{
      {*loop_, site_, store_, authStore_, ids_, authEvents_, keyAuthenticator_}};
};

TEST_F(OpenApi, DescribesExactlyWhatIsServed) {
  std::set<std::string> served;
  for (const http::RouteInfo& route : router_.dump()) {
    const std::string key = std::string(http::toString(route.method)) + " " + route.pattern;
    served.insert(key);
    const auto it = operations_.find(key);
    if (it == operations_.end()) {
      ADD_FAILURE() << key << " is served but not described";
      continue;
    }
    EXPECT_EQ(it->second.permission, auth::toString(route.permission)) << key;
    EXPECT_EQ(it->second.scope, route.scope) << key;
  }
  for (const auto& [key, operation] : operations_) {
    EXPECT_TRUE(served.contains(key)) << key << " is described but not served";
  }
}

// What a cascade or a plan lists may be of any table.
TEST_F(OpenApi, NamesEveryTable) {
  std::vector<std::string> tables;
  for (size_t i = 0; i < std::variant_size_v<model::Record>; ++i) {
    tables.emplace_back(model::toString(static_cast<model::Table>(i)));
  }
  const YAML::Node document = YAML::LoadFile(sourceFolder() + "/api/openapi.yaml");
  EXPECT_EQ(document["components"]["schemas"]["TableName"]["enum"].as<std::vector<std::string>>(),
            tables);
}

TEST_F(OpenApi, FindsWhatIsNotDescribed) {
  OpenApiDescription& description = OpenApiDescription::ofTree();
  const auto fault = [&](int status, std::string body, std::string_view target,
                         std::string_view media = "application/json") {
    http::Response answer(status);
    answer.setBody(std::string(media), std::move(body));
    return description.findFault("GET", target, answer);
  };
  const std::string path = "/api/engine/v2/version";
  const std::string good = R"({"service":"busbar","version":"1","platform_version":"1"})";
  EXPECT_EQ(fault(200, good, path), "");
  EXPECT_EQ(fault(200, good, "/api/engine/v2version?x=/"), "");
  EXPECT_NE(fault(200, good, path, "text/plain"), "");
  EXPECT_NE(fault(206, good, path), "");
  EXPECT_NE(fault(200, "{}", path), "");
  EXPECT_NE(fault(200, good.substr(1), path), "");
  EXPECT_NE(fault(200, good.substr(0, good.size() - 1) + R"(,"more":1})", path), "");
  EXPECT_NE(fault(200, good, "/nowhere"), "");
  EXPECT_NE(fault(200, "x", "/api/engine/v2"), "") << "it has no body";
  EXPECT_EQ(call("GET", "/nowhere").status, 404) << "which is of the front";
  EXPECT_EQ(description.findBodyFault("POST", "/api/engine/v2/systems", R"({"name":"x"})"), "");
  EXPECT_NE(description.findBodyFault("POST", "/api/engine/v2/systems", R"({"nmae":"x"})"), "");
}

// Who is let in is the matter of that matrix, asked cell by cell by tests/system. A route that it
// does not know, or the reverse, fails here.
TEST_F(OpenApi, TheMatrixOfAuthorisationHasEveryRoute) {
  std::ifstream matrix(sourceFolder() + "/tests/system/authorisation/matrix.txt");
  std::set<std::string> known;
  for (std::string line; std::getline(matrix, line);) {
    std::istringstream words(line);
    std::string method;
    std::string path;
    if (words >> method >> path && method != "#") {
      known.insert(method + " " + path);
    }
  }
  for (const http::RouteInfo& route : router_.dump()) {
    const std::string key = std::string(http::toString(route.method)) + " " + route.pattern;
    EXPECT_EQ(known.erase(key), 1U) << key << " is served, but nobody has said to whom";
  }
  for (const std::string& key : known) {
    ADD_FAILURE() << key << " has a line and is not served";
  }
}

TEST_F(OpenApi, EveryAnswerHasAStatusThatIsListed) {
  host_.echoes = true;
  size_t checked = 0;
  for (const auto& [key, operation] : operations_) {
    const std::string method = key.substr(0, key.find(' '));
    std::string path = key.substr(key.find(' ') + 1);
    for (size_t colon = path.find(':'); colon != std::string::npos; colon = path.find(':')) {
      path.replace(colon, std::min(path.find('/', colon), path.size()) - colon, "absent");
    }
    for (const char* caller : {"", "bb_bad", "expired", "user", "support", "admin"}) {
      const Answer answer = call(method, path, {}, caller);
      EXPECT_TRUE(operation.statuses.contains(answer.status))
          << answer.status << " " << key << " as '" << caller << "': " << answer.text;
      ++checked;
    }
  }
  EXPECT_GT(checked, 400U);
}

// Rows to change, and for each operation that writes or calls, a request that gets as far as the
// store, the installer or the host.
class OpenApiStatuses : public OpenApi {
 protected:
  struct Sample {
    std::string path;
    std::string body = "{}";
    bool isLocal = false;
  };

  OpenApiStatuses() {
    put(driver_);
    mod_.running = true;
    idle_.running = false;
    mod_.ignoreStartstop = idle_.ignoreStartstop = false;
    put(mod_);
    put(idle_);
    put(other_);
    put(zone_);
    system_.modules = {mod_.id, idle_.id};
    system_.zones = {zone_.id};
    put(system_);
    put(settings_);
    put(metadata_);
    put(schema_);
    put(key_.first);
    put(key_.second);
    put(domain_);
    put(app_);
    put(group_);
    put(membership_);
    put(grant_);
    invitation_.secretHash = secret_.hash;
    invitation_.invitedById = sample::id(model::Table::User, 103);
    put(invitation_);
    put(trigger_);
    put(instance_);
  }

  std::map<std::string, Sample> writes() const {
    const std::string engine = "/api/engine/v2";
    const std::string system = engine + "/systems/" + system_.id;
    const std::string mod = engine + "/modules/" + mod_.id;
    const std::string idle = engine + "/modules/" + idle_.id;
    const std::string version = "?version=" + std::to_string(site_.findSystem(system_.id)->version);
    std::map<std::string, Sample> out{
        {"POST /systems", {engine + "/systems", R"({"name":"New"})"}},
        {"PUT /systems/:id", {system + version, R"({"description":"x"})"}},
        {"DELETE /systems/:id", {system}},
        {"PUT /systems/:id/module/:module_id", {system + "/module/" + other_.id}},
        {"DELETE /systems/:id/module/:module_id", {system + "/module/" + mod_.id}},
        {"POST /systems/:id/start", {system + "/start"}},
        {"POST /systems/:id/stop", {system + "/stop"}},
        {"POST /modules",
         {engine + "/modules",
          R"({"ip":"192.0.2.9","port":23,"driver_id":")" + driver_.id + "\"}"}},
        {"PUT /modules/:id", {mod, R"({"notes":"x"})"}},
        {"DELETE /modules/:id", {mod}},
        {"POST /modules/:id/start", {idle + "/start"}},
        {"POST /modules/:id/stop", {mod + "/stop"}},
        {"PUT /drivers/:id", {engine + "/drivers/" + driver_.id, R"({"name":"x"})"}},
        {"DELETE /drivers/:id", {engine + "/drivers/" + driver_.id}},
        {"POST /zones", {engine + "/zones", R"({"name":"New"})"}},
        {"PUT /zones/:id", {engine + "/zones/" + zone_.id, R"({"description":"x"})"}},
        {"DELETE /zones/:id", {engine + "/zones/" + zone_.id}},
        {"POST /settings",
         {engine + "/settings",
          R"({"settings_string":"a: 1","encryption_level":1,"parent_id":")" + zone_.id + "\"}"}},
        {"PUT /settings/:id",
         {engine + "/settings/" + settings_.id, R"({"settings_string":"b: 2"})"}},
        {"DELETE /settings/:id", {engine + "/settings/" + settings_.id}},
        {"POST /metadata",
         {engine + "/metadata", R"({"name":"n","details":1,"parent_id":")" + zone_.id + "\"}"}},
        {"PUT /metadata/:parent",
         {engine + "/metadata/" + zone_.id, R"({"name":"n","details":2})"}},
        {"POST /metadata/:parent",
         {engine + "/metadata/" + zone_.id, R"({"name":"n","details":3})"}},
        {"PATCH /metadata/:parent/name",
         {engine + "/metadata/" + zone_.id + "/name",
          R"({"new_name":"other","current_name":")" + metadata_.name + "\"}"}},
        {"DELETE /metadata/:parent",
         {engine + "/metadata/" + zone_.id + "?name=" + http::encodeComponent(metadata_.name)}},
        {"POST /schema", {engine + "/schema", R"({"name":"s","schema":{}})"}},
        {"PUT /schema/:id", {engine + "/schema/" + schema_.id, R"({"description":"x"})"}},
        {"DELETE /schema/:id", {engine + "/schema/" + schema_.id}},
        {"POST /api/busbar/v1/import",
         {"/api/busbar/v1/import",
          R"({"format":"busbar.configuration/1","zones":[{"name":"z","id":")" +
              sample::id(model::Table::Zone, 77) + "\"}]}"}},
        {"POST /triggers", {engine + "/triggers", R"({"name":"New"})"}},
        {"PUT /triggers/:id", {engine + "/triggers/" + trigger_.id, R"({"description":"x"})"}},
        {"DELETE /triggers/:id", {engine + "/triggers/" + trigger_.id}},
        {"POST /systems/:id/triggers",
         {system + "/triggers", R"({"trigger_id":")" + trigger_.id + "\"}"}},
        {"PUT /systems/:id/triggers/:trig_id",
         {system + "/triggers/" + instance_.id, R"({"enabled":true})"}},
        {"DELETE /systems/:id/triggers/:trig_id", {system + "/triggers/" + instance_.id}},
        {"POST /api/busbar/v1/trigger_instances/:id/secret",
         {"/api/busbar/v1/trigger_instances/" + instance_.id + "/secret"}},
        {"POST /api_keys", {engine + "/api_keys", R"({"name":"k"})"}},
        {"PUT /api_keys/:id", {engine + "/api_keys/" + key_.second.id, R"({"description":"x"})"}},
        {"DELETE /api_keys/:id", {engine + "/api_keys/" + key_.second.id}},
        {"POST /api/busbar/v1/drivers/install",
         {"/api/busbar/v1/drivers/install", R"({"path":"/x"})", true}},
    };
    out.merge(identityWrites());
    for (const auto& [key, sample] : std::map<std::string, Sample>(out)) {
      if (key.starts_with("PUT ") && !key.ends_with(":module_id")) {
        out["PATCH " + key.substr(4)] = sample;
      }
    }
    return out;
  }
  std::map<std::string, Sample> identityWrites() const {
    const std::string engine = "/api/engine/v2";
    const std::string user = engine + "/users/" + key_.first.id;
    const std::string member = engine + "/group_users/" + key_.first.id + "/" + group_.id;
    const std::string grant = engine + "/group_zones/" + group_.id + "/" + zone_.id;
    return {
        {"POST /domains", {engine + "/domains", R"({"name":"x","domain":"x.example"})"}},
        {"PUT /domains/:id", {engine + "/domains/" + domain_.id, R"({"description":"x"})"}},
        {"DELETE /domains/:id", {engine + "/domains/" + domain_.id}},
        {"POST /users", {engine + "/users", R"({"name":"x","email":"x@example.com"})"}},
        {"PUT /users/:id", {user, R"({"phone":"1"})"}},
        {"DELETE /users/:id", {user}},
        {"POST /users/:id/revive", {user + "/revive"}},
        {"POST /oauth_apps",
         {engine + "/oauth_apps", R"({"name":"x","redirect_uri":"https://x.example/"})"}},
        {"POST /api/busbar/v1/oauth_apps/:id/secret",
         {"/api/busbar/v1/oauth_apps/" + app_.id + "/secret"}},
        {"PUT /oauth_apps/:id", {engine + "/oauth_apps/" + app_.id, R"({"name":"x"})"}},
        {"DELETE /oauth_apps/:id", {engine + "/oauth_apps/" + app_.id}},
        {"POST /groups", {engine + "/groups", R"({"name":"x"})"}},
        {"PUT /groups/:id", {engine + "/groups/" + group_.id, R"({"description":"x"})"}},
        {"DELETE /groups/:id", {engine + "/groups/" + group_.id}},
        {"POST /group_users",
         {engine + "/group_users",
          R"({"user_id":")" + key_.first.id + R"(","group_id":")" + group_.id + "\"}"}},
        {"PUT /group_users/:user/:group", {member, R"({"permissions":1})"}},
        {"DELETE /group_users/:user/:group", {member}},
        {"POST /group_zones",
         {engine + "/group_zones",
          R"({"zone_id":")" + zone_.id + R"(","group_id":")" + group_.id + "\"}"}},
        {"PUT /group_zones/:group/:zone", {grant, R"({"permissions":1})"}},
        {"DELETE /group_zones/:group/:zone", {grant}},
        {"POST /group_invitations",
         {engine + "/group_invitations",
          R"({"email":"x@example.com","group_id":")" + group_.id + "\"}"}},
        {"POST /group_invitations/accept",
         {engine + "/group_invitations/accept",
          R"({"secret":")" + invitation_.id + "." + secret_.text + "\"}"}},
        {"DELETE /group_invitations/:id", {engine + "/group_invitations/" + invitation_.id}},
    };
  }
  std::map<std::string, Sample> calls() const {
    const std::string slug = std::string(site_.resolvedName(mod_)) + "_1";
    return {
        {"POST /systems/:id/:slug/:method",
         {"/api/engine/v2/systems/" + system_.id + "/" + slug + "/on", "[]"}},
        {"POST /modules/:id/exec/:method",
         {"/api/engine/v2/modules/" + mod_.id + "/exec/on", "[]"}},
    };
  }
  std::map<std::string, Sample> actions() const {
    const std::string engine = "/api/engine/v2";
    const std::string busbar = "/api/busbar/v1";
    return {{"POST /modules/:id/load", {engine + "/modules/" + mod_.id + "/load"}},
            {"POST /modules/:id/exec/:method", {engine + "/modules/" + mod_.id + "/exec/on", "[]"}},
            {"POST /drivers/:id/reload", {engine + "/drivers/" + driver_.id + "/reload"}},
            {"POST /zones/:id/exec/:slug/:method",
             {engine + "/zones/" + zone_.id + "/exec/Display_1/on", "[]"}},
            {"POST /api/busbar/v1/modules/:id/kill", {busbar + "/modules/" + mod_.id + "/kill"}},
            {"POST /api/busbar/v1/quarantine/:id/release",
             {busbar + "/quarantine/" + mod_.id + "/release"}},
            {"PUT /api/busbar/v1/log-level", {busbar + "/log-level", R"({"level":"info"})"}}};
  }
  // Puts back what an earlier request took away or changed, but for what `key` makes.
  void restore(const std::string& key) {
    std::vector<ConfigWrite> all;
    const auto eraseOthers = [&](const auto& rows, const std::string& ours) {
      for (const auto* row : rows) {
        if (row->id != ours) {
          all.push_back({ConfigWrite::Kind::Erase, *row});
        }
      }
    };
    eraseOthers(site_.groupUsers(), membership_.id);
    eraseOthers(site_.groupInvitations(), invitation_.id);
    eraseOthers(site_.groupZones(), grant_.id);
    eraseOthers(site_.groups(), group_.id);
    eraseOthers(site_.oauthApps(), app_.id);
    const auto add = [&](const auto& row) {
      if (site_.contains(model::tableOf(row), row.id)) {
        all.push_back({ConfigWrite::Kind::Erase, row});
      }
      all.push_back({ConfigWrite::Kind::Insert, row});
    };
    const auto addAll = [&](const auto&... rows) { (add(rows), ...); };
    addAll(driver_, mod_, idle_, other_, zone_, system_, settings_, metadata_, schema_, key_.first,
           key_.second, domain_, app_, group_, membership_, grant_, invitation_, trigger_,
           instance_);
    eraseOthers(site_.triggerInstances(), instance_.id);
    if (key == "POST /group_users") {
      all.push_back({ConfigWrite::Kind::Erase, membership_});
    } else if (key == "POST /group_zones") {
      all.push_back({ConfigWrite::Kind::Erase, grant_});
    }
    for (const model::Metadata* row : site_.metadataOf(zone_.id)) {
      if (row->id != metadata_.id) {
        all.push_back({ConfigWrite::Kind::Erase, *row});
      }
    }
    for (const model::System* row : site_.systems()) {
      if (row->id != system_.id) {
        all.push_back({ConfigWrite::Kind::Erase, *row});
      }
    }
    auto done = await<std::vector<ConfigChange>>(
        *loop_, [&](Callback<void(Result<std::vector<ConfigChange>>)> finished) {
          store_.apply(all, {}, clock_.now() + Milliseconds(10'000), std::move(finished));
        });
    ASSERT_TRUE(done.ok()) << done.error().message << done.error().field;
  }
  // About signing in: tests/unit/api/auth/oauth.
  const std::set<std::string> signingIn_{
      "POST /auth/oauth/token",           "POST /auth/token",          "POST /auth/oauth/revoke",
      "POST /auth/oauth/introspect",      "POST /auth/oauth/userinfo", "POST /auth/signin",
      "POST /api/busbar/v1/signing_keys", "POST /api/busbar/v1/setup"};
  // Neither write the configuration nor call a driver; the host does them or knows no module.
  const std::set<std::string> actions_{"POST /modules/:id/load",
                                       "POST /modules/:id/ping",
                                       "POST /drivers/:id/reload",
                                       "POST /zones/:id/exec/:slug/:method",
                                       "POST /api/busbar/v1/modules/:id/kill",
                                       "POST /api/busbar/v1/quarantine/:id/release",
                                       "PUT /api/busbar/v1/log-level"};
  // Change nothing at all.
  const std::set<std::string> idleRoutes_{"POST /modules/:id/ping",
                                          "POST /drivers/:id/recompile",
                                          "POST /reindex",
                                          "POST /backfill",
                                          "POST /api/busbar/v1/triggers/simulate",
                                          "POST /api/busbar/v1/triggers/:id/simulate"};
  // Deliveries of webhooks, which no user makes: the store keeps them, the audit log what they set
  // off. Replays: WebhooksApi.SendsADeliveryOnceMore.
  static bool isDelivery(const std::string& key) {
    return key.find(" /webhook/:id/notify") != std::string::npos ||
           key == "POST /api/busbar/v1/webhook_deliveries/:id/replay";
  }

  // Refuses everything.
  static bool isNotHere(const Operation& operation) {
    return !operation.statuses.contains(200) && !operation.statuses.contains(201) &&
           !operation.statuses.contains(202);
  }

  static std::string shortKey(const std::string& key) {
    const std::string engine = "/api/engine/v2";
    const size_t at = key.find(engine);
    return at == std::string::npos ? key : key.substr(0, at) + key.substr(at + engine.size());
  }

  const model::Driver driver_ = sample::driver(1);
  model::Module mod_ = sample::mod(1, 1);
  model::Module idle_ = sample::mod(2, 1);
  const model::Module other_ = sample::mod(3, 1);
  const model::Zone zone_ = sample::zone(1);
  model::System system_ = sample::system(1);
  const model::Settings settings_ = sample::settings(1, zone_.id);
  const model::Metadata metadata_ = sample::metadata(1, zone_.id);
  const model::Schema schema_ = sample::schema(1);
  const std::pair<model::User, model::ApiKey> key_{sample::user(1), sample::apiKey(1, 1)};
  const model::Domain domain_ = sample::domain(2);
  const model::OauthApp app_ = sample::oauthApp(1);
  const model::Group group_ = sample::group(1);
  const model::GroupUser membership_ = sample::groupUser(1);
  const model::GroupZone grant_ = sample::groupZone(1);
  const auth::SecretToken secret_ = auth::newSecret();
  model::GroupInvitation invitation_ = sample::groupInvitation(1);
  const model::Trigger trigger_ = sample::trigger(1);
  const model::TriggerInstance instance_ = sample::triggerInstance(1);
};

TEST_F(OpenApiStatuses, ListsWhatAFailingStoreAnswersOnEveryRouteThatWrites) {
  const std::map<std::string, Sample> samples = writes();
  const std::vector<std::pair<Error, int>> kFailures{
      {Error::because(ErrorCode::ResourceExhausted, "disk_full", "no room"), 507},
      {Error::because(ErrorCode::Unavailable, "io_error", "no disk"), 503},
      {Error::of(ErrorCode::DeadlineExceeded, "slow"), 504},
      {Error::of(ErrorCode::ResourceExhausted, "queue"), 429},
      {Error::because(ErrorCode::DataLoss, "database_damaged", "bad page"), 500},
      {Error::of(ErrorCode::Internal, "fault"), 500},
      {Error::of(ErrorCode::AlreadyExists, "taken"), 409},
      {Error::of(ErrorCode::Aborted, "changed"), 409},
  };
  const uint64_t before = site_.position();
  for (const auto& [key, operation] : operations_) {
    const auto sample = samples.find(shortKey(key));
    const bool known = sample != samples.end() || calls().contains(shortKey(key)) ||
                       actions_.contains(shortKey(key)) || signingIn_.contains(shortKey(key)) ||
                       idleRoutes_.contains(shortKey(key)) || isDelivery(shortKey(key));
    EXPECT_TRUE(known || isNotHere(operation) || key.starts_with("GET "))
        << key << " is tested by nothing here";
    for (const auto& [error, status] : kFailures) {
      if (sample == samples.end()) {
        break;
      }
      store_.failWrites(error);
      installFailure_ = error;
      const Answer answer = call(key.substr(0, key.find(' ')), sample->second.path,
                                 sample->second.body, "admin", sample->second.isLocal);
      EXPECT_EQ(answer.status, status) << key << ": " << answer.text;
      EXPECT_TRUE(operation.statuses.contains(status)) << status << " is not listed for " << key;
    }
  }
  EXPECT_EQ(site_.position(), before);
}

// Derived from the description: a route that can change or start anything, and leaves no entry in
// the audit log, fails here.
TEST_F(OpenApiStatuses, EveryRouteThatChangesAnythingLeavesAnAuditEntry) {
  host_.echoes = true;
  std::map<std::string, Sample> samples = writes();
  samples.merge(actions());
  size_t checked = 0;
  for (const auto& [key, operation] : operations_) {
    const std::string name = shortKey(key);
    if (key.starts_with("GET ") || idleRoutes_.contains(name) || isNotHere(operation) ||
        isDelivery(name)) {
      continue;
    }
    if (name == "POST /systems/:id/:slug/:method") {
      continue;  // by the function's role: ManifestApi.TellsTheAuditLogOfCallsForSupport
    }
    if (signingIn_.contains(name)) {
      continue;  // each tells an AuthEvent (tests/unit/api/auth/oauth), and SignIn finds its entry
    }
    ASSERT_TRUE(samples.contains(name)) << name << " is tested by nothing here";
    restore(name);
    samples = writes();
    samples.merge(actions());
    const Sample& sample = samples.at(name);
    const size_t before = store_.data().audit.size();
    const Answer answer =
        call(key.substr(0, key.find(' ')), sample.path, sample.body, "admin", sample.isLocal);
    EXPECT_LT(answer.status, 300) << key << ": " << answer.text;
    if (name == "POST /api/busbar/v1/drivers/install") {
      EXPECT_EQ(installedBy_.peer, "local") << "the installer writes with this actor";
      continue;
    }
    ASSERT_GT(store_.data().audit.size(), before) << key << " left no entry";
    const AuditEntry& entry = store_.data().audit.back();
    EXPECT_FALSE(entry.userId.empty()) << key;
    EXPECT_EQ(entry.peer, "192.0.2.1") << key;
    EXPECT_TRUE(entry.credential.starts_with("api_key key-")) << key << entry.credential;
    EXPECT_EQ(entry.traceId.size(), 32U) << key;
    ++checked;
  }
  EXPECT_GT(checked, 40U);
}

TEST_F(OpenApiStatuses, ListsWhatAFailingCallAnswers) {
  const std::map<std::string, Sample> samples = calls();
  for (const auto& [key, operation] : operations_) {
    const auto sample = samples.find(shortKey(key));
    for (int code = 0; code <= static_cast<int>(ErrorCode::Internal); ++code) {
      if (sample == samples.end()) {
        break;
      }
      host_.refusal = Error::of(static_cast<ErrorCode>(code), "no");
      const int status = toHttpStatus(static_cast<ErrorCode>(code));
      const Answer answer = call("POST", sample->second.path, sample->second.body);
      EXPECT_EQ(answer.status, status) << key << ": " << answer.text;
      EXPECT_TRUE(operation.statuses.contains(status)) << status << " is not listed for " << key;
    }
  }
}

TEST_F(OpenApi, TakesPeersOfTheControlSocketForAdmins) {
  EXPECT_EQ(call("GET", "/api/engine/v2/api_keys", {}, "", true).status, 200);
  const Answer made = call("POST", "/api/busbar/v1/drivers/install", R"({"path":"/x"})", "", true);
  EXPECT_EQ(made.status, 201) << made.text;
  EXPECT_EQ(installed_, std::vector<std::string>{"/x"});
  const Answer remote = call("POST", "/api/busbar/v1/drivers/install", R"({"path":"/x"})");
  EXPECT_EQ(remote.status, 403);
  EXPECT_EQ(remote.member("reason"), "local_only");
  EXPECT_EQ(installed_.size(), 1U);
}

TEST_F(OpenApi, TellsHealthAndMetrics) {
  EXPECT_EQ(call("GET", "/livez", {}, "").status, 200);
  EXPECT_EQ(call("GET", "/readyz", {}, "").text, "ok\n");
  bool isWell = false;
  api_.metrics().addReadyCheck("disk", [&isWell] {
    return isWell ? Status() : Status(Error::of(ErrorCode::Unavailable, "full"));
  });
  const Answer unready = call("GET", "/readyz?verbose", {}, "");
  EXPECT_EQ(unready.status, 503);
  EXPECT_EQ(unready.text, "[+] serving\n[-] disk: full\nnot ready\n");
  isWell = true;
  EXPECT_EQ(call("GET", "/readyz", {}, "").status, 200);
  api_.metrics().setStopping();
  EXPECT_EQ(call("GET", "/readyz", {}, "").status, 503);
  router_.served(nullptr, 404, Milliseconds(2));
  api_.metrics().addFigure("busbar_things_total", "Things", [] { return 7.0; });
  api_.metrics().addFigure("busbar_things_open", "Open things", [] { return 3.0; });
  const std::string text = call("GET", "/metrics", {}, "").text;
  EXPECT_NE(text.find("# TYPE busbar_things_total counter\nbusbar_things_total 7\n"),
            std::string::npos)
      << text;
  EXPECT_NE(text.find("# TYPE busbar_things_open gauge\nbusbar_things_open 3\n"),
            std::string::npos);
  EXPECT_NE(
      text.find("busbar_http_requests_total{method=\"\",route=\"(refused)\",status=\"4xx\"} 1"),
      std::string::npos)
      << text;
  EXPECT_NE(text.find("process_resident_memory_bytes"), std::string::npos);
}

TEST_F(OpenApi, ReadsTheFiguresAtMostFourTimesASecond) {
  const std::string first = call("GET", "/metrics", {}, "").text;
  router_.served(nullptr, 404, Milliseconds(2));
  const Instant begin = loop_->now();
  EXPECT_EQ(call("GET", "/metrics", {}, "").text, first);
  runUntil(*loop_, [&] { return loop_->now() > begin + Milliseconds(300); });
  EXPECT_NE(call("GET", "/metrics", {}, "").text, first);
}

}  // namespace
}  // namespace busbar
