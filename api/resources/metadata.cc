// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/metadata.h"

#include <algorithm>
#include <map>
#include <optional>

#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/grant_check.h"
#include "api/resources/page.h"
#include "api/resources/shapes.h"
#include "api/resources/systems.h"
#include "api/resources/tenancy.h"
#include "registry/site/cascade.h"
#include "sdk/base/merge_patch.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr size_t kMaxMetadataVersions = 20;
constexpr size_t kMaxParents = 1000;
constexpr Milliseconds kMetadataReadLimit{10'000};

bool isParent(const Site& site, std::string_view id) {
  return site.findSystem(id) != nullptr || site.findZone(id) != nullptr ||
         site.findUser(id) != nullptr;
}

// A user of a domain that the caller does not see does not exist for it. Users never change theirs.
bool isHidden(const Site& site, const Request& request, std::string_view parentId) {
  const model::User* user = site.findUser(parentId);
  return user != nullptr && !seesDomain(site, request, user->domainId);
}

// What zones grant is written by those who may grant it.
bool mayName(const Site& site, const GrantCheck& check, const std::string& parentId,
             std::string_view name) {
  return name != auth::kZonePermissions || site.findZone(parentId) == nullptr ||
         check.mayInZone(Permission::ZoneManage, parentId);
}

Refusal noParent(std::string_view id) {
  return {notFound("system, zone or user", id), {}};
}

Refusal noMetadata(std::string_view parentId, std::string_view name) {
  return {Error::of(ErrorCode::NotFound,
                    std::string(parentId) + " has no metadata " + std::string(name.substr(0, 100))),
          {}};
}

Refusal mayNotEdit() {
  return {Error::because(
              ErrorCode::PermissionDenied, "not_allowed",
              "changing this takes support, a grant in its zones, a group among its editors, "
              "or to be the user that it belongs to; permissions of a zone take Manage in it"),
          {}};
}

// `present` may be null: what is new has no editors yet.
bool mayEdit(const Site& site, const GrantCheck& check, const auth::Principal& who,
             std::string_view parentId, const model::Metadata* present) {
  if (parentId == who.userId || check.may(Permission::ZoneUpdate, zonesOfParent(site, parentId))) {
    return true;
  }
  return present != nullptr &&
         std::any_of(present->editors.begin(), present->editors.end(), [&who](const auto& editor) {
           return std::find(who.groups.begin(), who.groups.end(), editor) != who.groups.end();
         });
}

void sendOf(Context& context, Request& request, Reply& reply, std::string_view parentId) {
  reply.json(200, metadataByName(context.site, parentId, request.query("name").value_or("")));
}

void showMetadata(Context& context, Request& request, Reply reply) {
  const std::string_view parentId = request.param("parent");
  if (!isParent(context.site, parentId) || isHidden(context.site, request, parentId)) {
    reply.fail(noParent(parentId));
    return;
  }
  sendOf(context, request, reply, parentId);
}

void showOfSystem(Context& context, Request& request, Reply reply) {
  const model::System* system = findSystem(context.site, request.param("id"));
  if (system == nullptr) {
    reply.fail(notFound("system", request.param("id")));
    return;
  }
  sendOf(context, request, reply, system->id);
}

void showOfZone(Context& context, Request& request, Reply reply) {
  const model::Zone* zone = context.site.findZone(request.param("id"));
  if (zone == nullptr) {
    reply.fail(notFound("zone", request.param("id")));
    return;
  }
  sendOf(context, request, reply, zone->id);
}

void showOfUser(Context& context, Request& request, Reply reply) {
  const model::User* user = context.site.findUser(request.param("id"));
  if (user == nullptr || isHidden(context.site, request, user->id)) {
    reply.fail(notFound("user", request.param("id")));
    return;
  }
  sendOf(context, request, reply, user->id);
}

enum class Mode { Replace, Merge };

// Lays the body over the row; refuses what only support may change.
std::optional<Refusal> readMetadata(BodyReader& body, model::Metadata& metadata, Mode mode,
                                    const auth::Principal& writer) {
  const model::Metadata before = metadata;
  body.read("description", metadata.description);
  body.read("editors", metadata.editors);
  body.read("schema_id", metadata.schemaId);
  const json::Value* details = body.find("details");
  if (details != nullptr && mode == Mode::Merge) {
    json::mergePatch(metadata.details, *details);
  } else if (details != nullptr) {
    metadata.details = *details;
  } else if (mode == Mode::Replace) {
    body.fail("details", "is required: any JSON value");
  }
  body.ignore({"id", "created_at", "updated_at", "version", "modified_by_id"});
  auto errors = body.finish("metadata");
  model::normalise(metadata);
  for (model::FieldError& error : model::validate(metadata)) {
    errors.push_back(std::move(error));
  }
  if (!errors.empty()) {
    return invalidFields(errors);
  }
  const bool isPrivileged =
      metadata.editors != before.editors || metadata.schemaId != before.schemaId;
  if (isPrivileged && !writer.isSupport()) {
    return Refusal{Error::because(ErrorCode::PermissionDenied, "not_allowed",
                                  "editors and schema_id are changed by support only"),
                   {}};
  }
  return std::nullopt;
}

// Creates or changes one document; which, only the site can tell.
void put(Context& context, const Request& request, Reply reply, std::string parentId, Mode mode,
         int status) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  std::string name;
  body->require("name");
  body->read("name", name);
  std::string given = parentId;
  body->read("parent_id", given);
  parentId = parentId.empty() ? given : parentId;
  if (given != parentId) {
    body->fail("parent_id", "must be the one in the path");
  }
  if (parentId.empty()) {
    reply.fail(invalidField("parent_id", "is required"));
    return;
  }
  if (isHidden(context.site, request, parentId)) {
    reply.fail(noParent(parentId));
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, parentId, name, mode, body = std::move(*body), writer = request.principal(),
       check = GrantCheck(context, request),
       newId = context.ids.next(model::Table::Metadata)]() -> Outcome {
        if (!isParent(context.site, parentId)) {
          return noParent(parentId);
        }
        model::Metadata changed;
        changed.id = newId;
        changed.parentId = parentId;
        changed.name = name;
        model::normalise(changed);
        const model::Metadata* present = context.site.findMetadata(parentId, changed.name);
        if (!mayEdit(context.site, check, writer, parentId, present) ||
            !mayName(context.site, check, parentId, changed.name)) {
          return mayNotEdit();
        }
        if (present != nullptr) {
          changed = *present;
        }
        BodyReader reader = body;
        if (auto refusal = readMetadata(reader, changed, mode, writer)) {
          return std::move(*refusal);
        }
        changed.modifiedById = writer.userId;
        const auto kind =
            present == nullptr ? ConfigWrite::Kind::Insert : ConfigWrite::Kind::Update;
        return ConfigWriter::Writes{{kind, std::move(changed)}};
      },
      answerRow<model::Metadata>(status));
}

void replace(Context& context, Request& request, Reply reply) {
  put(context, request, std::move(reply), std::string(request.param("parent")), Mode::Replace, 200);
}

void merge(Context& context, Request& request, Reply reply) {
  put(context, request, std::move(reply), std::string(request.param("parent")), Mode::Merge, 200);
}

void createMetadata(Context& context, Request& request, Reply reply) {
  put(context, request, std::move(reply), std::string(request.param("parent")), Mode::Replace, 201);
}

void eraseMetadata(Context& context, Request& request, Reply reply) {
  const std::string name(request.query("name").value_or(""));
  if (name.empty()) {
    reply.fail(missingParameter("name", "is required: the name of the metadata to delete"));
    return;
  }
  if (isHidden(context.site, request, request.param("parent"))) {
    reply.fail(noMetadata(request.param("parent"), name));
    return;
  }
  eraseRows(context, request, std::move(reply),
            [&context, name, parentId = std::string(request.param("parent")),
             check = GrantCheck(context, request), writer = request.principal()]() -> Outcome {
              const model::Metadata* present = context.site.findMetadata(parentId, name);
              if (present == nullptr) {
                return noMetadata(parentId, name);
              }
              const bool mayErase =
                  parentId == writer.userId ||
                  check.may(Permission::ZoneDelete, zonesOfParent(context.site, parentId));
              if (!mayErase || !mayName(context.site, check, parentId, name)) {
                return mayNotEdit();
              }
              auto planned = planErase(context.site, model::Table::Metadata, present->id);
              if (!planned) {
                return Refusal{planned.error(), {}};
              }
              return std::move(*planned);
            });
}

void rename(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  std::string from;
  std::string to;
  for (const char* member : {"current_name", "new_name"}) {
    body->require(member);
  }
  body->read("current_name", from);
  body->read("new_name", to);
  if (const auto errors = body->finish("change of a name"); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  if (isHidden(context.site, request, request.param("parent"))) {
    reply.fail(noMetadata(request.param("parent"), from));
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, from, to, parentId = std::string(request.param("parent")),
       check = GrantCheck(context, request), writer = request.principal()]() -> Outcome {
        const model::Metadata* present = context.site.findMetadata(parentId, from);
        if (present == nullptr) {
          return noMetadata(parentId, from);
        }
        if (!mayEdit(context.site, check, writer, parentId, present)) {
          return mayNotEdit();
        }
        model::Metadata changed = *present;
        changed.name = to;
        changed.modifiedById = writer.userId;
        model::normalise(changed);
        if (!mayName(context.site, check, parentId, from) ||
            !mayName(context.site, check, parentId, changed.name)) {
          return mayNotEdit();
        }
        if (const auto errors = model::validate(changed); !errors.empty()) {
          return invalidField("new_name", errors.front().reason);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerRow<model::Metadata>(200));
}

void children(Context& context, Request& request, Reply reply) {
  if (const auto bad = findBadFlag(request, {"include_parent"})) {
    reply.fail(*bad);
    return;
  }
  const model::Zone* parent = context.site.findZone(request.param("parent"));
  if (parent == nullptr) {
    reply.fail(notFound("zone", request.param("parent")));
    return;
  }
  std::vector<const model::Zone*> zones;
  for (const std::string& id : context.site.childrenOfZone(parent->id)) {
    zones.push_back(context.site.findZone(id));
  }
  std::sort(zones.begin(), zones.end(),
            [](const model::Zone* a, const model::Zone* b) { return a->name < b->name; });
  if (flagOf(request, "include_parent", true)) {
    zones.insert(zones.begin(), parent);
  }
  json::Array out;
  for (const model::Zone* zone : zones) {
    json::Object row;
    row.set("zone", toJson(*zone));
    row.set("metadata", metadataByName(context.site, zone->id, request.query("name").value_or("")));
    out.emplace_back(std::move(row));
  }
  reply.json(200, std::move(out));
}

void bulk(Context& context, Request& request, Reply reply) {
  const auto parents = listOf(request, "parent_ids");
  if (parents.empty() || parents.size() > kMaxParents) {
    reply.fail(missingParameter("parent_ids", "is required: 1 to 1000 ids, separated by commas"));
    return;
  }
  json::Object out;
  for (const std::string& parentId : parents) {
    const auto* row = context.site.findMetadata(parentId, request.param("name"));
    const bool isShown = row != nullptr && !isHidden(context.site, request, parentId);
    out.set(parentId, !isShown ? json::Value() : json::Value(toJson(*row)));
  }
  reply.json(200, std::move(out));
}

json::Object versionsByName(const Site& site, const std::vector<model::Metadata>& versions,
                            const Page& page, const std::string& name) {
  std::map<std::string, json::Array> lists;
  std::map<std::string, size_t> seen;
  for (const model::Metadata& version : versions) {
    const model::Metadata* present = site.findMetadata(version.id);
    if (present == nullptr || (!name.empty() && present->name != name)) {
      continue;
    }
    json::Array& list = lists[present->name];  // also of one that was renamed
    const size_t at = seen[present->name]++;
    if (at >= page.offset && list.size() < page.limit) {
      list.emplace_back(toJson(version));
    }
  }
  json::Object out;
  for (auto& [key, list] : lists) {
    out.set(key, std::move(list));
  }
  return out;
}

void metadataHistory(Context& context, Request& request, Reply reply) {
  auto parsed = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&parsed)) {
    reply.fail(*refusal);
    return;
  }
  Page page = std::get<Page>(std::move(parsed));
  page.limit = std::min(page.limit, kMaxMetadataVersions);
  const std::string parentId(request.param("parent"));
  if (!isParent(context.site, parentId) || isHidden(context.site, request, parentId)) {
    reply.fail(noParent(parentId));
    return;
  }
  context.store.metadataHistory(
      parentId, context.loop.now() + kMetadataReadLimit,
      [&site = context.site, page = std::move(page), reply = std::move(reply),
       name = std::string(request.query("name").value_or(""))](
          Result<std::vector<model::Metadata>> versions) mutable {
        if (!versions) {
          reply.fail(versions.error());
          return;
        }
        reply.json(200, versionsByName(site, *versions, page, name));
      });
}

}  // namespace

void addMetadataRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "metadata");
  routes.post("/metadata", Permission::User, createMetadata);
  routes.get("/metadata/:parent", Permission::User, showMetadata);
  routes.add(http::Method::Put, "/metadata/:parent", Permission::User, replace);
  routes.add(http::Method::Patch, "/metadata/:parent", Permission::User, merge);
  routes.post("/metadata/:parent", Permission::User, createMetadata);
  routes.erase("/metadata/:parent", Permission::User, eraseMetadata);
  routes.get("/metadata/:parent/children", Permission::User, children);
  routes.add(http::Method::Patch, "/metadata/:parent/name", Permission::User, rename);
  routes.get("/metadata/:parent/history", Permission::User, metadataHistory);
  routes.get("/metadata/:name/bulk", Permission::User, bulk);
  Routes systems(router, context, kEngine, "systems");
  systems.get("/systems/:id/metadata", Permission::Admin, showOfSystem);
  Routes zones(router, context, kEngine, "zones");
  zones.get("/zones/:id/metadata", Permission::User, showOfZone);
  Routes users(router, context, kEngine, "users");
  users.get("/users/:id/metadata", Permission::User, showOfUser);
}

}  // namespace busbar::api
