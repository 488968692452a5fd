// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/http/router/router.h"
#include "api/resources/context.h"

namespace busbar::api {

// What clients of PlaceOS list and Busbar has no counterpart for answers an empty list; what they
// start and Busbar has no need of, does nothing.
void addAbsentRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
