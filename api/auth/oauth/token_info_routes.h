// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/auth/oauth/auth_parts.h"
#include "api/http/router/router.h"

namespace busbar::oauth {

// What a token is: POST /auth/oauth/introspect (RFC 7662, for confidential applications),
// GET and POST /auth/oauth/userinfo (OpenID Connect Core s. 5.3), GET /auth/oauth/token/info.
void addTokenInfoRoutes(http::Router& router, AuthParts& parts);

}  // namespace busbar::oauth
