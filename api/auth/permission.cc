// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/permission.h"

#include <array>

#include "sdk/base/result.h"

namespace busbar::auth {
namespace {

using model::UserRole;

struct Row {
  Permission permission;
  std::string_view name;
  std::optional<UserRole> role;
};

// One table: permission -> name -> lowest role.
constexpr std::array<Row, 11> kRows{{
    {Permission::None, "none", std::nullopt},
    {Permission::User, "user", UserRole::User},
    {Permission::Support, "support", UserRole::Support},
    {Permission::Admin, "admin", UserRole::Admin},
    {Permission::ZoneRead, "zone_read", UserRole::User},
    {Permission::ZoneOperate, "zone_operate", UserRole::User},
    {Permission::ZoneRun, "zone_run", UserRole::Support},
    {Permission::ZoneCreate, "zone_create", UserRole::Support},
    {Permission::ZoneUpdate, "zone_update", UserRole::Support},
    {Permission::ZoneDelete, "zone_delete", UserRole::Support},
    {Permission::ZoneManage, "zone_manage", UserRole::Support},
}};

const Row& row(Permission permission) {
  const auto index = static_cast<size_t>(permission);
  BUSBAR_CHECK(index < kRows.size() && kRows[index].permission == permission);
  return kRows[index];
}

}  // namespace

std::string_view toString(Permission permission) {
  return row(permission).name;
}

std::optional<UserRole> minimumRole(Permission permission) {
  return row(permission).role;
}

Verdict decide(const Access& access, const Principal& principal, bool writes) {
  const std::optional<UserRole> role = minimumRole(access.permission());
  if (!role) {
    return Verdict::Allowed;
  }
  if (principal.isAnonymous()) {
    return Verdict::NeedsCredential;
  }
  const bool allowed =
      (principal.role >= *role || access.isByGrant()) && principal.hasScope(access.scope(), writes);
  return allowed ? Verdict::Allowed : Verdict::Forbidden;
}

bool Principal::hasScope(std::string_view scope, bool writes) const {
  for (const std::string& held : scopes) {
    if (held == "public" || (!scope.empty() && held == scope)) {
      return true;
    }
    const std::string_view half = writes ? ".write" : ".read";
    if (!scope.empty() && held.size() == scope.size() + half.size() && held.starts_with(scope) &&
        held.ends_with(half)) {
      return true;
    }
  }
  return false;
}

}  // namespace busbar::auth
