// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/permission.h"
#include "api/auth/principal.h"
#include "registry/site/site.h"
#include "sdk/base/callback.h"
#include "sdk/base/json.h"

// What zones grant to people who are neither support nor admin. Two sources, of which either is
// enough: zone roles (metadata named "permissions") and groups. Pure but for the look-up. All bits
// are those of model::grant.
namespace busbar::auth {

// The details of a zone's metadata named "permissions"; nullptr when it has none. Borrowed until
// the next call.
inline constexpr std::string_view kZonePermissions = "permissions";
using ZonePermissions = Callback<const json::Value*(std::string_view zoneId)>;

// The zone that a domain's config names as its org_zone: grants in it are about the organisation as
// a whole, its people included. Empty when it names none; the zone may be gone.
std::string orgZoneOf(std::string_view domainId, const Site& site);

// Zone roles. Nothing unless the domain's config names an org_zone that is among `zones`. Then the
// zones are read in order: a list `deny` that holds one of the principal's directory groups ends it
// with nothing; `admin` gives all; `manage` gives all but Delete and Manage; a later zone that
// names a group of the principal takes the place of an earlier one. Names compare without case
// (ASCII).
int64_t zoneRoleBits(const Principal& principal, const std::vector<std::string>& zones,
                     const Site& site, ZonePermissions& permissionsOf);

// Groups of the subsystem "support". In each: what the principal's nearest membership (in the group
// or above it) allows, and of that what the group has in the object's zones. A grant in a zone
// holds below it until a nearer one takes its place; a denial takes bits away from there on. Manage
// stands for all bits. The union over groups and zones.
int64_t groupBits(const Principal& principal, const std::vector<std::string>& zones,
                  const Site& site);

// What the user may do as a member of the group: the nearest entry in it or above it; 0 for none.
int64_t membershipBits(std::string_view userId, std::string_view groupId, const Site& site);

// Both sources.
int64_t grantedBits(const Principal& principal, const std::vector<std::string>& zones,
                    const Site& site, ZonePermissions& permissionsOf);

// The bit that a Zone… permission asks for; 0 for others.
int64_t bitOf(Permission permission);

}  // namespace busbar::auth
