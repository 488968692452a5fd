// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /settings: documents of drivers, modules, systems and zones, and their earlier versions. A text
// that does not parse, or with which a module would break its driver's schema, is refused.
void addSettingsRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
