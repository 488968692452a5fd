// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "registry/model/identity.h"
#include "sdk/base/json.h"

// What exists, as plain values. Names of members follow the REST shapes (api/openapi.yaml), in
// lower camel. Times are epoch seconds, set by the store. `revision` is the store's own counter per
// row for optimistic writes; System::version is the public one. Text is UTF-8.
namespace busbar::model {

// How a module reaches its device; the numbers are those of the REST API.
enum class Role { Ssh = 0, Device = 1, Service = 2, Websocket = 3, Logic = 99 };
// Who may read a setting in clear; NeverDisplay is for drivers only.
enum class EncryptionLevel { None = 0, Support = 1, Admin = 2, NeverDisplay = 3 };
enum class Isolation { Driver, Module };
// Why a driver may be loaded.
enum class Trust { Built, Unsigned };

// An installed driver version. Immutable but for name, description, isolation and alert level.
struct Driver : Common {
  std::string name;
  std::string description;
  std::string moduleName;  // the name its modules have in a system, "Display"
  Role role = Role::Device;
  std::string packageId;  // manifest id, "org.busbar.modbus"
  std::string version;    // manifest version, semver
  std::string digest;     // lower hex SHA-256 of the shared library
  std::string fileName;   // of the shared library inside its folder
  std::string manifest;   // manifest.json, byte for byte
  Trust trust = Trust::Unsigned;
  Isolation isolation = Isolation::Driver;
  std::string defaultUri;
  int defaultPort = 0;
  bool ignoreConnected = false;
  std::string alertLevel = "medium";
  bool operator==(const Driver&) const = default;
};

struct Module : Common {
  std::string driverId;
  std::string controlSystemId;  // logic modules only
  std::string ip;               // host name or address
  int port = 0;
  bool tls = false;
  bool udp = false;
  bool makebreak = false;
  std::string uri;
  std::string customName;
  std::string notes;
  bool running = false;  // what the admin wants
  bool ignoreConnected = false;
  bool ignoreStartstop = false;
  bool launchOnExecute = false;
  bool debug = false;  // debug log level, survives restarts
  std::string alertLevel = "medium";
  bool operator==(const Module&) const = default;
};

struct System : Common {
  std::string name;
  std::string description;
  std::string email;
  std::string displayName;
  std::string code;
  std::string type;
  std::string mapId;
  std::string timezone;
  std::string supportUrl;
  std::vector<std::string> features;
  std::vector<std::string> images;
  int64_t capacity = 0;
  int64_t installedUiDevices = 0;
  bool bookable = false;
  bool isPublic = false;
  int64_t version = 0;
  std::vector<std::string> zones;    // ordered: later zones win in settings
  std::vector<std::string> modules;  // ordered: numbers Name_k
  bool operator==(const System&) const = default;
};

struct Zone : Common {
  std::string name;
  std::string description;
  std::vector<std::string> tags;
  std::string parentId;
  std::string location;
  std::string displayName;
  std::string code;
  std::string type;
  std::string mapId;
  std::string timezone;
  std::vector<std::string> images;
  std::vector<std::string> triggers;  // each system of the zone has an instance of these
  int64_t count = 0;
  int64_t capacity = 0;
  bool operator==(const Zone&) const = default;
};

// One document of settings on one parent at one level. `text` is JSON or YAML as written by the
// user; in the store it is encrypted for levels above None, in memory it is always clear.
struct Settings : Common {
  std::string parentId;
  EncryptionLevel level = EncryptionLevel::None;
  std::string text = "{}";
  std::vector<std::string> keys;  // top-level keys, computed
  std::string modifiedById;
  bool operator==(const Settings&) const = default;
};

// What apps keep on a system, a zone or a user, by a name that is unique there. `details` is any
// JSON; nothing in Busbar looks into it.
struct Metadata : Common {
  std::string name;
  std::string description;
  std::string parentId;
  json::Value details = json::Object();
  std::vector<std::string> editors;  // groups of users that may change it
  std::string schemaId;              // says to apps what the details look like
  std::string modifiedById;
  bool operator==(const Metadata&) const = default;
};

// A JSON schema that apps agreed on. It is kept, not enforced.
struct Schema : Common {
  std::string name;
  std::string description;
  json::Value schema = json::Object();
  bool operator==(const Schema&) const = default;
};

// Conditions and the actions they cause. `conditions`, `actions` and `webhook` are documents
// (openapi.yaml "TriggerConditions", "TriggerActions", "TriggerWebhook"); api/triggers/spec.h reads
// them, nothing here looks into them.
struct Trigger : Common {
  std::string name;
  std::string description;
  std::string controlSystemId;  // it belongs to that system and goes with it; empty: to the site
  int64_t debounceMs = 0;
  bool important = false;
  bool enableWebhook = false;
  bool anyMatch = false;
  std::vector<std::string> supportedMethods{"POST"};
  json::Value conditions = json::Object();
  json::Value actions = json::Object();
  json::Value webhook = json::Object();
  int64_t maxFirings = 0;  // in a period; 0: any number
  int64_t periodMs = 0;
  bool operator==(const Trigger&) const = default;
};

// A trigger at work in one system.
struct TriggerInstance : Common {
  std::string triggerId;
  std::string systemId;
  std::string zoneId;  // whose list of triggers made it; empty: made by hand
  bool enabled = true;
  bool important = false;     // as the trigger was when this was made, or set since
  bool execEnabled = false;   // its webhook may call functions
  std::string webhookSecret;  // 32 random bytes, URL-safe base64; sealed in the store
  std::vector<std::string> playlists;
  bool operator==(const TriggerInstance&) const = default;
};

enum class Table {
  Driver,
  Module,
  System,
  Zone,
  Settings,
  User,
  ApiKey,
  Domain,
  OauthApp,
  Group,
  GroupUser,
  GroupZone,
  GroupInvitation,
  Metadata,
  Schema,
  Trigger,
  TriggerInstance
};
using Record =
    std::variant<Driver, Module, System, Zone, Settings, User, ApiKey, Domain, OauthApp, Group,
                 GroupUser, GroupZone, GroupInvitation, Metadata, Schema, Trigger, TriggerInstance>;

Table tableOf(const Record& record);
const Common& commonOf(const Record& record);
Common& commonOf(Record& record);
// "driver", "module", … as in URLs, error messages and the change log.
std::string_view toString(Table table);
// "driver-", "mod-", "sys-", …; the whole list is in KEYS.md.
std::string_view idPrefix(Table table);
std::optional<Table> toTable(std::string_view name);
Record emptyRecord(Table table);
std::string_view toString(UserRole role);  // "user", "support", "admin"
std::optional<UserRole> toUserRole(std::string_view name);
std::string_view toString(Role role);  // "ssh", "device", "service", "websocket", "logic"
std::optional<Role> toRole(std::string_view name);
std::optional<Role> toRole(int64_t number);

}  // namespace busbar::model
