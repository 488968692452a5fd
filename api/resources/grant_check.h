// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/auth/grants.h"
#include "api/auth/permission.h"
#include "api/auth/principal.h"
#include "api/http/front/request.h"
#include "registry/site/site.h"

namespace busbar::api {

struct Context;

// The caller of a request in the light of roles and grants. What changes who may do what (the zones
// of a system, the parent of a zone, which system has a module) asks for Manage, so that nobody can
// move an object to where he may do more. Value type; outlives its request.
class GrantCheck {
 public:
  // `context` must outlive this.
  GrantCheck(Context& context, const http::Request& request)
      : context_(context), principal_(request.principal()) {}

  // True when the role suffices without any grant.
  bool isByRole(auth::Permission permission) const;
  bool may(auth::Permission permission, const std::vector<std::string>& zones) const;
  bool mayInZone(auth::Permission permission, const std::string& zoneId) const {
    return may(permission, {zoneId});
  }
  bool mayInEach(auth::Permission permission, const std::vector<std::string>& zones) const;
  bool mayModule(auth::Permission permission, std::string_view moduleId) const;
  // True for support, and for whom the zones grant Read. For what tells of devices (addresses,
  // settings), unlike the permission ZoneRead, which lets any user pass.
  bool isReader(const std::vector<std::string>& zones) const;

 private:
  Context& context_;
  auth::Principal principal_;
};

// The zones of a module: those of the systems that have it, and of its control system.
std::vector<std::string> zonesOfModule(const Site& site, std::string_view moduleId);
// The same for whatever settings and metadata belong to; a zone is in itself. None for a driver or
// a user.
std::vector<std::string> zonesOfParent(const Site& site, std::string_view parentId);

// 403 not_allowed, as the router says it.
Error notGranted(auth::Permission permission);

}  // namespace busbar::api
