// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/auth/auth_journal.h"
#include "api/auth/token_families.h"
#include "sdk/base/result.h"

namespace busbar::auth {

// Authorization codes (RFC 6749 s. 4.1.2): good for 60 s and one use. A code is spent by the first
// attempt to redeem it, also by one that fails; a second attempt ends the tokens that the first one
// gave. All in memory; loop-only.
class AuthorizationCodes {
 public:
  static constexpr int64_t kLifeSeconds = 60;
  // How long a code is remembered after that, so that a late second use is seen.
  static constexpr int64_t kMemorySeconds = 3600;
  static constexpr size_t kMaxCodes = 20'000;

  // Both must outlive this.
  AuthorizationCodes(AuthJournal& journal, TokenFamilies& families)
      : journal_(journal), families_(families) {}

  void adopt(AuthorizationCodeRecord record);  // at start

  // Gives the code of `grant`, whose id and times it sets, when it is durable. ResourceExhausted
  // when kMaxCodes are alive.
  void issue(AuthorizationCodeRecord grant, Callback<void(Result<std::string>)> done);

  struct Shown {
    std::string code;
    std::string clientId;
    std::string redirectUri;
    std::string verifier;  // empty: none was shown
  };
  struct Redeemed {
    AuthorizationCodeRecord grant;
    TokenFamilyRecord family;
    std::string refreshToken;
  };
  // Answers when all is durable. InvalidArgument, reason unknown_code, reused_code, expired_code,
  // wrong_client, wrong_redirect_uri or wrong_verifier.
  void redeem(const Shown& shown, Callback<void(Result<Redeemed>)> done);
  // No code that was issued to this user gives tokens any more. Returns what to write.
  std::vector<AuthWrite> endAllOf(std::string_view userId);
  void sweep();  // forgets what has ended

 private:
  void refuse(std::vector<AuthWrite> writes, const char* reason, const char* message,
              Callback<void(Result<Redeemed>)> done);

  AuthJournal& journal_;
  TokenFamilies& families_;
  std::unordered_map<std::string, AuthorizationCodeRecord> codes_;  // by hash
};

// base64url(SHA-256(verifier)) == challenge (RFC 7636 s. 4.6), for a verifier of 43 to 128
// characters of its alphabet.
bool provesChallenge(std::string_view verifier, std::string_view challenge);
// 43 characters of base64url.
bool isChallenge(std::string_view text);

}  // namespace busbar::auth
