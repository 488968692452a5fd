// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// /modules: rows, and a module by its id: start, stop, load, calls, state, settings, errors, ping.
void addModuleRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
