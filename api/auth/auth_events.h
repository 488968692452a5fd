// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

namespace busbar::auth {

// What an audit wants to know of signing in. Holds no secret and no part of one.
struct AuthEvent {
  enum class Kind {
    SignedIn,
    SignInRefused,  // detail: wrong_credentials, too_many_failures
    SignedOut,      // everywhere
    TokenIssued,    // detail: the grant
    TokenRefused,   // detail: why a grant was not given
    TokenRevoked,
    Reused,      // a code or refresh token was shown twice: its family is dead
    LegacyUsed,  // detail: what RFC 9700 tells to avoid and the application allows
    KeyRotated,
    SetUp,  // the first admin was made
  };
  Kind kind = Kind::SignedIn;
  std::string userId;    // empty: unknown
  std::string name;      // as it was typed; of no account: UnknownNames
  std::string clientId;  // of the application
  std::string domainId;
  std::string address;
  std::string detail;
  std::string traceId;
};
std::string_view toString(AuthEvent::Kind kind);  // "signed_in"

// Told on the loop, once per event, before the answer is sent.
class AuthEvents {
 public:
  virtual ~AuthEvents() = default;
  virtual void onAuthEvent(const AuthEvent& event) = 0;
};

}  // namespace busbar::auth
