// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/modules.h"

#include <charconv>
#include <cstdint>
#include <optional>

#include "api/resources/body_reader.h"
#include "api/resources/control.h"
#include "api/resources/erasure.h"
#include "api/resources/grant_check.h"
#include "api/resources/list.h"
#include "api/resources/shapes.h"
#include "registry/settings/merge.h"
#include "registry/site/cascade.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr int kLogLevelError = 4;
constexpr int kMaxPort = 65'535;
constexpr size_t kMaxHostBytes = 253;
constexpr size_t kMaxUriBytes = 2048;

Refusal noModule(std::string_view id) {
  return {notFound("module", id), {}};
}

// Answers 404 itself when there is no such module.
const model::Module* findModule(Context& context, Request& request, Reply& reply) {
  const model::Module* mod = context.site.findModule(request.param("id"));
  if (mod == nullptr) {
    reply.fail(noModule(request.param("id")));
  }
  return mod;
}

// Bounds that hold for every role, also where the role then drops or does not look at the member.
void checkAddress(BodyReader& body, const model::Module& mod) {
  if (mod.port < 0 || mod.port > kMaxPort) {
    body.fail("port", "must be 0 to 65535");
  }
  if (mod.ip.size() > kMaxHostBytes) {
    body.fail("ip", "must be at most 253 bytes");
  }
  if (mod.uri.size() > kMaxUriBytes) {
    body.fail("uri", "must be at most 2048 bytes");
  }
}

void readModule(BodyReader& body, model::Module& mod) {
  body.read("ip", mod.ip);
  body.read("port", mod.port);
  body.read("tls", mod.tls);
  body.read("udp", mod.udp);
  body.read("makebreak", mod.makebreak);
  body.read("uri", mod.uri);
  body.read("custom_name", mod.customName);
  body.read("notes", mod.notes);
  body.read("running", mod.running);
  body.read("ignore_connected", mod.ignoreConnected);
  body.read("ignore_startstop", mod.ignoreStartstop);
  body.read("launch_on_execute", mod.launchOnExecute);
  body.read("debug", mod.debug);
  body.read("alert_level", mod.alertLevel);
  checkAddress(body, mod);
  body.ignore({"id", "created_at", "updated_at", "version", "driver", "control_system", "core_node",
               "name", "role", "connected", "has_runtime_error", "error_timestamp", "edge_id",
               "settings", "state", "state_code", "state_sentence"});
}

model::FieldErrors checkModule(BodyReader& body, model::Module& mod, const model::Driver& driver) {
  model::FieldErrors errors = body.finish("module");
  model::normalise(mod, driver);
  for (model::FieldError& error : model::validate(mod, driver)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

struct ModuleFilter {
  std::string systemId;
  std::string driverId;
  bool noLogic = false;
  std::optional<bool> running;
  int64_t asOf = INT64_MAX;  // not changed after this

  bool matches(const Site& site, const model::Module& mod) const {
    const model::Driver* driver = site.findDriver(mod.driverId);
    const bool isLogic = driver != nullptr && driver->role == model::Role::Logic;
    return (systemId.empty() || site.systemsOfModule(mod.id).contains(systemId)) &&
           (driverId.empty() || mod.driverId == driverId) && (!noLogic || !isLogic) &&
           (!running || mod.running == *running) && mod.updatedAt <= asOf;
  }
};

void listModules(Context& context, Request& request, Reply reply) {
  auto parsed = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&parsed)) {
    reply.fail(*refusal);
    return;
  }
  Page page = std::get<Page>(parsed);
  if (const auto bad = findBadFlag(request, {"no_logic", "running", "complete"})) {
    reply.fail(*bad);
    return;
  }
  ModuleFilter filter;
  filter.systemId = request.query("control_system_id").value_or("");
  filter.driverId = request.query("driver_id").value_or("");
  filter.noLogic = flagOf(request, "no_logic", false);
  if (request.query("running")) {
    filter.running = flagOf(request, "running", false);
  }
  if (const auto text = request.query("as_of")) {
    const auto time = std::from_chars(text->data(), text->data() + text->size(), filter.asOf);
    if (time.ec != std::errc() || time.ptr != text->data() + text->size()) {
      reply.fail(badParameter("as_of", "must be a time in seconds since 1970"));
      return;
    }
  }
  if (!filter.systemId.empty()) {  // the reference does not page these
    page.offset = 0;
    page.limit = SIZE_MAX / 2;
  }
  sendList<model::Module>(
      context, std::move(reply),
      {"mod", std::move(page),
       [&site = context.site, filter,
        check = GrantCheck(context, request)](const model::Module& row) {
         return filter.matches(site, row) && check.isReader(zonesOfModule(site, row.id));
       },
       [&context](const model::Module& row) { return toJson(row, context.site, context.host); }});
}

void showModule(Context& context, Request& request, Reply reply) {
  if (!GrantCheck(context, request).isReader(zonesOfModule(context.site, request.param("id")))) {
    reply.fail(notGranted(Permission::ZoneRead));
    return;
  }
  if (const model::Module* mod = findModule(context, request, reply)) {
    reply.json(200, toJson(*mod, context.site, context.host));
  }
}

void answerModule(Context& context, int status, const std::vector<ConfigChange>& changes,
                  Reply& reply) {
  const model::Module* stored = findStored<model::Module>(changes);
  if (stored == nullptr) {
    reply.empty(status);
    return;
  }
  reply.json(status, toJson(*stored, context.site, context.host));
}

std::vector<std::string> zonesOfNamedModule(Context& context, const Request& request) {
  return zonesOfModule(context.site, request.param("id"));
}

// Those of the control system that a new module names: other new modules are in no zone yet.
std::vector<std::string> zonesOfModuleInBody(Context& context, const Request& request) {
  auto body = BodyReader::parse(request.body());
  std::string systemId;
  if (body) {
    body->read("control_system_id", systemId);
  }
  const model::System* system = context.site.findSystem(systemId);
  return system == nullptr ? std::vector<std::string>() : system->zones;
}

void createModule(Context& context, Request& request, Reply reply) {
  auto parsed = BodyReader::parse(request.body());
  if (!parsed) {
    reply.fail(parsed.error());
    return;
  }
  BodyReader& body = *parsed;
  model::Module mod;
  body.require("driver_id");
  body.read("driver_id", mod.driverId);
  const model::Driver* driver = context.site.findDriver(mod.driverId);
  if (driver == nullptr) {
    auto errors = body.finish("module");
    std::erase_if(errors, [](const auto& error) { return error.field != "driver_id"; });
    reply.fail(errors.empty()
                   ? invalidField("driver_id", "names no installed driver; install one first")
                   : invalidFields(errors));
    return;
  }
  mod.port = driver->defaultPort;
  mod.alertLevel = driver->alertLevel;
  mod.ignoreConnected = driver->ignoreConnected;
  body.read("control_system_id", mod.controlSystemId);
  readModule(body, mod);
  if (mod.ip.empty()) {
    // Only an address gives the default port a meaning.
    const json::Value* port = body.find("port");
    mod.port = port == nullptr ? 0 : mod.port;
  }
  const auto errors = checkModule(body, mod, *driver);
  if (!errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  mod.id = context.ids.next(model::Table::Module);
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, mod]() -> Outcome {
        auto planned = planInsertModule(context.site, mod);
        if (planned) {
          return std::move(*planned);
        }
        const Error& error = planned.error();
        return error.field.empty() ? Refusal{error, {}} : invalidField(error.field, error.message);
      },
      [&context](const auto& changes, Reply& done) { answerModule(context, 201, changes, done); });
}

void updateModule(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), body = std::move(*body)]() -> Outcome {
        const model::Module* present = context.site.findModule(id);
        const model::Driver* driver =
            present == nullptr ? nullptr : context.site.findDriver(present->driverId);
        if (driver == nullptr) {
          return noModule(id);
        }
        model::Module changed = *present;
        BodyReader reader = body;
        reader.read("driver_id", changed.driverId);
        reader.read("control_system_id", changed.controlSystemId);
        if (changed.driverId != present->driverId) {
          reader.fail("driver_id", "must not change: make a new module");
        }
        if (changed.controlSystemId != present->controlSystemId) {
          reader.fail("control_system_id", "must not change: make a new module");
        }
        changed.driverId = present->driverId;
        changed.controlSystemId = present->controlSystemId;
        readModule(reader, changed);
        const auto errors = checkModule(reader, changed, *driver);
        if (!errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      [&context](const auto& changes, Reply& done) { answerModule(context, 200, changes, done); });
}

void eraseModule(Context& context, Request& request, Reply reply) {
  eraseRow(context, request, std::move(reply), model::Table::Module,
           std::string(request.param("id")));
}

void setModuleRunning(Context& context, Request& request, Reply reply, bool isRunning) {
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), isRunning]() -> Outcome {
        const model::Module* present = context.site.findModule(id);
        if (present == nullptr) {
          return noModule(id);
        }
        if (present->running == isRunning) {
          return ConfigWriter::Writes{};
        }
        model::Module changed = *present;
        changed.running = isRunning;
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      [](const auto&, Reply& done) { done.empty(200); });
}

void load(Context& context, Request& request, Reply reply) {
  const model::Module* mod = findModule(context, request, reply);
  if (mod == nullptr) {
    return;
  }
  recordAction(context.audit, request, "reload", "module", mod->id);
  context.host.reload(mod->id, [reply = std::move(reply)](const Status& status) mutable {
    if (status.ok()) {
      reply.json(200, true);
    } else {
      reply.fail(status.error());
    }
  });
}

void moduleState(Context& context, Request& request, Reply reply) {
  const model::Module* mod = findModule(context, request, reply);
  if (mod == nullptr) {
    return;
  }
  auto texts = stateTexts(context, mod->id);
  if (!texts) {
    reply.fail(texts.error());
    return;
  }
  reply.json(200, std::move(*texts));
}

// A JSON string that holds JSON text: so the reference has it, and its clients decode twice.
void moduleStateKey(Context& context, Request& request, Reply reply) {
  const model::Module* mod = findModule(context, request, reply);
  if (mod == nullptr) {
    return;
  }
  auto text = stateText(context, mod->id, request.param("key"));
  if (!text) {
    reply.fail(text.error());
    return;
  }
  reply.json(200, std::move(*text));
}

void settings(Context& context, Request& request, Reply reply) {
  const model::Module* mod = findModule(context, request, reply);
  if (mod == nullptr) {
    return;
  }
  json::Array out;
  for (const model::Settings* row : settingsChain(context.site, *mod)) {
    out.emplace_back(toJson(*row, request.principal()));
  }
  reply.json(200, std::move(out));
}

void errors(Context& context, Request& request, Reply reply) {
  const model::Module* mod = findModule(context, request, reply);
  if (mod == nullptr) {
    return;
  }
  const ModuleHealth health = context.host.health(mod->id);
  if (health.code.empty()) {
    reply.fail(Error::of(ErrorCode::NotFound, "module " + mod->id + " has no error"));
    return;
  }
  json::Array out;
  out.emplace_back(health.code + ": " + health.sentence);
  if (auto lines = context.host.logs(mod->id)) {
    for (const LogLine& line : *lines) {
      if (line.level >= kLogLevelError) {
        out.emplace_back(line.message);
      }
    }
  }
  reply.json(200, std::move(out));
}

// Whether the link is up; Busbar sends no packets of its own for this.
void ping(Context& context, Request& request, Reply reply) {
  const model::Module* mod = findModule(context, request, reply);
  if (mod == nullptr) {
    return;
  }
  const model::Driver* driver = context.site.findDriver(mod->driverId);
  if (driver == nullptr || driver->role == model::Role::Logic) {
    reply.fail(missingParameter("id", "must be a module with a device: this one is logic"));
    return;
  }
  const ModuleHealth health = context.host.health(mod->id);
  json::Object out;
  out.set("host", mod->uri.empty() ? mod->ip : mod->uri);
  out.set("pingable", health.running && health.connected);
  if (!health.sentence.empty()) {
    out.set("warning", health.sentence);
  }
  reply.json(200, std::move(out));
}

void executeOnModule(Context& context, Request& request, Reply reply) {
  if (const model::Module* mod = findModule(context, request, reply)) {
    context.calls.start(request, std::move(reply.responder()), *mod, request.param("method"));
  }
}

}  // namespace

void addModuleRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "modules");
  routes.get("/modules", Permission::ZoneRead, listModules);
  routes.post("/modules", Permission::ZoneCreate, createModule, zonesOfModuleInBody);
  routes.get("/modules/:id", Permission::ZoneRead, showModule);
  routes.update("/modules/:id", Permission::ZoneUpdate, updateModule, zonesOfNamedModule);
  routes.erase("/modules/:id", Permission::ZoneDelete, eraseModule, zonesOfNamedModule);
  routes.post(
      "/modules/:id/start", Permission::ZoneRun,
      [](Context& c, Request& r, Reply reply) { setModuleRunning(c, r, std::move(reply), true); },
      zonesOfNamedModule);
  routes.post(
      "/modules/:id/stop", Permission::ZoneRun,
      [](Context& c, Request& r, Reply reply) { setModuleRunning(c, r, std::move(reply), false); },
      zonesOfNamedModule);
  routes.post("/modules/:id/load", Permission::Admin, load);
  routes.post("/modules/:id/exec/:method", Permission::Admin, executeOnModule);
  routes.get("/modules/:id/state", Permission::Support, moduleState);
  routes.get("/modules/:id/state/:key", Permission::Admin, moduleStateKey);
  routes.get("/modules/:id/settings", Permission::Admin, settings);
  routes.get("/modules/:id/error", Permission::Support, errors);
  routes.post("/modules/:id/ping", Permission::Support, ping);
}

}  // namespace busbar::api
