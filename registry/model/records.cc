// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/model/records.h"

namespace busbar::model {
namespace {

struct TableName {
  std::string_view name;
  std::string_view prefix;
};

// In the order of Table and of the alternatives of Record.
constexpr TableName kTables[] = {
    {"driver", "driver-"},
    {"module", "mod-"},
    {"system", "sys-"},
    {"zone", "zone-"},
    {"settings", "sets-"},
    {"user", "user-"},
    {"api_key", "key-"},
    {"domain", "authority-"},
    {"oauth_app", "app-"},
    {"group", "group-"},
    {"group_user", "groupuser-"},
    {"group_zone", "groupzone-"},
    {"group_invitation", "groupinvite-"},
    {"metadata", "metadata-"},
    {"schema", "json_schema-"},
    {"trigger", "trigger-"},
    {"trigger_instance", "trig-"},
};
static_assert(std::variant_size_v<Record> == std::size(kTables));

}  // namespace

Table tableOf(const Record& record) {
  return static_cast<Table>(record.index());
}

const Common& commonOf(const Record& record) {
  return std::visit([](const auto& r) -> const Common& { return r; }, record);
}

Common& commonOf(Record& record) {
  return std::visit([](auto& r) -> Common& { return r; }, record);
}

std::string_view toString(Table table) {
  return kTables[static_cast<size_t>(table)].name;
}

std::string_view idPrefix(Table table) {
  return kTables[static_cast<size_t>(table)].prefix;
}

std::optional<Table> toTable(std::string_view name) {
  for (size_t i = 0; i < std::size(kTables); ++i) {
    if (kTables[i].name == name) {
      return static_cast<Table>(i);
    }
  }
  return std::nullopt;
}

Record emptyRecord(Table table) {
  switch (table) {
    case Table::Driver:
      return Driver{};
    case Table::Module:
      return Module{};
    case Table::System:
      return System{};
    case Table::Zone:
      return Zone{};
    case Table::Settings:
      return Settings{};
    case Table::User:
      return User{};
    case Table::ApiKey:
      return ApiKey{};
    case Table::Domain:
      return Domain{};
    case Table::OauthApp:
      return OauthApp{};
    case Table::Group:
      return Group{};
    case Table::GroupUser:
      return GroupUser{};
    case Table::GroupZone:
      return GroupZone{};
    case Table::GroupInvitation:
      return GroupInvitation{};
    case Table::Metadata:
      return Metadata{};
    case Table::Schema:
      return Schema{};
    case Table::Trigger:
      return Trigger{};
    case Table::TriggerInstance:
      return TriggerInstance{};
  }
  return Driver{};
}

std::string_view toString(UserRole role) {
  switch (role) {
    case UserRole::User:
      return "user";
    case UserRole::Support:
      return "support";
    case UserRole::Admin:
      return "admin";
  }
  return "user";
}

std::optional<UserRole> toUserRole(std::string_view name) {
  for (const UserRole role : {UserRole::User, UserRole::Support, UserRole::Admin}) {
    if (toString(role) == name) {
      return role;
    }
  }
  return std::nullopt;
}

std::string_view toString(Role role) {
  switch (role) {
    case Role::Ssh:
      return "ssh";
    case Role::Device:
      return "device";
    case Role::Service:
      return "service";
    case Role::Websocket:
      return "websocket";
    case Role::Logic:
      return "logic";
  }
  return "device";
}

std::optional<Role> toRole(std::string_view name) {
  for (const Role role : {Role::Ssh, Role::Device, Role::Service, Role::Websocket, Role::Logic}) {
    if (toString(role) == name) {
      return role;
    }
  }
  return std::nullopt;
}

std::optional<Role> toRole(int64_t number) {
  switch (number) {
    case 0:
    case 1:
    case 2:
    case 3:
    case 99:
      return static_cast<Role>(number);
    default:
      return std::nullopt;
  }
}

}  // namespace busbar::model
