// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// What PlaceOS has and Busbar has no counterpart for: lists of it are empty, and there is nothing
// else. One table says which, so that clients that read these lists go on.
void addNotHereRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
