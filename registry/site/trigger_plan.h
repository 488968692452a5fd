// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "registry/site/site.h"
#include "registry/store/config_store.h"
#include "sdk/base/callback.h"

// Instances of triggers follow the zones: each system of a zone has one instance of each trigger in
// the zone's list, and no other instance of that zone. Pure.
namespace busbar {

// A new instance with its id and its secret; the plan fills in the rest.
using MakeInstance = Callback<model::TriggerInstance()>;

// Completes the writes of one transaction with the instances that they make and erase: by a zone's
// list of triggers, a system's list of zones, a new system. A new instance is as important as its
// trigger. Adds nothing to its own result.
void completeInstances(const Site& site, std::vector<ConfigWrite>& writes, MakeInstance& make);

// True if the writes may bear on which instances there are. Two such transactions must not be
// planned on the same site: neither would see what the other changes, and they touch other rows.
bool concernsInstances(const Site& site, const std::vector<ConfigWrite>& writes);

// True for an instance whose zone has the trigger in its list and the system in it.
bool isAskedFor(const Site& site, const model::TriggerInstance& instance);

}  // namespace busbar
