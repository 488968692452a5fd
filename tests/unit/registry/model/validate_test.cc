// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/validate.h"

#include <gtest/gtest.h>

#include "tests/support/sample_records.h"

namespace busbar::model {
namespace {

std::vector<std::string> faultyFieldsOf(const FieldErrors& errors) {
  std::vector<std::string> out;
  for (const FieldError& e : errors) {
    EXPECT_FALSE(e.reason.empty());
    out.push_back(e.field);
  }
  return out;
}
using Fields = std::vector<std::string>;

Module logicModule() {
  Module m;
  m.driverId = sample::id(Table::Driver);
  m.controlSystemId = sample::id(Table::System);
  return m;
}

Driver driverOf(Role role, const char* manifest = R"({"links":[{}]})") {
  Driver d = sample::driver();
  d.role = role;
  d.manifest = manifest;
  return d;
}

TEST(Validate, SamplesAreValid) {
  EXPECT_EQ(faultyFieldsOf(validate(sample::driver())), Fields{});
  EXPECT_EQ(faultyFieldsOf(validate(sample::mod(), sample::driver())), Fields{});
  EXPECT_EQ(faultyFieldsOf(validate(sample::system())), Fields{});
  EXPECT_EQ(faultyFieldsOf(validate(sample::zone())), Fields{});
  EXPECT_EQ(faultyFieldsOf(validate(sample::settings(1, sample::id(Table::Zone)))), Fields{});
  EXPECT_EQ(faultyFieldsOf(validate(sample::trigger())), Fields{});
  EXPECT_EQ(faultyFieldsOf(validate(sample::triggerInstance())), Fields{});
}

TEST(Validate, EmptyRecordsNameTheirRequiredMembers) {
  EXPECT_EQ(faultyFieldsOf(validate(Driver{})),
            (Fields{"name", "module_name", "package_id", "version", "file_name", "digest"}));
  EXPECT_EQ(faultyFieldsOf(validate(Module{}, driverOf(Role::Device))),
            (Fields{"driver_id", "ip", "port"}));
  EXPECT_EQ(faultyFieldsOf(validate(System{})), Fields{"name"});
  EXPECT_EQ(faultyFieldsOf(validate(Zone{})), Fields{"name"});
  EXPECT_EQ(faultyFieldsOf(validate(Settings{})), Fields{"parent_id"});
  EXPECT_EQ(faultyFieldsOf(validate(Trigger{})), Fields{"name"});
  EXPECT_EQ(faultyFieldsOf(validate(TriggerInstance{})),
            (Fields{"trigger_id", "control_system_id", "webhook_secret"}));
}

TEST(Validate, ATriggerKeepsItsBounds) {
  Trigger t = sample::trigger();
  t.supportedMethods = {"post", " PATCH", "POST"};
  normalise(t);
  EXPECT_EQ(t.supportedMethods, (Fields{"POST", "PATCH"}));
  EXPECT_EQ(faultyFieldsOf(validate(t)), Fields{});
  t.supportedMethods = {"POST", "HEAD"};
  EXPECT_EQ(faultyFieldsOf(validate(t)), Fields{"supported_methods"});
  t.supportedMethods.clear();
  EXPECT_EQ(faultyFieldsOf(validate(t)), Fields{"supported_methods"});
  t = sample::trigger();
  for (const int64_t ms : {int64_t{-1}, int64_t{86'400'001}}) {
    t.debounceMs = ms;
    EXPECT_EQ(faultyFieldsOf(validate(t)), Fields{"debounce_period"}) << ms;
  }
  t.debounceMs = 86'400'000;
  t.maxFirings = -1;
  t.periodMs = 0;
  EXPECT_EQ(faultyFieldsOf(validate(t)), Fields{"max_firings"});
  t.maxFirings = 1;
  EXPECT_EQ(faultyFieldsOf(validate(t)), Fields{"period_ms"}) << "so many in which time?";
  t.maxFirings = 0;
  t.periodMs = 1000;
  EXPECT_EQ(faultyFieldsOf(validate(t)), Fields{"period_ms"});
  t.periodMs = 0;
  t.controlSystemId = sample::id(Table::Zone);
  EXPECT_EQ(faultyFieldsOf(validate(t)), Fields{"control_system_id"});
}

TEST(Validate, DocumentsOfATriggerAreObjectsOfABoundedSize) {
  const auto documentOf = [](size_t bytes) {
    json::Object out;
    out.set("x", std::string(bytes - 8, 'y'));  // {"x":""}
    return json::Value(std::move(out));
  };
  for (json::Value Trigger::* document :
       {&Trigger::conditions, &Trigger::actions, &Trigger::webhook}) {
    Trigger t = sample::trigger();
    t.*document = documentOf(size_t{256} * 1024);
    EXPECT_EQ(faultyFieldsOf(validate(t)), Fields{});
    t.*document = documentOf(size_t{256} * 1024 + 1);
    EXPECT_EQ(faultyFieldsOf(validate(t)).size(), 1u);
    t.*document = json::Array();
    EXPECT_EQ(faultyFieldsOf(validate(t)).size(), 1u);
  }
}

TEST(Validate, AnInstanceHasAWholeSecret) {
  TriggerInstance instance = sample::triggerInstance();
  for (const std::string& secret :
       {std::string(42, 'a'), std::string(44, 'a'), std::string(42, 'a') + "+"}) {
    instance.webhookSecret = secret;
    EXPECT_EQ(faultyFieldsOf(validate(instance)), Fields{"webhook_secret"}) << secret;
  }
  instance = sample::triggerInstance();
  instance.zoneId = sample::id(Table::System);
  EXPECT_EQ(faultyFieldsOf(validate(instance)), Fields{"zone_id"});
}

TEST(Validate, DeviceNeedsAHostAndAPort) {
  Module m = sample::mod();
  for (const char* ip : {"", " ", "a b", "-x", "a..b", "http://x", "x/y"}) {
    m.ip = ip;
    EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Ssh))), Fields{"ip"}) << ip;
  }
  for (const char* ip : {"10.0.0.1", "::1", "fe80::1", "projector.lan", "a_b"}) {
    m.ip = ip;
    EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Device))), Fields{}) << ip;
  }
  for (const int port : {-1, 0, 65536}) {
    m.port = port;
    EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Device))), Fields{"port"}) << port;
  }
}

TEST(Validate, ADriverWithoutLinksNeedsNoAddress) {
  Module m;
  m.driverId = sample::id(Table::Driver);
  for (const char* manifest :
       {"{}", R"({"links":[]})", R"({"links":{}})", R"({"links":[{"required":false}]})"}) {
    EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Device, manifest))), Fields{});
    EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Service, manifest))), Fields{});
  }
  EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Service))), Fields{"uri"});
  EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Device, "not json"))),
            (Fields{"ip", "port"}));
}

TEST(Validate, LogicModuleNeedsItsSystemAndOthersMustNotHaveOne) {
  EXPECT_EQ(faultyFieldsOf(validate(logicModule(), driverOf(Role::Logic))), Fields{});
  Module lost = logicModule();
  lost.controlSystemId.clear();
  EXPECT_EQ(faultyFieldsOf(validate(lost, driverOf(Role::Logic))), Fields{"control_system_id"});
  Module device = sample::mod();
  device.controlSystemId = sample::id(Table::System);
  EXPECT_EQ(faultyFieldsOf(validate(device, driverOf(Role::Device))), Fields{"control_system_id"});
}

TEST(Validate, BoundsThePortOfAServiceToo) {
  Module m;
  m.driverId = sample::id(Table::Driver);
  m.uri = "https://display.example";
  for (const int port : {-1, 65536}) {
    m.port = port;
    EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Service))), Fields{"port"}) << port;
  }
  m.port = 65535;
  EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Service))), Fields{});
  m.ip = std::string(257, 'a');
  EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Service))), Fields{"ip"});
}

TEST(Validate, NormaliseDerivesWhatFollowsFromTheRole) {
  Module m = sample::mod();
  m.udp = true;
  normalise(m, driverOf(Role::Device));
  EXPECT_FALSE(m.tls);

  m = Module{};
  normalise(m, driverOf(Role::Service));
  EXPECT_EQ(m.uri, "https://display.example");
  EXPECT_TRUE(m.tls);
  m.uri = " http://other ";
  normalise(m, driverOf(Role::Websocket));
  EXPECT_EQ(m.uri, "http://other");
  EXPECT_FALSE(m.tls);

  m = sample::mod();
  normalise(m, driverOf(Role::Logic));
  EXPECT_EQ(m.ip, "");
  EXPECT_EQ(m.port, 0);
  EXPECT_FALSE(m.tls);
}

TEST(Validate, NormaliseTrimsLowersAndRemovesRepeats) {
  System s;
  s.name = "  Room 1\t";
  s.email = " Room@Example.COM ";
  s.features = {"a", " a", "", "b"};
  normalise(s);
  EXPECT_EQ(s.name, "Room 1");
  EXPECT_EQ(s.email, "room@example.com");
  EXPECT_EQ(s.features, (std::vector<std::string>{"a", "b"}));
  Zone z;
  z.name = " ";
  z.tags = {"x", "x"};
  normalise(z);
  EXPECT_EQ(z.name, "");
  EXPECT_EQ(z.tags.size(), 1u);
}

TEST(Validate, SystemMembersAreChecked) {
  const auto broken = [](auto change) {
    System s = sample::system();
    change(s);
    return faultyFieldsOf(validate(s));
  };
  EXPECT_EQ(broken([](System& s) { s.email = "x"; }), Fields{"email"});
  EXPECT_EQ(broken([](System& s) { s.supportUrl = "help"; }), Fields{"support_url"});
  EXPECT_EQ(broken([](System& s) { s.timezone = "../etc/passwd"; }), Fields{"timezone"});
  EXPECT_EQ(broken([](System& s) { s.timezone = "Mars/Olympus"; }), Fields{"timezone"});
  EXPECT_EQ(broken([](System& s) { s.timezone = ""; }), Fields{});
  EXPECT_EQ(broken([](System& s) { s.zones = {"zone-1"}; }), Fields{"zones"});
  EXPECT_EQ(
      broken([](System& s) { s.modules = {sample::id(Table::Module), sample::id(Table::Module)}; }),
      Fields{"modules"});
  EXPECT_EQ(broken([](System& s) { s.capacity = -1; }), Fields{"capacity"});
  EXPECT_EQ(broken([](System& s) { s.name = "a\nb"; }), Fields{"name"});
  EXPECT_EQ(broken([](System& s) { s.name = std::string(257, 'a'); }), Fields{"name"});
  EXPECT_EQ(broken([](System& s) { s.code = "\xFF"; }), Fields{"code"});
  EXPECT_EQ(broken([](System& s) { s.features.assign(1001, "f"); }), Fields{"features"});
}

TEST(Validate, OtherRecordsAreChecked) {
  Zone zone = sample::zone();
  zone.parentId = zone.id;
  EXPECT_EQ(faultyFieldsOf(validate(zone)), Fields{"parent_id"});
  Settings settings = sample::settings(1, sample::id(Table::User));
  EXPECT_EQ(faultyFieldsOf(validate(settings)), Fields{"parent_id"});
  settings.parentId = sample::id(Table::Driver);
  settings.text = std::string(64 * 1024 + 1, ' ');
  EXPECT_EQ(faultyFieldsOf(validate(settings)), Fields{"settings_string"});
  ApiKey key = sample::apiKey();
  key.scopes.clear();
  key.expiresAt = -1;
  EXPECT_EQ(faultyFieldsOf(validate(key)), (Fields{"scopes", "expires_at"}));
  Driver driver = sample::driver();
  driver.fileName = "../x.so";
  driver.digest[0] = 'A';
  driver.alertLevel = "loud";
  EXPECT_EQ(faultyFieldsOf(validate(driver)), (Fields{"file_name", "digest", "alert_level"}));
}

// Addresses are shown to all who may read, and stored as they are.
TEST(Validate, AnAddressHoldsNoPassword) {
  Module m;
  m.driverId = sample::id(Table::Driver);
  m.uri = "http://user@device.lan/";
  EXPECT_EQ(faultyFieldsOf(validate(m, driverOf(Role::Service))), Fields{});
  m.uri = "http://user:hidden@device.lan/";
  const FieldErrors errors = validate(m, driverOf(Role::Service));
  EXPECT_EQ(faultyFieldsOf(errors), Fields{"uri"});
  EXPECT_EQ(errors[0].reason.find("hidden"), std::string::npos);
}

TEST(Validate, UriHostAndEmailForms) {
  for (const char* good :
       {"http://a", "https://user@host.lan:8443/x?y#z", "wss://[::1]:80/", "tcp://10.0.0.1:1"}) {
    EXPECT_TRUE(isUri(good)) << good;
  }
  for (const char* bad :
       {"", "a", "://a", "1http://a", "http://", "http://a b", "http://a:0", "http://a:99999",
        "http://a:x", "http://[::1", "http:/a", "ht tp://a", "http://a:"}) {
    EXPECT_FALSE(isUri(bad)) << bad;
  }
  for (const char* bad : {"http://a:b@c", "http://:b@c:80/x", "tcp://a:@c?d", "http://a:b@@c"}) {
    EXPECT_TRUE(hasPassword(bad)) << bad;
  }
  for (const char* good : {"http://a@b", "http://a:80", "http://a/b:c@d", "http://a?b:c@d", ""}) {
    EXPECT_FALSE(hasPassword(good)) << good;
  }
  EXPECT_FALSE(isHost(std::string(64, 'a')));
  EXPECT_FALSE(isHost(std::string(254, 'a')));
  for (const char* bad : {"", "@", "a@", "@a", "a@b@c", "a b@c", "a@b c", "a,b@c"}) {
    EXPECT_FALSE(isEmail(bad)) << bad;
  }
  EXPECT_TRUE(isEmail("first.last+tag@mail.example.com"));
}

}  // namespace
}  // namespace busbar::model
