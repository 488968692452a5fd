// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "api/auth/principal.h"
#include "registry/model/records.h"

namespace busbar::auth {

// What a route asks of its caller. For the Zone… rows: any signed-in user may read and operate;
// starting and stopping, and changing things, takes support, or a grant on the object's zones
// (grants.h).
enum class Permission {
  None,  // no credential needed
  User,
  Support,
  Admin,
  ZoneRead,
  ZoneOperate,
  ZoneRun,  // start and stop
  ZoneCreate,
  ZoneUpdate,
  ZoneDelete,
  ZoneManage,
};

// "none", "user", …, "zone_operate": as in openapi.yaml (x-busbar-permission).
std::string_view toString(Permission permission);
// The lowest role that passes without any grant; none when no credential is needed.
std::optional<model::UserRole> minimumRole(Permission permission);

// A route's permission row: what it asks, and the scope name that limits API keys and tokens
// ("systems", "modules"; empty: only "public" opens it). It has no default, so that a route without
// a row does not compile.
class Access {
 public:
  constexpr explicit Access(Permission permission, std::string_view scope = {})
      : permission_(permission), scope_(scope) {}
  // For a Zone… permission whose handler looks at the grants on the object's zones: decide() then
  // lets any user pass to it.
  static constexpr Access byGrant(Permission permission, std::string_view scope) {
    Access access(permission, scope);
    access.isByGrant_ = true;
    return access;
  }
  constexpr Permission permission() const { return permission_; }
  constexpr std::string_view scope() const { return scope_; }
  constexpr bool isByGrant() const { return isByGrant_; }

 private:
  Permission permission_;
  std::string_view scope_;
  bool isByGrant_ = false;
};

enum class Verdict { Allowed, NeedsCredential, Forbidden };
// The one permission check. `writes` is true for every method but GET and HEAD.
Verdict decide(const Access& access, const Principal& principal, bool writes);

}  // namespace busbar::auth
