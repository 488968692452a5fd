// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/binding.h"

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "registry/settings/module_time_zone.h"

namespace busbar::triggers {
namespace {

bool implements(const Manifest& manifest, std::string_view interface) {
  const bool anyVersion = interface.find('/') == std::string_view::npos;
  return std::any_of(
      manifest.implements.begin(), manifest.implements.end(), [&](std::string_view id) {
        return id == interface || (anyVersion && id.substr(0, id.find('/')) == interface);
      });
}

void appendModulesWith(const Site& site, const ManifestOf& manifests, std::string_view systemId,
                       std::string_view interface, std::vector<std::string>& out) {
  const model::System* system = site.findSystem(systemId);
  if (system == nullptr) {
    return;
  }
  for (const std::string& id : system->modules) {
    const model::Module* mod = site.findModule(id);
    const auto manifest = mod == nullptr ? nullptr : manifests(mod->driverId);
    if (manifest != nullptr && implements(*manifest, interface) &&
        std::find(out.begin(), out.end(), id) == out.end()) {
      out.push_back(id);
    }
  }
}

// Modules, or the instance of a trigger, that an operand means.
std::vector<std::string> subjectsOf(const StatusRef& ref, const Site& site,
                                    const ManifestOf& manifests, std::string_view systemId) {
  std::vector<std::string> out;
  if (!ref.triggerId.empty()) {
    if (const auto* instance = findInstance(site, systemId, ref.triggerId)) {
      out.push_back(instance->id);
    }
  } else if (!ref.mod.empty()) {
    if (const model::Module* mod = site.resolve(systemId, ref.mod)) {
      out.push_back(mod->id);
    }
  } else if (!ref.interface.empty() && !ref.zoneId.empty()) {
    for (const std::string& id : site.systemsOfZone(ref.zoneId)) {
      appendModulesWith(site, manifests, id, ref.interface, out);
    }
  } else if (!ref.interface.empty()) {
    appendModulesWith(site, manifests, systemId, ref.interface, out);
  } else if (const model::System* system = site.findSystem(systemId)) {
    out = system->modules;
  }
  return out;
}

std::optional<double> toDegrees(std::string_view text, double limit) {
  while (!text.empty() && text.front() == ' ') {
    text.remove_prefix(1);
  }
  while (!text.empty() && text.back() == ' ') {
    text.remove_suffix(1);
  }
  double degrees = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), degrees);
  if (error != std::errc() || end != text.data() + text.size() || !(degrees >= -limit) ||
      !(degrees <= limit)) {
    return std::nullopt;
  }
  return degrees;
}

}  // namespace

Binding bindOperands(const std::vector<StatusRef>& operands, const Site& site,
                     const ManifestOf& manifests, std::string_view systemId) {
  Binding binding;
  std::unordered_map<std::string, uint32_t> known;
  for (const StatusRef& ref : operands) {
    auto& watches = binding.operands.emplace_back();
    for (const std::string& id : subjectsOf(ref, site, manifests, systemId)) {
      const auto [it, isNew] =
          known.emplace(id + "\n" + ref.status, static_cast<uint32_t>(binding.watches.size()));
      if (isNew) {
        binding.watches.push_back({id, ref.status});
      }
      watches.push_back(it->second);
    }
  }
  return binding;
}

Place placeOf(const Site& site, std::string_view systemId, std::string_view siteZone) {
  Place place;
  std::string name = systemTimeZone(site, systemId);
  if (name.empty()) {
    name = siteZone;
  }
  if (auto zone = TimeZone::find(name); !name.empty() && zone.ok()) {
    place.zone = *zone;
  }
  if (const model::System* system = site.findSystem(systemId)) {
    for (auto id = system->zones.rbegin(); id != system->zones.rend() && !place.coordinates; ++id) {
      if (const model::Zone* zone = site.findZone(*id)) {
        place.coordinates = toCoordinates(zone->location);
      }
    }
  }
  return place;
}

std::vector<std::string> modulesWith(const Site& site, const ManifestOf& manifests,
                                     std::string_view systemId, std::string_view interface) {
  std::vector<std::string> out;
  appendModulesWith(site, manifests, systemId, interface, out);
  return out;
}

const model::TriggerInstance* findInstance(const Site& site, std::string_view systemId,
                                           std::string_view triggerId) {
  for (const std::string& id : site.instancesOfTrigger(triggerId)) {
    const model::TriggerInstance* instance = site.findTriggerInstance(id);
    if (instance != nullptr && instance->systemId == systemId) {
      return instance;
    }
  }
  return nullptr;
}

std::optional<Coordinates> toCoordinates(std::string_view location) {
  const size_t comma = location.find(',');
  if (comma == std::string_view::npos) {
    return std::nullopt;
  }
  const auto latitude = toDegrees(location.substr(0, comma), 90);
  const auto longitude = toDegrees(location.substr(comma + 1), 180);
  if (!latitude || !longitude) {
    return std::nullopt;
  }
  return Coordinates{*latitude, *longitude};
}

}  // namespace busbar::triggers
