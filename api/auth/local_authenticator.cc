// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/local_authenticator.h"

namespace busbar::auth {

LocalAuthenticator::LocalAuthenticator(Authenticator& next, uid_t ownUid)
    : next_(next),
      ownUid_(ownUid),
      admin_(std::make_shared<const Principal>(
          Principal{kUserId, "", model::UserRole::Admin, {"public"}})) {}

AuthOutcome LocalAuthenticator::authenticate(const Credentials& credentials) {
  if (!credentials.peerUid || credentials.isShown()) {
    return next_.authenticate(credentials);
  }
  if (*credentials.peerUid == 0 || *credentials.peerUid == ownUid_) {
    return {admin_, {}, 0};
  }
  return {nullptr,
          Error::because(ErrorCode::Unauthenticated, "other_user",
                         "the control socket is for the daemon's own user and root"),
          0};
}

AuthOutcome LocalAuthenticator::recheck(const Principal& principal) {
  if (principal.userId == kUserId) {
    return {admin_, {}, 0};
  }
  return next_.recheck(principal);
}

}  // namespace busbar::auth
