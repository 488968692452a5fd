// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/auth/oauth/auth_parts.h"
#include "api/http/router/router.h"

namespace busbar::oauth {

// GET /auth/oauth/authorize (RFC 6749 s. 3.1, RFC 7636): response_type code; token where the
// application allows it. Nobody is asked for consent: applications are registered by admins.
void addAuthorizeRoutes(http::Router& router, AuthParts& parts);

// Where a browser goes to sign in: the domain's login_url with `{{url}}` replaced by `back`,
// encoded whole. The domain's text counts only as a path of this origin or an https URL.
std::string loginLocation(const model::Domain& domain, std::string_view back);

}  // namespace busbar::oauth
