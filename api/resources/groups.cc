// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/groups.h"

#include <algorithm>

#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/group_access.h"
#include "api/resources/group_history.h"
#include "api/resources/group_invitations.h"
#include "api/resources/group_members.h"
#include "api/resources/identity_shapes.h"
#include "api/resources/list.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

void readGroup(BodyReader& body, model::Group& group) {
  body.read("name", group.name);
  body.read("description", group.description);
  body.read("parent_id", group.parentId);
  body.read("subsystems", group.subsystems);
  body.ignore({"id", "created_at", "updated_at", "version", "children_count", "permissions"});
  model::normalise(group);
}

bool has(const std::vector<std::string>& list, std::string_view value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

// True if the group is `ancestorId` or lies below it.
bool groupLiesIn(const Site& site, std::string groupId, const std::string& ancestorId) {
  for (size_t depth = 0; !groupId.empty() && depth < 1000; ++depth) {
    if (groupId == ancestorId) {
      return true;
    }
    const model::Group* group = site.findGroup(groupId);
    groupId = group == nullptr ? std::string() : group->parentId;
  }
  return false;
}

model::FieldErrors checkGroup(const Site& site, const BodyReader& body, const model::Group& group) {
  model::FieldErrors errors = body.finish("group");
  for (model::FieldError& error : model::validate(group)) {
    errors.push_back(std::move(error));
  }
  const model::Group* parent = site.findGroup(group.parentId);
  if (parent != nullptr && parent->domainId != group.domainId) {
    errors.push_back({"parent_id", "must be a group of the same domain"});
  }
  if (errors.empty() && groupLiesIn(site, group.parentId, group.id)) {
    errors.push_back({"parent_id", "must not lie in the group itself"});
  }
  return errors;
}

Error mustManage(std::string_view what) {
  return Error::because(
      ErrorCode::PermissionDenied, "not_allowed",
      "only admins and those with Manage in " + std::string(what) + " may do this");
}

// A group at the top is for admins; another one for those who manage its parent.
bool mayBeUnder(const Site& site, const Request& request, const std::string& parentId) {
  const model::Group* parent = site.findGroup(parentId);
  return request.principal().isAdmin() ||
         (parent != nullptr && managesGroup(site, request, *parent));
}

// A subsystem opens routes to what the group has in zones: only admins add one that neither the
// group nor, for a new group, its parent has.
bool opensMore(const Request& request, const std::vector<std::string>& had,
               const std::vector<std::string>& wanted) {
  return !request.principal().isAdmin() &&
         !std::all_of(wanted.begin(), wanted.end(),
                      [&](const std::string& entry) { return has(had, entry); });
}

Error mustBeAdmin() {
  return Error::because(ErrorCode::PermissionDenied, "not_allowed",
                        "only admins may add a subsystem");
}

// Answers 404 itself, also for a group that the caller does not see.
const model::Group* findGroup(Context& context, Request& request, Reply& reply) {
  const model::Group* group = context.site.findGroup(request.param("id"));
  if (group == nullptr || !seesGroup(context.site, request, *group)) {
    reply.fail(notFound("group", request.param("id")));
    return nullptr;
  }
  return group;
}

void listGroups(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  if (const auto bad = findBadFlag(request, {"include_children_count"})) {
    reply.fail(*bad);
    return;
  }
  const auth::Principal& who = request.principal();
  sendList<model::Group>(
      context, std::move(reply),
      {"group", std::get<Page>(page),
       [&site = context.site, domains = DomainFilter(context.site, request), who,
        parents = listOf(request, "parent_id"),
        subsystem = std::string(request.query("subsystem").value_or(""))](const model::Group& row) {
         const bool isChild = parents.empty() || has(parents, row.parentId) ||
                              (row.parentId.empty() && has(parents, "root"));
         const bool isSeen = who.isSupport() || auth::membershipBits(who.userId, row.id, site) != 0;
         return isChild && (subsystem.empty() || has(row.subsystems, subsystem)) &&
                domains.lists(row.domainId) && isSeen;
       },
       [&site = context.site,
        withChildren = flagOf(request, "include_children_count", false)](const model::Group& row) {
         json::Object out = toJson(row);
         if (withChildren) {
           out.set("children_count", static_cast<int64_t>(site.childrenOfGroup(row.id).size()));
         }
         return out;
       }});
}

// The groups that the caller is in, with what it may do there.
void currentGroups(Context& context, Request& request, Reply reply) {
  json::Array out;
  for (const std::string& id : context.site.groupsOfDomain(callerDomainId(context.site, request))) {
    const int64_t bits = auth::membershipBits(request.principal().userId, id, context.site);
    if (bits != 0) {
      json::Object row = toJson(*context.site.findGroup(id));
      row.set("permissions", bits);
      out.emplace_back(std::move(row));
    }
  }
  const std::string count = std::to_string(out.size());
  auto response = http::Response::json(200, json::Value(std::move(out)));
  response.set("X-Total-Count", count);
  reply.send(std::move(response));
}

void showGroup(Context& context, Request& request, Reply reply) {
  if (const model::Group* group = findGroup(context, request, reply)) {
    reply.json(200, toJson(*group));
  }
}

void createGroup(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::Group group;
  group.domainId = callerDomainId(context.site, request);
  body->read("authority_id", group.domainId);
  readGroup(*body, group);
  if (!mayBeUnder(context.site, request, group.parentId) ||
      !seesDomain(context.site, request, group.domainId)) {
    reply.fail(mustManage("the parent group"));
    return;
  }
  const model::Group* parent = context.site.findGroup(group.parentId);
  if (opensMore(request, parent == nullptr ? std::vector<std::string>() : parent->subsystems,
                group.subsystems)) {
    reply.fail(mustBeAdmin());
    return;
  }
  if (const auto errors = checkGroup(context.site, *body, group); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  group.id = context.ids.next(model::Table::Group);
  context.writer.run(
      std::move(reply), actorOf(request),
      [group]() -> Outcome { return ConfigWriter::Writes{{ConfigWrite::Kind::Insert, group}}; },
      answerRow<model::Group>(201));
}

void updateGroup(Context& context, Request& request, Reply reply) {
  const model::Group* group = findGroup(context, request, reply);
  if (group == nullptr) {
    return;
  }
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  // Where the group would lie, judged while the request is at hand.
  BodyReader peek = *body;
  std::string parentId = group->parentId;
  peek.read("parent_id", parentId);
  if (!managesGroup(context.site, request, *group) ||
      (parentId != group->parentId && !mayBeUnder(context.site, request, parentId))) {
    reply.fail(mustManage("the group"));
    return;
  }
  std::vector<std::string> subsystems = group->subsystems;
  peek.read("subsystems", subsystems);
  if (opensMore(request, group->subsystems, subsystems)) {
    reply.fail(mustBeAdmin());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = group->id, body = std::move(*body)]() -> Outcome {
        const model::Group* present = context.site.findGroup(id);
        if (present == nullptr) {
          return Refusal{notFound("group", id), {}};
        }
        model::Group changed = *present;
        BodyReader reader = body;
        reader.read("authority_id", changed.domainId);
        if (changed.domainId != present->domainId) {
          reader.fail("authority_id", "must not change: make a new group");
          changed.domainId = present->domainId;
        }
        readGroup(reader, changed);
        if (const auto errors = checkGroup(context.site, reader, changed); !errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerRow<model::Group>(200));
}

void eraseGroup(Context& context, Request& request, Reply reply) {
  const model::Group* group = findGroup(context, request, reply);
  if (group == nullptr) {
    return;
  }
  // Who manages a group but nothing above it could not make it again.
  if (!managesGroup(context.site, request, *group) ||
      !mayBeUnder(context.site, request, group->parentId)) {
    reply.fail(mustManage("the parent group"));
    return;
  }
  eraseRow(context, request, std::move(reply), model::Table::Group, group->id);
}

}  // namespace

void addGroupRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "groups");
  routes.get("/groups", Permission::User, listGroups);
  routes.post("/groups", Permission::User, createGroup);
  routes.get("/groups/current", Permission::User, currentGroups);
  routes.get("/groups/:id", Permission::User, showGroup);
  routes.update("/groups/:id", Permission::User, updateGroup);
  routes.erase("/groups/:id", Permission::User, eraseGroup);
  addGroupMemberRoutes(routes);
  addGroupInvitationRoutes(routes);
  addGroupHistoryRoutes(routes);
}

}  // namespace busbar::api
