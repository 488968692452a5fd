// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/context.h"

namespace busbar::api {

void Routes::add(http::Method method, std::string_view path, auth::Permission permission,
                 Action action) {
  router_.add(method, std::string(base_) + std::string(path), auth::Access(permission, scope_),
              [context = &context_, action](http::Request& request, http::Responder responder) {
                action(*context, request, Reply(request, std::move(responder)));
              });
}

Actor actorOf(const http::Request& request) {
  return {request.principal().userId, std::string(request.trace().traceIdText())};
}

}  // namespace busbar::api
