// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/api.h"

#include "api/resources/api_keys.h"
#include "api/resources/control.h"
#include "api/resources/domains.h"
#include "api/resources/drivers.h"
#include "api/resources/groups.h"
#include "api/resources/modules.h"
#include "api/resources/not_here.h"
#include "api/resources/oauth_apps.h"
#include "api/resources/operations.h"
#include "api/resources/settings.h"
#include "api/resources/systems.h"
#include "api/resources/users.h"
#include "api/resources/zones.h"

namespace busbar::api {

Api::Api(Parts parts)
    : context_{parts.loop,
               parts.site,
               parts.store,
               parts.host,
               parts.ids,
               parts.log,
               std::move(parts.install),
               std::move(parts.version),
               std::move(parts.facts),
               parts.passwords,
               std::move(parts.zonePermissions),
               parts.keyUsage},
      events_(parts.loop, parts.site, parts.host),
      metrics_(context_, events_) {
  if (parts.keyUsage != nullptr) {
    keyUsage_.emplace(parts.loop, parts.site, parts.store, *parts.keyUsage);
  }
}

Api::~Api() = default;

void Api::addRoutes(http::Router& router) {
  addOperationsRoutes(router, context_);
  addSystemRoutes(router, context_);
  addControlRoutes(router, context_);
  addModuleRoutes(router, context_);
  addDriverRoutes(router, context_);
  addZoneRoutes(router, context_);
  addSettingsRoutes(router, context_);
  addApiKeyRoutes(router, context_);
  addDomainRoutes(router, context_);
  addUserRoutes(router, context_);
  addOauthAppRoutes(router, context_);
  addGroupRoutes(router, context_);
  addNotHereRoutes(router, context_);
  events_.addRoutes(router);
  metrics_.addRoutes(router);
}

}  // namespace busbar::api
