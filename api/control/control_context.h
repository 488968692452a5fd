// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "api/auth/permission.h"
#include "api/control/command.h"
#include "api/control/variable_table.h"
#include "api/http/trace_context.h"
#include "api/http/websocket/web_socket.h"
#include "api/resources/calls.h"

namespace busbar::api {

// Each has a visible effect when it is reached: an error reply, or for sockets 503.
struct ControlLimits {
  size_t maxSockets = 10'000;
  size_t maxBinds = 2000;            // of one socket
  size_t maxDebugs = 32;             // of one socket
  size_t maxCalls = 256;             // of one socket, in flight
  size_t maxCommandBytes = 1 << 20;  // a message over twice as much ends the socket (1009)
  size_t maxPendingBytes = 1 << 20;  // waiting for one reader; more: cut
};

// Private codes with which sockets end (RFC 6455 s. 7.4.2).
inline constexpr uint16_t kCloseRevoked = 4401;    // the credential was removed, expired or revoked
inline constexpr uint16_t kCloseForbidden = 4403;  // it no longer has the scope

// What the websocket asks for, at the upgrade and ever after; exec takes the scope for writing.
inline constexpr auth::Access kControlAccess{auth::Permission::User, "control"};

// One socket's wish for a module's log.
struct DebugTap {
  ControlSession& session;
  std::string id;    // of the first debug, JSON text
  std::string meta;  // as the client named it
  std::string moduleId;
};

// What all control sockets share. Outlives them. Loop-only.
struct ControlContext {
  ControlContext(EventLoop& eventLoop, const Site& theSite, HostClient& theHost, Calls& theCalls)
      : site(theSite),
        host(theHost),
        calls(theCalls),
        variables(theSite, theHost),
        sockets(eventLoop) {
    sockets.decoder.maxMessageBytes = 2 * limits.maxCommandBytes;
  }
  ControlContext(const ControlContext&) = delete;
  ControlContext& operator=(const ControlContext&) = delete;

  ControlLimits limits;
  const Site& site;
  HostClient& host;
  Calls& calls;
  VariableTable variables;
  std::unordered_map<std::string, std::vector<DebugTap*>> taps;  // by module id
  http::WebSocketContext sockets;
  http::TraceIds traces;
  Command command;   // scratch
  std::string text;  // scratch
  uint64_t errors = 0;
  uint64_t conflated = 0;
  uint64_t cut = 0;
  uint64_t revoked = 0;
};

}  // namespace busbar::api
