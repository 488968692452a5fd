// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"
#include "tools/busbar/connection.h"
#include "tools/busbar/sse_parser.h"

namespace busbar::cli {

// What a server answered.
struct Reply {
  int status = 0;
  std::string contentType;
  std::string body;
  int64_t totalCount = -1;  // X-Total-Count; -1 when absent
};

// The Error of an answer of 400 and above: code by status, the message and findings from the body.
Error errorOf(const Reply& reply);

// Blocking HTTP client over TCP, TLS or the control socket; one request a connection. Every wait
// has a limit. Errors: Unavailable (nobody there; the message says how to start or reach it),
// DeadlineExceeded, Unauthenticated (certificate), and for statuses of 400 and above errorOf().
// Thread-compatible.
class Client {
 public:
  explicit Client(Connection connection) : connection_(std::move(connection)) {}

  const Connection& connection() const { return connection_; }
  void setTimeout(Milliseconds timeout) { timeout_ = timeout; }

  // `path` begins with "/" and is encoded, with its query. An empty body answers null.
  Result<json::Value> get(const std::string& path) { return call("GET", path, {}); }
  Result<json::Value> post(const std::string& path, const json::Value& body) {
    return call("POST", path, json::write(body));
  }
  Result<json::Value> patch(const std::string& path, const json::Value& body) {
    return call("PATCH", path, json::write(body));
  }
  Result<json::Value> put(const std::string& path, const json::Value& body) {
    return call("PUT", path, json::write(body));
  }
  Result<json::Value> erase(const std::string& path) { return call("DELETE", path, {}); }
  // All rows of a paged list.
  Result<json::Array> list(const std::string& path);

  Result<Reply> send(const std::string& method, const std::string& path, std::string body,
                     const std::string& contentType = "application/json");

  // Reads server-sent events until `onEvent` says false (then ok), or the stream ends
  // (Unavailable). `lastEventId` resumes after that event when not empty.
  Status stream(const std::string& path, const std::string& lastEventId,
                Callback<bool(const ServerEvent&)> onEvent);

 private:
  Result<json::Value> call(const char* method, const std::string& path, std::string body);

  Connection connection_;
  Milliseconds timeout_{30'000};
};

// Percent-encodes one path segment or query value (RFC 3986, unreserved characters stay).
std::string encoded(std::string_view text);

}  // namespace busbar::cli
