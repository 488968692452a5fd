// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/auth/oauth/auth_parts.h"
#include "api/http/router/router.h"

namespace busbar::oauth {

// What a client needs to know before it begins: GET /.well-known/oauth-authorization-server
// (RFC 8414), /.well-known/openid-configuration, /auth/oauth/discovery/keys (RFC 7517), and
// POST /api/busbar/v1/signing_keys, by which an admin makes a new signing key.
void addDiscoveryRoutes(http::Router& router, AuthParts& parts);

}  // namespace busbar::oauth
