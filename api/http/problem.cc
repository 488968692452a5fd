// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/problem.h"

#include <algorithm>

#include <Poco/Net/HTTPResponse.h>

namespace busbar::http {
namespace {

constexpr std::string_view kProblemType = "application/problem+json";

const std::string& titleOf(int status) {
  return Poco::Net::HTTPResponse::getReasonForStatus(
      static_cast<Poco::Net::HTTPResponse::HTTPStatus>(status));
}

// For statuses that the front itself gives.
ErrorCode codeOf(int status) {
  switch (status) {
    case 408:
      return ErrorCode::DeadlineExceeded;
    case 429:
      return ErrorCode::ResourceExhausted;
    case 500:
      return ErrorCode::Internal;
    case 501:
    case 505:
      return ErrorCode::Unimplemented;
    case 503:
      return ErrorCode::Unavailable;
    default:
      return ErrorCode::InvalidArgument;
  }
}

int statusOf(const Error& error) {
  if (error.httpStatus != 0) {
    return error.httpStatus;
  }
  return error.reason == "disk_full" ? 507 : toHttpStatus(error.code);
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

Response finish(int status, json::Object body, int retryAfterSeconds) {
  Response response(status);
  response.setBody(std::string(kProblemType), json::write(json::Value(std::move(body))));
  if (status == 429 || status == 503) {
    response.set("Retry-After", std::to_string(std::max(1, retryAfterSeconds)));
  }
  return response;
}

}  // namespace

Response problem(const Error& error, const Request& request, int retryAfterSeconds) {
  return problem(error, request, json::Object(), retryAfterSeconds);
}

Response problem(const Error& error, const Request& request, const json::Object& extra,
                 int retryAfterSeconds) {
  return problem(error, request.path(), request.requestId(), extra, retryAfterSeconds);
}

Response problem(const Error& error, std::string_view path, std::string_view requestId,
                 const json::Object& extra, int retryAfterSeconds) {
  const int status = statusOf(error);
  json::Object body = common(status, error.message);
  body.set("instance", path);
  body.set("code", toString(error.code));
  if (!error.reason.empty()) {
    body.set("reason", error.reason);
  }
  if (!error.field.empty()) {
    body.set("field", error.field);
    body.set("parameter", error.field);
  }
  body.set("request_id", requestId);
  for (const auto& [name, value] : extra) {
    body.set(name, value);
  }
  return finish(status, std::move(body), retryAfterSeconds);
}

Response problem(int status, std::string_view reason, std::string_view detail) {
  json::Object body = common(status, detail);
  body.set("code", toString(codeOf(status)));
  body.set("reason", reason);
  return finish(status, std::move(body), 1);
}

}  // namespace busbar::http
