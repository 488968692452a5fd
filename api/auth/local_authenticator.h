// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include "api/auth/authenticator.h"

namespace busbar::auth {

// For the control socket: the daemon's own user, and root, are admins by the kernel's word
// (SO_PEERCRED) when they show no credential; anybody else is refused. This is how the first key is
// made; there is no default one. A shown credential, and everything that came over TCP, goes to
// `next`. Loop-only. Does not protect against a program that runs as the daemon's user.
class LocalAuthenticator : public Authenticator {
 public:
  // `next` must outlive this.
  LocalAuthenticator(Authenticator& next, uid_t ownUid);

  AuthOutcome authenticate(const Credentials& credentials) override;
  AuthOutcome recheck(const Principal& principal) override;

  // The userId of such an admin; no row has it.
  static constexpr const char* kUserId = "local";

 private:
  Authenticator& next_;
  const uid_t ownUid_;
  const std::shared_ptr<const Principal> admin_;  // shared with the requests in work
};

}  // namespace busbar::auth
