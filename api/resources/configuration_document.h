// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string_view>

#include "registry/model/records.h"
#include "registry/site/site.h"
#include "sdk/base/json.h"

// The configuration as one JSON document: a list for each table, of rows as they are stored but for
// secrets and what the store keeps itself. configuration_plan.h reads it. Pure.
namespace busbar::api {

inline constexpr std::string_view kConfigurationFormat = "busbar.configuration/1";

struct ConfigurationList {
  std::string_view name;
  model::Table table;
};
// What refers comes after what it refers to, but for zones and the triggers in their lists.
std::span<const ConfigurationList> configurationLists();

// Kept by the store, or telling of the past: in no document.
bool isConfigurationOwn(std::string_view member, model::Table table);
// Of this record, in no export: hidden settings, hashes, internals of a domain, the secret of a
// webhook.
bool isConfigurationSecret(std::string_view member, const model::Record& record);

json::Array configurationRows(const Site& site, model::Table table);
json::Object configurationDocument(const Site& site);

}  // namespace busbar::api
