// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/context.h"

#include "api/resources/grant_check.h"

namespace busbar::api {

void Routes::add(http::Method method, std::string_view path, auth::Permission permission,
                 Action action, ZonesOf zonesOf) {
  const auth::Access access = zonesOf == nullptr ? auth::Access(permission, scope_)
                                                 : auth::Access::byGrant(permission, scope_);
  router_.add(method, std::string(base_) + std::string(path), access,
              [context = &context_, action, permission, zonesOf](http::Request& request,
                                                                 http::Responder responder) {
                Reply reply(request, std::move(responder));
                if (zonesOf != nullptr &&
                    !GrantCheck(*context, request).may(permission, zonesOf(*context, request))) {
                  reply.fail(notGranted(permission));
                  return;
                }
                action(*context, request, std::move(reply));
              });
}

Actor actorOf(const http::Request& request) {
  return {request.principal().userId, std::string(request.trace().traceIdText())};
}

}  // namespace busbar::api
