// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/api.h"

#include "api/resources/absent.h"
#include "api/resources/api_keys.h"
#include "api/resources/audit.h"
#include "api/resources/control.h"
#include "api/resources/drivers.h"
#include "api/resources/metadata.h"
#include "api/resources/modules.h"
#include "api/resources/operations.h"
#include "api/resources/schemas.h"
#include "api/resources/settings.h"
#include "api/resources/systems.h"
#include "api/resources/transfer.h"
#include "api/resources/zones.h"

namespace busbar::api {

Api::Api(Parts parts)
    : context_{parts.loop,
               parts.site,
               parts.store,
               parts.search,
               parts.audit,
               parts.host,
               parts.ids,
               parts.log,
               std::move(parts.install),
               std::move(parts.version),
               std::move(parts.facts)},
      events_(parts.loop, parts.site, parts.host),
      metrics_(context_, events_) {}

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
  addMetadataRoutes(router, context_);
  addSchemaRoutes(router, context_);
  addAbsentRoutes(router, context_);
  addAuditRoutes(router, context_);
  addTransferRoutes(router, context_);
  events_.addRoutes(router);
  metrics_.addRoutes(router);
}

}  // namespace busbar::api
