// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/auth/authenticator.h"
#include "api/auth/oauth/auth_parts.h"
#include "api/http/router/router.h"

namespace busbar::oauth {

// Signing in and out of a browser: GET /auth/authority, POST /auth/signin, GET /auth/login,
// GET /auth/logout (everywhere at once). Routes that a cookie opens, or that set one, refuse what a
// browser says comes from another site. `authenticator` (which must outlive the routes) says whose
// token came with a request that needs none.
void addSessionRoutes(http::Router& router, AuthParts& parts, auth::Authenticator& authenticator);

}  // namespace busbar::oauth
