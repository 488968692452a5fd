// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/oauth/form.h"
#include "registry/model/records.h"
#include "registry/site/site.h"

namespace busbar::oauth {

// The application that makes a request, as far as it has proved itself.
struct Client {
  const model::OauthApp* app = nullptr;
  bool isAuthenticated = false;  // it showed its secret
};

// Reads the client of a request to the token, revocation or introspection endpoint: HTTP Basic or
// client_id and client_secret in the form (RFC 6749 s. 2.3.1). Unauthenticated: unknown, wrong
// secret, or a confidential one that shows none. InvalidArgument: both ways at once. NotFound: the
// request names none.
Result<Client> readClient(const Site& site, const model::Domain& domain,
                          std::string_view authorization, const Form& form);

// Splits a scope parameter (RFC 6749 s. 3.3). Every scope must be one of the application's;
// "public" covers all but "openid", "profile" and "email", which everybody may ask for; a name
// covers its
// ".read" and ".write". An empty request means all of the application's. None: not allowed.
std::optional<std::vector<std::string>> readScopes(const model::OauthApp& app,
                                                   std::string_view text);
std::string joinScopes(const std::vector<std::string>& scopes);

}  // namespace busbar::oauth
