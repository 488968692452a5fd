// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "api/control/control_context.h"
#include "api/control/control_session.h"
#include "api/http/router/router.h"
#include "registry/site/site.h"
#include "sdk/base/event_loop.h"

namespace busbar::api {

// GET /api/engine/v2/systems/control, and all sockets that it opened: hands them what happens at
// the host, follows modules that come, go and change places, and looks at rights again when users
// or keys change and when it is told to. Listens to the host and the site only while a socket is
// open. Loop-only.
class ControlHub {
 public:
  static constexpr Milliseconds kBeat{10'000};  // rights that end by time are noticed so soon
  static constexpr unsigned kBeatsPerPong = 8;  // an unasked pong to all every 80 s

  struct Counts {
    size_t sockets = 0;
    size_t binds = 0;
    uint64_t messagesIn = 0;
    uint64_t messagesOut = 0;
    uint64_t errors = 0;      // error replies
    uint64_t conflated = 0;   // values that gave way to newer ones
    uint64_t cut = 0;         // readers too slow, and peers that fell silent
    uint64_t revoked = 0;     // closed because rights ended
    uint64_t violations = 0;  // sockets that broke the websocket protocol
  };

  // All must outlive this. Sockets end with it.
  ControlHub(EventLoop& loop, Site& site, HostClient& host, Calls& calls);
  ControlHub(const ControlHub&) = delete;
  ControlHub& operator=(const ControlHub&) = delete;
  ~ControlHub();

  // The router must outlive this.
  void addRoutes(http::Router& router);

  // The states of triggers, and each that is new; null: there are none.
  void setTriggers(const triggers::TriggerStates* states) {
    context_.variables.setTriggers(states);
  }
  void onTriggerState(std::string_view instanceId, std::string_view stateJson);

  // Looks at the rights of all sockets on the next turn of the loop: a credential was revoked.
  void recheckSoon();

  Counts counts() const;
  // For tests and benches, before the first socket.
  ControlLimits& limits() { return context_.limits; }

 private:
  void open(http::Router& router, http::Request& request, http::Responder responder);
  void remove(ControlSession& session);
  void listen();
  void onEvent(const HostEvent& event);
  void onState(const HostEvent& event);
  void onModule(const HostEvent& event);
  void onSiteChange(const ConfigChange& change);
  void lookSoon();
  void lookAgain();
  static void notifyAll(Variable& variable, std::string_view value, bool conflates);
  void recheckAll();
  void beat();

  EventLoop& loop_;
  Site& site_;
  ControlContext context_;
  Site::Subscription siteSubscription_;
  std::unique_ptr<Subscription> hostSubscription_;
  std::vector<std::unique_ptr<ControlSession>> sessions_;
  TimerId beatTimer_ = 0;
  unsigned beats_ = 0;
  bool mustRemap_ = false;
  bool mustRecheck_ = false;
  bool willLook_ = false;
  // Tells deferred work that this is gone; shared with it.
  std::shared_ptr<bool> isAlive_ = std::make_shared<bool>(true);
};

}  // namespace busbar::api
