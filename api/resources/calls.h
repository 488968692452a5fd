// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/http/front/request.h"
#include "api/http/front/responder.h"
#include "api/resources/driver_manifests.h"
#include "host/client/host_client.h"
#include "registry/store/audit_store.h"
#include "sdk/base/event_loop.h"

namespace busbar::api {

// Calls of driver functions on their way through the host. The body goes through as bytes, scanned
// once; an entry of the table is used again with its buffers, so that a call costs few allocations.
// A client that leaves ends its call. Loop-only.
class Calls {
 public:
  struct Counts {
    uint64_t started = 0;
    uint64_t failed = 0;
    uint64_t abandoned = 0;  // the client left first
    size_t open = 0;
  };

  // All must outlive this. Open calls are cancelled at the end; their completions find nobody.
  Calls(EventLoop& loop, HostClient& host, DriverManifests& manifests, AuditStore& audit);
  Calls(const Calls&) = delete;
  Calls& operator=(const Calls&) = delete;
  ~Calls();

  // Calls `function` with the request's body, and answers. A call of a function for support or
  // above, or of any by a module's id, is told to the audit log, without its arguments, and is
  // refused while that is full. `systemId` and `slug` stand in errors when the module was named by
  // them. Deadline: query `timeout_ms`, else header X-Busbar-Timeout (both milliseconds, 1 to
  // 600000), else the manifest's.
  void start(http::Request& request, http::Responder responder, const model::Module& mod,
             std::string_view function, std::string_view systemId = {}, std::string_view slug = {});

  // A call that is no request of its own, as over the control websocket.
  struct Order {
    const model::Module& mod;
    std::string_view function;
    std::string args;  // checked JSON text
    const auth::Principal& principal;
    std::string traceparent;
    std::string_view systemId = {};  // of a module that was named by its system
    std::string_view peer = {};      // numeric address
  };
  // The same call with the same limits and counts. `done` as HostClient::execute; the id is for
  // cancel().
  HostClient::CallId start(Order order, HostClient::Done<ExecuteReply> done);
  // The caller left. `done` comes with `cancelled`, unless it came.
  void cancel(HostClient::CallId call);

  // The number that PlaceOS's clients know `error` by; sets the status that goes with it.
  static int errorCodeOf(Error& error);

  // The answer when a slug means no module.
  static http::Response moduleNotFound(const http::Request& request, std::string_view systemId,
                                       std::string_view slug);

  Counts counts() const;

 private:
  struct Entry {
    http::Responder responder;
    HostClient::CallId callId = 0;
    uint32_t generation = 0;
    bool isOpen = false;
    std::string path;
    std::string requestId;
    std::string systemId;
    std::string slug;
  };
  struct Table;
  static ExecuteRequest toRequest(Order order);
  uint32_t open(const http::Request& request, http::Responder responder, std::string_view systemId,
                std::string_view slug);
  void armSweep();
  void sweep();

  EventLoop& loop_;
  HostClient& host_;
  DriverManifests& manifests_;
  AuditStore& audit_;
  std::shared_ptr<Table> table_;  // shared with completions, which may come after this is gone
  TimerId sweepTimer_ = 0;
};

}  // namespace busbar::api
