// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "sdk/base/clock.h"
#include "sdk/base/unique_fd.h"

namespace busbar::daemon {

// Tells the service manager how busbard is doing: sd_notify(3)'s datagrams on NOTIFY_SOCKET.
// Without that variable every call is a no-op. Never blocks; loop-only.
class ServiceNotifier {
 public:
  ServiceNotifier();  // reads and clears the environment's NOTIFY_SOCKET, WATCHDOG_USEC,
                      // WATCHDOG_PID

  void ready(std::string_view status);
  void reloading(int64_t monotonicUsec);  // end it with ready()
  void stopping();
  void aliveStill();
  // How often the manager wants to hear aliveStill(): half of its limit. None when it does not.
  std::optional<Milliseconds> watchdogInterval() const { return watchdogInterval_; }

 private:
  void send(std::string_view message);
  UniqueFd socket_;
  std::optional<Milliseconds> watchdogInterval_;
};

}  // namespace busbar::daemon
