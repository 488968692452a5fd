// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/settings/module_time_zone.h"

namespace busbar {

std::string systemTimeZone(const Site& site, std::string_view systemId) {
  const model::System* system = site.findSystem(systemId);
  if (system == nullptr || !system->timezone.empty()) {
    return system == nullptr ? std::string() : system->timezone;
  }
  for (auto id = system->zones.rbegin(); id != system->zones.rend(); ++id) {
    const model::Zone* zone = site.findZone(*id);
    if (zone != nullptr && !zone->timezone.empty()) {
      return zone->timezone;
    }
  }
  return {};
}

std::string moduleTimeZone(const Site& site, const model::Module& mod) {
  std::string name = systemTimeZone(site, mod.controlSystemId);
  if (name.empty()) {
    for (const std::string& systemId : site.systemsOfModule(mod.id)) {
      name = systemTimeZone(site, systemId);
      if (!name.empty()) {
        break;
      }
    }
  }
  return name;
}

}  // namespace busbar
