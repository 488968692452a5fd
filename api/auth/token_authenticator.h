// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <unordered_map>

#include "api/auth/access_tokens.h"
#include "api/auth/authenticator.h"

namespace busbar::auth {

// Accepts access tokens: `Authorization: Bearer` (also `Token`, as PlaceOS), or the bearer
// parameter or cookie where a route takes one. API keys, in any place, go to `next`. Both hold in
// the domain of their user alone. The role is that of the user's row now, not that of the token.
//
// A good token is remembered by the SHA-256 of the whole text until it expires, so that one
// signature check serves many requests. Nothing remembered outlives its reasons: each use compares
// the user's revision and the count of revocations, and checks anew when either has moved.
// Loop-only.
class TokenAuthenticator : public Authenticator {
 public:
  static constexpr size_t kMaxKnown = 10'000;

  // All must outlive this.
  TokenAuthenticator(Authenticator& next, const Site& site, AuthJournal& journal,
                     AccessTokens& tokens)
      : next_(next), site_(site), journal_(journal), tokens_(tokens) {}

  AuthOutcome authenticate(const Credentials& credentials) override;
  // For a token that is remembered; others must be shown again.
  AuthOutcome recheck(const Principal& principal) override;

  // Signature checks so far: for tests and figures.
  uint64_t checks() const { return checks_; }

 private:
  struct Known {
    std::shared_ptr<const Principal> principal;
    TokenFacts facts;  // without the row
    std::string domainId;
    int64_t userRevision = 0;
    uint64_t revocations = 0;
  };
  AuthOutcome askNext(const Credentials& credentials);
  AuthOutcome judge(std::string_view token, const model::Domain& domain);
  std::shared_ptr<const Principal> remember(std::string digest, TokenFacts facts,
                                            const model::Domain& domain);
  bool isFresh(const Known& known) const;
  void forget(const std::string& digest);

  Authenticator& next_;
  const Site& site_;
  AuthJournal& journal_;
  AccessTokens& tokens_;
  std::unordered_map<std::string, Known> known_;          // by the SHA-256 of the token
  std::unordered_map<std::string, std::string> digests_;  // of those in known_, by jti
  uint64_t checks_ = 0;
};

}  // namespace busbar::auth
