// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "api/auth/oauth/auth_parts.h"

namespace busbar::oauth {

// What tokens are given for, by ids, because rows may change while a grant is on its way.
struct TokenGrant {
  std::string kind;  // "authorization_code", …
  std::string domainId;
  std::string clientId;
  std::string userId;  // empty: for the application alone
  std::vector<std::string> scopes;
  std::string familyId;
  std::string sessionId;
  std::string refreshToken;  // empty: none
  std::string nonce;
  int64_t authTime = 0;
};

// The members of a token response (RFC 6749 s. 5.1, with PlaceOS's created_at, and an id_token when
// "openid" is among the scopes). InvalidArgument when user or application are no more.
Result<json::Object> makeTokens(AuthParts& parts, const Exchange& exchange,
                                const TokenGrant& grant);
// Answers with them, and tells of it.
void giveTokens(AuthParts& parts, Exchange exchange, const TokenGrant& grant);

// A new family for `grant`, whose familyId and refreshToken it sets; answers when it is durable.
void openFamily(AuthParts& parts, TokenGrant grant, Callback<void(Result<TokenGrant>)> done);

}  // namespace busbar::oauth
