// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "api/http/front/request.h"
#include "api/http/front/responder.h"
#include "api/resources/refusal.h"

namespace busbar::api {

// A Responder with what an error needs of its request, which is gone by the time that a store or a
// driver answers. Move-only, loop-only.
class Reply {
 public:
  Reply(const http::Request& request, http::Responder responder);
  // With another path in errors, for requests whose own path may hold a secret.
  Reply(std::string path, std::string requestId, http::Responder responder);

  bool isGone() const { return responder_.isGone(); }
  http::Responder& responder() { return responder_; }

  void send(http::Response response) { responder_.send(std::move(response)); }
  void json(int status, const json::Value& value) { send(http::Response::json(status, value)); }
  void empty(int status) { send(http::Response(status)); }
  void fail(const Error& error, const json::Object& extra = {});
  void fail(const Refusal& refusal) { fail(refusal.error, refusal.extra); }

 private:
  http::Responder responder_;
  std::string path_;
  std::string requestId_;
};

}  // namespace busbar::api
