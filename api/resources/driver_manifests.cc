// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/driver_manifests.h"

#include <utility>

namespace busbar::api {

std::shared_ptr<const Manifest> DriverManifests::find(const std::string& driverId) {
  const model::Driver* driver = site_.findDriver(driverId);
  if (driver == nullptr) {
    entries_.erase(driverId);
    return nullptr;
  }
  const auto it = entries_.find(driverId);
  if (it != entries_.end() && it->second.revision == driver->revision) {
    return it->second.manifest;
  }
  if (entries_.size() >= kMaxEntries) {
    entries_.clear();
  }
  auto parsed = Manifest::parse(driver->manifest);
  std::shared_ptr<const Manifest> manifest;
  if (parsed.ok()) {
    manifest = std::make_shared<const Manifest>(std::move(parsed).value());
  }
  entries_[driverId] = {driver->revision, manifest};
  return manifest;
}

}  // namespace busbar::api
