// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/reply.h"

#include "api/http/problem.h"

namespace busbar::api {

Reply::Reply(const http::Request& request, http::Responder responder)
    : responder_(std::move(responder)), path_(request.path()), requestId_(request.requestId()) {}

Reply::Reply(std::string path, std::string requestId, http::Responder responder)
    : responder_(std::move(responder)), path_(std::move(path)), requestId_(std::move(requestId)) {}

void Reply::fail(const Error& error, const json::Object& extra) {
  responder_.send(http::problem(error, path_, requestId_, extra));
}

}  // namespace busbar::api
