// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/sample_records.h"

#include <utility>

namespace busbar::sample {
namespace {

std::string hex64(int n) {
  std::string digits = std::to_string(n);
  return std::string(64 - digits.size(), '0') + digits;
}

}  // namespace

std::string id(model::Table table, int n) {
  const std::string digits = std::to_string(n);
  return std::string(model::idPrefix(table)) + "01J9ZQ4X0N" + std::string(16 - digits.size(), '0') +
         digits;
}

model::Driver driver(int n) {
  model::Driver d;
  d.id = id(model::Table::Driver, n);
  d.name = "Driver " + std::to_string(n);
  d.description = "speaks to things";
  d.moduleName = "Display";
  d.role = model::Role::Device;
  d.packageId = "org.example.display" + std::to_string(n);
  d.version = "1.2.3";
  d.digest = hex64(n);
  d.fileName = "display.so";
  d.manifest = R"({"links":[{"role":"main"}]})";
  d.trust = model::Trust::Built;
  d.isolation = model::Isolation::Module;
  d.defaultUri = "https://display.example";
  d.defaultPort = 4352;
  d.ignoreConnected = true;
  d.alertLevel = "high";
  return d;
}

model::Module mod(int n, int driverNumber) {
  model::Module m;
  m.id = id(model::Table::Module, n);
  m.driverId = id(model::Table::Driver, driverNumber);
  m.ip = "10.0.0." + std::to_string(n % 250);
  m.port = 4352;
  m.tls = true;
  m.makebreak = true;
  m.notes = "left\nof the door";
  m.running = true;
  m.ignoreConnected = true;
  m.ignoreStartstop = true;
  m.launchOnExecute = true;
  m.debug = true;
  m.alertLevel = "low";
  return m;
}

model::Zone zone(int n) {
  model::Zone z;
  z.id = id(model::Table::Zone, n);
  z.name = "Zone " + std::to_string(n);
  z.description = "a floor";
  z.tags = {"level", "building"};
  z.location = "48.1,11.5";
  z.displayName = "Floor";
  z.code = "F";
  z.type = "level";
  z.mapId = "map";
  z.timezone = "Europe/Berlin";
  z.images = {"a.png"};
  z.count = 3;
  z.capacity = 40;
  return z;
}

model::System system(int n) {
  model::System s;
  s.id = id(model::Table::System, n);
  s.name = "Room " + std::to_string(n);
  s.description = "a room";
  s.email = "room" + std::to_string(n) + "@example.com";
  s.displayName = "Room";
  s.code = "R";
  s.type = "meeting";
  s.mapId = "map-1";
  s.timezone = "Australia/Sydney";
  s.supportUrl = "https://help.example.com/room";
  s.features = {"Display", "vc"};
  s.images = {"b.png"};
  s.capacity = 12;
  s.installedUiDevices = 2;
  s.bookable = true;
  s.isPublic = true;
  s.version = 4;
  return s;
}

model::Settings settings(int n, std::string parentId, std::string_view text,
                         model::EncryptionLevel level) {
  model::Settings s;
  s.id = id(model::Table::Settings, n);
  s.parentId = std::move(parentId);
  s.level = level;
  s.text = text;
  s.keys = {"a"};
  s.modifiedById = id(model::Table::User, 1);
  return s;
}

model::User user(int n, model::UserRole role) {
  model::User u;
  u.id = id(model::Table::User, n);
  u.name = "User " + std::to_string(n);
  u.email = "user" + std::to_string(n) + "@example.com";
  u.role = role;
  u.passwordHash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$" + hex64(n);
  u.loginName = "login" + std::to_string(n);
  u.staffId = "staff" + std::to_string(n);
  u.cardNumber = "card" + std::to_string(n);
  u.groups = {"Facilities", "IT"};
  u.phone = "+49 89 1234";
  u.country = "Germany";
  u.image = "https://example.com/face.png";
  u.nickname = "Nick";
  u.misc = "left\nhanded";
  u.firstName = "User";
  u.lastName = std::to_string(n);
  u.building = "North";
  u.department = "Heating";
  u.preferredLanguage = "en-AU";
  u.uiTheme = "dark";
  u.photoUploadId = "uploads-1";
  u.locatable = false;
  u.workPreferences = R"([{"day_of_week":1,"blocks":[]}])";
  u.workOverrides = R"({"2026-01-01":{"day_of_week":4,"blocks":[]}})";
  u.loggedOutAt = 1'000;
  u.lastLogin = 2'000;
  u.loginCount = 3;
  return u;
}

model::ApiKey apiKey(int n, int userNumber) {
  model::ApiKey k;
  k.id = id(model::Table::ApiKey, n);
  k.name = "key " + std::to_string(n);
  k.description = "for scripts";
  k.userId = id(model::Table::User, userNumber);
  k.secretHash = hex64(n);
  k.permissions = model::UserRole::Support;
  k.scopes = {"public", "control"};
  k.expiresAt = 4'000'000'000;
  k.lastUsedAt = 5'000;
  return k;
}

model::Domain domain(int n) {
  model::Domain d;
  d.id = id(model::Table::Domain, n);
  d.name = "Domain " + std::to_string(n);
  d.domain = "d" + std::to_string(n) + ".example.com";
  d.description = "a tenant";
  d.loginUrl = "/sign-in?continue={{url}}";
  d.logoutUrl = "https://example.com/bye";
  d.config = R"({"default_app":"/backoffice/"})";
  d.internals = R"({"soft_delete":true})";
  d.emailDomains = {"example.com"};
  return d;
}

model::OauthApp oauthApp(int n, int domainNumber) {
  model::OauthApp a;
  a.id = id(model::Table::OauthApp, n);
  a.ownerId = id(model::Table::Domain, domainNumber);
  a.name = "App " + std::to_string(n);
  a.uid = hex64(n).substr(32);
  a.secretHash = hex64(n);
  a.redirectUri = "https://app" + std::to_string(n) + ".example.com/oauth-resp.html";
  a.scopes = "public openid";
  a.confidential = true;
  a.skipAuthorization = true;
  a.subsystems = {"support"};
  a.allowPasswordGrant = true;
  a.allowImplicitGrant = true;
  a.allowQueryParameters = true;
  return a;
}

model::Group group(int n, int domainNumber) {
  model::Group g;
  g.id = id(model::Table::Group, n);
  g.domainId = id(model::Table::Domain, domainNumber);
  g.name = "Group " + std::to_string(n);
  g.description = "who looks after the rooms";
  g.subsystems = {"support"};
  return g;
}

model::GroupUser groupUser(int n, int groupNumber, int userNumber) {
  model::GroupUser m;
  m.id = id(model::Table::GroupUser, n);
  m.groupId = id(model::Table::Group, groupNumber);
  m.userId = id(model::Table::User, userNumber);
  m.permissions = model::grant::kRead | model::grant::kUpdate;
  return m;
}

model::GroupZone groupZone(int n, int groupNumber, int zoneNumber) {
  model::GroupZone g;
  g.id = id(model::Table::GroupZone, n);
  g.groupId = id(model::Table::Group, groupNumber);
  g.zoneId = id(model::Table::Zone, zoneNumber);
  g.permissions = model::grant::kUpdate;
  g.deny = true;
  return g;
}

model::GroupInvitation groupInvitation(int n, int groupNumber) {
  model::GroupInvitation i;
  i.id = id(model::Table::GroupInvitation, n);
  i.groupId = id(model::Table::Group, groupNumber);
  i.email = "guest@example.com";
  i.permissions = model::grant::kRead;
  i.expiresAt = 4'000'000'000;
  i.invitedById = id(model::Table::User, 1);
  i.secretHash = hex64(n);
  return i;
}

model::Metadata metadata(int n, std::string parentId) {
  model::Metadata m;
  m.id = id(model::Table::Metadata, n);
  m.name = "catering " + std::to_string(n);
  m.description = "what there is to eat";
  m.parentId = std::move(parentId);
  json::Object details;
  details.set("menu", json::Array{"soup", 3, nullptr});
  m.details = std::move(details);
  m.editors = {"kitchen"};
  m.modifiedById = id(model::Table::User, 1);
  return m;
}

model::Schema schema(int n) {
  model::Schema s;
  s.id = id(model::Table::Schema, n);
  s.name = "Schema " + std::to_string(n);
  s.description = "of menus";
  json::Object schema;
  schema.set("type", "object");
  s.schema = std::move(schema);
  return s;
}

model::Trigger trigger(int n) {
  model::Trigger t;
  t.id = id(model::Table::Trigger, n);
  t.name = "Trigger " + std::to_string(n);
  t.description = "turns off what nobody needs";
  t.debounceMs = 500;
  t.important = true;
  t.enableWebhook = true;
  t.anyMatch = true;
  t.supportedMethods = {"GET", "PUT"};
  t.conditions = *json::parse(
      R"({"comparisons":[{"left":{"mod":"Display_1","status":"power"},"operator":"equal","right":true}]})");
  t.actions = *json::parse(
      R"({"functions":[{"mod":"Display_1","method":"power","args":{"state":false}}]})");
  t.webhook = *json::parse(R"({"proof":"secret"})");
  t.maxFirings = 5;
  t.periodMs = 60'000;
  return t;
}

model::TriggerInstance triggerInstance(int n, int triggerNumber, int systemNumber) {
  model::TriggerInstance i;
  i.id = id(model::Table::TriggerInstance, n);
  i.triggerId = id(model::Table::Trigger, triggerNumber);
  i.systemId = id(model::Table::System, systemNumber);
  i.enabled = false;
  i.important = true;
  i.execEnabled = true;
  i.webhookSecret = hex64(n).substr(64 - 43);
  i.playlists = {"playlist-1"};
  return i;
}

}  // namespace busbar::sample
