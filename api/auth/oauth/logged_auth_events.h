// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "api/auth/auth_events.h"
#include "sdk/base/log.h"

namespace busbar::oauth {

// Writes each event as a line of the log. Thread-compatible.
class LoggedAuthEvents : public auth::AuthEvents {
 public:
  // Must outlive this.
  explicit LoggedAuthEvents(Logger& log) : log_(log) {}
  void onAuthEvent(const auth::AuthEvent& event) override;

 private:
  Logger& log_;
};

}  // namespace busbar::oauth
