// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/exchange.h"

#include <utility>

#include "api/http/cookies.h"
#include "api/http/problem.h"

namespace busbar::oauth {

Exchange::Exchange(const http::Request& request, http::Responder responder)
    : responder_(std::move(responder)),
      path_(request.path()),
      requestId_(request.requestId()),
      traceId_(request.trace().traceIdText()),
      host_(request.header("Host").value_or(std::string_view())),
      address_(request.peerAddress()),
      deviceCookie_(
          http::findCookie(request, http::cookieName(kDeviceCookie, request.peer().isTls))),
      isTls_(request.peer().isTls) {}

auth::AuthEvent Exchange::event(auth::AuthEvent::Kind kind) const {
  auth::AuthEvent event;
  event.kind = kind;
  event.address = address_;
  event.traceId = traceId_;
  return event;
}

void Exchange::send(http::Response response) {
  response.set("Cache-Control", "no-store");
  responder_.send(std::move(response));
}

void Exchange::json(int status, json::Object body) {
  send(http::Response::json(status, json::Value(std::move(body))));
}

http::Response Exchange::redirection(const std::string& location) {
  http::Response response(302);
  response.set("Location", location);
  return response;
}

void Exchange::redirect(const std::string& location) {
  send(redirection(location));
}

void Exchange::refuse(std::string_view error, std::string_view description) {
  json::Object body;
  body.set("error", error);
  body.set("error_description", description);
  const bool isClient = error == "invalid_client";
  auto response = http::Response::json(isClient ? 401 : 400, json::Value(std::move(body)));
  if (isClient) {
    response.set("WWW-Authenticate", "Basic realm=\"busbar\"");
  }
  send(std::move(response));
}

void Exchange::refuse(const Error& error, int retryAfterSeconds) {
  int status = toHttpStatus(error.code);
  std::string_view name = "invalid_grant";
  if (error.code == ErrorCode::ResourceExhausted || status >= 500) {
    name = status == 500 ? "server_error" : "temporarily_unavailable";
  } else {
    status = 400;
  }
  json::Object body;
  body.set("error", name);
  body.set("error_description", error.message);
  auto response = http::Response::json(status, json::Value(std::move(body)));
  if (status != 400) {
    response.set("Retry-After", std::to_string(retryAfterSeconds));
  }
  send(std::move(response));
}

void Exchange::fail(const Error& error, int retryAfterSeconds, const json::Object& extra) {
  auto response = http::problem(error, path_, requestId_, extra, retryAfterSeconds);
  if (response.status() == 401) {
    response.set("WWW-Authenticate", "Bearer");
  }
  send(std::move(response));
}

}  // namespace busbar::oauth
