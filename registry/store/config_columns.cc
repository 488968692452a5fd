// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/config_columns.h"

#include <initializer_list>

#include "registry/model/ids.h"

namespace busbar {
namespace {

using model::Table;

Column textOrNull(const char* name, const std::string& value) {
  if (value.empty()) {
    return {name, std::monostate()};
  }
  return {name, value};
}

constexpr const char* kSettingsOf = "SELECT 1 FROM settings WHERE parent_id = ?";
constexpr const char* kMetadataOf = "SELECT 1 FROM metadata WHERE parent_id = ?";
constexpr Referrer kDriver[] = {
    {"driver_id", Table::Module, "SELECT 1 FROM modules WHERE driver_id = ?"},
    {"parent_id", Table::Settings, kSettingsOf}};
constexpr Referrer kModule[] = {
    {"modules", Table::System, "SELECT 1 FROM system_modules WHERE module_id = ?"},
    {"parent_id", Table::Settings, kSettingsOf}};
constexpr Referrer kSystem[] = {
    {"control_system_id", Table::Module, "SELECT 1 FROM modules WHERE control_system_id = ?"},
    {"control_system_id", Table::Trigger, "SELECT 1 FROM triggers WHERE control_system_id = ?"},
    {"control_system_id", Table::TriggerInstance,
     "SELECT 1 FROM trigger_instances WHERE control_system_id = ?"},
    {"parent_id", Table::Settings, kSettingsOf},
    {"parent_id", Table::Metadata, kMetadataOf}};
constexpr Referrer kZone[] = {
    {"zones", Table::System, "SELECT 1 FROM system_zones WHERE zone_id = ?"},
    {"parent_id", Table::Zone, "SELECT 1 FROM zones WHERE parent_id = ?"},
    {"zone_id", Table::GroupZone, "SELECT 1 FROM group_zones WHERE zone_id = ?"},
    {"zone_id", Table::TriggerInstance, "SELECT 1 FROM trigger_instances WHERE zone_id = ?"},
    {"parent_id", Table::Settings, kSettingsOf},
    {"parent_id", Table::Metadata, kMetadataOf}};
constexpr Referrer kUser[] = {
    {"user_id", Table::ApiKey, "SELECT 1 FROM api_keys WHERE user_id = ?"},
    {"user_id", Table::GroupUser, "SELECT 1 FROM group_users WHERE user_id = ?"},
    {"parent_id", Table::Metadata, kMetadataOf}};
constexpr Referrer kDomain[] = {
    {"authority_id", Table::User, "SELECT 1 FROM users WHERE authority_id = ?"},
    {"owner_id", Table::OauthApp, "SELECT 1 FROM oauth_apps WHERE owner_id = ?"},
    {"authority_id", Table::Group, "SELECT 1 FROM user_groups WHERE authority_id = ?"}};
constexpr Referrer kGroup[] = {
    {"parent_id", Table::Group, "SELECT 1 FROM user_groups WHERE parent_id = ?"},
    {"group_id", Table::GroupUser, "SELECT 1 FROM group_users WHERE group_id = ?"},
    {"group_id", Table::GroupZone, "SELECT 1 FROM group_zones WHERE group_id = ?"},
    {"group_id", Table::GroupInvitation, "SELECT 1 FROM group_invitations WHERE group_id = ?"}};
constexpr Referrer kSchema[] = {
    {"schema_id", Table::Metadata, "SELECT 1 FROM metadata WHERE schema_id = ?"}};
constexpr Referrer kTrigger[] = {
    {"trigger_id", Table::TriggerInstance, "SELECT 1 FROM trigger_instances WHERE trigger_id = ?"},
    {"triggers", Table::Zone, "SELECT 1 FROM zone_triggers WHERE trigger_id = ?"}};

// The one of `tables` that a row's parent must be in, by the form of the id. No table fits a
// malformed parent: any one will not find it.
Table parentTable(const std::string& parentId, std::initializer_list<Table> tables) {
  for (const Table table : tables) {
    if (parentId.starts_with(model::idPrefix(table))) {
      return table;
    }
  }
  return Table::Zone;
}

struct References {
  std::vector<Reference> out;

  void operator()(const model::Driver&) {}
  void operator()(const model::Domain&) {}
  void operator()(const model::User& user) {
    if (!user.domainId.empty()) {
      out.push_back({"authority_id", Table::Domain, user.domainId});
    }
  }
  void operator()(const model::Module& mod) {
    out.push_back({"driver_id", Table::Driver, mod.driverId});
    if (!mod.controlSystemId.empty()) {
      out.push_back({"control_system_id", Table::System, mod.controlSystemId});
    }
  }
  void operator()(const model::System& system) {
    for (const std::string& id : system.modules) {
      out.push_back({"modules", Table::Module, id});
    }
    for (const std::string& id : system.zones) {
      out.push_back({"zones", Table::Zone, id});
    }
  }
  void operator()(const model::Zone& zone) {
    if (!zone.parentId.empty()) {
      out.push_back({"parent_id", Table::Zone, zone.parentId});
    }
    for (const std::string& id : zone.triggers) {
      out.push_back({"triggers", Table::Trigger, id});
    }
  }
  void operator()(const model::Settings& settings) {
    out.push_back(
        {"parent_id",
         parentTable(settings.parentId, {Table::Driver, Table::Module, Table::System, Table::Zone}),
         settings.parentId});
  }
  void operator()(const model::ApiKey& key) { out.push_back({"user_id", Table::User, key.userId}); }
  void operator()(const model::OauthApp& app) {
    out.push_back({"owner_id", Table::Domain, app.ownerId});
  }
  void operator()(const model::Group& group) {
    out.push_back({"authority_id", Table::Domain, group.domainId});
    if (!group.parentId.empty()) {
      out.push_back({"parent_id", Table::Group, group.parentId});
    }
  }
  void operator()(const model::GroupUser& membership) {
    out.push_back({"user_id", Table::User, membership.userId});
    out.push_back({"group_id", Table::Group, membership.groupId});
  }
  void operator()(const model::GroupZone& grant) {
    out.push_back({"zone_id", Table::Zone, grant.zoneId});
    out.push_back({"group_id", Table::Group, grant.groupId});
  }
  void operator()(const model::GroupInvitation& invitation) {
    out.push_back({"group_id", Table::Group, invitation.groupId});
  }
  void operator()(const model::Metadata& metadata) {
    out.push_back({"parent_id",
                   parentTable(metadata.parentId, {Table::System, Table::Zone, Table::User}),
                   metadata.parentId});
    if (!metadata.schemaId.empty()) {
      out.push_back({"schema_id", Table::Schema, metadata.schemaId});
    }
  }
  void operator()(const model::Schema&) {}
  void operator()(const model::Trigger& trigger) {
    if (!trigger.controlSystemId.empty()) {
      out.push_back({"control_system_id", Table::System, trigger.controlSystemId});
    }
  }
  void operator()(const model::TriggerInstance& instance) {
    out.push_back({"trigger_id", Table::Trigger, instance.triggerId});
    out.push_back({"control_system_id", Table::System, instance.systemId});
    if (!instance.zoneId.empty()) {
      out.push_back({"zone_id", Table::Zone, instance.zoneId});
    }
  }
};

Columns identityColumns(const model::Record& record) {
  if (const auto* user = std::get_if<model::User>(&record)) {
    return {{"authority_id", user->domainId},
            {"email", user->email},
            textOrNull("login_name", user->loginName),
            textOrNull("staff_id", user->staffId)};
  }
  if (const auto* key = std::get_if<model::ApiKey>(&record)) {
    return {{"name", key->name}, {"user_id", key->userId}, {"secret_hash", key->secretHash}};
  }
  if (const auto* domain = std::get_if<model::Domain>(&record)) {
    return {{"domain", domain->domain}};
  }
  if (const auto* app = std::get_if<model::OauthApp>(&record)) {
    return {{"owner_id", app->ownerId},
            {"name", app->name},
            {"uid", app->uid},
            {"redirect_uri", app->redirectUri}};
  }
  if (const auto* group = std::get_if<model::Group>(&record)) {
    return {
        {"authority_id", group->domainId}, {"parent_id", group->parentId}, {"name", group->name}};
  }
  if (const auto* membership = std::get_if<model::GroupUser>(&record)) {
    return {{"user_id", membership->userId}, {"group_id", membership->groupId}};
  }
  if (const auto* grant = std::get_if<model::GroupZone>(&record)) {
    return {{"zone_id", grant->zoneId}, {"group_id", grant->groupId}};
  }
  if (const auto* invitation = std::get_if<model::GroupInvitation>(&record)) {
    return {{"email", invitation->email}, {"group_id", invitation->groupId}};
  }
  return {};
}

}  // namespace

std::string_view sqlTable(Table table) {
  switch (table) {
    case Table::Driver:
      return "drivers";
    case Table::Module:
      return "modules";
    case Table::System:
      return "systems";
    case Table::Zone:
      return "zones";
    case Table::Settings:
      return "settings";
    case Table::User:
      return "users";
    case Table::ApiKey:
      return "api_keys";
    case Table::Domain:
      return "domains";
    case Table::OauthApp:
      return "oauth_apps";
    case Table::Group:
      return "user_groups";  // GROUPS is a word of SQL
    case Table::GroupUser:
      return "group_users";
    case Table::GroupZone:
      return "group_zones";
    case Table::GroupInvitation:
      return "group_invitations";
    case Table::Metadata:
      return "metadata";
    case Table::Schema:
      return "schemas";
    case Table::Trigger:
      return "triggers";
    case Table::TriggerInstance:
      return "trigger_instances";
  }
  return "";
}

Columns columnsOf(const model::Record& record) {
  if (const auto* mod = std::get_if<model::Module>(&record)) {
    return {{"driver_id", mod->driverId}, textOrNull("control_system_id", mod->controlSystemId)};
  }
  if (const auto* system = std::get_if<model::System>(&record)) {
    return {{"name", system->name}};
  }
  if (const auto* zone = std::get_if<model::Zone>(&record)) {
    return {{"name", zone->name}, textOrNull("parent_id", zone->parentId)};
  }
  if (const auto* settings = std::get_if<model::Settings>(&record)) {
    return {{"parent_id", settings->parentId},
            {"encryption_level", static_cast<int64_t>(settings->level)}};
  }
  if (const auto* metadata = std::get_if<model::Metadata>(&record)) {
    return {{"parent_id", metadata->parentId},
            {"name", metadata->name},
            textOrNull("schema_id", metadata->schemaId)};
  }
  if (const auto* trigger = std::get_if<model::Trigger>(&record)) {
    return {textOrNull("control_system_id", trigger->controlSystemId)};
  }
  if (const auto* instance = std::get_if<model::TriggerInstance>(&record)) {
    return {{"trigger_id", instance->triggerId},
            {"control_system_id", instance->systemId},
            textOrNull("zone_id", instance->zoneId)};
  }
  return identityColumns(record);
}

std::string insertSql(Table table, const Columns& columns) {
  std::string names = "id, revision, document";
  std::string places = "?1, ?2, ?3";
  for (size_t i = 0; i < columns.size(); ++i) {
    names += std::string(", ") + columns[i].name;
    places += ", ?" + std::to_string(i + 4);
  }
  return "INSERT INTO " + std::string(sqlTable(table)) + " (" + names + ") VALUES (" + places + ")";
}

std::string updateSql(Table table, const Columns& columns) {
  std::string set = "revision = ?2, document = ?3";
  for (size_t i = 0; i < columns.size(); ++i) {
    set += std::string(", ") + columns[i].name + " = ?" + std::to_string(i + 4);
  }
  return "UPDATE " + std::string(sqlTable(table)) + " SET " + set + " WHERE id = ?1";
}

std::vector<Reference> referencesOf(const model::Record& record) {
  References references;
  std::visit(references, record);
  return std::move(references.out);
}

std::span<const Referrer> referrersOf(Table table) {
  switch (table) {
    case Table::Driver:
      return kDriver;
    case Table::Module:
      return kModule;
    case Table::System:
      return kSystem;
    case Table::Zone:
      return kZone;
    case Table::User:
      return kUser;
    case Table::Domain:
      return kDomain;
    case Table::Group:
      return kGroup;
    case Table::Schema:
      return kSchema;
    case Table::Trigger:
      return kTrigger;
    case Table::Settings:
    case Table::ApiKey:
    case Table::OauthApp:
    case Table::GroupUser:
    case Table::GroupZone:
    case Table::GroupInvitation:
    case Table::Metadata:
    case Table::TriggerInstance:
      break;
  }
  return {};
}

}  // namespace busbar
