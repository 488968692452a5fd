// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// Groups, who is in them, and what they may do in zones.
void addGroupRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
