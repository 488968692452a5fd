// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/problem.h"

#include <Poco/Net/HTTPResponse.h>

namespace busbar::http {
namespace {

constexpr std::string_view kProblemType = "application/problem+json";

const std::string& titleOf(int status) {
  return Poco::Net::HTTPResponse::getReasonForStatus(
      static_cast<Poco::Net::HTTPResponse::HTTPStatus>(status));
}

json::Object common(int status, std::string_view detail) {
  json::Object body;
  body.set("type", "about:blank");
  body.set("title", titleOf(status));
  body.set("status", status);
  body.set("detail", detail);
  body.set("error", detail);
  return body;
}

Response finish(int status, json::Object body) {
  Response response(status);
  response.setBody(std::string(kProblemType), json::write(json::Value(std::move(body))));
  if (status == 429 || status == 503) {
    response.set("Retry-After", "1");
  }
  return response;
}

}  // namespace

Response problem(const Error& error, const Request& request) {
  return problem(error, request, json::Object());
}

Response problem(const Error& error, const Request& request, const json::Object& extra) {
  const int status = error.httpStatus != 0 ? error.httpStatus : toHttpStatus(error.code);
  json::Object body = common(status, error.message);
  body.set("instance", request.path());
  body.set("code", toString(error.code));
  if (!error.reason.empty()) {
    body.set("reason", error.reason);
  }
  if (!error.field.empty()) {
    body.set("field", error.field);
    body.set("parameter", error.field);
  }
  body.set("request_id", request.requestId());
  for (const auto& [name, value] : extra) {
    body.set(name, value);
  }
  return finish(status, std::move(body));
}

Response problem(int status, std::string_view reason, std::string_view detail) {
  json::Object body = common(status, detail);
  body.set("reason", reason);
  return finish(status, std::move(body));
}

}  // namespace busbar::http
