// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/configuration_document.h"

#include <utility>

#include "registry/model/record_json.h"

namespace busbar::api {
namespace {

using model::Record;
using model::Table;

constexpr ConfigurationList kLists[] = {{"domains", Table::Domain},
                                        {"users", Table::User},
                                        {"oauth_apps", Table::OauthApp},
                                        {"drivers", Table::Driver},
                                        {"zones", Table::Zone},
                                        {"systems", Table::System},
                                        {"modules", Table::Module},
                                        {"triggers", Table::Trigger},
                                        {"trigger_instances", Table::TriggerInstance},
                                        {"settings", Table::Settings},
                                        {"schemas", Table::Schema},
                                        {"metadata", Table::Metadata},
                                        {"groups", Table::Group},
                                        {"group_users", Table::GroupUser},
                                        {"group_zones", Table::GroupZone}};

json::Object shownRecord(const Record& record) {
  json::Object out;
  for (const auto& [member, value] : model::toDocument(record)) {
    const bool isInstalled = model::tableOf(record) == Table::Driver && member == "manifest";
    if (!isConfigurationOwn(member, model::tableOf(record)) &&
        !isConfigurationSecret(member, record) && !isInstalled) {
      out.set(member, value);
    }
  }
  return out;
}

// The default domain has another id on another machine.
void hideDefaultDomain(const Site& site, json::Object& row) {
  for (const char* member : {"authority_id", "owner_id"}) {
    const json::Value* id = row.find(member);
    if (id != nullptr && site.domainIdOf(*id->asString()) == site.domainIdOf("")) {
      row.set(member, "");
    }
  }
}

}  // namespace

std::span<const ConfigurationList> configurationLists() {
  return kLists;
}

bool isConfigurationOwn(std::string_view member, Table table) {
  for (const char* name : {"revision", "created_at", "updated_at", "modified_by_id", "keys",
                           "login_count", "last_login", "logged_out_at"}) {
    if (member == name) {
      return true;
    }
  }
  return member == "version" && table == Table::System;
}

bool isConfigurationSecret(std::string_view member, const Record& record) {
  const auto* settings = std::get_if<model::Settings>(&record);
  if (settings != nullptr) {
    return member == "settings_string" && settings->level != model::EncryptionLevel::None;
  }
  return member == "password_hash" || member == "secret_hash" || member == "webhook_secret" ||
         (member == "internals" && std::holds_alternative<model::Domain>(record));
}

json::Array configurationRows(const Site& site, Table table) {
  json::Array out;
  const auto append = [&]<class Row>(const Row&) {
    for (const Row* row : site.all<Row>()) {
      json::Object object = shownRecord(*row);
      hideDefaultDomain(site, object);
      out.emplace_back(std::move(object));
    }
  };
  std::visit(append, model::emptyRecord(table));
  return out;
}

json::Object configurationDocument(const Site& site) {
  json::Object out;
  out.set("format", kConfigurationFormat);
  out.set("position", static_cast<int64_t>(site.position()));
  out.set(
      "notes",
      json::Array{
          "settings above encryption_level 0 come without settings_string: what is stored stays "
          "when this is applied, and a new row needs the text written in",
          "API keys, invitations to groups, passwords, secrets of applications and of webhooks, "
          "and "
          "internals of domains are not in here: what is stored stays; a new application needs a "
          "new "
          "secret, a new instance of a trigger gets one",
          "rows without authority_id or owner_id are of the default domain; a domain that has "
          "another id where this is applied is known by its host",
          "drivers are named, not contained: they must be installed where this is applied"});
  for (const ConfigurationList& list : kLists) {
    out.set(list.name, configurationRows(site, list.table));
  }
  return out;
}

}  // namespace busbar::api
