// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "api/auth/grants.h"
#include "api/http/front/request.h"
#include "api/resources/tenancy.h"
#include "registry/site/site.h"

// Who sees and manages groups: admins all; support sees those of its domain; others see the groups
// they are in, directly or through one above it, and manage where they have Manage.
namespace busbar::api {

inline int64_t bitsInGroup(const Site& site, const http::Request& request,
                           std::string_view groupId) {
  return request.principal().isAdmin()
             ? model::grant::kAll
             : auth::membershipBits(request.principal().userId, groupId, site);
}

inline bool managesGroup(const Site& site, const http::Request& request,
                         const model::Group& group) {
  return seesDomain(site, request, group.domainId) &&
         (bitsInGroup(site, request, group.id) & model::grant::kManage) != 0;
}

inline bool seesGroup(const Site& site, const http::Request& request, const model::Group& group) {
  return seesDomain(site, request, group.domainId) &&
         (request.principal().isSupport() || bitsInGroup(site, request, group.id) != 0);
}

}  // namespace busbar::api
