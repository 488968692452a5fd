// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/recorded_auth_events.h"

#include <utility>

#include "sdk/base/json.h"

namespace busbar::oauth {
namespace {

using Kind = auth::AuthEvent::Kind;

LogLevel levelOf(Kind kind) {
  switch (kind) {
    case Kind::SignInRefused:
    case Kind::TokenRefused:
    case Kind::Reused:
    case Kind::LegacyUsed:
      return LogLevel::Warn;
    default:
      return LogLevel::Info;
  }
}

}  // namespace

void RecordedAuthEvents::onAuthEvent(const auth::AuthEvent& event) {
  AuditEntry entry;
  entry.action = toString(event.kind);
  entry.record = "user";
  entry.subject = event.userId;
  entry.userId = event.userId;
  entry.peer = event.address;
  entry.traceId = event.traceId;
  json::Object facts;
  for (const auto& [name, value] :
       {std::pair("name", &event.name), std::pair("client_id", &event.clientId),
        std::pair("domain_id", &event.domainId), std::pair("detail", &event.detail)}) {
    if (!value->empty()) {
      facts.set(name, *value);
    }
  }
  entry.after = json::write(json::Value(std::move(facts)));
  // A full queue is counted by the store (busbar_audit_lost_total); the log has the event anyway.
  (void)audit_.append(std::move(entry));
  log_.write({levelOf(event.kind),
              "auth",
              toString(event.kind),
              {{"user_id", event.userId},
               {"name", event.name},
               {"client_id", event.clientId},
               {"domain_id", event.domainId},
               {"address", event.address},
               {"detail", event.detail}},
              event.traceId,
              0});
}

}  // namespace busbar::oauth
