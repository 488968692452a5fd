// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/grant_check.h"

#include <algorithm>

#include "api/resources/context.h"

namespace busbar::api {

bool GrantCheck::isByRole(auth::Permission permission) const {
  return principal_.role >= auth::minimumRole(permission).value_or(model::UserRole::User);
}

bool GrantCheck::may(auth::Permission permission, const std::vector<std::string>& zones) const {
  if (isByRole(permission)) {
    return true;
  }
  const int64_t bit = auth::bitOf(permission);
  return bit != 0 &&
         (auth::grantedBits(principal_, zones, context_.site, context_.zonePermissions) & bit) != 0;
}

bool GrantCheck::mayInEach(auth::Permission permission,
                           const std::vector<std::string>& zones) const {
  return std::all_of(zones.begin(), zones.end(),
                     [&](const std::string& zone) { return mayInZone(permission, zone); });
}

bool GrantCheck::mayModule(auth::Permission permission, std::string_view moduleId) const {
  return may(permission, zonesOfModule(context_.site, moduleId));
}

bool GrantCheck::isReader(const std::vector<std::string>& zones) const {
  return principal_.isSupport() ||
         (auth::grantedBits(principal_, zones, context_.site, context_.zonePermissions) &
          model::grant::kRead) != 0;
}

std::vector<std::string> zonesOfModule(const Site& site, std::string_view moduleId) {
  std::vector<std::string> zones;
  const auto append = [&](std::string_view systemId) {
    if (const model::System* system = site.findSystem(systemId)) {
      zones.insert(zones.end(), system->zones.begin(), system->zones.end());
    }
  };
  if (const model::Module* mod = site.findModule(moduleId)) {
    append(mod->controlSystemId);
  }
  for (const std::string& systemId : site.systemsOfModule(moduleId)) {
    append(systemId);
  }
  return zones;
}

std::vector<std::string> zonesOfParent(const Site& site, std::string_view parentId) {
  if (const model::Zone* zone = site.findZone(parentId)) {
    return {zone->id};
  }
  if (const model::System* system = site.findSystem(parentId)) {
    return system->zones;
  }
  return zonesOfModule(site, parentId);
}

Error notGranted(auth::Permission permission) {
  return Error::because(ErrorCode::PermissionDenied, "not_allowed",
                        "your role and the grants on its zones do not allow this; it takes " +
                            std::string(auth::toString(permission)));
}

}  // namespace busbar::api
