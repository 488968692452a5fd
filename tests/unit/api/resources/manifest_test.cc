// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/api_fixture.h"

namespace busbar {
namespace {

constexpr const char* kManifest = R"({
  "manifest_version": 1, "id": "com.acme.lamp", "version": "1.0.0", "name": "Lamp",
  "module_name": "Lamp", "vendor": "Acme", "description": "A lamp.", "license": "Apache-2.0",
  "role": "device", "implements": [], "links": [],
  "settings": {"type": "object",
    "properties": {"poll_ms": {"type": "integer", "minimum": 100}, "pin": {"type": "string"}},
    "required": ["poll_ms", "pin"], "additionalProperties": false},
  "functions": {
    "power": {"title": "Power", "description": "On or off.", "params": {"type": "object",
      "properties": {"on": {"type": "boolean"}}, "required": ["on"],
      "additionalProperties": false}, "order": ["on"], "kind": "command", "timeout_ms": 2000},
    "reset": {"title": "Reset", "description": "Starts anew.", "params": {"type": "object",
      "properties": {}, "additionalProperties": false}, "order": [], "kind": "command",
      "min_role": "admin"}},
  "status": [], "permissions": []
})";

// What the API takes from a driver's manifest.
class ManifestApi : public ApiFixture {
 protected:
  ManifestApi() {
    const auto parsed = Manifest::parse(kManifest);
    EXPECT_TRUE(parsed.ok()) << parsed.error().field << parsed.error().message;
    driver_ = sample::driver(1);
    driver_.manifest = kManifest;
    put(driver_);
    module_ = sample::mod(1, 1);
    module_.customName = "Lamp";
    put(module_);
    system_ = sample::system(1);
    system_.modules = {module_.id};
    put(system_);
  }
  Answer write(int level, const std::string& text) {
    json::Object body;
    body.set("parent_id", module_.id);
    body.set("encryption_level", level);
    body.set("settings_string", text);
    return call("POST", "/api/engine/v2/settings", json::write(json::Value(std::move(body))));
  }

  model::Driver driver_;
  model::Module module_;
  model::System system_;
};

TEST_F(ManifestApi, ShowsTheFunctionsThatACallerMayCall) {
  const std::string path = "/api/engine/v2/systems/" + system_.id + "/functions/Lamp_1";
  EXPECT_EQ(call("GET", path, {}, "user").text,
            R"({"power":{"arity":1,"params":{"on":{"type":"boolean"}},"order":["on"]}})");
  EXPECT_NE(call("GET", path, {}, "admin").body.find("reset"), nullptr);
  EXPECT_EQ(call("GET", "/api/engine/v2/systems/" + system_.id + "/functions/Lamp_2").status, 404);
}

TEST_F(ManifestApi, TellsTheAuditLogOfCallsForSupport) {
  host_.echoes = true;
  const std::string path = "/api/engine/v2/systems/" + system_.id + "/Lamp_1/";
  const size_t before = store_.data().audit.size();
  EXPECT_EQ(call("POST", path + "power", "[true]", "admin").status, 200);
  EXPECT_EQ(store_.data().audit.size(), before) << "anybody may call that";
  EXPECT_EQ(call("POST", path + "reset", "[]", "admin").status, 200);
  ASSERT_EQ(store_.data().audit.size(), before + 1);
  const AuditEntry& entry = store_.data().audit.back();
  EXPECT_EQ(entry.action, "exec");
  EXPECT_EQ(entry.record, "module");
  EXPECT_EQ(entry.subject, module_.id);
  EXPECT_EQ(entry.after, R"({"function":"reset","system_id":")" + system_.id + "\"}");
  EXPECT_TRUE(entry.credential.starts_with("api_key "));
}

TEST_F(ManifestApi, TellsTheAuditLogOfCallsOverControlSocketsToo) {
  host_.echoes = true;
  api::DriverManifests manifests(site_);
  api::Calls calls(*loop_, host_, manifests, store_);
  auth::Principal who;
  who.userId = sample::id(model::Table::User, 103);
  who.keyId = sample::id(model::Table::ApiKey, 103);
  who.kind = auth::CredentialKind::ApiKey;
  const std::string trace = "00-0123456789abcdef0123456789abcdef-0123456789abcdef-00";
  const size_t before = store_.data().audit.size();
  calls.start({module_, "power", "[true]", who, trace, system_.id, "192.0.2.1"}, [](auto) {});
  EXPECT_EQ(store_.data().audit.size(), before) << "anybody may call that";
  calls.start({module_, "reset", "[]", who, trace, system_.id, "192.0.2.1"}, [](auto) {});
  ASSERT_EQ(store_.data().audit.size(), before + 1);
  const AuditEntry& entry = store_.data().audit.back();
  EXPECT_EQ(entry.after, R"({"function":"reset","system_id":")" + system_.id + "\"}");
  EXPECT_EQ(entry.userId, who.userId);
  EXPECT_EQ(entry.peer, "192.0.2.1");
  EXPECT_EQ(entry.credential, "api_key " + who.keyId);
  EXPECT_EQ(entry.traceId, "0123456789abcdef0123456789abcdef");
}

TEST_F(ManifestApi, RefusesSettingsThatBreakTheSchema) {
  const uint64_t before = site_.position();
  const Answer low = write(0, R"({"poll_ms":5,"pin":"1"})");
  EXPECT_EQ(low.status, 422) << low.text;
  EXPECT_EQ(low.member("field"), "/settings_string/poll_ms");
  EXPECT_EQ(write(0, R"({"poll_ms":500,"pin":"1","pol_ms":1})").status, 422);
  EXPECT_EQ(site_.position(), before);
  const Answer good = write(0, R"({"poll_ms":500,"pin":"1"})");
  ASSERT_EQ(good.status, 201) << good.text;
  const Answer worse = call("PATCH", "/api/engine/v2/settings/" + good.member("id"),
                            R"({"settings_string":"pin: x"})");
  EXPECT_EQ(worse.status, 422) << "a good module must not become bad";
}

TEST_F(ManifestApi, TakesSettingsDocumentByDocument) {
  EXPECT_EQ(write(2, R"({"pin":"0042"})").status, 201) << "poll_ms is still absent, as before";
  EXPECT_EQ(write(0, R"({"poll_ms":500})").status, 201);
}

TEST_F(ManifestApi, GivesCallsTheManifestsDeadline) {
  waits_ = true;
  const Instant begin = loop_->now();
  const std::string path = "/api/engine/v2/systems/" + system_.id + "/Lamp_1/";
  call("POST", path + "power", "[true]", "user");
  call("POST", path + "power?timeout_ms=150", "[true]", "user");
  ASSERT_EQ(host_.calls.size(), 2U);
  EXPECT_EQ(host_.calls[0].request.deadline - begin, Milliseconds(2000));
  EXPECT_EQ(host_.calls[1].request.deadline - begin, Milliseconds(150));
  EXPECT_EQ(host_.calls[0].request.moduleId, module_.id);
  EXPECT_EQ(host_.calls[0].request.args, "[true]");
  EXPECT_EQ(host_.calls[0].request.caller.role, model::UserRole::User);
  EXPECT_EQ(host_.calls[0].request.caller.traceparent.size(), 55U);
  for (FakeHostClient::Call& open : host_.calls) {
    open.done(ExecuteReply{"null", 200});
  }
}

}  // namespace
}  // namespace busbar
