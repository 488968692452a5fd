// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/router/router.h"

#include <algorithm>
#include <array>
#include <exception>
#include <map>
#include <utility>

#include "api/http/problem.h"
#include "api/http/router/slashless.h"
#include "sdk/base/result.h"

namespace busbar::http {
namespace {

constexpr size_t kMethodCount = static_cast<size_t>(Method::Other);

constexpr Milliseconds kBulkPatience{50};
constexpr Milliseconds kNormalPatience{250};

size_t indexOf(Method method) {
  return static_cast<size_t>(method);
}

bool isLiteral(std::string_view segment) {
  Target target;
  return target.parse("/" + std::string(segment)).ok() && target.segmentCount() == 1 &&
         target.segment(0) == segment;
}

// "/a/:b" -> {"a", ":b"}; "/" -> {}.
std::vector<std::string_view> split(std::string_view pattern) {
  BUSBAR_CHECK(pattern.starts_with('/'));
  std::vector<std::string_view> segments;
  pattern.remove_prefix(1);
  while (!pattern.empty()) {
    const size_t end = std::min(pattern.find('/'), pattern.size());
    segments.push_back(pattern.substr(0, end));
    BUSBAR_CHECK(end != 0 && end + 1 != pattern.size());  // no empty segment, no trailing slash
    pattern.remove_prefix(std::min(end + 1, pattern.size()));
  }
  return segments;
}

Error noRoute() {
  return Error::because(ErrorCode::NotFound, "no_such_route", "there is nothing at this path");
}

}  // namespace

struct Router::Route {
  RouteInfo info;
  auth::Access access;
  Cost cost;
  CredentialPlaces credentials;
  Action action;
  std::vector<std::pair<std::string, size_t>> params;  // name, index of its segment
  RouteStats stats{};
};

struct Router::Node {
  std::map<std::string, std::unique_ptr<Node>, std::less<>> literals;
  std::unique_ptr<Node> parameter;
  std::array<Route*, kMethodCount> routes{};  // owned by routes_
  bool hasRoutes = false;

  Route* routeFor(Method method) const {
    Route* exact = routes[indexOf(method)];
    return exact == nullptr && method == Method::Head ? routes[indexOf(Method::Get)] : exact;
  }

  std::string allow() const {
    std::string out;
    for (size_t i = 0; i < kMethodCount; ++i) {
      const auto method = static_cast<Method>(i);
      if (routeFor(method) != nullptr) {
        out.append(toString(method)).append(", ");
      }
    }
    return out + "OPTIONS";
  }

  // Each node is visited at most once: the cost is bounded by the size of the table.
  const Node* find(const Target& target, size_t depth) const {
    if (depth == target.segmentCount()) {
      return hasRoutes ? this : nullptr;
    }
    if (const auto it = literals.find(target.segment(depth)); it != literals.end()) {
      if (const Node* found = it->second->find(target, depth + 1)) {
        return found;
      }
    }
    return parameter ? parameter->find(target, depth + 1) : nullptr;
  }
};

Router::Router(auth::Authenticator& authenticator)
    : authenticator_(authenticator), root_(std::make_unique<Node>()) {}

Router::~Router() = default;

void Router::add(Method method, std::string_view pattern, auth::Access access, Action action,
                 RouteOptions options) {
  BUSBAR_CHECK(method != Method::Other && method != Method::Options && method != Method::Head);
  auto route = std::make_unique<Route>(Route{{method, std::string(pattern), access.permission(),
                                              std::string(access.scope()), options.bodyLimitBytes},
                                             access,
                                             options.cost,
                                             options.credentials,
                                             std::move(action),
                                             {}});
  Node* node = root_.get();
  const auto segments = split(pattern);
  for (size_t i = 0; i < segments.size(); ++i) {
    std::unique_ptr<Node>* next = nullptr;
    if (segments[i].starts_with(':')) {
      BUSBAR_CHECK(segments[i].size() > 1);
      route->params.emplace_back(segments[i].substr(1), i);
      next = &node->parameter;
    } else {
      BUSBAR_CHECK(isLiteral(segments[i]));
      next = &node->literals[std::string(segments[i])];
    }
    if (*next == nullptr) {
      *next = std::make_unique<Node>();
    }
    node = next->get();
  }
  BUSBAR_CHECK(node->routes[indexOf(method)] == nullptr);
  node->routes[indexOf(method)] = route.get();
  node->hasRoutes = true;
  routes_.push_back(std::move(route));
}

void Router::served(void* route, int status, Nanoseconds took) {
  RouteStats& stats = route == nullptr ? refused_ : static_cast<Route*>(route)->stats;
  const int statusClass = std::clamp(status / 100, 1, 5) - 1;
  ++stats.byStatusClass[static_cast<size_t>(statusClass)];
  const double seconds = static_cast<double>(took.count()) / 1e9;
  size_t bucket = 0;
  while (bucket < kLatencyBoundsSeconds.size() && seconds > kLatencyBoundsSeconds[bucket]) {
    ++bucket;
  }
  ++stats.buckets[bucket];
  stats.sumSeconds += seconds;
}

std::vector<RouteStats> Router::stats() const {
  std::vector<RouteStats> out;
  for (const auto& route : routes_) {
    RouteStats stats = route->stats;
    stats.method = route->info.method;
    stats.pattern = route->info.pattern;
    out.push_back(std::move(stats));
  }
  out.push_back(refused_);
  out.back().pattern = "(refused)";
  return out;
}

std::vector<RouteInfo> Router::dump() const {
  std::vector<RouteInfo> out;
  for (const auto& route : routes_) {
    out.push_back(route->info);
  }
  return out;
}

Admission Router::refuse(Response response) {
  Admission admission;
  admission.refusal = std::move(response);
  return admission;
}

Admission Router::admit(Request& request) {
  const Method method = request.method();
  if (method == Method::Other) {
    return refuse(problem(
        Error::because(ErrorCode::Unimplemented, "unknown_method",
                       "the method " + std::string(request.methodName()) + " is not known here"),
        request));
  }
  const Target& target = request.target();
  const Node* node = target.hasTrailingSlash() ? nullptr : root_->find(target, 0);
  if (node == nullptr && !target.hasTrailingSlash() && splitSlashless(request.editTarget())) {
    node = root_->find(target, 0);
  }
  if (method == Method::Options && (node != nullptr || request.isAsterisk())) {
    return refuse(std::move(Response(204).set(
        "Allow",
        node != nullptr ? node->allow() : "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS")));
  }
  if (node == nullptr) {
    return refuse(problem(noRoute(), request));
  }
  Route* route = node->routeFor(method);
  if (route == nullptr) {
    Error error = Error::because(ErrorCode::InvalidArgument, "method_not_allowed",
                                 "this path does not take " + std::string(request.methodName()));
    error.httpStatus = 405;
    return refuse(std::move(problem(error, request).set("Allow", node->allow())));
  }
  if (isOverloaded(*route)) {
    return refuse(problem(
        Error::because(ErrorCode::Unavailable, "overloaded", "the server is busy; try again soon"),
        request));
  }
  if (auto refusal = checkAccess(request, *route)) {
    return refuse(std::move(*refusal));
  }
  request.clearParams();
  for (const auto& [name, segment] : route->params) {
    request.addParam(name, segment);
  }
  request.setRoute(route);
  Admission admission;
  admission.bodyLimitBytes = route->info.bodyLimitBytes;
  return admission;
}

bool Router::isOverloaded(const Route& route) {
  if (!backlog_ || route.cost == Cost::Vital) {
    return false;
  }
  return backlog_() > (route.cost == Cost::Bulk ? kBulkPatience : kNormalPatience);
}

std::optional<Response> Router::checkAccess(Request& request, const Route& route) const {
  if (route.access.permission() == auth::Permission::None) {
    return std::nullopt;
  }
  const auth::Credentials credentials = credentialsOf(request, route.credentials);
  Error error = Error::because(ErrorCode::Unauthenticated, "no_credential",
                               "a credential is needed (header Authorization or X-API-Key)");
  if (!credentials.empty()) {
    auth::AuthOutcome outcome = authenticator_.authenticate(credentials);
    if (!outcome.principal) {
      Response response = problem(outcome.error, request, outcome.retryAfterSeconds);
      if (response.status() == 401) {
        response.set("WWW-Authenticate", "Bearer");
      }
      return response;
    }
    request.setPrincipal(std::move(outcome.principal));
  }
  const bool writes = request.method() != Method::Get && request.method() != Method::Head;
  switch (auth::decide(route.access, request.principal(), writes)) {
    case auth::Verdict::Allowed:
      return std::nullopt;
    case auth::Verdict::NeedsCredential:
      return std::move(problem(error, request).set("WWW-Authenticate", "Bearer"));
    case auth::Verdict::Forbidden:
      break;
  }
  error = Error::because(ErrorCode::PermissionDenied, "not_allowed",
                         "your role or the scopes of your key do not allow this; it takes " +
                             std::string(auth::toString(route.access.permission())));
  return problem(error, request);
}

void Router::handle(Request& request, Responder responder) {
  auto* route = static_cast<Route*>(request.route());
  BUSBAR_CHECK(route != nullptr);  // admit() has set it
  try {
    route->action(request, std::move(responder));
  } catch (const std::exception&) {
    // The Responder was destroyed on the way here, so the client has its 500.
  }
}

}  // namespace busbar::http
