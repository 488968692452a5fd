// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "api/resources/driver_manifests.h"
#include "api/triggers/trigger_problems.h"
#include "registry/model/validate.h"
#include "registry/site/site.h"

namespace busbar::api {

// What is wrong with a trigger that is to be saved in place of `before` (null: it is new), by path:
// its form, and what fits none of the systems that it is for, which are its own and those where it
// is at work. What fits some of them only is a problem of the instances in the others; so is what
// was there before and is not changed now. `trigger` is valid (model::validate()).
model::FieldErrors checkTrigger(const Site& site, DriverManifests& manifests,
                                const model::Trigger& trigger, const model::Trigger* before);

// What of a trigger does not fit a system at present. Its form may be out of date, too: then a
// problem `bad_trigger` for each fault.
std::vector<triggers::TriggerProblem> problemsIn(const Site& site, DriverManifests& manifests,
                                                 const model::Trigger& trigger,
                                                 std::string_view systemId);

}  // namespace busbar::api
