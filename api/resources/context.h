// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "api/auth/grants.h"
#include "api/auth/guess_limiter.h"
#include "api/auth/key_usage.h"
#include "api/auth/password_hasher.h"
#include "api/http/router/router.h"
#include "api/resources/calls.h"
#include "api/resources/config_writer.h"
#include "api/resources/driver_manifests.h"
#include "api/resources/reply.h"
#include "api/triggers/trigger_states.h"
#include "host/client/host_client.h"
#include "registry/model/ids.h"
#include "registry/site/site.h"
#include "registry/store/audit_store.h"
#include "registry/store/config_store.h"
#include "registry/store/search.h"
#include "registry/store/trigger_store.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/log.h"

namespace busbar::triggers {
class Engine;
}

namespace busbar::api {

struct InstalledDriver {
  std::string driverId;
  bool changed = true;  // false: this very library was installed already
};
// Takes a built driver's folder on this machine into the site.
using InstallDriver =
    Callback<void(std::string folder, Actor actor, Callback<void(Result<InstalledDriver>)> done)>;

// What every status shows of how busbard was started.
struct SiteFacts {
  bool allowUnsigned = false;   // any driver may be loaded
  std::string sandboxTier;      // what this machine gives
  std::string sandboxRequired;  // the least that was asked for
};

// What handlers work with. Everything referred to outlives the routes. Loop-only.
struct Context {
  EventLoop& loop;
  const Site& site;
  ConfigStore& store;
  Search& search;
  AuditStore& audit;
  HostClient& host;
  model::IdGenerator& ids;
  Logger& log;
  InstallDriver install;
  std::string version;
  SiteFacts facts;
  auth::PasswordHasher* passwords = nullptr;  // null: passwords cannot be set
  auth::ZonePermissions zonePermissions{};
  const auth::KeyUsage* keyUsage = nullptr;                // null: only what the rows say
  const triggers::TriggerStates* triggerStates = nullptr;  // null: nothing is triggered
  triggers::Engine* triggerEngine = nullptr;
  TriggerStore* triggerStore = nullptr;
  std::string siteTimeZone = {};           // of systems that know none; empty: UTC
  auth::GuessLimiter passwordGuesses{};    // of present passwords, by user id
  auth::GuessLimiter invitationGuesses{};  // of secrets of invitations, by user id
  DriverManifests manifests{site};
  ConfigWriter writer{loop, store, site, ids};
  Calls calls{loop, host, manifests, audit};
};

inline constexpr std::string_view kEngine = "/api/engine/v2";
inline constexpr std::string_view kBusbar = "/api/busbar/v1";

// Registers handlers under one base path and scope.
class Routes {
 public:
  using Action = void (*)(Context& context, http::Request& request, Reply reply);
  // The zones of the object that a request is about; none when there is no such object.
  using ZonesOf = std::vector<std::string> (*)(Context& context, const http::Request& request);

  Routes(http::Router& router, Context& context, std::string_view base, std::string_view scope)
      : router_(router), context_(context), base_(base), scope_(scope) {}

  void get(std::string_view path, auth::Permission permission, Action action) {
    add(http::Method::Get, path, permission, action);
  }
  // With `zonesOf`, whoever has less than the role that `permission` asks for is let in by a grant
  // on these zones.
  void post(std::string_view path, auth::Permission permission, Action action,
            ZonesOf zonesOf = nullptr) {
    add(http::Method::Post, path, permission, action, zonesOf);
  }
  // PUT and PATCH mean the same here: the members that are present are merged.
  void update(std::string_view path, auth::Permission permission, Action action,
              ZonesOf zonesOf = nullptr) {
    add(http::Method::Put, path, permission, action, zonesOf);
    add(http::Method::Patch, path, permission, action, zonesOf);
  }
  void erase(std::string_view path, auth::Permission permission, Action action,
             ZonesOf zonesOf = nullptr) {
    add(http::Method::Delete, path, permission, action, zonesOf);
  }
  void add(http::Method method, std::string_view path, auth::Permission permission, Action action,
           ZonesOf zonesOf = nullptr);

 private:
  http::Router& router_;
  Context& context_;
  std::string_view base_;
  std::string_view scope_;
};

// The present, in seconds since the epoch.
int64_t nowSeconds(const Context& context);
// Who changes the configuration, for its logs.
Actor actorOf(const http::Request& request);
Actor actorOf(const auth::Principal& principal, std::string_view peer, std::string_view traceId);
// A call that is to be audited is not made while the audit log is full.
Error auditBusy();
// Tells the audit log what a request did that changed no configuration: "reload" of "module"
// "mod-…".
void recordAction(AuditStore& audit, const http::Request& request, std::string_view action,
                  std::string_view record, std::string_view subject, json::Object details = {});
void recordAction(AuditStore& audit, const Actor& actor, std::string_view action,
                  std::string_view record, std::string_view subject, json::Object details = {});

}  // namespace busbar::api
