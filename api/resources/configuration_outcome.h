// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "api/resources/driver_manifests.h"
#include "registry/site/site.h"
#include "registry/store/config_store.h"

// What would be wrong with a site after many writes at once, though each row is well by itself.
namespace busbar::api {

struct OutcomeFault {
  std::string id;     // of the written row that is to blame; empty: all of them together
  std::string field;  // REST name
  std::string reason;
};

// References to rows that will not be there; groups in a circle or across domains; settings that no
// longer fit the driver of a module they fitted before; a domain that had an admin and has none;
// an instance of a zone that does not ask for it.
// One row is to blame once. Pure.
std::vector<OutcomeFault> outcomeFaults(const Site& site, DriverManifests& manifests,
                                        const std::vector<const ConfigWrite*>& writes);

}  // namespace busbar::api
