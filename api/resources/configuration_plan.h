// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "api/resources/driver_manifests.h"
#include "api/resources/refusal.h"
#include "registry/model/ids.h"
#include "registry/site/site.h"
#include "registry/store/config_store.h"
#include "sdk/base/json.h"

// The way from a document of the configuration (configuration_document.h) to writes.
namespace busbar::api {

struct PlannedChange {
  std::string action;  // "create", "update", "delete"
  model::Table table = model::Table::System;
  std::string id;
  std::string name;
  std::vector<std::string> members;  // that an update changes
};

struct ConfigurationPlan {
  std::vector<PlannedChange> changes;
  std::vector<ConfigWrite> writes;
};

// What must be written so that the site has what `document` says. Rows that are as they should be
// are not written: a document that was applied plans nothing. `prune`: rows of the lists in the
// document that it does not name go, with all that goes with them; drivers, users and domains stay.
// `userId` applies it. Instances of triggers that zones ask for are made and erased with the rest;
// one that is here under another id is known by its trigger, system and zone. Refused, with a JSON
// pointer for each fault: rows that are malformed or name rows that will not be there, settings
// that would no longer fit a module's driver, a domain without its last admin.
std::variant<ConfigurationPlan, Refusal> planConfiguration(const Site& site,
                                                           DriverManifests& manifests,
                                                           model::IdGenerator& ids,
                                                           const json::Value& document, bool prune,
                                                           const std::string& userId);

}  // namespace busbar::api
