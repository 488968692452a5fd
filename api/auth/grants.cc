// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/grants.h"

#include <algorithm>

#include "sdk/base/ascii.h"

namespace busbar::auth {
namespace {

namespace grant = model::grant;

// Trees are a few levels deep; a damaged one must not hold the loop.
constexpr size_t kMaxDepth = 64;
constexpr int64_t kManagerBits = grant::kAll & ~(grant::kDelete | grant::kManage);

bool namesOneOf(const json::Value& roles, std::string_view list,
                const std::vector<std::string>& lowerGroups) {
  const json::Value* names = roles.find(list);
  if (names == nullptr || names->asArray() == nullptr) {
    return false;
  }
  return std::any_of(
      names->asArray()->begin(), names->asArray()->end(), [&](const json::Value& name) {
        return name.asString() != nullptr &&
               std::find(lowerGroups.begin(), lowerGroups.end(), asciiLowered(*name.asString())) !=
                   lowerGroups.end();
      });
}

int64_t expanded(int64_t bits) {
  return (bits & grant::kManage) != 0 ? grant::kAll : bits;
}

// What the group has in a zone: its grants from the outermost zone inwards.
int64_t bitsInZone(const model::Group& group, std::string_view zoneId, const Site& site) {
  std::vector<const model::GroupZone*> inwards;
  for (size_t depth = 0; depth < kMaxDepth; ++depth) {
    const model::Zone* zone = site.findZone(zoneId);
    if (zone == nullptr) {
      break;
    }
    if (const model::GroupZone* found = site.findGroupZone(group.id, zone->id)) {
      inwards.push_back(found);
    }
    zoneId = zone->parentId;
  }
  int64_t bits = 0;
  for (auto it = inwards.rbegin(); it != inwards.rend(); ++it) {
    bits = (*it)->deny ? bits & ~(*it)->permissions : expanded((*it)->permissions);
  }
  return bits;
}

bool opensEngine(const model::Group& group) {
  return std::find(group.subsystems.begin(), group.subsystems.end(), grant::kSupportSubsystem) !=
         group.subsystems.end();
}

}  // namespace

std::string orgZoneOf(std::string_view domainId, const Site& site) {
  const model::Domain* domain = site.findDomain(site.domainIdOf(domainId));
  if (domain == nullptr || domain->config.find("org_zone") == std::string::npos) {
    return {};
  }
  const auto config = json::parse(domain->config);
  const json::Value* zone = config.ok() ? config->find("org_zone") : nullptr;
  return zone == nullptr || zone->asString() == nullptr ? std::string() : *zone->asString();
}

int64_t zoneRoleBits(const Principal& principal, const std::vector<std::string>& zones,
                     const Site& site, ZonePermissions& permissionsOf) {
  if (!permissionsOf || principal.groups.empty()) {
    return 0;
  }
  const std::string orgZone = orgZoneOf(principal.domainId, site);
  if (orgZone.empty() || std::find(zones.begin(), zones.end(), orgZone) == zones.end()) {
    return 0;
  }
  std::vector<std::string> groups;
  std::transform(principal.groups.begin(), principal.groups.end(), std::back_inserter(groups),
                 asciiLowered);
  int64_t bits = 0;
  for (const std::string& zone : zones) {
    const json::Value* roles = permissionsOf(zone);
    if (roles == nullptr) {
      continue;
    }
    if (namesOneOf(*roles, "deny", groups)) {
      return 0;
    }
    if (namesOneOf(*roles, "admin", groups)) {
      bits = grant::kAll;
    } else if (namesOneOf(*roles, "manage", groups)) {
      bits = kManagerBits;
    }
  }
  return bits;
}

int64_t membershipBits(std::string_view userId, std::string_view groupId, const Site& site) {
  for (size_t depth = 0; depth < kMaxDepth; ++depth) {
    const model::Group* group = site.findGroup(groupId);
    if (group == nullptr) {
      return 0;
    }
    if (const model::GroupUser* found = site.findGroupUser(group->id, userId)) {
      return expanded(found->permissions);
    }
    groupId = group->parentId;
  }
  return 0;
}

int64_t groupBits(const Principal& principal, const std::vector<std::string>& zones,
                  const Site& site) {
  if (zones.empty() || site.groupsOfUser(principal.userId).empty()) {
    return 0;
  }
  int64_t bits = 0;
  for (const std::string& groupId : site.groupsOfDomain(site.domainIdOf(principal.domainId))) {
    const model::Group& group = *site.findGroup(groupId);
    const int64_t own = opensEngine(group) ? membershipBits(principal.userId, groupId, site) : 0;
    for (const std::string& zone : zones) {
      if (own == 0) {
        break;
      }
      bits |= own & bitsInZone(group, zone, site);
    }
  }
  return bits;
}

int64_t grantedBits(const Principal& principal, const std::vector<std::string>& zones,
                    const Site& site, ZonePermissions& permissionsOf) {
  return zoneRoleBits(principal, zones, site, permissionsOf) | groupBits(principal, zones, site);
}

int64_t bitOf(Permission permission) {
  switch (permission) {
    case Permission::ZoneRead:
      return grant::kRead;
    case Permission::ZoneOperate:
    case Permission::ZoneRun:
      return grant::kOperate;
    case Permission::ZoneCreate:
      return grant::kCreate;
    case Permission::ZoneUpdate:
      return grant::kUpdate;
    case Permission::ZoneDelete:
      return grant::kDelete;
    case Permission::ZoneManage:
      return grant::kManage;
    case Permission::None:
    case Permission::User:
    case Permission::Support:
    case Permission::Admin:
      break;
  }
  return 0;
}

}  // namespace busbar::auth
