// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "api/http/front/handler.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"

namespace busbar::http {

// Limits of the front. Each has a visible effect when it is reached (api/ERRORS.md).
struct FrontOptions {
  std::string address = "127.0.0.1";  // numeric IPv4 or IPv6
  uint16_t port = 0;                  // 0: the kernel chooses
  std::string unixPath;               // when set, a unix socket of mode 0600 instead of TCP
  std::string tlsCertificateFile;     // PEM chain; empty with tlsKeyFile: plain HTTP
  std::string tlsKeyFile;             // PEM, not encrypted

  // More: 503. Never more than RLIMIT_NOFILE less 768, which are for the rest of the process.
  size_t maxConnections = 10'000;
  size_t maxConnectionsPerAddress = 2'000;  // more: 429
  size_t maxBodyBytesInMemory = 64 << 20;   // of all requests together; more: 503
  size_t maxHeadBytes = 16U << 10U;         // more: 431
  size_t maxQueuedBytes = 1 << 20;          // a stream's unread bytes; more: cut

  Milliseconds handshakeTimeout{10'000};   // accept to end of TLS handshake
  Milliseconds headTimeout{10'000};        // first byte to last byte of the head
  Milliseconds bodyTimeout{30'000};        // end of head to last byte of the body
  Milliseconds idleTimeout{75'000};        // between requests
  Milliseconds writeStallTimeout{10'000};  // unread output without progress
  Milliseconds lingerTimeout{2'000};       // after an error answer, until the socket is closed
  Milliseconds sweepEvery{200};            // how exactly the limits above are kept
};

// Counters since start, and gauges; for /metrics.
struct FrontStats {
  uint64_t accepted = 0;
  uint64_t requests = 0;
  uint64_t refusedConnections = 0;  // over a connection limit
  uint64_t malformed = 0;           // heads and bodies refused by the grammar
  uint64_t timeouts = 0;            // head, body, handshake
  uint64_t cutReaders = 0;          // slow readers
  uint64_t tlsFailures = 0;
  size_t connections = 0;
  size_t streams = 0;
  size_t bodyBytesInMemory = 0;
};

// HTTP/1.1 over one epoll loop: accepts, checks, limits, times out and writes; no thread is held by
// a connection. Each connection has at most one request in a handler's hands; pipelined ones wait
// their turn. Loop-only. Does not protect against: a network full of packets, or a client with many
// addresses below every limit.
class Front {
 public:
  // Binds and listens. Errors: InvalidArgument (address, certificate or key, with the file's name
  // and what is wrong with it), FailedPrecondition or PermissionDenied (port taken or not allowed).
  // `loop` and `handler` must outlive the front.
  static Result<std::unique_ptr<Front>> create(EventLoop& loop, Handler& handler,
                                               FrontOptions options);
  Front(const Front&) = delete;
  Front& operator=(const Front&) = delete;
  // Closes every connection at once; Responders that are still out become harmless.
  ~Front();

  uint16_t port() const;
  // "http://127.0.0.1:8080", "https://[::1]:8443" or "unix:/path"
  std::string url() const;

  // Stops accepting, lets requests in work finish, ends streams and idle connections, and calls
  // `done` when none is left or `deadline` is reached (what is left then is closed).
  void drain(Instant deadline, Callback<void()> done);

  // Reads certificate and key again. On failure the present pair stays in use and the error says
  // why.
  Status reloadCertificates();

  FrontStats stats() const;

 private:
  class Impl;
  explicit Front(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace busbar::http
