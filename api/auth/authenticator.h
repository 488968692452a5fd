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

  bool empty() const { return apiKey.empty() && authorization.empty() && !peerUid; }
};

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
};

}  // namespace busbar::auth
