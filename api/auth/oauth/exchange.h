// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "api/auth/auth_events.h"
#include "api/http/front/request.h"
#include "api/http/front/responder.h"
#include "sdk/base/json.h"
#include "sdk/base/result.h"

namespace busbar::oauth {

// One request of these routes with what its answer needs after the request is gone. Every answer
// says `Cache-Control: no-store`. Move-only, loop-only.
class Exchange {
 public:
  Exchange(const http::Request& request, http::Responder responder);

  const std::string& host() const { return host_; }  // the Host header
  const std::string& address() const { return address_; }
  const std::string& deviceCookie() const { return deviceCookie_; }
  bool isTls() const { return isTls_; }
  // "https://busbar.example:8443": what this server is called by who asks.
  std::string origin() const { return (isTls_ ? "https://" : "http://") + host_; }
  // An event of this request, to be filled.
  auth::AuthEvent event(auth::AuthEvent::Kind kind) const;

  void send(http::Response response);
  void json(int status, json::Object body);
  // 302 to `location`, which the caller has checked.
  void redirect(const std::string& location);
  static http::Response redirection(const std::string& location);
  // RFC 6749 s. 5.2: {error, error_description}, with 400, or 401 for invalid_client.
  void refuse(std::string_view error, std::string_view description);
  // An error of our own on the way as RFC 6749 has it: bad input is invalid_grant, a limit 429,
  // what is away 503 temporarily_unavailable; both with Retry-After.
  void refuse(const Error& error, int retryAfterSeconds = 1);
  // Problem details, on routes that are not of RFC 6749.
  void fail(const Error& error, int retryAfterSeconds = 1, const json::Object& extra = {});

 private:
  http::Responder responder_;
  std::string path_;
  std::string requestId_;
  std::string traceId_;
  std::string host_;
  std::string address_;
  std::string deviceCookie_;
  bool isTls_;
};

inline constexpr std::string_view kSessionCookie = "busbar_session";
inline constexpr std::string_view kDeviceCookie = "busbar_device";

}  // namespace busbar::oauth
