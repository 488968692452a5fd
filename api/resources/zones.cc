// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/zones.h"

#include <algorithm>
#include <memory>
#include <set>

#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/call_limits.h"
#include "api/resources/erasure.h"
#include "api/resources/grant_check.h"
#include "api/resources/list.h"
#include "api/resources/shapes.h"
#include "api/resources/trigger_shapes.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr Milliseconds kZoneCallLimit{10'000};

model::FieldErrors readZone(BodyReader& body, model::Zone& zone) {
  body.read("name", zone.name);
  body.read("description", zone.description);
  body.read("tags", zone.tags);
  body.read("parent_id", zone.parentId);
  body.read("location", zone.location);
  body.read("display_name", zone.displayName);
  body.read("code", zone.code);
  body.read("type", zone.type);
  body.read("map_id", zone.mapId);
  body.read("timezone", zone.timezone);
  body.read("images", zone.images);
  body.read("triggers", zone.triggers);
  body.read("count", zone.count);
  body.read("capacity", zone.capacity);
  body.ignore({"id", "created_at", "updated_at", "version", "trigger_data", "playlists", "place_id",
               "children_count", "settings"});
  model::FieldErrors errors = body.finish("zone");
  model::normalise(zone);
  for (model::FieldError& error : model::validate(zone)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

bool isIn(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

void listZones(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  const Page& wanted = std::get<Page>(page);
  if (const auto bad = findBadFlag(request, {"include_children_count"})) {
    reply.fail(*bad);
    return;
  }
  const auto parents = listOf(request, "parent_id");
  const auto tags = listOf(request, "tags");
  if (!request.principal().isSupport() && parents.empty() && tags.empty()) {
    reply.fail(Error::because(ErrorCode::PermissionDenied, "not_allowed",
                              "give parent_id or tags: all zones are listed for support only"));
    return;
  }
  const bool withChildren = flagOf(request, "include_children_count", false);
  sendList<model::Zone>(context, std::move(reply),
                        {"zone", wanted,
                         [parents, tags](const model::Zone& zone) {
                           const bool isChild = parents.empty() || isIn(parents, zone.parentId) ||
                                                (zone.parentId.empty() && isIn(parents, "root"));
                           return isChild && std::all_of(tags.begin(), tags.end(),
                                                         [&zone](const std::string& tag) {
                                                           return isIn(zone.tags, tag);
                                                         });
                         },
                         [&context, withChildren](const model::Zone& row) {
                           json::Object out = toJson(row);
                           if (withChildren) {
                             const auto& children = context.site.childrenOfZone(row.id);
                             out.set("children_count", static_cast<int64_t>(children.size()));
                           }
                           return out;
                         }});
}

void tags(Context& context, Request&, Reply reply) {
  std::set<std::string> all;
  for (const model::Zone* zone : context.site.zones()) {
    all.insert(zone->tags.begin(), zone->tags.end());
  }
  json::Array out;
  for (const std::string& tag : all) {
    out.emplace_back(tag);
  }
  reply.json(200, std::move(out));
}

json::Array triggersOf(const Site& site, const model::Zone& zone) {
  json::Array out;
  for (const std::string& id : zone.triggers) {
    if (const model::Trigger* trigger = site.findTrigger(id)) {
      out.emplace_back(toJson(*trigger));
    }
  }
  return out;
}

void showZone(Context& context, Request& request, Reply reply) {
  const model::Zone* zone = context.site.findZone(request.param("id"));
  if (zone == nullptr) {
    reply.fail(notFound("zone", request.param("id")));
    return;
  }
  json::Object out = toJson(*zone);
  if (flagOf(request, "complete", false)) {
    out.set("trigger_data", triggersOf(context.site, *zone));
  }
  reply.json(200, std::move(out));
}

void listTriggersOfZone(Context& context, Request& request, Reply reply) {
  const model::Zone* zone = context.site.findZone(request.param("id"));
  if (zone == nullptr) {
    reply.fail(notFound("zone", request.param("id")));
    return;
  }
  auto response = http::Response::json(200, json::Value(triggersOf(context.site, *zone)));
  setListHeaders(response, "trigger", zone->triggers.size());
  reply.send(std::move(response));
}

std::vector<std::string> itself(Context&, const Request& request) {
  return {std::string(request.param("id"))};
}

// A zone that lies in none is for support to delete.
std::vector<std::string> itselfUnlessRoot(Context& context, const Request& request) {
  const model::Zone* zone = context.site.findZone(request.param("id"));
  return zone == nullptr || zone->parentId.empty() ? std::vector<std::string>()
                                                   : std::vector<std::string>{zone->id};
}

std::vector<std::string> parentInBody(Context&, const Request& request) {
  auto body = BodyReader::parse(request.body());
  std::string parentId;
  if (body) {
    body->read("parent_id", parentId);
  }
  return {parentId};
}

void createZone(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::Zone zone;
  const auto errors = readZone(*body, zone);
  if (!errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  zone.id = context.ids.next(model::Table::Zone);
  context.writer.run(
      std::move(reply), actorOf(request),
      [zone]() -> Outcome { return ConfigWriter::Writes{{ConfigWrite::Kind::Insert, zone}}; },
      answerRow<model::Zone>(201));
}

// True if `zoneId` is `ancestorId` or lies in it.
bool zoneLiesIn(const Site& site, std::string zoneId, const std::string& ancestorId) {
  for (size_t depth = 0; !zoneId.empty() && depth < 1000; ++depth) {
    if (zoneId == ancestorId) {
      return true;
    }
    const model::Zone* zone = site.findZone(zoneId);
    zoneId = zone == nullptr ? std::string() : zone->parentId;
  }
  return false;
}

void updateZone(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), check = GrantCheck(context, request),
       body = std::move(*body)]() -> Outcome {
        const model::Zone* present = context.site.findZone(id);
        if (present == nullptr) {
          return Refusal{notFound("zone", id), {}};
        }
        model::Zone changed = *present;
        BodyReader reader = body;
        auto errors = readZone(reader, changed);
        if (errors.empty() && zoneLiesIn(context.site, changed.parentId, id)) {
          errors.push_back({"parent_id", "must not lie in the zone itself"});
        }
        if (!errors.empty()) {
          return invalidFields(errors);
        }
        if (changed.parentId != present->parentId &&
            !(check.mayInZone(Permission::ZoneManage, id) &&
              check.mayInZone(Permission::ZoneCreate, changed.parentId))) {
          return Refusal{notGranted(Permission::ZoneManage), {}};
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerRow<model::Zone>(200));
}

void eraseZone(Context& context, Request& request, Reply reply) {
  eraseRow(context, request, std::move(reply), model::Table::Zone,
           std::string(request.param("id")));
}

// Outcome of one call per system; the last completion to go answers.
struct ZoneCall {
  explicit ZoneCall(Reply r) : reply(std::move(r)) {}
  ~ZoneCall() {
    json::Object out;
    out.set("success", std::move(success));
    out.set("failure", std::move(failure));
    out.set("module_missing", std::move(missing));
    reply.json(200, std::move(out));
  }
  Reply reply;
  json::Array success;
  json::Array failure;
  json::Array missing;
};

// As a module takes them: a list, or an object by name.
Status checkArguments(const std::string& args) {
  if (const Status checked = json::check(args, kArgumentLimits); !checked.ok()) {
    return Error::because(ErrorCode::InvalidArgument, "bad_json", checked.error().message);
  }
  const char first = args[args.find_first_not_of(" \t\r\n")];
  return first == '[' || first == '{' ? Status()
                                      : Error::because(ErrorCode::InvalidArgument, "bad_json",
                                                       "arguments must be a list or an object");
}

void executeInZone(Context& context, Request& request, Reply reply) {
  const model::Zone* zone = context.site.findZone(request.param("id"));
  if (zone == nullptr) {
    reply.fail(notFound("zone", request.param("id")));
    return;
  }
  const std::string args = request.body().empty() ? std::string("[]") : request.body();
  if (const Status checked = checkArguments(args); !checked.ok()) {
    reply.fail(checked.error());
    return;
  }
  if (context.audit.isAuditFull()) {
    reply.fail(auditBusy());
    return;
  }
  const std::string slug(request.param("slug"));
  json::Object details;
  details.set("slug", slug);
  details.set("function", request.param("method"));
  recordAction(context.audit, request, "exec", "zone", zone->id, std::move(details));
  ExecuteRequest call;
  call.function = std::string(request.param("method"));
  call.args = args;
  call.caller = {request.principal().userId, request.principal().role, request.trace().toHeader()};
  call.deadline = context.loop.now() + kZoneCallLimit;
  const auto calls = std::make_shared<ZoneCall>(std::move(reply));
  for (const std::string& systemId : context.site.systemsOfZone(zone->id)) {
    const model::Module* mod = context.site.resolve(systemId, slug);
    if (mod == nullptr) {
      calls->missing.emplace_back(systemId);
      continue;
    }
    call.moduleId = mod->id;
    context.host.execute(call, [calls, systemId](const Result<ExecuteReply>& result) {
      (result.ok() ? calls->success : calls->failure).emplace_back(systemId);
    });
  }
}

}  // namespace

void addZoneRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "zones");
  routes.get("/zones", Permission::User, listZones);
  routes.post("/zones", Permission::ZoneCreate, createZone, parentInBody);
  routes.get("/zones/tags", Permission::User, tags);
  routes.get("/zones/:id", Permission::User, showZone);
  routes.update("/zones/:id", Permission::ZoneUpdate, updateZone, itself);
  routes.erase("/zones/:id", Permission::ZoneDelete, eraseZone, itselfUnlessRoot);
  routes.get("/zones/:id/triggers", Permission::Support, listTriggersOfZone);
  routes.post("/zones/:id/exec/:slug/:method", Permission::Support, executeInZone);
}

}  // namespace busbar::api
