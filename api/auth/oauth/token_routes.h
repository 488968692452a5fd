// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/auth/oauth/auth_parts.h"
#include "api/http/router/router.h"

namespace busbar::oauth {

// POST /auth/oauth/token and its alias /auth/token (RFC 6749 s. 3.2: authorization_code,
// refresh_token, client_credentials; password where the application allows it), and
// POST /auth/oauth/revoke (RFC 7009).
void addTokenRoutes(http::Router& router, AuthParts& parts);

}  // namespace busbar::oauth
