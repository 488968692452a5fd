// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/auth/authenticator.h"
#include "api/auth/permission.h"
#include "api/http/front/handler.h"
#include "api/http/router/request_credentials.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"

namespace busbar::http {

// One row of the route table, for openapi checks and for people.
struct RouteInfo {
  Method method;
  std::string pattern;
  auth::Permission permission;
  std::string scope;
  size_t bodyLimitBytes;
};

// Upper bounds of the latency buckets; a last one without bound follows.
inline constexpr std::array<double, 8> kLatencyBoundsSeconds{0.0005, 0.001, 0.005, 0.01,
                                                             0.05,   0.1,   1.0,   10.0};
// What became of a route's requests; plain counters, for /metrics.
struct RouteStats {
  Method method = Method::Other;
  std::string pattern;                      // "(refused)": before a route was reached
  std::array<uint64_t, 5> byStatusClass{};  // 1xx to 5xx
  std::array<uint64_t, kLatencyBoundsSeconds.size() + 1> buckets{};
  double sumSeconds = 0;
};

// Who is refused first when the loop is behind.
enum class Cost {
  Vital,   // health, metrics: never refused
  Normal,  // refused when a turn of the loop has lasted 250 ms
  Bulk,    // lists, exports: refused when it has lasted 50 ms
};

struct RouteOptions {
  size_t bodyLimitBytes = kDefaultBodyLimitBytes;
  Cost cost = Cost::Normal;
  CredentialPlaces credentials = CredentialPlaces::Headers;
};

// Maps method and path to a handler, after the permission check and before the body is read.
// Patterns are `/segment/:name/…`; a literal segment wins over a parameter. HEAD is served by GET's
// handler, OPTIONS by the table. An unknown path is 404 (also with a trailing slash), a known path
// with another method 405 with Allow, an unknown method 501. A few paths may lack a slash
// (slashless.h). Method override headers mean nothing. The permission check runs after 404 and 405
// of the path, and before anything of an object is looked at: 401 without a valid credential, 403
// when role or scopes do not suffice. An exception that leaves an action ends as a 500. Loop-only.
class Router : public Handler {
 public:
  using Action = Callback<void(Request&, Responder)>;

  // `authenticator` must outlive the router.
  explicit Router(auth::Authenticator& authenticator);
  ~Router() override;

  // A second route with the same method and shape, or a malformed pattern, is a broken invariant.
  void add(Method method, std::string_view pattern, auth::Access access, Action action,
           RouteOptions options = {});

  // `backlog` says for how long the present turn of the loop has been running. With it, requests
  // are answered 503 at once, before any work, when the loop cannot keep up.
  void shedBy(Callback<Nanoseconds()> backlog) { backlog_ = std::move(backlog); }

  // Who lets requests in; for handlers whose connections outlive their request.
  auth::Authenticator& authenticator() const { return authenticator_; }

  // All rows, in order of registration.
  std::vector<RouteInfo> dump() const;

  Admission admit(Request& request) override;
  void handle(Request& request, Responder responder) override;
  void served(void* route, int status, Nanoseconds took) override;

  // All routes, then the requests that reached none.
  std::vector<RouteStats> stats() const;

 private:
  struct Route;
  struct Node;
  static Admission refuse(Response response);
  bool isOverloaded(const Route& route);
  std::optional<Response> checkAccess(Request& request, const Route& route) const;

  auth::Authenticator& authenticator_;
  Callback<Nanoseconds()> backlog_;
  std::unique_ptr<Node> root_;
  std::vector<std::unique_ptr<Route>> routes_;
  RouteStats refused_;
};

}  // namespace busbar::http
