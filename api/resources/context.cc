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
  const auth::Principal& principal = request.principal();
  std::string credential = principal.isAnonymous() ? "" : "local";
  if (!principal.keyId.empty()) {
    credential = "api_key " + principal.keyId;
  }
  return {principal.userId, std::string(request.trace().traceIdText()), request.peerAddress(),
          std::move(credential)};
}

void recordAction(AuditStore& audit, const http::Request& request, std::string_view action,
                  std::string_view record, std::string_view subject, json::Object details) {
  const Actor actor = actorOf(request);
  AuditEntry entry;
  entry.action = action;
  entry.record = record;
  entry.subject = subject;
  entry.userId = actor.userId;
  entry.credential = actor.credential;
  entry.peer = actor.peer;
  entry.traceId = actor.traceId;
  entry.after = details.empty() ? std::string() : json::write(std::move(details));
  // What cannot be taken is counted, and shows in the metrics.
  static_cast<void>(audit.append(std::move(entry)));
}

}  // namespace busbar::api
