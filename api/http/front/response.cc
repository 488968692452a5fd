// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/response.h"

namespace busbar::http {

Response Response::json(int status, std::string body) {
  Response response(status);
  response.setBody("application/json", std::move(body));
  return response;
}

Response Response::text(int status, std::string body) {
  Response response(status);
  response.setBody("text/plain; charset=utf-8", std::move(body));
  return response;
}

std::string_view Response::header(std::string_view name) const {
  for (const auto& [known, value] : headers_) {
    if (known == name) {
      return value;
    }
  }
  return {};
}

Response& Response::setStatus(int status) {
  status_ = status;
  return *this;
}

Response& Response::setBody(std::string contentType, std::string body) {
  contentType_ = std::move(contentType);
  body_ = std::move(body);
  return *this;
}

Response& Response::set(std::string name, std::string value) {
  headers_.emplace_back(std::move(name), std::move(value));
  return *this;
}

Response& Response::setClose() {
  closes_ = true;
  return *this;
}

}  // namespace busbar::http
