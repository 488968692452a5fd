// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/logged_auth_events.h"

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

void LoggedAuthEvents::onAuthEvent(const auth::AuthEvent& event) {
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
