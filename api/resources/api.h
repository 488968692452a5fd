// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "api/control/control_hub.h"
#include "api/events/event_hub.h"
#include "api/metrics/metrics.h"
#include "api/resources/context.h"
#include "api/resources/key_usage_writer.h"

namespace busbar::api {

// Everything that Busbar serves: registers all routes on a router. Shapes: api/openapi.yaml.
// Loop-only.
class Api {
 public:
  struct Parts {
    EventLoop& loop;
    Site& site;
    ConfigStore& store;
    Search& search;
    AuditStore& audit;
    HostClient& host;
    model::IdGenerator& ids;
    Logger& log;
    InstallDriver install;
    std::string version;
    SiteFacts facts = {};
    auth::PasswordHasher* passwords = nullptr;
    auth::KeyUsage* keyUsage = nullptr;
    const triggers::TriggerStates* triggerStates = nullptr;
    triggers::Engine* triggerEngine = nullptr;  // null: no webhooks, simulations and explanations
    TriggerStore* triggerStore = nullptr;       // together with the engine
    std::string siteTimeZone = {};
  };

  // What `parts` refers to must outlive this; this must outlive the router's use of its routes.
  explicit Api(Parts parts);
  Api(const Api&) = delete;
  Api& operator=(const Api&) = delete;
  ~Api();

  void addRoutes(http::Router& router);

  // Where the composition root adds fronts and ready checks, and says that it stops.
  Metrics& metrics() { return metrics_; }
  ControlHub& control() { return control_; }
  // A credential was revoked: what is open by it ends.
  void recheckRights() {
    events_.recheckSoon();
    control_.recheckSoon();
  }
  // Before the end: what is kept in memory for a while.
  void writeKeyUsage() {
    if (keyUsage_) {
      keyUsage_->writeNow();
    }
  }

 private:
  void addControlFigures();
  void followTriggers(triggers::Engine& engine);

  Context context_;
  EventHub events_;
  ControlHub control_;
  Metrics metrics_;
  std::optional<KeyUsageWriter> keyUsage_;
};

}  // namespace busbar::api
