// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/auth_journal.h"
#include "api/auth/key_ring.h"
#include "api/auth/token_families.h"
#include "registry/model/records.h"
#include "registry/site/site.h"
#include "sdk/base/result.h"

namespace busbar::auth {

// What a good access token says, and the row of its user, which is borrowed until the next turn of
// the loop.
struct TokenFacts {
  const model::User* user = nullptr;  // null: the token is of an application alone
  std::string subject;                // the user's id, else the application's
  std::string clientId;
  std::string jti;
  std::string familyId;   // empty: none
  std::string sessionId;  // empty: none
  std::vector<std::string> scopes;
  int64_t issuedAt = 0;
  int64_t expiresAt = 0;
};

// Access tokens: JWT with the claims of PlaceOS (iss "POS", u.n, u.e, u.p, u.r, scope as an array),
// `client_id` (RFC 9068) and `sid`. A token of a family begins its jti with the family's id, so
// that it dies with the family, and the family dies with a session that is signed out. Loop-only.
class AccessTokens {
 public:
  static constexpr int64_t kLifeSeconds = int64_t{2} * 3600;
  static constexpr const char* kIssuer = "POS";

  // All must outlive this.
  AccessTokens(const Site& site, AuthJournal& journal, KeyRing& keys, TokenFamilies& families)
      : site_(site), journal_(journal), keys_(keys), families_(families) {}

  struct Grant {
    const model::Domain& domain;
    const model::User* user = nullptr;  // null: for the application alone
    const model::OauthApp& app;
    std::vector<std::string> scopes;
    std::string familyId;
    std::string sessionId;
  };
  struct Issued {
    std::string token;
    int64_t issuedAt = 0;
  };
  // Unavailable while there is no signing key, or no memory.
  Result<Issued> issue(const Grant& grant);

  // Everything about a token, without a cache. Unauthenticated; reasons of openJwt() and
  // checkClaims(), and revoked_token, unknown_user, logged_out.
  Result<TokenFacts> check(std::string_view text, const model::Domain& domain) const;

  // The same for a token that was checked before: whether what it stands on is still there.
  Status recheck(const TokenFacts& facts, const model::Domain& domain) const;

 private:
  const Site& site_;
  AuthJournal& journal_;
  KeyRing& keys_;
  TokenFamilies& families_;
};

}  // namespace busbar::auth
