// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/api.h"

#include "api/docs/docs_routes.h"
#include "api/resources/api_keys.h"
#include "api/resources/audit.h"
#include "api/resources/control.h"
#include "api/resources/domains.h"
#include "api/resources/drivers.h"
#include "api/resources/groups.h"
#include "api/resources/metadata.h"
#include "api/resources/modules.h"
#include "api/resources/not_here.h"
#include "api/resources/oauth_apps.h"
#include "api/resources/operations.h"
#include "api/resources/schemas.h"
#include "api/resources/settings.h"
#include "api/resources/systems.h"
#include "api/resources/transfer.h"
#include "api/resources/trigger_instances.h"
#include "api/resources/trigger_operations.h"
#include "api/resources/triggers.h"
#include "api/resources/users.h"
#include "api/resources/webhooks.h"
#include "api/resources/zones.h"
#include "api/triggers/engine.h"

namespace busbar::api {

Api::Api(Parts parts)
    : context_{parts.loop,
               parts.site,
               parts.store,
               parts.search,
               parts.audit,
               parts.host,
               parts.ids,
               parts.log,
               std::move(parts.install),
               std::move(parts.version),
               std::move(parts.facts),
               parts.passwords,
               [&site = parts.site](std::string_view zoneId) -> const json::Value* {
                 const model::Metadata* row = site.findMetadata(zoneId, auth::kZonePermissions);
                 return row == nullptr ? nullptr : &row->details;
               },
               parts.keyUsage,
               parts.triggerStates,
               parts.triggerEngine,
               parts.triggerStore,
               std::move(parts.siteTimeZone)},
      events_(parts.loop, parts.site, parts.host),
      control_(parts.loop, parts.site, parts.host, context_.calls),
      metrics_(context_, events_) {
  addControlFigures();
  control_.setTriggers(parts.triggerStates);
  if (parts.triggerEngine != nullptr) {
    followTriggers(*parts.triggerEngine);
  }
  if (parts.keyUsage != nullptr) {
    keyUsage_.emplace(parts.loop, parts.site, parts.store, *parts.keyUsage);
  }
}

Api::~Api() = default;

void Api::addControlFigures() {
  const auto add = [this](const char* name, const char* help, auto member) {
    metrics_.addFigure(name, help,
                       [this, member] { return static_cast<double>(control_.counts().*member); });
  };
  using Counts = ControlHub::Counts;
  add("busbar_control_sockets", "Open control sockets", &Counts::sockets);
  add("busbar_control_binds", "Variables bound over control sockets", &Counts::binds);
  add("busbar_control_messages_in_total", "Messages from control sockets", &Counts::messagesIn);
  add("busbar_control_messages_out_total", "Messages to control sockets", &Counts::messagesOut);
  add("busbar_control_errors_total", "Error replies over control sockets", &Counts::errors);
  add("busbar_control_conflated_total", "Values that gave way to newer ones", &Counts::conflated);
  add("busbar_control_cut_total", "Control sockets cut: too slow or silent", &Counts::cut);
  add("busbar_control_revoked_total", "Control sockets closed because rights ended",
      &Counts::revoked);
  add("busbar_control_violations_total", "Control sockets that broke the protocol",
      &Counts::violations);
}

void Api::followTriggers(triggers::Engine& engine) {
  engine.listen([this](std::string_view instanceId, std::string_view stateJson) {
    const auto* instance = context_.site.findTriggerInstance(instanceId);
    if (instance != nullptr) {
      control_.onTriggerState(instanceId, stateJson);
      events_.onTriggerState(instanceId, instance->systemId, stateJson);
    }
  });
  const auto add = [this, &engine](const char* name, const char* help, auto read) {
    metrics_.addFigure(name, help,
                       [&engine, read] { return static_cast<double>(read(engine.counts())); });
  };
  using Counts = triggers::Engine::Counts;
  add("busbar_triggers", "Instances of triggers at work",
      [](const Counts& c) { return c.instances; });
  add("busbar_triggers_triggered", "Those of them that are triggered",
      [](const Counts& c) { return c.triggered; });
  add("busbar_trigger_updates_total", "Updates of statuses that triggers look at",
      [](const Counts& c) { return c.updates; });
  add("busbar_trigger_evaluations_total", "Evaluations of triggers",
      [](const Counts& c) { return c.evaluations; });
  add("busbar_trigger_firings_total", "Firings, of ends too",
      [](const Counts& c) { return c.firings.started; });
  add("busbar_trigger_firings_open", "Firings under way", [](const Counts& c) { return c.open; });
  add("busbar_trigger_firings_resumed_total", "Firings that went on after a restart",
      [](const Counts& c) { return c.firings.resumed; });
  add("busbar_trigger_firings_dropped_total", "Firings that were left out: too many under way",
      [](const Counts& c) { return c.firings.dropped; });
  add("busbar_trigger_step_failures_total", "Steps of firings that failed",
      [](const Counts& c) { return c.firings.failures; });
  add("busbar_trigger_suppressed_total", "Firings beyond a trigger's own limit",
      [](const Counts& c) { return c.suppressed; });
  add("busbar_trigger_loops_total", "Triggers that were stopped because they set themselves off",
      [](const Counts& c) { return c.loops; });
  add("busbar_trigger_gaps_total", "Where updates of a module were missed",
      [](const Counts& c) { return c.gaps; });
}

void Api::addRoutes(http::Router& router) {
  addOperationsRoutes(router, context_);
  addSystemRoutes(router, context_);
  addControlRoutes(router, context_);
  addModuleRoutes(router, context_);
  addDriverRoutes(router, context_);
  addZoneRoutes(router, context_);
  addSettingsRoutes(router, context_);
  addApiKeyRoutes(router, context_);
  addDomainRoutes(router, context_);
  addUserRoutes(router, context_);
  addOauthAppRoutes(router, context_);
  addGroupRoutes(router, context_);
  addNotHereRoutes(router, context_);
  addMetadataRoutes(router, context_);
  addSchemaRoutes(router, context_);
  addAuditRoutes(router, context_);
  addTransferRoutes(router, context_);
  if (context_.triggerEngine != nullptr) {
    addTriggerOperationRoutes(router, context_);
    addWebhookRoutes(router, context_);
  }
  addTriggerRoutes(router, context_);
  addTriggerInstanceRoutes(router, context_);
  events_.addRoutes(router);
  control_.addRoutes(router);
  metrics_.addRoutes(router);
  docs::addDocsRoutes(router, context_.site);
}

}  // namespace busbar::api
