// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "api/resources/refusal.h"
#include "registry/site/site.h"
#include "registry/store/config_store.h"
#include "sdk/base/json.h"

// The configuration as one JSON document, and the way from such a document back to writes. Pure.
namespace busbar::api {

json::Object configurationDocument(const Site& site);

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
// document that it does not name go, with all that goes with them. `userId` applies it.
std::variant<ConfigurationPlan, Refusal> planConfiguration(const Site& site,
                                                           const json::Value& document, bool prune,
                                                           const std::string& userId);

}  // namespace busbar::api
