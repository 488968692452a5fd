// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/context.h"

#include "api/resources/grant_check.h"

namespace busbar::api {
namespace {

std::string credentialText(const auth::Principal& principal) {
  if (principal.isAnonymous()) {
    return {};
  }
  switch (principal.kind) {
    case auth::CredentialKind::Local:
      return "local";
    case auth::CredentialKind::ApiKey:
      return "api_key " + principal.keyId;
    case auth::CredentialKind::Token:
      return "token " + principal.credentialId;
    case auth::CredentialKind::Session:
      return "session " + principal.credentialId;
  }
  return {};
}

}  // namespace

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

int64_t nowSeconds(const Context& context) {
  return context.loop.clock().utcNs() / 1'000'000'000;
}

Actor actorOf(const auth::Principal& principal, std::string_view peer, std::string_view traceId) {
  return {principal.userId, std::string(traceId), std::string(peer), credentialText(principal)};
}

Actor actorOf(const http::Request& request) {
  return actorOf(request.principal(), request.peerAddress(), request.trace().traceIdText());
}

Error auditBusy() {
  return Error::because(ErrorCode::Unavailable, "audit_busy",
                        "too much waits to be written to the audit log; nothing was called");
}

void recordAction(AuditStore& audit, const http::Request& request, std::string_view action,
                  std::string_view record, std::string_view subject, json::Object details) {
  recordAction(audit, actorOf(request), action, record, subject, std::move(details));
}

void recordAction(AuditStore& audit, const Actor& actor, std::string_view action,
                  std::string_view record, std::string_view subject, json::Object details) {
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
