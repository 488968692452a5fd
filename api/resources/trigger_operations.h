// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// What Busbar adds to triggers: what one would do (simulate), why one did or did not (explain),
// what each did (firings), who called its webhook (deliveries) and calling it so again.
void addTriggerOperationRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
