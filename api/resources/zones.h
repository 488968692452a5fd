// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /zones: rows, all tags, their triggers, and one call to a module in each system of a zone.
void addZoneRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
