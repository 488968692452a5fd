// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/systems.h"

#include <algorithm>
#include <charconv>
#include <optional>

#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/grant_check.h"
#include "api/resources/list.h"
#include "api/resources/shapes.h"
#include "registry/settings/merge.h"
#include "registry/site/cascade.h"
#include "sdk/base/ascii.h"

namespace busbar::api {

using auth::Permission;
using http::Request;

const model::System* findSystem(const Site& site, std::string_view reference) {
  if (reference.find('@') == std::string_view::npos) {
    return site.findSystem(reference);
  }
  std::string email(reference);
  std::transform(email.begin(), email.end(), email.begin(), asciiLower);
  return site.findSystemByEmail(email);
}

Refusal noSystem(std::string_view reference) {
  return {notFound("system", reference), {}};
}

std::vector<std::string> zonesOfSystem(Context& context, const Request& request) {
  const model::System* system = findSystem(context.site, request.param("id"));
  return system == nullptr ? std::vector<std::string>() : system->zones;
}

namespace {

model::FieldErrors readSystem(BodyReader& body, model::System& system) {
  body.read("name", system.name);
  body.read("description", system.description);
  body.read("email", system.email);
  body.read("display_name", system.displayName);
  body.read("code", system.code);
  body.read("type", system.type);
  body.read("map_id", system.mapId);
  body.read("timezone", system.timezone);
  body.read("support_url", system.supportUrl);
  body.read("features", system.features);
  body.read("images", system.images);
  body.read("capacity", system.capacity);
  body.read("installed_ui_devices", system.installedUiDevices);
  body.read("bookable", system.bookable);
  body.read("public", system.isPublic);
  body.read("zones", system.zones);
  body.read("modules", system.modules);
  body.ignore({"id",
               "created_at",
               "updated_at",
               "version",
               "zone_data",
               "module_data",
               "settings",
               "approval",
               "security_groups",
               "timetable_url",
               "camera_url",
               "room_booking_url",
               "camera_snapshot_url",
               "camera_snapshot_urls",
               "signage",
               "orientation",
               "playlists",
               "signage_last_seen",
               "playlist_item_id",
               "space_config"});
  model::FieldErrors errors = body.finish("system");
  model::normalise(system);
  for (model::FieldError& error : model::validate(system)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

// With those of its modules that the reader may see.
json::Object completeJson(Context& context, const Request& request, const model::System& system) {
  const GrantCheck check(context, request);
  json::Object out = toJson(system);
  json::Array zones;
  for (const std::string& id : system.zones) {
    if (const model::Zone* zone = context.site.findZone(id)) {
      zones.emplace_back(toJson(*zone));
    }
  }
  json::Array modules;
  for (const std::string& id : system.modules) {
    const model::Module* mod = context.site.findModule(id);
    if (mod != nullptr && check.isReader(zonesOfModule(context.site, id))) {
      modules.emplace_back(toJson(*mod, context.site, context.host));
    }
  }
  out.set("zone_data", std::move(zones));
  out.set("module_data", std::move(modules));
  return out;
}

bool hasAll(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
  return std::all_of(wanted.begin(), wanted.end(), [&have](const std::string& entry) {
    return std::find(have.begin(), have.end(), entry) != have.end();
  });
}

bool hasAny(const std::vector<std::string>& wanted, const std::string& value) {
  return wanted.empty() || std::find(wanted.begin(), wanted.end(), value) != wanted.end();
}

struct SystemFilter {
  int64_t capacity = 0;
  std::vector<std::string> zones;
  std::vector<std::string> features;
  std::vector<std::string> emails;
  std::vector<std::string> modules;
  std::string triggerId;
  std::optional<bool> bookable;
  bool onlyPublic = false;
  bool onlySignage = false;  // which no system has

  bool matches(const Site& site, const model::System& system) const {
    return system.capacity >= capacity && hasAll(system.zones, zones) &&
           hasAll(system.features, features) && hasAny(emails, system.email) &&
           hasAll(system.modules, modules) && (!bookable || system.bookable == *bookable) &&
           (!onlyPublic || system.isPublic) && !onlySignage &&
           (triggerId.empty() || hasTrigger(site, system));
  }

  bool hasTrigger(const Site& site, const model::System& system) const {
    const Site::Ids& instances = site.instancesOfSystem(system.id);
    return std::any_of(instances.begin(), instances.end(), [&](const std::string& id) {
      return site.findTriggerInstance(id)->triggerId == triggerId;
    });
  }
};

std::variant<SystemFilter, Refusal> toSystemFilter(const Request& request) {
  if (auto bad = findBadFlag(request, {"bookable", "public", "signage"})) {
    return std::move(*bad);
  }
  SystemFilter filter;
  if (const auto text = request.query("capacity")) {
    const auto parsed = std::from_chars(text->data(), text->data() + text->size(), filter.capacity);
    if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) {
      return badParameter("capacity", "must be an integer");
    }
  }
  filter.zones = listOf(request, "zone_id");
  filter.features = listOf(request, "features");
  filter.emails = listOf(request, "email");
  filter.modules = listOf(request, "module_id");
  if (request.query("bookable")) {
    filter.bookable = flagOf(request, "bookable", false);
  }
  filter.onlyPublic = flagOf(request, "public", false);
  filter.onlySignage = flagOf(request, "signage", false);
  filter.triggerId = request.query("trigger_id").value_or("");
  return filter;
}

void listSystems(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  auto filter = toSystemFilter(request);
  for (const Refusal* refusal : {std::get_if<Refusal>(&page), std::get_if<Refusal>(&filter)}) {
    if (refusal != nullptr) {
      reply.fail(*refusal);
      return;
    }
  }
  sendList<model::System>(
      context, std::move(reply),
      {"sys", std::get<Page>(std::move(page)),
       [filter = std::get<SystemFilter>(std::move(filter)),
        &site = context.site](const model::System& row) { return filter.matches(site, row); },
       [](const model::System& row) { return toJson(row); }});
}

// Those with one of the addresses, which are compared as stored: in lower case.
void withEmails(Context& context, Request& request, Reply reply) {
  std::vector<std::string> wanted = listOf(request, "in");
  if (wanted.empty()) {
    reply.fail(missingParameter("in", "is required: e-mail addresses, separated by commas"));
    return;
  }
  json::Array out;
  for (std::string& email : wanted) {
    std::transform(email.begin(), email.end(), email.begin(), asciiLower);
    for (const model::System* system : context.site.systems()) {
      if (system->email == email) {
        out.emplace_back(toJson(*system));
      }
    }
  }
  const size_t count = out.size();
  auto response = http::Response::json(200, json::Value(std::move(out)));
  setListHeaders(response, "sys", count);
  reply.send(std::move(response));
}

void showSystem(Context& context, Request& request, Reply reply) {
  const model::System* system = findSystem(context.site, request.param("id"));
  if (system == nullptr) {
    reply.fail(noSystem(request.param("id")));
    return;
  }
  reply.json(200, flagOf(request, "complete", false) ? completeJson(context, request, *system)
                                                     : toJson(*system));
}

void answerSystem(int status, const std::vector<ConfigChange>& changes, Reply& reply) {
  const model::System* stored = findStored<model::System>(changes);
  if (stored == nullptr) {
    reply.empty(status);
    return;
  }
  reply.json(status, toJson(*stored));
}

// The zones that a new system is put into.
std::vector<std::string> zonesOfSystemInBody(Context&, const Request& request) {
  auto body = BodyReader::parse(request.body());
  model::System system;
  if (body) {
    body->read("zones", system.zones);
  }
  return system.zones;
}

// True when a caller by grant would reach further by the change than the grants do.
bool isBeyondGrants(const GrantCheck& check, const model::System& before,
                    const model::System& after) {
  std::vector<std::string> touched;
  std::copy_if(after.zones.begin(), after.zones.end(), std::back_inserter(touched),
               [&](const std::string& zone) { return !hasAll(before.zones, {zone}); });
  std::copy_if(before.zones.begin(), before.zones.end(), std::back_inserter(touched),
               [&](const std::string& zone) { return !hasAll(after.zones, {zone}); });
  const bool zonesFine = touched.empty() || before.id.empty() ||
                         (check.mayInEach(Permission::ZoneUpdate, touched) &&
                          check.may(Permission::ZoneManage, before.zones));
  return !zonesFine ||
         std::any_of(after.modules.begin(), after.modules.end(), [&](const std::string& id) {
           return !hasAll(before.modules, {id}) && !check.mayModule(Permission::ZoneManage, id);
         });
}

void createSystem(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::System system;
  const auto errors = readSystem(*body, system);
  if (!errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  const GrantCheck check(context, request);
  if (!check.mayInEach(Permission::ZoneCreate, system.zones) ||
      isBeyondGrants(check, model::System(), system)) {
    reply.fail(notGranted(Permission::ZoneCreate));
    return;
  }
  system.id = context.ids.next(model::Table::System);
  context.writer.run(
      std::move(reply), actorOf(request),
      [system]() -> Outcome { return ConfigWriter::Writes{{ConfigWrite::Kind::Insert, system}}; },
      [](const auto& changes, Reply& done) { answerSystem(201, changes, done); });
}

// The version that the client has seen; PlaceOS's clients send it in the query.
std::variant<int64_t, Refusal> versionInQuery(const Request& request) {
  const auto text = request.query("version");
  if (!text) {
    return missingParameter("version", "is required: the version of the system that you changed");
  }
  int64_t version = 0;
  const auto parsed = std::from_chars(text->data(), text->data() + text->size(), version);
  if (parsed.ec != std::errc() || parsed.ptr != text->data() + text->size()) {
    return badParameter("version", "must be an integer");
  }
  return version;
}

Refusal versionClash(const model::System& present, int64_t seen) {
  Refusal refusal{
      Error::because(ErrorCode::Aborted, "version_clash",
                     "system " + present.id + " is at version " + std::to_string(present.version) +
                         ", not " + std::to_string(seen) +
                         "; read it again, then repeat the change"),
      {}};
  refusal.extra.set("current_version", present.version);
  refusal.extra.set("given_version", seen);
  return refusal;
}

void updateSystem(Context& context, Request& request, Reply reply) {
  auto version = versionInQuery(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&version)) {
    reply.fail(*refusal);
    return;
  }
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, seen = std::get<int64_t>(version), reference = std::string(request.param("id")),
       check = GrantCheck(context, request), body = std::move(*body)]() -> Outcome {
        const model::System* present = findSystem(context.site, reference);
        if (present == nullptr) {
          return noSystem(reference);
        }
        if (present->version != seen) {
          return versionClash(*present, seen);
        }
        model::System changed = *present;
        BodyReader reader = body;
        const auto errors = readSystem(reader, changed);
        if (!errors.empty()) {
          return invalidFields(errors);
        }
        if (isBeyondGrants(check, *present, changed)) {
          return Refusal{notGranted(Permission::ZoneManage), {}};
        }
        ++changed.version;
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      [](const auto& changes, Reply& done) { answerSystem(200, changes, done); });
}

Outcome toOutcome(Result<std::vector<ConfigWrite>> planned) {
  if (!planned) {
    return Refusal{planned.error(), {}};
  }
  return std::move(*planned);
}

void eraseSystem(Context& context, Request& request, Reply reply) {
  eraseRows(context, request, std::move(reply),
            [&context, reference = std::string(request.param("id"))]() -> Outcome {
              const model::System* present = findSystem(context.site, reference);
              if (present == nullptr) {
                return noSystem(reference);
              }
              return toOutcome(planErase(context.site, model::Table::System, present->id));
            });
}

void zonesOf(Context& context, Request& request, Reply reply) {
  const model::System* system = findSystem(context.site, request.param("id"));
  if (system == nullptr) {
    reply.fail(noSystem(request.param("id")));
    return;
  }
  json::Array out;
  for (const std::string& id : system->zones) {
    if (const model::Zone* zone = context.site.findZone(id)) {
      out.emplace_back(toJson(*zone));
    }
  }
  const size_t count = out.size();
  auto response = http::Response::json(200, json::Value(std::move(out)));
  setListHeaders(response, "zone", count);
  reply.send(std::move(response));
}

void settingsOf(Context& context, Request& request, Reply reply) {
  const model::System* system = findSystem(context.site, request.param("id"));
  if (system == nullptr) {
    reply.fail(noSystem(request.param("id")));
    return;
  }
  json::Array out;
  const auto append = [&](std::string_view parentId) {
    for (const model::Settings* settings : context.site.settingsOf(parentId)) {
      out.emplace_back(toJson(*settings, request.principal()));
    }
  };
  for (const std::string& zoneId : system->zones) {
    append(zoneId);
  }
  append(system->id);
  reply.json(200, std::move(out));
}

void addModule(Context& context, Request& request, Reply reply) {
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, reference = std::string(request.param("id")), check = GrantCheck(context, request),
       moduleId = std::string(request.param("module_id"))]() -> Outcome {
        const model::System* present = findSystem(context.site, reference);
        const model::Module* mod = context.site.findModule(moduleId);
        if (present == nullptr) {
          return noSystem(reference);
        }
        if (mod == nullptr) {
          return Refusal{notFound("module", moduleId), {}};
        }
        if (!mod->controlSystemId.empty() && mod->controlSystemId != present->id) {
          return invalidField("module_id", "is a logic module of another system");
        }
        model::System changed = *present;
        if (std::find(changed.modules.begin(), changed.modules.end(), moduleId) ==
            changed.modules.end()) {
          changed.modules.push_back(moduleId);
        }
        if (isBeyondGrants(check, *present, changed)) {
          return Refusal{notGranted(Permission::ZoneManage), {}};
        }
        ++changed.version;
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      [](const auto& changes, Reply& done) { answerSystem(200, changes, done); });
}

void removeModule(Context& context, Request& request, Reply reply) {
  eraseRows(
      context, request, std::move(reply),
      [&context, reference = std::string(request.param("id")),
       moduleId = std::string(request.param("module_id"))]() -> Outcome {
        const model::System* present = findSystem(context.site, reference);
        if (present == nullptr) {
          return noSystem(reference);
        }
        return toOutcome(planRemoveModule(context.site, present->id, moduleId));
      },
      [](const auto& changes, Reply& done) { answerSystem(202, changes, done); });
}

// Only modules of this system alone, unless the client asks for all of them.
std::variant<bool, Refusal> isSingleOccurrence(const Request& request) {
  if (auto bad = findBadFlag(request, {"single_occurrence"})) {
    return std::move(*bad);
  }
  auto body = BodyReader::parse(request.body());
  if (!body) {
    return Refusal{body.error(), {}};
  }
  bool isSingle = true;
  body->read("single_occurrence", isSingle);
  if (const auto errors = body->finish("start or stop"); !errors.empty()) {
    return invalidFields(errors);
  }
  return flagOf(request, "single_occurrence", isSingle);
}

void setSystemRunning(Context& context, Request& request, Reply reply, bool isRunning) {
  const auto single = isSingleOccurrence(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&single)) {
    reply.fail(*refusal);
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, reference = std::string(request.param("id")), single = std::get<bool>(single),
       isRunning]() -> Outcome {
        const model::System* system = findSystem(context.site, reference);
        if (system == nullptr) {
          return noSystem(reference);
        }
        ConfigWriter::Writes writes;
        for (const std::string& id : system->modules) {
          const model::Module* mod = context.site.findModule(id);
          if (mod == nullptr || mod->ignoreStartstop || mod->running == isRunning ||
              (single && context.site.systemsOfModule(id).size() > 1)) {
            continue;
          }
          model::Module changed = *mod;
          changed.running = isRunning;
          writes.push_back({ConfigWrite::Kind::Update, std::move(changed)});
        }
        return writes;
      },
      [](const auto&, Reply& done) { done.empty(200); });
}

}  // namespace

void addSystemRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "systems");
  routes.get("/systems", Permission::User, listSystems);
  routes.post("/systems", Permission::ZoneCreate, createSystem, zonesOfSystemInBody);
  routes.get("/systems/with_emails", Permission::User, withEmails);
  routes.get("/systems/:id", Permission::User, showSystem);
  routes.update("/systems/:id", Permission::ZoneUpdate, updateSystem, zonesOfSystem);
  routes.erase("/systems/:id", Permission::ZoneDelete, eraseSystem, zonesOfSystem);
  routes.get("/systems/:id/zones", Permission::Admin, zonesOf);
  routes.get("/systems/:id/settings", Permission::Admin, settingsOf);
  routes.add(http::Method::Put, "/systems/:id/module/:module_id", Permission::ZoneUpdate, addModule,
             zonesOfSystem);
  routes.erase("/systems/:id/module/:module_id", Permission::ZoneDelete, removeModule,
               zonesOfSystem);
  routes.post(
      "/systems/:id/start", Permission::ZoneRun,
      [](Context& c, Request& r, Reply reply) { setSystemRunning(c, r, std::move(reply), true); },
      zonesOfSystem);
  routes.post(
      "/systems/:id/stop", Permission::ZoneRun,
      [](Context& c, Request& r, Reply reply) { setSystemRunning(c, r, std::move(reply), false); },
      zonesOfSystem);
}

}  // namespace busbar::api
