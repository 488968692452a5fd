// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/manifest/manifest.h"

#include <fstream>
#include <sstream>
#include <string>

#include <gtest/gtest.h>

namespace busbar {
namespace {

std::string sourceFile(const std::string& path) {
  const char* root = std::getenv("BUSBAR_SOURCE");
  std::ifstream in(std::string(root != nullptr ? root : ".") + "/" + path);
  std::stringstream text;
  text << in.rdbuf();
  return text.str();
}

// A small manifest with `more` appended to its members.
std::string manifest(const std::string& more) {
  return R"({"manifest_version":1,"id":"com.example.lamp","version":"1.2.3","name":"Lamp",)"
         R"("module_name":"Lamp","vendor":"Example","license":"MIT","role":"device")" +
         (more.empty() ? more : "," + more) + "}";
}

TEST(Manifest, ReadsLinksOfEachKind) {
  const auto read = Manifest::parse(manifest(R"("links":[
    {"role":"mail","kind":"tcp","tls":"start"},
    {"role":"api","kind":"tcp","tls":"always","connect":"on_demand","idle_close_ms":500},
    {"role":"raw","kind":"tcp","tls":"never"},
    {"role":"search","kind":"udp_peers","broadcast":true},
    {"role":"calls","kind":"tcp_peers"}])"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->links[0].tls, Manifest::Tls::Start);
  EXPECT_EQ(read->links[1].tls, Manifest::Tls::Always);
  EXPECT_TRUE(read->links[1].onDemand);
  EXPECT_EQ(read->links[1].idleClose, std::chrono::milliseconds(500));
  EXPECT_EQ(read->links[2].tls, Manifest::Tls::Never);
  EXPECT_EQ(read->links[3].kind, Manifest::LinkKind::UdpPeers);
  EXPECT_TRUE(read->links[3].broadcast);
  EXPECT_EQ(read->links[4].kind, Manifest::LinkKind::TcpPeers);
}

TEST(Manifest, RefusesMembersThatAKindOfLinkDoesNotHave) {
  for (const auto& [link, field] : {
           std::pair(R"({"role":"a","kind":"udp","tls":"always"})", "/links/0/tls"),
           std::pair(R"({"role":"a","kind":"tcp_peers","connect":"on_demand"})",
                     "/links/0/connect"),
           std::pair(R"({"role":"a","kind":"tcp","broadcast":true})", "/links/0/broadcast"),
           std::pair(R"({"role":"a","kind":"tcp","idle_close_ms":5})", "/links/0/idle_close_ms"),
       }) {
    const auto read = Manifest::parse(manifest("\"links\":[" + std::string(link) + "]"));
    ASSERT_FALSE(read.ok()) << link;
    EXPECT_EQ(read.error().field, field);
  }
}

TEST(Manifest, ReadsEveryMember) {
  const auto read = Manifest::parse(manifest(R"(
    "description":"d","implements":["powerable/1"],
    "links":[{"role":"main","kind":"udp","default_port":161,"required":false,"max_frame_bytes":1500,
              "framing":{"type":"length","offset":4,"size":2,"add":6}},
             {"role":"events","kind":"tcp"}],
    "settings":{"type":"object","properties":{
        "password":{"type":"string","x-secret":true},"poll_ms":{"type":"integer","default":100,"x-restart":true}}},
    "functions":{"power":{"title":"Power","description":"p","params":{"type":"object",
        "properties":{"state":{"type":"boolean"}},"required":["state"],"additionalProperties":false},
        "order":["state"],"result":{"type":"boolean"},"min_role":"support","timeout_ms":500,"kind":"query",
        "idempotent":true,"dangerous":true}},
    "status":[{"key":"power","schema":{"type":"boolean"},"unit":"%","kind":"event","description":"s"},
              {"pattern":"^lamp_[0-9]+$"}],
    "permissions":["busbar.http/1"],
    "limits":{"strand_ms":1000,"memory_mb":64,"fds":3,"threads":2},
    "affinity":"process","isolation":"module",
    "discovery":{"mdns":["_lamp._tcp"],"ssdp":["urn:x"],"mac_oui":["00:1b:44"],"bacnet_vendor_id":7})"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  const Manifest& m = *read;
  EXPECT_EQ(m.id, "com.example.lamp");
  EXPECT_EQ(m.version, "1.2.3");
  EXPECT_EQ(m.moduleName, "Lamp");
  EXPECT_EQ(m.role, Manifest::Role::Device);
  ASSERT_EQ(m.links.size(), 2U);
  EXPECT_EQ(m.links[0].kind, Manifest::LinkKind::Udp);
  EXPECT_EQ(m.links[0].defaultPort, 161);
  EXPECT_FALSE(m.links[0].required);
  EXPECT_EQ(m.links[0].maxFrameBytes, 1500U);
  EXPECT_EQ(json::write(m.links[0].framing), R"({"type":"length","offset":4,"size":2,"add":6})");
  EXPECT_EQ(json::write(m.findLink("events")->framing), R"({"type":"none"})");
  EXPECT_EQ(m.links[1].tls, Manifest::Tls::Optional);
  EXPECT_FALSE(m.links[1].onDemand);
  EXPECT_EQ(m.links[1].idleClose, std::chrono::milliseconds(10'000));
  EXPECT_TRUE(m.isSecretSetting("password"));
  EXPECT_FALSE(m.isSecretSetting("poll_ms"));
  EXPECT_TRUE(m.needsRestart("poll_ms"));
  const Manifest::Function* power = m.findFunction("power");
  ASSERT_NE(power, nullptr);
  EXPECT_EQ(power->order, std::vector<std::string>{"state"});
  EXPECT_EQ(power->minRole, Manifest::CallerRole::Support);
  EXPECT_EQ(power->timeout.count(), 500);
  EXPECT_EQ(power->kind, Manifest::FunctionKind::Query);
  EXPECT_TRUE(power->idempotent);
  EXPECT_TRUE(power->dangerous);
  EXPECT_TRUE(power->resultSchema.has_value());
  EXPECT_EQ(m.findStatus("power")->kind, Manifest::StatusKind::Event);
  EXPECT_EQ(m.findStatus("lamp_12")->key, "^lamp_[0-9]+$");
  EXPECT_EQ(m.findStatus("lamp_x"), nullptr);
  EXPECT_EQ(m.permissions, std::vector<std::string>{"busbar.http/1"});
  EXPECT_EQ(m.limits.strand.count(), 1000);
  EXPECT_EQ(m.limits.memoryMb, 64U);
  EXPECT_EQ(m.limits.fds, 3U);
  EXPECT_EQ(m.limits.threads, 2U);
  EXPECT_EQ(m.affinity, Manifest::Affinity::Process);
  EXPECT_EQ(m.isolation, Manifest::Isolation::Module);
  EXPECT_EQ(m.discovery.bacnetVendorId, 7);
}

TEST(Manifest, HasDefaultsForAllThatIsAbsent) {
  const auto read = Manifest::parse(manifest(R"("functions":{"go":{}},"status":[{"key":"k"}])"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  EXPECT_EQ(read->limits.strand.count(), 5000);
  EXPECT_EQ(read->findFunction("go")->timeout.count(), 10'000);
  EXPECT_EQ(read->findFunction("go")->kind, Manifest::FunctionKind::Command);
  EXPECT_TRUE(read->findFunction("go")->order.empty());
  EXPECT_FALSE(read->findFunction("go")->resultSchema.has_value());
  EXPECT_EQ(read->findStatus("k")->kind, Manifest::StatusKind::State);
  EXPECT_TRUE(read->settings.check(json::Value(json::Object())).ok());
}

TEST(Manifest, MapsPositionalArgumentsAndFillsDefaults) {
  const auto read = Manifest::parse(manifest(R"("functions":{"go":{"params":{"type":"object",
    "properties":{"a":{"type":"integer"},"b":{"type":"string","default":"x"}},"required":["a"],
    "additionalProperties":false},"order":["a","b"]}})"));
  ASSERT_TRUE(read.ok()) << read.error().message;
  const Manifest::Function& go = *read->findFunction("go");
  const auto named = go.byName({json::Value(1)});
  ASSERT_TRUE(named.ok());
  EXPECT_EQ(json::write(*go.checkedArgs(*named)), R"({"a":1,"b":"x"})");
  EXPECT_FALSE(go.byName({json::Value(1), json::Value(2), json::Value(3)}).ok());
  const auto wrong = go.checkedArgs(*go.byName({json::Value("1")}));
  ASSERT_FALSE(wrong.ok());
  EXPECT_EQ(wrong.error().field, "/a");
}

using Mistake = std::pair<const char*, const char*>;
class ManifestRefuses : public testing::TestWithParam<Mistake> {};

TEST_P(ManifestRefuses, WithPointer) {
  const auto read = Manifest::parse(manifest(GetParam().first));
  ASSERT_FALSE(read.ok()) << GetParam().first;
  EXPECT_EQ(read.error().field, GetParam().second) << read.error().message;
  EXPECT_EQ(read.error().code, ErrorCode::InvalidArgument);
}

INSTANTIATE_TEST_SUITE_P(
    Table, ManifestRefuses,
    testing::Values(
        Mistake{R"("colour":1)", "/colour"}, Mistake{R"("links":[{"role":"a"}])", "/links/0/kind"},
        Mistake{R"("links":[{"role":"a","kind":"tcp"},{"role":"a","kind":"tcp"}])",
                "/links/1/role"},
        Mistake{R"("links":[{"role":"a","kind":"tcp","default_port":0}])", "/links/0/default_port"},
        Mistake{R"("links":[{"role":"a","kind":"tcp","framing":{"type":"magic"}}])",
                "/links/0/framing/type"},
        Mistake{R"("links":[{"role":"a","kind":"tcp","framing":{"type":"fixed"}}])",
                "/links/0/framing/bytes"},
        Mistake{R"("links":[{"role":"a","kind":"tcp","framing":{"type":"none","bytes":1}}])",
                "/links/0/framing/bytes"},
        Mistake{
            R"("links":[{"role":"a","kind":"tcp","framing":{"type":"delimiter","delimiter_hex":"0"}}])",
            "/links/0/framing/delimiter_hex"},
        Mistake{R"("functions":{"Go":{}})", "/functions/Go"},
        Mistake{R"("functions":{"go":{"params":{"type":"array"}}})", "/functions/go/params/type"},
        Mistake{R"("functions":{"go":{"params":{"type":"object"}}})",
                "/functions/go/params/additionalProperties"},
        Mistake{
            R"("functions":{"go":{"params":{"type":"object","additionalProperties":false,"properties":{"a":{}}},"order":[]}})",
            "/functions/go/order"},
        Mistake{
            R"("functions":{"go":{"params":{"type":"object","additionalProperties":false,"properties":{"a":{"tpye":"x"}}}}})",
            "/functions/go/params/properties/a/tpye"},
        Mistake{R"("functions":{"go":{"timeout_ms":0}})", "/functions/go/timeout_ms"},
        Mistake{R"("functions":{"go":{"min_role":"root"}})", "/functions/go/min_role"},
        Mistake{R"("status":[{"key":"a"},{"key":"a"}])", "/status/1"},
        Mistake{R"("status":[{"key":"a","pattern":"^a$"}])", "/status/0"},
        Mistake{R"("status":[{"pattern":"a.*"}])", "/status/0/pattern"},
        Mistake{R"("status":[{"pattern":"^a(?=b)$"}])", "/status/0/pattern"},
        Mistake{R"("status":[{"key":"a","schema":{"type":"strnig"}}])", "/status/0/schema/type"},
        Mistake{R"("settings":{"type":"array"})", "/settings/type"},
        Mistake{
            R"("settings":{"type":"object","properties":{"p":{"x-secret":true,"default":"x"}}})",
            "/settings/properties/p/default"},
        Mistake{
            R"("settings":{"type":"object","properties":{"p":{"type":"integer","default":"x"}}})",
            "/settings/properties/p/default"},
        Mistake{R"("limits":{"strand_ms":60001})", "/limits/strand_ms"},
        Mistake{R"("permissions":["everything"])", "/permissions/0"},
        Mistake{R"("permissions":["busbar.http/1","busbar.modules/1"])", "/permissions/1"},
        Mistake{R"("implements":["flying/1"])", "/implements"},
        Mistake{R"("implements":["powerable/1"])", "/implements"},
        Mistake{R"("x-vendor":{},"affinity":"cpu0")", "/affinity"}));

TEST(Manifest, RefusesLinksForLogic) {
  std::string text = manifest(R"("links":[{"role":"a","kind":"tcp"}])");
  text.replace(text.find("\"device\""), 8, "\"logic\"");
  const auto read = Manifest::parse(text);
  ASSERT_FALSE(read.ok());
  EXPECT_EQ(read.error().field, "/links");
}

TEST(Manifest, RefusesWhatIsNoJson) {
  for (const char* text : {"", "{", "[]", "\"x\"", R"({"id":1,"id":2})"}) {
    EXPECT_FALSE(Manifest::parse(text).ok()) << text;
  }
}

struct Claim {
  const char* members;
  const char* message;  // part of it; nullptr: fulfilled
};
class InterfaceClaim : public testing::TestWithParam<Claim> {};

TEST_P(InterfaceClaim, IsChecked) {
  const auto read = Manifest::parse(manifest(GetParam().members));
  EXPECT_EQ(read.ok(), GetParam().message == nullptr);
  if (!read.ok() && GetParam().message != nullptr) {
    EXPECT_NE(read.error().message.find(GetParam().message), std::string::npos)
        << read.error().message;
  }
}

#define BUSBAR_POWER(params)                                                                \
  R"("implements":["powerable/1"],"status":[{"key":"power","schema":{"type":"boolean"}}],)" \
  R"("functions":{"power":{"params":{"type":"object","additionalProperties":false,)" params "}}}"

INSTANTIATE_TEST_SUITE_P(
    Powerable, InterfaceClaim,
    testing::Values(
        Claim{BUSBAR_POWER(R"("properties":{"state":{"type":"boolean"}})"), nullptr},
        Claim{BUSBAR_POWER(R"("properties":{"state":{},"slow":{"type":"boolean"}})"), nullptr},
        Claim{BUSBAR_POWER(R"("properties":{"on":{"type":"boolean"}})"), "no parameter state"},
        Claim{BUSBAR_POWER(R"("properties":{"state":{"type":"string"}})"), "does not accept"},
        Claim{BUSBAR_POWER(R"("properties":{"state":{},"pin":{}},"required":["pin"])"),
              "requires parameter pin"},
        Claim{BUSBAR_POWER(R"("properties":{"pin":{},"state":{}})"), "another order"},
        Claim{
            R"("implements":["powerable/1"],"status":[{"key":"power","schema":{"type":"boolean"}}])",
            "function power is missing"}));

TEST(Manifest, KnowsTheInterfacesAndTheyAreValid) {
  const std::vector<std::string> ids = knownInterfaces();
  EXPECT_EQ(ids.size(), 5U);
  for (const std::string& id : ids) {
    const auto parsed = json::parse(interfaceText(id));
    ASSERT_TRUE(parsed.ok()) << id;
    EXPECT_EQ(*parsed->find("id")->asString(), id);
    // A manifest that copies the interface word for word fulfils it.
    json::Object copy = *json::parse(manifest(""))->asObject();
    json::Object functions;
    for (const auto& [name, function] : *parsed->find("functions")->asObject()) {
      json::Object own = *function.asObject();
      own.erase("optional");
      functions.set(name, own);
    }
    json::Array status;
    for (const json::Value& entry : *parsed->find("status")->asArray()) {
      json::Object own = *entry.asObject();
      own.erase("optional");
      status.emplace_back(own);
    }
    copy.set("functions", functions);
    copy.set("status", status);
    copy.set("implements", json::Array{json::Value(id)});
    const auto read = Manifest::parse(json::write(copy));
    EXPECT_TRUE(read.ok()) << id << ": " << (read.ok() ? "" : read.error().message);
  }
}

TEST(Manifest, OfEveryShippedDriverIsValid) {
  for (const char* driver :
       {"echo", "generic_tcp", "generic_udp", "modbus", "pjlink", "snmp", "wake_on_lan"}) {
    const auto read =
        Manifest::parse(sourceFile(std::string("plugins/") + driver + "/manifest.json"));
    EXPECT_TRUE(read.ok()) << driver << ": " << (read.ok() ? "" : read.error().message);
  }
}

}  // namespace
}  // namespace busbar
