// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// What Busbar adds for those who run it, under /api/busbar/v1: runners and how they ended, release
// from quarantine, a module's log and health, the state of the whole; and version, platform, scopes
// and the health path of the reference.
void addOperationsRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
