// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /systems: rows, their zones, settings and modules, start and stop. What goes through to a module
// is in control.h. A system may be named by its e-mail address where the row itself is meant.
void addSystemRoutes(http::Router& router, Context& context);

// By id, or by e-mail when `reference` is one; nullptr when there is none.
const model::System* findSystem(const Site& site, std::string_view reference);
Refusal noSystem(std::string_view reference);
// The zones of the system that the path names by `:id`.
std::vector<std::string> zonesOfSystem(Context& context, const http::Request& request);

}  // namespace busbar::api
