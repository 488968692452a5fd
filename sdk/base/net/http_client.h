// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <unordered_map>
#include <vector>

#include "sdk/base/event_loop.h"
#include "sdk/base/net/http_message.h"
#include "sdk/base/net/http_profile.h"
#include "sdk/base/net/resolver.h"
#include "sdk/base/result.h"

namespace busbar {

using HttpRequestId = uint64_t;  // 0 is none; never used twice

class HttpTransfer;

// The one outbound HTTP client: asynchronous, on a loop, over libcurl's multi interface. Every
// connection passes the profile's address policy with the very address that is connected to. Limits
// are the profile's and these; what finds no room waits in a bounded queue, within its time-out.
// Loop-only.
class HttpClient {
 public:
  struct Limits {
    size_t maxActive = 256;         // requests on their way, over all profiles
    size_t maxSockets = 512;        // open connections, the kept ones too
    size_t maxQueued = 2048;        // over all profiles
    size_t maxProfiles = 4096;      // with requests or kept connections
    Milliseconds keepIdle{60'000};  // how long an unused profile keeps its connections
  };
  struct Figures {
    size_t active = 0;
    size_t queued = 0;
    size_t sockets = 0;
    size_t profiles = 0;
  };

  HttpClient(EventLoop& loop, Resolver& resolver);
  HttpClient(EventLoop& loop, Resolver& resolver, const Limits& limits);
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;
  // Ends all requests without a word. Allowed inside of a callback.
  ~HttpClient();

  // Fetches the whole answer; every status of the server is an answer, not an error. `done` comes
  // exactly once, never before this returns, unless cancel() or the destructor was first.
  // Refused at once: InvalidArgument (the request), PermissionDenied (`http_origin_not_allowed`,
  // `http_blocked_address`), ResourceExhausted (`http_queue_full`). Later errors: README.md.
  Result<HttpRequestId> request(std::shared_ptr<const HttpProfile> profile, HttpRequest request,
                                HttpDone done);
  // The same in pieces, for answers that need not or cannot fit into memory.
  Result<HttpRequestId> stream(std::shared_ptr<const HttpProfile> profile, HttpRequest request,
                               HttpStream stream);

  // Nothing of it is called any more. Unknown ids are fine, here and below.
  void cancel(HttpRequestId id);
  // Of a stream: no `body` and no `end` until resume(). What the server sends meanwhile is kept up
  // to 256 KiB and what one more piece unpacks to; then it has to wait. The time-out goes on.
  void pause(HttpRequestId id);
  void resume(HttpRequestId id);

  Figures figures() const;

 private:
  class Core;
  std::shared_ptr<Core> core_;  // shared with a delivery under way, which may destroy this
};

}  // namespace busbar
