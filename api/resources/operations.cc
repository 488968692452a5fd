// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/operations.h"

#include <map>

#include "api/auth/scopes.h"
#include "api/resources/body_reader.h"
#include "api/resources/grant_check.h"
#include "api/resources/page.h"
#include "api/resources/shapes.h"
#include "registry/site/cascade.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

void runners(Context& context, Request&, Reply reply) {
  json::Array out;
  for (const RunnerInfo& runner : context.host.runners()) {
    out.emplace_back(toJson(runner));
  }
  reply.json(200, std::move(out));
}

bool isModuleOrDriver(Context& context, std::string_view id) {
  return context.site.findModule(id) != nullptr || context.site.findDriver(id) != nullptr;
}

void exitReports(Context& context, Request& request, Reply reply) {
  const std::string_view id = request.param("id");
  if (!isModuleOrDriver(context, id)) {
    reply.fail(notFound("module or driver", id));
    return;
  }
  json::Array out;
  for (const ExitReport& report : context.host.exitReports(id)) {
    out.emplace_back(toJson(report));
  }
  reply.json(200, std::move(out));
}

void release(Context& context, Request& request, Reply reply) {
  const std::string_view id = request.param("id");
  if (!isModuleOrDriver(context, id)) {
    reply.fail(notFound("module or driver", id));
    return;
  }
  if (const Status status = context.host.release(id); !status.ok()) {
    reply.fail(status.error());
    return;
  }
  const bool isModule = context.site.findModule(id) != nullptr;
  recordAction(context.audit, request, "release", isModule ? "module" : "driver", id);
  reply.empty(200);
}

void logs(Context& context, Request& request, Reply reply) {
  const std::string_view id = request.param("id");
  if (context.site.findModule(id) == nullptr) {
    reply.fail(notFound("module", id));
    return;
  }
  auto lines = context.host.logs(id);
  if (!lines) {
    reply.fail(lines.error());
    return;
  }
  json::Array out;
  for (const LogLine& line : *lines) {
    out.emplace_back(toJson(line));
  }
  reply.json(200, std::move(out));
}

// Exit reports quote logs: they are for support.
void health(Context& context, Request& request, Reply reply) {
  const std::string_view id = request.param("id");
  if (!GrantCheck(context, request).isReader(zonesOfModule(context.site, id))) {
    reply.fail(notGranted(Permission::ZoneRead));
    return;
  }
  if (context.site.findModule(id) == nullptr) {
    reply.fail(notFound("module", id));
    return;
  }
  json::Object out = toJson(context.host.health(id));
  json::Array exits;
  if (request.principal().isSupport()) {
    for (const ExitReport& report : context.host.exitReports(id)) {
      exits.emplace_back(toJson(report));
    }
  }
  out.set("module_id", id);
  out.set("exit_reports", std::move(exits));
  reply.json(200, std::move(out));
}

void killRunner(Context& context, Request& request, Reply reply) {
  const std::string_view id = request.param("id");
  if (context.site.findModule(id) == nullptr) {
    reply.fail(notFound("module", id));
    return;
  }
  if (const Status status = context.host.killRunner(id); !status.ok()) {
    reply.fail(status.error());
    return;
  }
  recordAction(context.audit, request, "kill", "module", id);
  reply.empty(202);
}

void status(Context& context, Request&, Reply reply) {
  std::map<std::string, int64_t> states;
  int64_t disconnected = 0;
  int64_t unverified = 0;
  for (const model::Module* mod : context.site.modules()) {
    const ModuleHealth of = context.host.health(mod->id);
    ++states[of.state];
    disconnected += mod->running && !of.connected ? 1 : 0;
    unverified += of.tlsVerifyNone ? 1 : 0;
  }
  int64_t unsignedDrivers = 0;
  for (const model::Driver* driver : context.site.drivers()) {
    unsignedDrivers += driver->trust == model::Trust::Unsigned ? 1 : 0;
  }
  json::Object modules;
  for (const auto& [name, count] : states) {
    modules.set(name, count);
  }
  std::map<std::string, int64_t> tiers;
  const auto runnersNow = context.host.runners();
  for (const RunnerInfo& runner : runnersNow) {
    ++tiers[runner.tier];
  }
  json::Object sandbox;
  for (const auto& [tier, count] : tiers) {
    sandbox.set(tier, count);
  }
  json::Object out;
  out.set("version", context.version);
  out.set("set_up", hasAdmin(context.site));
  out.set("allow_unsigned", context.facts.allowUnsigned);
  out.set("sandbox_tier", context.facts.sandboxTier);
  out.set("sandbox_required", context.facts.sandboxRequired);
  out.set("drivers", static_cast<int64_t>(context.site.drivers().size()));
  out.set("drivers_unsigned", unsignedDrivers);
  out.set("systems", static_cast<int64_t>(context.site.systems().size()));
  out.set("modules", std::move(modules));
  out.set("modules_disconnected", disconnected);
  out.set("modules_tls_verify_none", unverified);
  out.set("runners", static_cast<int64_t>(runnersNow.size()));
  out.set("sandbox_tiers", std::move(sandbox));
  out.set("configuration_position", static_cast<int64_t>(context.site.position()));
  reply.json(200, std::move(out));
}

void sendLevel(Context& context, Reply& reply) {
  json::Object out;
  out.set("level", toString(context.log.level()));
  reply.json(200, std::move(out));
}

void logLevel(Context& context, Request&, Reply reply) {
  sendLevel(context, reply);
}

void setLogLevel(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  const json::Value* value = body->find("level");
  const std::string* name = value == nullptr ? nullptr : value->asString();
  const auto level = name == nullptr ? std::nullopt : logLevelFrom(*name);
  if (!level) {
    body->fail("level", "must be trace, debug, info, warn or error");
  }
  if (const model::FieldErrors errors = body->finish("log level"); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  json::Object details;
  details.set("level", *name);
  recordAction(context.audit, request, "log_level", "busbard", "", std::move(details));
  context.log.setLevel(*level);
  // As an error, so that it is seen at every level.
  context.log.write({LogLevel::Error,
                     "api",
                     "log level changed",
                     {{"level_now", *name}, {"user", request.principal().userId}},
                     request.trace().traceIdText(),
                     0});
  sendLevel(context, reply);
}

json::Object versionOfService(const Context& context) {
  json::Object out;
  out.set("service", "busbar");
  out.set("version", context.version);
  out.set("platform_version", context.version);
  return out;
}

void version(Context& context, Request&, Reply reply) {
  reply.json(200, versionOfService(context));
}

// One service: this one.
void versions(Context& context, Request&, Reply reply) {
  json::Array out;
  out.emplace_back(versionOfService(context));
  auto response = http::Response::json(200, json::Value(std::move(out)));
  response.set("X-Total-Count", "1");
  reply.send(std::move(response));
}

void platform(Context& context, Request&, Reply reply) {
  json::Object out;
  out.set("version", context.version);
  out.set("changelog", "");
  reply.json(200, std::move(out));
}

void scopes(Context&, Request&, Reply reply) {
  json::Array out;
  for (const std::string_view name : auth::scopeNames()) {
    out.emplace_back(name);
  }
  reply.json(200, std::move(out));
}

void alive(Context&, Request&, Reply reply) {
  reply.empty(200);
}

}  // namespace

void addOperationsRoutes(http::Router& router, Context& context) {
  Routes root(router, context, kEngine, "root");
  root.get("", Permission::None, alive);
  root.get("/version", Permission::User, version);
  root.get("/platform", Permission::User, platform);
  root.get("/scopes", Permission::User, scopes);
  Routes cluster(router, context, kEngine, "cluster");
  cluster.get("/cluster/versions", Permission::User, versions);
  Routes routes(router, context, kBusbar, "busbar");
  routes.get("/status", Permission::Support, status);
  routes.get("/log-level", Permission::Admin, logLevel);
  routes.add(http::Method::Put, "/log-level", Permission::Admin, setLogLevel);
  routes.get("/runners", Permission::Support, runners);
  routes.get("/exit_reports/:id", Permission::Support, exitReports);
  routes.post("/quarantine/:id/release", Permission::Admin, release);
  routes.get("/modules/:id/logs", Permission::Support, logs);
  routes.get("/modules/:id/health", Permission::ZoneRead, health);
  routes.post("/modules/:id/kill", Permission::Admin, killRunner);
}

}  // namespace busbar::api
