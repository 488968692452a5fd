// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/control/control_hub.h"

#include <utility>
#include <variant>

#include "api/control/control_text.h"
#include "api/http/problem.h"
#include "api/http/websocket/handshake.h"

namespace busbar::api {

ControlHub::ControlHub(EventLoop& loop, Site& site, HostClient& host, Calls& calls)
    : loop_(loop), site_(site), context_(loop, site, host, calls) {}

ControlHub::~ControlHub() {
  *isAlive_ = false;
  loop_.cancel(beatTimer_);
  hostSubscription_.reset();
  sessions_.clear();
}

ControlHub::Counts ControlHub::counts() const {
  Counts counts;
  counts.sockets = sessions_.size();
  counts.binds = context_.variables.bindings();
  counts.messagesIn = context_.sockets.messagesIn;
  counts.messagesOut = context_.sockets.messagesOut;
  counts.errors = context_.errors;
  counts.conflated = context_.conflated;
  counts.cut = context_.cut;
  counts.revoked = context_.revoked;
  counts.violations = context_.sockets.refused;
  return counts;
}

void ControlHub::addRoutes(http::Router& router) {
  http::RouteOptions options;
  options.credentials = http::CredentialPlaces::Everywhere;
  router.add(
      http::Method::Get, "/api/engine/v2/systems/control", kControlAccess,
      [this, &router](http::Request& request, http::Responder responder) {
        open(router, request, std::move(responder));
      },
      options);
}

void ControlHub::open(http::Router& router, http::Request& request, http::Responder responder) {
  if (auto refusal = http::refuseHandshake(request)) {
    responder.send(std::move(*refusal));
    return;
  }
  if (sessions_.size() >= context_.limits.maxSockets) {
    responder.send(http::problem(Error::because(ErrorCode::Unavailable, "too_many_sockets",
                                                "too many control sockets are open"),
                                 request));
    return;
  }
  auto session =
      std::make_unique<ControlSession>(context_, router.authenticator(), request.sharedPrincipal(),
                                       [this](ControlSession& ended) { remove(ended); });
  if (!session->open(request, std::move(responder))) {
    return;
  }
  session->index = sessions_.size();
  sessions_.push_back(std::move(session));
  listen();
}

void ControlHub::listen() {
  if (hostSubscription_) {
    return;
  }
  hostSubscription_ = context_.host.subscribe([this](const HostEvent& event) { onEvent(event); });
  siteSubscription_ = site_.subscribe(
      [this](const ConfigChange& change, const model::Record*) { onSiteChange(change); });
  beatTimer_ = loop_.runAfter(kBeat, [this] { beat(); });
}

void ControlHub::remove(ControlSession& session) {
  const size_t index = session.index;
  std::swap(sessions_[index], sessions_.back());
  sessions_[index]->index = index;
  sessions_.pop_back();
  if (sessions_.empty()) {
    hostSubscription_.reset();
    siteSubscription_ = Site::Subscription();
    loop_.cancel(std::exchange(beatTimer_, 0));
  }
}

void ControlHub::onEvent(const HostEvent& event) {
  if (event.kind == HostEvent::Kind::State) {
    onState(event);
  } else if (event.kind == HostEvent::Kind::Module) {
    onModule(event);
  } else if (event.kind == HostEvent::Kind::Log && !context_.taps.empty()) {
    const auto of = context_.taps.find(std::string(event.moduleId));
    if (of != context_.taps.end()) {
      for (DebugTap* tap : of->second) {
        tap->session.log(*tap, *event.log);
      }
    }
  }
}

void ControlHub::onState(const HostEvent& event) {
  const std::string& json = event.state->json;
  for (Variable* variable : context_.variables.meaning(event.moduleId, event.state->key)) {
    notifyAll(*variable, json.empty() ? std::string_view("null") : json, event.conflates);
  }
}

void ControlHub::onTriggerState(std::string_view instanceId, std::string_view stateJson) {
  for (Variable* variable : context_.variables.meaning(instanceId, instanceId)) {
    notifyAll(*variable, stateJson, true);
  }
}

// A module's life may change what the host says of `connected`.
void ControlHub::onModule(const HostEvent& event) {
  for (Variable* variable : context_.variables.meaning(event.moduleId, "connected")) {
    const auto before = variable->connected;
    const std::string value = context_.variables.valueOf(*variable);
    if (variable->connected && variable->connected != before) {
      notifyAll(*variable, value, true);
    }
  }
}

void ControlHub::notifyAll(Variable& variable, std::string_view value, bool conflates) {
  const std::string end = notifyEnd(value, variable.meta);
  for (Binding* binding : variable.watchers) {
    binding->session.notify(*binding, end, conflates);
  }
}

// What a transaction changes is looked at when all of it is seen.
void ControlHub::onSiteChange(const ConfigChange& change) {
  if (context_.variables.touches(change)) {
    context_.variables.touch(change);
    mustRemap_ = true;
  }
  mustRecheck_ = mustRecheck_ || std::holds_alternative<model::User>(change.record) ||
                 std::holds_alternative<model::ApiKey>(change.record);
  if (mustRemap_ || mustRecheck_) {
    lookSoon();
  }
}

void ControlHub::recheckSoon() {
  if (!sessions_.empty()) {
    mustRecheck_ = true;
    lookSoon();
  }
}

void ControlHub::lookSoon() {
  if (std::exchange(willLook_, true)) {
    return;
  }
  loop_.defer([this, isAlive = isAlive_] {
    if (*isAlive) {
      lookAgain();
    }
  });
}

void ControlHub::lookAgain() {
  willLook_ = false;
  if (std::exchange(mustRecheck_, false)) {
    recheckAll();
  }
  if (!std::exchange(mustRemap_, false)) {
    return;
  }
  for (const VariableTable::Moved& moved : context_.variables.remap()) {
    const std::string value = context_.variables.valueOf(*moved.variable);
    if (!value.empty() || moved.hadMeaning) {
      notifyAll(*moved.variable, value.empty() ? "null" : value, true);
    }
  }
}

void ControlHub::recheckAll() {
  for (const auto& session : sessions_) {
    session->recheck();
  }
}

void ControlHub::beat() {
  beatTimer_ = loop_.runAfter(kBeat, [this] { beat(); });
  recheckAll();
  if (++beats_ % kBeatsPerPong == 0) {
    for (const auto& session : sessions_) {
      session->pong();
    }
  }
}

}  // namespace busbar::api
