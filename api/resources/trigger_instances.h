// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /systems/:id/triggers: where triggers are at work. Their webhooks' secrets.
void addTriggerInstanceRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
