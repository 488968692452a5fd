// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/triggers/evaluator.h"
#include "api/triggers/trigger_problems.h"
#include "registry/site/site.h"

// What a trigger's documents mean in one system as it is now: names to modules, the place to a time
// zone. Pure: reads the site, changes nothing.
namespace busbar::triggers {

// `operands`: operandsOf() the spec. An operand without a module has no watch.
Binding bindOperands(const std::vector<StatusRef>& operands, const Site& site,
                     const ManifestOf& manifests, std::string_view systemId);
// The zone of the system, of its zones, else `siteZone`, else UTC; the coordinates of the last of
// its zones whose location reads "latitude,longitude" in degrees.
Place placeOf(const Site& site, std::string_view systemId, std::string_view siteZone);

// Modules of a system whose driver implements "powerable/1"; or, with "powerable", any version.
std::vector<std::string> modulesWith(const Site& site, const ManifestOf& manifests,
                                     std::string_view systemId, std::string_view interface);
// The instance of a trigger in a system, the oldest one; null: none.
const model::TriggerInstance* findInstance(const Site& site, std::string_view systemId,
                                           std::string_view triggerId);
std::optional<Coordinates> toCoordinates(std::string_view location);

}  // namespace busbar::triggers
