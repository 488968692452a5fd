// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/group_history.h"

#include <optional>

#include "api/resources/audit.h"
#include "api/resources/group_access.h"
#include "api/resources/page.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr Milliseconds kHistoryLimit{30'000};

// Entries of the group, and of what is in it now. What is no more in it is known to the log.
void addGroup(const Site& site, std::string_view groupId, std::vector<std::string>& about) {
  about.emplace_back(groupId);
  for (const model::GroupUser* row : site.usersOfGroup(groupId)) {
    about.push_back(row->id);
  }
  for (const model::GroupZone* row : site.zonesOfGroup(groupId)) {
    about.push_back(row->id);
  }
  for (const model::GroupInvitation* row : site.invitationsOfGroup(groupId)) {
    about.push_back(row->id);
  }
}

// Which entries the caller may read of those it asks for; none when it has answered already.
std::optional<AuditFilter> toHistoryFilter(Context& context, const Request& request, Reply& reply) {
  AuditFilter filter;
  filter.records = {"group", "group_user", "group_zone", "group_invitation"};
  const std::string_view wanted = request.query("group_id").value_or("");
  if (!wanted.empty()) {
    const model::Group* group = context.site.findGroup(wanted);
    if (!request.principal().isAdmin()) {
      if (group == nullptr || !seesGroup(context.site, request, *group)) {
        reply.fail(notFound("group", wanted));
        return std::nullopt;
      }
      if (!managesGroup(context.site, request, *group)) {
        reply.fail(Error::because(ErrorCode::PermissionDenied, "not_allowed",
                                  "only admins and those with Manage in the group may do this"));
        return std::nullopt;
      }
    }
    addGroup(context.site, wanted, filter.about);
  } else if (!request.principal().isAdmin()) {
    for (const std::string& id :
         context.site.groupsOfDomain(callerDomainId(context.site, request))) {
      if (managesGroup(context.site, request, *context.site.findGroup(id))) {
        addGroup(context.site, id, filter.about);
      }
    }
    if (filter.about.empty()) {
      filter.about = {"-"};  // none of them
    }
  }
  return filter;
}

void listGroupHistory(Context& context, Request& request, Reply reply) {
  auto parsed = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&parsed)) {
    reply.fail(*refusal);
    return;
  }
  auto filter = toHistoryFilter(context, request, reply);
  if (!filter) {
    return;
  }
  Page& page = std::get<Page>(parsed);
  filter->limit = page.limit;
  filter->offset = page.offset;
  context.audit.listAudit(
      std::move(*filter), context.loop.now() + kHistoryLimit,
      [page = std::move(page), reply = std::move(reply)](Result<AuditPage> found) mutable {
        if (!found) {
          reply.fail(found.error());
          return;
        }
        json::Array out;
        for (const AuditEntry& entry : found->entries) {
          out.emplace_back(changeToJson(entry));
        }
        const size_t shown = out.size();
        auto response = http::Response::json(200, json::Value(std::move(out)));
        setPageHeaders(response, "group_history", page, shown, static_cast<size_t>(found->total));
        reply.send(std::move(response));
      });
}

}  // namespace

void addGroupHistoryRoutes(Routes& routes) {
  routes.get("/group_history", Permission::User, listGroupHistory);
}

}  // namespace busbar::api
