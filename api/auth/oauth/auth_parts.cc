// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/auth_parts.h"

#include "api/http/cookies.h"
#include "registry/model/validate.h"

namespace busbar::oauth {

const model::Domain* domainOf(const AuthParts& parts, std::string_view host) {
  return parts.site.domainForHost(model::hostOf(host));
}

const model::User* findLivingUser(const AuthParts& parts, const std::string& id,
                                  const model::Domain& domain) {
  const model::User* user = parts.site.findUser(id);
  const bool lives = user != nullptr && !user->deleted && parts.site.domainIdOf(*user) == domain.id;
  return lives ? user : nullptr;
}

SignedIn signedIn(AuthParts& parts, const http::Request& request, const model::Domain& domain) {
  const std::string_view cookie =
      http::findCookie(request, http::cookieName(kSessionCookie, request.peer().isTls));
  const SessionRecord* session = parts.sessions.use(cookie);
  if (session == nullptr || session->domainId != domain.id) {
    return {};
  }
  const model::User* user = findLivingUser(parts, session->userId, domain);
  if (user == nullptr || session->createdAt <= user->loggedOutAt) {
    return {};
  }
  return {session, user};
}

}  // namespace busbar::oauth
