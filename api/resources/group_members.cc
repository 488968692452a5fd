// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/group_members.h"

#include <algorithm>

#include "api/resources/body_reader.h"
#include "api/resources/group_access.h"
#include "api/resources/identity_shapes.h"
#include "api/resources/page.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

// What differs between the two kinds of rows.
struct Users {
  using Row = model::GroupUser;
  static constexpr model::Table kTable = model::Table::GroupUser;
  static constexpr const char* kName = "group_user";
  static constexpr const char* kOther = "user";
  static constexpr const char* kOtherField = "user_id";
  static std::string& other(Row& row) { return row.userId; }
  static const std::string& other(const Row& row) { return row.userId; }
  static std::vector<const Row*> all(const Site& site) { return site.groupUsers(); }
  static const Row* find(const Site& site, std::string_view group, std::string_view other) {
    return site.findGroupUser(group, other);
  }
  static void read(BodyReader& body, Row&) { body.ignore({"user"}); }
  // The bits that the caller can give; and the user must be of the group's domain.
  static int64_t givable(Context& context, const Request& request, const model::Group& group,
                         const Row&) {
    return bitsInGroup(context.site, request, group.id);
  }
  static bool belongs(const Site& site, const model::Group& group, const Row& row) {
    const model::User* user = site.findUser(row.userId);
    return user != nullptr && site.domainIdOf(*user) == group.domainId;
  }
};

struct Zones {
  using Row = model::GroupZone;
  static constexpr model::Table kTable = model::Table::GroupZone;
  static constexpr const char* kName = "group_zone";
  static constexpr const char* kOther = "zone";
  static constexpr const char* kOtherField = "zone_id";
  static std::string& other(Row& row) { return row.zoneId; }
  static const std::string& other(const Row& row) { return row.zoneId; }
  static std::vector<const Row*> all(const Site& site) { return site.groupZones(); }
  static const Row* find(const Site& site, std::string_view group, std::string_view other) {
    return site.findGroupZone(group, other);
  }
  static void read(BodyReader& body, Row& row) {
    body.read("deny", row.deny);
    body.ignore({"zone"});
  }
  static int64_t givable(Context& context, const Request& request, const model::Group&,
                         const Row& row) {
    return request.principal().isAdmin() ? model::grant::kAll
                                         : auth::grantedBits(request.principal(), {row.zoneId},
                                                             context.site, context.zonePermissions);
  }
  static bool belongs(const Site& site, const model::Group&, const Row& row) {
    return site.findZone(row.zoneId) != nullptr;
  }
};

const model::Group* seenGroup(Context& context, const Request& request, std::string_view id) {
  const model::Group* group = context.site.findGroup(id);
  return group != nullptr && seesGroup(context.site, request, *group) ? group : nullptr;
}

template <class Kind>
void listMembers(Context& context, Request& request, Reply reply) {
  auto parsed = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&parsed)) {
    reply.fail(*refusal);
    return;
  }
  const Page& page = std::get<Page>(parsed);
  const std::string_view groupId = request.query("group_id").value_or("");
  const std::string_view otherId = request.query(Kind::kOtherField).value_or("");
  const DomainFilter domains(context.site, request);
  std::vector<const typename Kind::Row*> rows;
  for (const auto* row : Kind::all(context.site)) {
    const model::Group* group = seenGroup(context, request, row->groupId);
    if (group != nullptr && (groupId.empty() || row->groupId == groupId) &&
        (otherId.empty() || Kind::other(*row) == otherId) && domains.lists(group->domainId)) {
      rows.push_back(row);
    }
  }
  const size_t begin = std::min(page.offset, rows.size());
  const size_t end = std::min(begin + page.limit, rows.size());
  json::Array out;
  for (size_t i = begin; i < end; ++i) {
    out.emplace_back(toJson(*rows[i], context.site));
  }
  auto response = http::Response::json(200, json::Value(std::move(out)));
  setPageHeaders(response, Kind::kName, page, end - begin, rows.size());
  reply.send(std::move(response));
}

// Answers 404 itself, also for a row of a group that the caller does not see.
template <class Kind>
const typename Kind::Row* findMemberRow(Context& context, Request& request, Reply& reply) {
  const std::string_view groupId = request.param("group");
  const auto* row = Kind::find(context.site, groupId, request.param(Kind::kOther));
  if (row == nullptr || seenGroup(context, request, groupId) == nullptr) {
    reply.fail(notFound(std::string(Kind::kOther) + " in group", groupId));
    return nullptr;
  }
  return row;
}

template <class Kind>
void showMember(Context& context, Request& request, Reply reply) {
  if (const auto* row = findMemberRow<Kind>(context, request, reply)) {
    reply.json(200, toJson(*row, context.site));
  }
}

// Why the caller may not have the row so; none when it may. `before` is null for a new one.
template <class Kind>
std::optional<Error> findRefusal(Context& context, const Request& request,
                                 const typename Kind::Row* before, const typename Kind::Row& row) {
  const model::Group& group = *context.site.findGroup(row.groupId);
  if (!managesGroup(context.site, request, group)) {
    return Error::because(ErrorCode::PermissionDenied, "not_allowed",
                          "only admins and those with Manage in the group may do this");
  }
  const int64_t touched = row.permissions | (before == nullptr ? 0 : before->permissions);
  if ((touched & ~Kind::givable(context, request, group, row)) != 0) {
    return Error::because(ErrorCode::PermissionDenied, "not_allowed",
                          "nobody can give or take permissions that they do not have themselves");
  }
  return std::nullopt;
}

template <class Kind>
void store(Context& context, const Request& request, Reply reply, ConfigWrite::Kind kind,
           typename Kind::Row row) {
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, kind, row]() mutable -> Outcome {
        const auto* present = Kind::find(context.site, row.groupId, Kind::other(row));
        if (kind != ConfigWrite::Kind::Insert) {
          if (present == nullptr) {
            return Refusal{notFound(std::string(Kind::kOther) + " in group", row.groupId), {}};
          }
          row.id = present->id;
          row.revision = present->revision;
        }
        return ConfigWriter::Writes{{kind, row}};
      },
      [&context, kind](const auto& changes, Reply& done) {
        const auto* stored = findStored<typename Kind::Row>(changes);
        if (kind == ConfigWrite::Kind::Erase || stored == nullptr) {
          done.empty(202);
          return;
        }
        done.json(kind == ConfigWrite::Kind::Insert ? 201 : 200, toJson(*stored, context.site));
      });
}

template <class Kind>
void createMember(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  typename Kind::Row row;
  body->read("group_id", row.groupId);
  body->read(Kind::kOtherField, Kind::other(row));
  body->read("permissions", row.permissions);
  Kind::read(*body, row);
  body->ignore({"id", "created_at", "updated_at", "version"});
  auto errors = body->finish(Kind::kName);
  for (model::FieldError& error : model::validate(row)) {
    errors.push_back(std::move(error));
  }
  const model::Group* group = seenGroup(context, request, row.groupId);
  if (errors.empty() && group == nullptr) {
    errors.push_back({"group_id", "names no group"});
  }
  if (errors.empty() && !Kind::belongs(context.site, *group, row)) {
    errors.push_back(
        {Kind::kOtherField, std::string("names no ") + Kind::kOther + " for the group"});
  }
  if (!errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  if (const auto refusal = findRefusal<Kind>(context, request, nullptr, row)) {
    reply.fail(*refusal);
    return;
  }
  row.id = context.ids.next(Kind::kTable);
  store<Kind>(context, request, std::move(reply), ConfigWrite::Kind::Insert, std::move(row));
}

template <class Kind>
void updateMember(Context& context, Request& request, Reply reply) {
  const auto* present = findMemberRow<Kind>(context, request, reply);
  if (present == nullptr) {
    return;
  }
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  typename Kind::Row row = *present;
  body->read("permissions", row.permissions);
  Kind::read(*body, row);
  body->ignore({"id", "created_at", "updated_at", "version", "group_id", Kind::kOtherField});
  auto errors = body->finish(Kind::kName);
  for (model::FieldError& error : model::validate(row)) {
    errors.push_back(std::move(error));
  }
  if (!errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  if (const auto refusal = findRefusal<Kind>(context, request, present, row)) {
    reply.fail(*refusal);
    return;
  }
  store<Kind>(context, request, std::move(reply), ConfigWrite::Kind::Update, std::move(row));
}

template <class Kind>
void eraseMember(Context& context, Request& request, Reply reply) {
  const auto* present = findMemberRow<Kind>(context, request, reply);
  if (present == nullptr) {
    return;
  }
  if (const auto refusal = findRefusal<Kind>(context, request, present, *present)) {
    reply.fail(*refusal);
    return;
  }
  store<Kind>(context, request, std::move(reply), ConfigWrite::Kind::Erase, *present);
}

template <class Kind>
void add(Routes& routes, std::string_view list, std::string_view row) {
  routes.get(list, Permission::User, listMembers<Kind>);
  routes.post(list, Permission::User, createMember<Kind>);
  routes.get(row, Permission::User, showMember<Kind>);
  routes.update(row, Permission::User, updateMember<Kind>);
  routes.erase(row, Permission::User, eraseMember<Kind>);
}

}  // namespace

void addGroupMemberRoutes(Routes& routes) {
  add<Users>(routes, "/group_users", "/group_users/:user/:group");
  add<Zones>(routes, "/group_zones", "/group_zones/:group/:zone");
}

}  // namespace busbar::api
