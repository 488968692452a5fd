// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/validate.h"

#include <algorithm>

#include "registry/model/checker.h"
#include "registry/model/ids.h"
#include "sdk/base/json.h"

namespace busbar::model {
namespace {

// A driver without a link that must be there reaches its device in no way that needs an address.
bool needsAddress(const Driver& driver) {
  const auto manifest = json::parse(driver.manifest, {kMaxManifestBytes, 64});
  if (!manifest.ok()) {
    return true;
  }
  const json::Value* links = manifest->find("links");
  const json::Array* list = links != nullptr ? links->asArray() : nullptr;
  return list != nullptr && std::any_of(list->begin(), list->end(), [](const json::Value& link) {
           const json::Value* required = link.find("required");
           return required == nullptr || required->asBool() == nullptr || *required->asBool();
         });
}

void checkDeviceAddress(Checker& check, const Module& mod, const Driver& driver) {
  if (mod.ip.empty() && mod.port == 0 && !needsAddress(driver)) {
    return;
  }
  if (isBlank(mod.ip)) {
    check.fail("ip", "must not be blank");
  } else if (!isHost(mod.ip)) {
    check.fail("ip", "must be a host name or an address");
  }
  if (mod.port < 1 || mod.port > 65535) {
    check.fail("port", "must be 1 to 65535");
  }
}

void checkTriggerDocument(Checker& check, const char* field, const json::Value& value) {
  if (value.asObject() == nullptr) {
    check.fail(field, "must be an object");
  } else if (!json::check(json::write(value), kTriggerDocumentLimits).ok()) {
    check.fail(field, "must be at most 256 KiB of JSON and 48 levels deep");
  }
}

bool isIpv6(std::string_view s) {
  return s.find(':') != std::string_view::npos && s.size() <= 45 &&
         s.find_first_not_of("0123456789abcdefABCDEF:.") == std::string_view::npos;
}

}  // namespace

bool isHost(std::string_view text) {
  if (text.empty() || text.size() > 253) {
    return false;
  }
  if (isIpv6(text)) {
    return true;
  }
  size_t from = 0;
  while (true) {
    const size_t dot = std::min(text.find('.', from), text.size());
    const std::string_view label = text.substr(from, dot - from);
    const bool good = !label.empty() && label.size() <= 63 && label.front() != '-' &&
                      label.back() != '-' && std::all_of(label.begin(), label.end(), [](char c) {
                        return isAlnum(c) || c == '-' || c == '_';
                      });
    if (!good) {
      return false;
    }
    if (dot == text.size()) {
      return true;
    }
    from = dot + 1;
  }
}

bool isUri(std::string_view text) {
  const size_t colon = text.find("://");
  if (text.size() > kMaxLineBytes || colon == 0 || colon == std::string_view::npos ||
      !((text[0] >= 'a' && text[0] <= 'z') || (text[0] >= 'A' && text[0] <= 'Z'))) {
    return false;
  }
  const auto inScheme = [](char c) { return isAlnum(c) || c == '+' || c == '-' || c == '.'; };
  const auto inUri = [](char c) {
    return c > 0x20 && c != 0x7F && c != '"' && c != '<' && c != '>';
  };
  if (!std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(colon), inScheme) ||
      !std::all_of(text.begin(), text.end(), inUri)) {
    return false;
  }
  std::string_view host = text.substr(colon + 3);
  host = host.substr(0, host.find_first_of("/?#"));
  if (const size_t at = host.rfind('@'); at != std::string_view::npos) {
    host.remove_prefix(at + 1);
  }
  std::string_view port;
  if (host.starts_with('[')) {
    const size_t close = host.find(']');
    if (close == std::string_view::npos) {
      return false;
    }
    port = host.substr(close + 1);
    host = host.substr(1, close - 1);
  } else {
    const size_t sep = std::min(host.find(':'), host.size());
    port = host.substr(sep);
    host = host.substr(0, sep);
  }
  const bool portGood =
      port.empty() || (port[0] == ':' && port.size() > 1 && port.size() <= 6 &&
                       port.find_first_not_of("0123456789", 1) == std::string_view::npos &&
                       std::stoi(std::string(port.substr(1))) <= 65535 &&
                       std::stoi(std::string(port.substr(1))) > 0);
  return portGood && isHost(host);
}

bool hasPassword(std::string_view uri) {
  const size_t scheme = uri.find("://");
  const std::string_view rest = scheme == std::string_view::npos ? uri : uri.substr(scheme + 3);
  const std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  const size_t at = authority.rfind('@');
  return at != std::string_view::npos && authority.find(':') < at;
}

bool isEmail(std::string_view text) {
  const size_t at = text.find('@');
  if (text.size() > 254 || at == 0 || at == std::string_view::npos || at > 64 ||
      at != text.rfind('@')) {
    return false;
  }
  const bool printable = std::all_of(text.begin(), text.end(), [](char c) {
    return c > 0x20 && c != 0x7F && c != ',' && c != ';';
  });
  return printable && isHost(text.substr(at + 1));
}

void normalise(Driver& driver) {
  trim(driver.name);
  trim(driver.moduleName);
}

void normalise(System& system) {
  trim(system.name);
  trim(system.email);
  lower(system.email);
  clean(system.features);
  clean(system.images);
}

void normalise(Zone& zone) {
  trim(zone.name);
  clean(zone.tags);
  clean(zone.images);
  clean(zone.triggers);
}

void normalise(Metadata& metadata) {
  trim(metadata.name);
  clean(metadata.editors);
}

void normalise(Schema& schema) {
  trim(schema.name);
}

void normalise(Trigger& trigger) {
  trim(trigger.name);
  for (std::string& method : trigger.supportedMethods) {
    std::transform(method.begin(), method.end(), method.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
  }
  clean(trigger.supportedMethods);
}

void normalise(TriggerInstance& instance) {
  clean(instance.playlists);
}

void normalise(Module& mod, const Driver& driver) {
  trim(mod.ip);
  trim(mod.uri);
  trim(mod.customName);
  switch (driver.role) {
    case Role::Device:
    case Role::Ssh:
      mod.uri.clear();
      mod.tls = mod.tls && !mod.udp;
      break;
    case Role::Service:
    case Role::Websocket: {
      if (mod.uri.empty()) {
        mod.uri = driver.defaultUri;
      }
      std::string scheme = mod.uri.substr(0, mod.uri.find(':'));
      lower(scheme);
      mod.tls = scheme == "https" || scheme == "wss";
      mod.udp = false;
      break;
    }
    case Role::Logic:
      mod.ip.clear();
      mod.port = 0;
      mod.uri.clear();
      mod.tls = false;
      mod.udp = false;
      mod.makebreak = false;
      break;
  }
}

FieldErrors validate(const Driver& driver) {
  Checker check;
  check.name("name", driver.name);
  check.name("module_name", driver.moduleName);
  check.text("description", driver.description);
  check.name("package_id", driver.packageId);
  check.name("version", driver.version);
  check.name("file_name", driver.fileName);
  if (driver.fileName.find('/') != std::string::npos) {
    check.fail("file_name", "must not hold a slash");
  }
  check.hash("digest", driver.digest);
  check.text("manifest", driver.manifest, kMaxManifestBytes);
  if (driver.defaultPort < 0 || driver.defaultPort > 65535) {
    check.fail("default_port", "must be 0 to 65535");
  }
  if (!driver.defaultUri.empty()) {
    check.uri("default_uri", driver.defaultUri);
  }
  check.alertLevel(driver.alertLevel);
  return check.take();
}

FieldErrors validate(const Module& mod, const Driver& driver) {
  Checker check;
  check.id("driver_id", Table::Driver, mod.driverId);
  check.line("custom_name", mod.customName, kMaxNameBytes);
  if (mod.customName.find('/') != std::string::npos) {
    check.fail("custom_name", "must not hold a slash");
  }
  check.text("notes", mod.notes);
  check.alertLevel(mod.alertLevel);
  if (driver.role == Role::Logic) {
    check.id("control_system_id", Table::System, mod.controlSystemId);
    return check.take();
  }
  if (!mod.controlSystemId.empty()) {
    check.fail("control_system_id", "must be empty unless the driver is a logic driver");
  }
  if (driver.role == Role::Device || driver.role == Role::Ssh) {
    checkDeviceAddress(check, mod, driver);
    return check.take();
  }
  if (mod.port < 0 || mod.port > 65535) {
    check.fail("port", "must be 0 to 65535");
  }
  check.line("ip", mod.ip, kMaxNameBytes);
  if (!mod.uri.empty() || needsAddress(driver)) {
    check.uri("uri", mod.uri);
  }
  return check.take();
}

FieldErrors validate(const System& system) {
  Checker check;
  check.name("name", system.name);
  check.text("description", system.description);
  if (!system.email.empty() && !isEmail(system.email)) {
    check.fail("email", "must be an e-mail address");
  }
  check.line("display_name", system.displayName);
  check.line("code", system.code);
  check.line("type", system.type);
  check.line("map_id", system.mapId);
  check.timezone(system.timezone);
  if (!system.supportUrl.empty()) {
    check.uri("support_url", system.supportUrl);
  }
  check.list("features", system.features);
  check.list("images", system.images);
  check.count("capacity", system.capacity);
  check.count("installed_ui_devices", system.installedUiDevices);
  check.ids("zones", Table::Zone, system.zones);
  check.ids("modules", Table::Module, system.modules);
  return check.take();
}

FieldErrors validate(const Zone& zone) {
  Checker check;
  check.name("name", zone.name);
  check.text("description", zone.description);
  check.list("tags", zone.tags);
  check.optionalId("parent_id", Table::Zone, zone.parentId);
  if (!zone.parentId.empty() && zone.parentId == zone.id) {
    check.fail("parent_id", "must be another zone");
  }
  check.line("location", zone.location);
  check.line("display_name", zone.displayName);
  check.line("code", zone.code);
  check.line("type", zone.type);
  check.line("map_id", zone.mapId);
  check.timezone(zone.timezone);
  check.list("images", zone.images);
  check.ids("triggers", Table::Trigger, zone.triggers);
  check.count("count", zone.count);
  check.count("capacity", zone.capacity);
  return check.take();
}

FieldErrors validate(const Settings& settings) {
  Checker check;
  const std::string& parent = settings.parentId;
  if (!isId(Table::Driver, parent) && !isId(Table::Module, parent) &&
      !isId(Table::System, parent) && !isId(Table::Zone, parent)) {
    check.fail("parent_id", "must be the id of a driver, module, system or zone");
  }
  const int level = static_cast<int>(settings.level);
  if (level < 0 || level > static_cast<int>(EncryptionLevel::NeverDisplay)) {
    check.fail("encryption_level", "must be 0 to 3");
  }
  check.text("settings_string", settings.text, kMaxSettingsBytes);
  return check.take();
}

FieldErrors validate(const Metadata& metadata) {
  Checker check;
  check.name("name", metadata.name);
  check.text("description", metadata.description);
  const std::string& parent = metadata.parentId;
  if (!isId(Table::System, parent) && !isId(Table::Zone, parent) && !isId(Table::User, parent)) {
    check.fail("parent_id", "must be the id of a system, zone or user");
  }
  check.document("details", metadata.details);
  check.list("editors", metadata.editors);
  check.optionalId("schema_id", Table::Schema, metadata.schemaId);
  return check.take();
}

FieldErrors validate(const Schema& schema) {
  Checker check;
  check.name("name", schema.name);
  check.text("description", schema.description);
  if (schema.schema.asObject() == nullptr && schema.schema.asBool() == nullptr) {
    check.fail("schema", "must be a JSON schema: an object");
  }
  check.document("schema", schema.schema);
  return check.take();
}

FieldErrors validate(const Trigger& trigger) {
  Checker check;
  check.name("name", trigger.name);
  check.text("description", trigger.description);
  check.optionalId("control_system_id", Table::System, trigger.controlSystemId);
  check.range("debounce_period", trigger.debounceMs, 0, kMaxDebounceMs);
  for (const std::string& method : trigger.supportedMethods) {
    if (method != "GET" && method != "POST" && method != "PUT" && method != "PATCH" &&
        method != "DELETE") {
      check.fail("supported_methods", "must hold GET, POST, PUT, PATCH or DELETE only");
      break;
    }
  }
  if (trigger.supportedMethods.empty()) {
    check.fail("supported_methods", "must not be empty");
  }
  checkTriggerDocument(check, "conditions", trigger.conditions);
  checkTriggerDocument(check, "actions", trigger.actions);
  checkTriggerDocument(check, "webhook", trigger.webhook);
  check.range("max_firings", trigger.maxFirings, 0, kMaxFirings);
  if (trigger.maxFirings > 0) {
    check.range("period_ms", trigger.periodMs, kMinPeriodMs, kMaxPeriodMs);
  } else if (trigger.periodMs != 0) {
    check.fail("period_ms", "must be 0 without max_firings");
  }
  return check.take();
}

FieldErrors validate(const TriggerInstance& instance) {
  Checker check;
  check.id("trigger_id", Table::Trigger, instance.triggerId);
  check.id("control_system_id", Table::System, instance.systemId);
  check.optionalId("zone_id", Table::Zone, instance.zoneId);
  const std::string& secret = instance.webhookSecret;
  if (secret.size() != kWebhookSecretLength ||
      !std::all_of(secret.begin(), secret.end(),
                   [](char c) { return isAlnum(c) || c == '-' || c == '_'; })) {
    check.fail("webhook_secret", "must be 43 characters of URL-safe base64");
  }
  check.list("playlists", instance.playlists);
  return check.take();
}

}  // namespace busbar::model
