// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/result.h"

namespace busbar::triggers {

struct Mail {
  std::vector<std::string> to;  // addresses, checked when the trigger was saved
  std::string subject;
  std::string text;  // UTF-8, plain
  // The same for each attempt, so that mail servers can tell repeats. Letters, digits, '-', '_' and
  // '.'; the mailer adds '@' and its name.
  std::string messageId;
};

// Hands mail to the site's mail server. Loop-only.
class Mailer {
 public:
  virtual ~Mailer() = default;
  // `done` comes exactly once, never before this returns, unless the mailer is destroyed: the
  // server took it for all recipients, or why not. Another attempt may end better when the code is
  // Unavailable, DeadlineExceeded or ResourceExhausted.
  virtual void send(Mail mail, Milliseconds timeout, Callback<void(Status)> done) = 0;
};

}  // namespace busbar::triggers
