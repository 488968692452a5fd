// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/shapes.h"

#include <array>
#include <string>
#include <string_view>
#include <vector>

#include "api/resources/identity_shapes.h"
#include "api/resources/shape_parts.h"

namespace busbar::api {
namespace {

// `count`, `capacity` and such stand on several kinds of places.
template <class Place>
void setPlace(json::Object& out, const Place& place) {
  out.set("name", place.name);
  out.set("description", place.description);
  setText(out, "display_name", place.displayName);
  setText(out, "code", place.code);
  setText(out, "type", place.type);
  setText(out, "map_id", place.mapId);
  setText(out, "timezone", place.timezone);
  out.set("images", toArray(place.images));
  out.set("capacity", place.capacity);
}

json::Object driverOf(const model::Driver& driver) {
  json::Object out;
  out.set("id", driver.id);
  out.set("name", driver.name);
  out.set("description", driver.description);
  out.set("module_name", driver.moduleName);
  return out;
}

}  // namespace

std::string_view logLevelName(int level) {
  constexpr std::array<std::string_view, 7> kNames{"trace", "debug",    "info",      "warn",
                                                   "error", "host_bug", "driver_bug"};
  return level >= 0 && static_cast<size_t>(level) < kNames.size()
             ? kNames[static_cast<size_t>(level)]
             : std::string_view("error");
}

bool maySee(const model::Settings& settings, const auth::Principal& reader) {
  return settings.level != model::EncryptionLevel::NeverDisplay &&
         static_cast<int>(settings.level) <= static_cast<int>(reader.role);
}

json::Object toJson(const model::System& system) {
  json::Object out = commonMembers(system);
  setPlace(out, system);
  setText(out, "email", system.email);
  out.set("features", toArray(system.features));
  out.set("installed_ui_devices", system.installedUiDevices);
  out.set("bookable", system.bookable);
  out.set("public", system.isPublic);
  out.set("support_url", system.supportUrl);
  out.set("version", system.version);
  out.set("zones", toArray(system.zones));
  out.set("modules", toArray(system.modules));
  return out;
}

json::Object toJson(const model::Zone& zone) {
  json::Object out = commonMembers(zone);
  setPlace(out, zone);
  out.set("tags", toArray(zone.tags));
  setText(out, "parent_id", zone.parentId);
  setText(out, "location", zone.location);
  out.set("triggers", toArray(zone.triggers));
  out.set("count", zone.count);
  return out;
}

json::Object toJson(const model::Driver& driver) {
  json::Object out = commonMembers(driver);
  out.set("name", driver.name);
  out.set("description", driver.description);
  out.set("module_name", driver.moduleName);
  out.set("role", static_cast<int>(driver.role));
  out.set("file_name", driver.fileName);
  out.set("commit", driver.digest.substr(0, 12));
  out.set("package_id", driver.packageId);
  out.set("version", driver.version);
  out.set("digest", driver.digest);
  out.set("trust", driver.trust == model::Trust::Built ? "built" : "unsigned");
  out.set("isolation", driver.isolation == model::Isolation::Module ? "module" : "driver");
  setText(out, "default_uri", driver.defaultUri);
  if (driver.defaultPort != 0) {
    out.set("default_port", driver.defaultPort);
  }
  out.set("ignore_connected", driver.ignoreConnected);
  out.set("alert_level", driver.alertLevel);
  out.set("update_available", false);
  return out;
}

json::Object toJson(const model::Module& mod, const Site& site, HostClient& host) {
  json::Object out = commonMembers(mod);
  out.set("driver_id", mod.driverId);
  setText(out, "control_system_id", mod.controlSystemId);
  out.set("ip", mod.ip);
  out.set("port", mod.port);
  out.set("tls", mod.tls);
  out.set("udp", mod.udp);
  out.set("makebreak", mod.makebreak);
  out.set("uri", mod.uri);
  out.set("name", site.resolvedName(mod));
  setText(out, "custom_name", mod.customName);
  out.set("notes", mod.notes);
  out.set("running", mod.running);
  out.set("ignore_connected", mod.ignoreConnected);
  out.set("ignore_startstop", mod.ignoreStartstop);
  out.set("launch_on_execute", mod.launchOnExecute);
  out.set("debug", mod.debug);
  out.set("alert_level", mod.alertLevel);
  const ModuleHealth health = host.health(mod.id);
  out.set("connected", !mod.running || mod.ignoreConnected || health.connected);
  out.set("state", health.state);
  if (health.tlsVerifyNone) {
    out.set("tls_verify_none", true);
  }
  out.set("has_runtime_error", !health.code.empty());
  if (!health.code.empty()) {
    out.set("state_code", health.code);
    out.set("state_sentence", health.sentence);
    out.set("error_timestamp", health.sinceUtcNs / 1'000'000'000);
  }
  if (const model::Driver* driver = site.findDriver(mod.driverId)) {
    out.set("role", static_cast<int>(driver->role));
    out.set("driver", driverOf(*driver));
  }
  if (const model::System* system = site.findSystem(mod.controlSystemId)) {
    json::Object parent;
    parent.set("id", system->id);
    parent.set("name", system->name);
    json::Array zones;
    for (const std::string& id : system->zones) {
      if (const model::Zone* zone = site.findZone(id)) {
        zones.emplace_back(toJson(*zone));
      }
    }
    parent.set("zone_data", std::move(zones));
    out.set("control_system", std::move(parent));
  }
  return out;
}

json::Object toJson(const model::Settings& settings, const auth::Principal& reader) {
  json::Object out = commonMembers(settings);
  out.set("parent_id", settings.parentId);
  out.set("encryption_level", static_cast<int>(settings.level));
  out.set("keys", toArray(settings.keys));
  setText(out, "modified_by_id", settings.modifiedById);
  if (maySee(settings, reader)) {
    out.set("settings_string", settings.text);
  } else {
    out.set("is_hidden", true);
  }
  return out;
}

json::Object toJson(const model::ApiKey& key, const Site& site, int64_t lastUsed) {
  json::Object out = commonMembers(key);
  out.set("name", key.name);
  out.set("description", key.description);
  out.set("scopes", toArray(key.scopes));
  out.set("user_id", key.userId);
  out.set("permissions", model::toString(key.permissions));
  out.set("expires_at", key.expiresAt == 0 ? json::Value() : json::Value(key.expiresAt));
  out.set("last_used_at", lastUsed == 0 ? json::Value() : json::Value(lastUsed));
  out.set("x_api_key", nullptr);
  if (const model::User* user = site.findUser(key.userId)) {
    out.set("authority_id", site.domainIdOf(*user));
    out.set("authority", domainReference(site, user->domainId));
    json::Object owner;
    owner.set("id", user->id);
    owner.set("name", user->name);
    owner.set("email", user->email);
    owner.set("role", model::toString(user->role));
    out.set("user", std::move(owner));
  }
  return out;
}

json::Object toJson(const model::Metadata& metadata) {
  json::Object out;
  out.set("name", metadata.name);
  out.set("description", metadata.description);
  out.set("details", metadata.details);
  out.set("parent_id", metadata.parentId);
  setText(out, "schema_id", metadata.schemaId);
  out.set("editors", toArray(metadata.editors));
  setText(out, "modified_by_id", metadata.modifiedById);
  out.set("created_at", metadata.createdAt);
  out.set("updated_at", metadata.updatedAt);
  return out;
}

json::Object metadataByName(const Site& site, std::string_view parentId, std::string_view name) {
  json::Object out;
  for (const model::Metadata* row : site.metadataOf(parentId)) {
    if (name.empty() || row->name == name) {
      out.set(row->name, toJson(*row));
    }
  }
  return out;
}

json::Object toJson(const model::Schema& schema) {
  json::Object out = commonMembers(schema);
  out.set("name", schema.name);
  out.set("description", schema.description);
  out.set("schema", json::write(schema.schema));
  return out;
}

json::Object toJson(const LogLine& line) {
  json::Object out;
  out.set("time", line.utcNs / 1'000'000);
  out.set("level", logLevelName(line.level));
  out.set("message", line.message);
  if (!line.fieldsJson.empty()) {
    if (auto fields = json::parse(line.fieldsJson)) {
      out.set("fields", std::move(*fields));
    }
  }
  setText(out, "trace_id", line.traceId);
  return out;
}

json::Object toJson(const ExitReport& report) {
  json::Object out;
  out.set("time", report.utcNs / 1'000'000);
  out.set("runner_id", report.runnerId);
  out.set("driver_id", report.driverId);
  out.set("cause", report.cause);
  setText(out, "module_id", report.moduleId);
  setText(out, "last_call", report.lastCall);
  out.set("backtrace", toArray(report.backtrace));
  out.set("last_logs", toArray(report.lastLogs));
  return out;
}

json::Object toJson(const RunnerInfo& runner) {
  json::Object out;
  out.set("id", runner.id);
  out.set("driver_id", runner.driverId);
  out.set("pid", runner.pid);
  out.set("tier", runner.tier);
  out.set("state", runner.state);
  out.set("started_at", runner.startedUtcNs / 1'000'000);
  out.set("restarts", runner.restarts);
  out.set("modules", static_cast<int64_t>(runner.modules));
  out.set("cpu_seconds", runner.cpuSeconds);
  out.set("pss_bytes", runner.pssBytes);
  out.set("fds", runner.fds);
  if (runner.lastExit) {
    out.set("last_exit", toJson(*runner.lastExit));
  }
  return out;
}

json::Object toJson(const ModuleHealth& health) {
  json::Object out;
  out.set("state", health.state);
  out.set("running", health.running);
  out.set("connected", health.connected);
  if (health.tlsVerifyNone) {
    out.set("tls_verify_none", true);
  }
  setText(out, "code", health.code);
  setText(out, "sentence", health.sentence);
  out.set("since", health.sinceUtcNs / 1'000'000);
  setText(out, "runner_id", health.runnerId);
  return out;
}

}  // namespace busbar::api
