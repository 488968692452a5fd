// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "registry/model/records.h"
#include "registry/site/site.h"
#include "sdk/base/json.h"

// Domains, people, applications and groups as the REST API shows them. Shapes: api/openapi.yaml.
// None holds a password, a secret or a hash of one. Members of a user without a value are null, as
// in the reference; elsewhere they are left out. Pure.
namespace busbar::api {

enum class UserView {
  Public,   // what anybody of the domain sees
  Admin,    // also roles, login name and such
  Current,  // Admin, and what the client library reads of oneself
};

// `internals` only with `withInternals`.
json::Object toJson(const model::Domain& domain, bool withInternals);
json::Object toJson(const model::User& user, const Site& site, UserView view);
json::Object toJson(const model::OauthApp& app);
json::Object toJson(const model::Group& group);
json::Object toJson(const model::GroupUser& membership, const Site& site);
json::Object toJson(const model::GroupZone& grant, const Site& site);
json::Object toJson(const model::GroupInvitation& invitation);

// id, name and domain, for shapes that name a domain; null for an unknown one.
json::Value domainReference(const Site& site, std::string_view domainId);

}  // namespace busbar::api
