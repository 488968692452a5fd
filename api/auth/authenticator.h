// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string_view>

#include "api/auth/principal.h"
#include "sdk/base/result.h"

namespace busbar::auth {

// What a request shows to say who it is. Empty members are absent.
struct Credentials {
  std::string_view apiKey;         // X-API-Key
  std::string_view authorization;  // Authorization, whole value
  std::string_view peerAddress;
  std::optional<uid_t> peerUid;  // of the process at the other end of a unix socket
  // The token alone, that came without that header: in query or cookie, where a route takes one.
  std::string_view bearer = {};
  std::string_view host = {};  // the Host header: which domain is asked

  bool isShown() const { return !apiKey.empty() || !authorization.empty() || !bearer.empty(); }
  bool empty() const { return !isShown() && !peerUid; }
  // The credential of `Authorization: Bearer <it>` (RFC 6750) or `Token <it>` (as PlaceOS), the
  // scheme in any case; without that header, `bearer`. "" for other schemes.
  std::string_view token() const;
};

// How every API key begins (api_key.h), and no token does.
inline constexpr std::string_view kApiKeyPrefix = "bb_";

// A principal, or why not.
struct AuthOutcome {
  // Shared between the authenticator's cache and the requests in work.
  std::shared_ptr<const Principal> principal;  // null when refused
  Error error;                // refused: Unauthenticated (reason says more) or ResourceExhausted
  int retryAfterSeconds = 0;  // with ResourceExhausted: too many failures from this address
};

// Turns credentials into a principal. Loop-only, never blocks.
class Authenticator {
 public:
  virtual ~Authenticator() = default;
  // Called with non-empty credentials only.
  virtual AuthOutcome authenticate(const Credentials& credentials) = 0;
  // What a principal that this let in is now, without its secret: for connections that outlive
  // their request. Refused when what it stands on was removed, expired or revoked. A kind of
  // credential that does not say otherwise is good for one request only.
  virtual AuthOutcome recheck(const Principal& /*principal*/) {
    return {
        nullptr,
        Error::because(ErrorCode::Unauthenticated, "no_credential", "show the credential again"),
        0};
  }
};

}  // namespace busbar::auth
