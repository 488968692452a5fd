// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/resources/context.h"

namespace busbar::api {

// People: who they are, what they may do, and their passwords.
void addUserRoutes(http::Router& router, Context& context);

}  // namespace busbar::api
