// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/follow.h"

#include <thread>

#include "tools/busbar/paths.h"

namespace busbar::cli {
namespace {

// A command line waits for a server that restarts; more often would only load it.
constexpr auto kReconnectDelay = Milliseconds(1000);

}  // namespace

Status follow(Session& session, const std::string& query,
              Callback<void(const ServerEvent&)> onEvent) {
  std::string last;
  bool wasConnected = false;
  while (true) {
    const Status ended = session.client().stream(std::string(kBusbar) + "/events" + query, last,
                                                 [&](const ServerEvent& event) {
                                                   wasConnected = true;
                                                   last = event.id;
                                                   onEvent(event);
                                                   return true;
                                                 });
    const bool isTransient = !ended.ok() && (ended.error().code == ErrorCode::Unavailable ||
                                             ended.error().code == ErrorCode::DeadlineExceeded);
    if (!wasConnected || !isTransient) {
      return ended;
    }
    session.output().progress("the connection is gone; trying again");
    // A command that only follows has nothing else to do; SIGINT ends it here, too.
    std::this_thread::sleep_for(kReconnectDelay);
    session.output().progress("");
  }
}

}  // namespace busbar::cli
