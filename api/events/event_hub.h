// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "api/events/event_filter.h"
#include "api/http/front/responder.h"
#include "api/http/router/router.h"
#include "host/client/host_client.h"
#include "registry/site/site.h"
#include "sdk/base/event_loop.h"

namespace busbar::api {

// Fans the host's events out to streams. Each event is written once as text, whoever reads it. A
// reader that keeps up gets every event in order. Towards one that does not, events wait: of a
// status key of kind `state` only the newest value (shared by all who wait for it), of everything
// else each one. One whose waiting events pass kMaxPendingBytes is cut, as is one that takes
// nothing for the front's stall time; it may come back with a snapshot. A stream ends with the
// credential that opened it. Subscribes at the host only while somebody listens. Loop-only.
class EventHub {
 public:
  static constexpr size_t kMaxPendingBytes = 1 << 20;
  static constexpr size_t kMaxStreams = 5000;
  static constexpr Milliseconds kHeartbeat{15'000};

  struct Counts {
    size_t streams = 0;
    uint64_t events = 0;     // of the host, while somebody listened
    uint64_t written = 0;    // to streams
    uint64_t conflated = 0;  // values that gave way to newer ones
    uint64_t cut = 0;        // readers too slow
  };

  // All must outlive this. Streams end with it.
  EventHub(EventLoop& loop, Site& site, HostClient& host);
  EventHub(const EventHub&) = delete;
  EventHub& operator=(const EventHub&) = delete;
  ~EventHub();

  // GET /api/busbar/v1/events. The router must outlive this.
  void addRoutes(http::Router& router);

  // A new state of a trigger's instance, for readers at support or above. Of each instance only the
  // newest waits for a reader that does not keep up.
  void onTriggerState(std::string_view instanceId, std::string_view systemId,
                      std::string_view stateJson);

  // Looks at the rights of all readers on the next turn of the loop: a credential was revoked. The
  // same happens when users or keys change, and with each heartbeat for what ends by time.
  void recheckSoon();

  Counts counts() const;

 private:
  struct Latest;  // the newest value of one status key that some reader still waits for
  class Client;
  using Key = std::pair<std::string, std::string>;  // module id, status key

  void open(http::Router& router, http::Request& request, http::Responder responder);
  void onSiteChange(const ConfigChange& change);
  void recheckAll();
  void onEvent(const HostEvent& event);
  void giveNewest(Client& client, std::string_view subject, std::string_view key,
                  const std::string& text, std::shared_ptr<Latest>& latest);
  const std::vector<Client*>& clientsOf(std::string_view moduleId);
  void forgetRouting() { routing_.clear(); }
  void remove(Client* client);
  void beat();

  EventLoop& loop_;
  Site& site_;
  HostClient& host_;
  Site::Subscription siteSubscription_;
  std::unique_ptr<Subscription> hostSubscription_;
  std::vector<std::unique_ptr<Client>> clients_;
  std::unordered_map<std::string, std::vector<Client*>> routing_;  // by module id; made on use
  std::map<Key, std::weak_ptr<Latest>> latest_;
  TimerId beatTimer_ = 0;
  uint64_t nextId_ = 1;
  Counts counts_;
  bool willRecheck_ = false;
  // Tells deferred work that this is gone; shared with it.
  std::shared_ptr<bool> isAlive_ = std::make_shared<bool>(true);
};

}  // namespace busbar::api
