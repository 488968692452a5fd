// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sdk/base/json.h"

namespace busbar::http {

// What a handler answers. Plain value; the front turns it into a Poco::Net::HTTPResponse and adds
// Date, Content-Length, Connection, X-Request-ID and, when the request had one, traceparent. A
// header name or value that is not allowed (CR, LF, …) turns the whole answer into a 500.
class Response {
 public:
  Response() = default;
  explicit Response(int status) : status_(status) {}

  // `body` is JSON text already.
  static Response json(int status, std::string body);
  static Response json(int status, const json::Value& value) {
    return json(status, json::write(value));
  }
  static Response text(int status, std::string body);  // text/plain; charset=utf-8

  int status() const { return status_; }
  const std::string& contentType() const { return contentType_; }
  const std::string& body() const { return body_; }
  std::string takeBody() { return std::move(body_); }
  const std::vector<std::pair<std::string, std::string>>& headers() const { return headers_; }
  // The first value of a header set by set(), or "".
  std::string_view header(std::string_view name) const;
  bool closes() const { return closes_; }

  Response& setStatus(int status);
  Response& setBody(std::string contentType, std::string body);
  // Adds a header; not for those that the front sets.
  Response& set(std::string name, std::string value);
  // Ends the connection after this answer.
  Response& setClose();

 private:
  int status_ = 200;
  bool closes_ = false;
  std::string contentType_;  // empty: no Content-Type header
  std::string body_;
  std::vector<std::pair<std::string, std::string>> headers_;
};

}  // namespace busbar::http
