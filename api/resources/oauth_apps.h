// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// Applications that people sign in to.
void addOauthAppRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
