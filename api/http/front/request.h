// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/auth/principal.h"
#include "api/http/front/target.h"
#include "api/http/trace_context.h"

namespace Poco::Net {
class HTTPRequest;
}

namespace busbar::http {

enum class Method { Get, Head, Post, Put, Patch, Delete, Options, Other };
std::string_view toString(Method method);  // "GET"; Other is ""
Method toMethod(std::string_view name);    // case-sensitive, as RFC 9110 s. 9.1 says

// Who is at the other end of a connection.
struct Peer {
  // Numeric, "192.0.2.7" or "2001:db8::7", without the port; "local" over a unix socket.
  std::string address;
  bool isTls = false;
  std::optional<uid_t> uid;  // of the process at the other end of a unix socket
};

// One checked request. It belongs to the front, which uses it again: what a handler needs after it
// returned it must copy, or take (takeBody). The message inside is Poco's, filled from bytes that
// passed head_parser.h. Loop-only.
class Request {
 public:
  Request();
  ~Request();
  Request(const Request&) = delete;
  Request& operator=(const Request&) = delete;

  Method method() const { return method_; }
  // As sent; also for methods that are none of ours.
  std::string_view methodName() const;
  std::string_view path() const { return target_.rawPath(); }  // as received, still encoded
  const Target& target() const { return target_; }
  Target& editTarget() { return target_; }  // for the router, before the route is chosen
  // "OPTIONS *": about the server as a whole.
  bool isAsterisk() const { return isAsterisk_; }
  bool isHttp11() const { return isHttp11_; }
  std::optional<std::string_view> query(std::string_view name) const { return target_.query(name); }

  // A path parameter of the matched route, decoded; "" if the route has none of that name.
  std::string_view param(std::string_view name) const;

  // First header of that name, any case; none when absent.
  std::optional<std::string_view> header(std::string_view name) const;
  const Poco::Net::HTTPRequest& message() const { return *message_; }

  // Whole body; empty during Handler::admit.
  const std::string& body() const { return body_; }
  std::string takeBody() { return std::exchange(body_, {}); }

  // Set by the router before the handler runs; anonymous on routes that need no credential and got
  // none.
  const auth::Principal& principal() const;
  // The same for what outlives the request; null: anonymous.
  const std::shared_ptr<const auth::Principal>& sharedPrincipal() const { return principal_; }
  // Given by the client (X-Request-ID) or made; echoed on every reply. At most 128 visible
  // characters.
  const std::string& requestId() const { return requestId_; }
  // The caller's trace, or a new one. Its trace id goes with all work done for this request.
  const TraceContext& trace() const { return trace_; }
  bool traceWasGiven() const { return traceWasGiven_; }
  const Peer& peer() const { return peer_; }
  const std::string& peerAddress() const { return peer_.address; }

  // For the front, the router and tests that build requests by hand.
  void clear();
  Status setLine(std::string_view method, std::string_view target, bool isHttp11);
  void addHeader(std::string_view name, std::string_view value);
  void setBody(std::string body) { body_ = std::move(body); }
  void appendBody(std::string_view bytes) { body_.append(bytes); }
  void setPeer(const Peer& peer) { peer_ = peer; }
  void setIds(std::string_view requestId, const TraceContext& trace, bool traceWasGiven);
  // Shared with the authenticator's cache.
  void setPrincipal(std::shared_ptr<const auth::Principal> principal) {
    principal_ = std::move(principal);
  }
  // `name` must outlive the request (it is the route table's); `segment` is an index of the target.
  void clearParams() { params_.clear(); }
  void addParam(std::string_view name, size_t segment) { params_.emplace_back(name, segment); }
  // The matched route, for the second half of routing.
  void setRoute(void* route) { route_ = route; }
  void* route() const { return route_; }

 private:
  std::unique_ptr<Poco::Net::HTTPRequest> message_;
  Method method_ = Method::Other;
  Target target_;
  std::string body_;
  std::string requestId_;
  Peer peer_;
  TraceContext trace_;
  std::shared_ptr<const auth::Principal> principal_;  // null: anonymous
  std::vector<std::pair<std::string_view, size_t>> params_;
  void* route_ = nullptr;
  bool isAsterisk_ = false;
  bool isHttp11_ = true;
  bool traceWasGiven_ = false;
};

}  // namespace busbar::http
