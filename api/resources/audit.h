// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router/router.h"
#include "api/resources/context.h"

namespace busbar::api {

// What an entry says of a change, without from where and by which credential it was made. Shape:
// openapi.yaml "GroupChangeEntry".
json::Object changeToJson(const AuditEntry& entry);

// The audit log under /api/busbar/v1/audit: to look through, to keep elsewhere, to verify.
void addAuditRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
