// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router/router.h"
#include "api/resources/context.h"

namespace busbar::api {

// JSON schemas that apps agreed on: routes under /schema.
void addSchemaRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
