// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/auth/auth_events.h"
#include "registry/store/audit_store.h"
#include "sdk/base/log.h"

namespace busbar::oauth {

// Writes each event as a line of the log and as an entry of the audit log: action and record as in
// KEYS.md "Audit". Loop-only.
class RecordedAuthEvents : public auth::AuthEvents {
 public:
  // Both must outlive this.
  RecordedAuthEvents(Logger& log, AuditStore& audit) : log_(log), audit_(audit) {}
  void onAuthEvent(const auth::AuthEvent& event) override;

 private:
  Logger& log_;
  AuditStore& audit_;
};

}  // namespace busbar::oauth
