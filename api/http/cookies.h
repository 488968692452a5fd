// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "api/http/front/request.h"
#include "api/http/front/response.h"

namespace busbar::http {

// The value of the first cookie of that name in the request; "" when there is none.
std::string_view findCookie(const Request& request, std::string_view name);

// A cookie for this host alone, that no script reads and no other site's form sends: HttpOnly,
// SameSite=Lax, Path=/; over TLS also Secure and named with the prefix `__Host-`, so that neither a
// sibling host nor plain HTTP can set it (RFC 6265bis s. 4.1.3.2).
std::string cookieName(std::string_view name, bool isTls);
// `value` is a token of base64url and points. `lifeSeconds` 0 removes the cookie.
void setCookie(Response& response, std::string_view name, std::string_view value, bool isTls,
               int64_t lifeSeconds);

}  // namespace busbar::http
