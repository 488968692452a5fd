// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "api/auth/authenticator.h"
#include "api/http/front/request.h"

namespace busbar::http {

// Where a route takes credentials from.
enum class CredentialPlaces {
  Headers,     // X-API-Key, Authorization
  Everywhere,  // also the query and cookies `api-key` and `bearer_token`: for what browsers cannot
               // give headers to. The handler must check Origin, for cookies come by themselves.
};

// The one place that gathers what a request shows. Headers win over the query, the query over
// cookies. Views into `request`.
auth::Credentials credentialsOf(const Request& request, CredentialPlaces places);

// The value of a cookie of that name in a Cookie header (RFC 6265 s. 4.2.1), without quotes; ""
// when there is none.
std::string_view cookieOf(std::string_view header, std::string_view name);

}  // namespace busbar::http
