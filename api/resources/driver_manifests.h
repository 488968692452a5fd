// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>

#include "registry/site/site.h"
#include "sdk/manifest/manifest.h"

namespace busbar::api {

// Parsed manifests of the installed drivers, each parsed on first use. Loop-only.
class DriverManifests {
 public:
  // `site` must outlive this.
  explicit DriverManifests(const Site& site) : site_(site) {}

  // nullptr when there is no such driver, or its manifest no longer parses.
  std::shared_ptr<const Manifest> find(const std::string& driverId);

 private:
  struct Entry {
    int64_t revision = 0;
    std::shared_ptr<const Manifest> manifest;  // shared with whoever is using it
  };
  static constexpr size_t kMaxEntries = 1000;

  const Site& site_;
  std::unordered_map<std::string, Entry> entries_;
};

}  // namespace busbar::api
