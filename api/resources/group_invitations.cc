// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/group_invitations.h"

#include <algorithm>
#include <functional>

#include "api/auth/secret_token.h"
#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/group_access.h"
#include "api/resources/identity_shapes.h"
#include "api/resources/page.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr int64_t kDaySeconds = int64_t{24} * 3600;
constexpr int64_t kUsualDays = 7;
constexpr int64_t kMostDays = 30;

// A group at the top is for admins, as making and deleting it is.
bool invitesTo(const Site& site, const Request& request, const model::Group& group) {
  return managesGroup(site, request, group) &&
         (request.principal().isAdmin() || !group.parentId.empty());
}

// The same of whoever made an invitation, as the rows are now; the control socket is an admin's.
bool stillInvitesTo(const Site& site, std::string_view userId, const model::Group& group) {
  if (userId.empty()) {
    return true;
  }
  const model::User* user = site.findUser(userId);
  if (user == nullptr || user->deleted) {
    return false;
  }
  return user->role == model::UserRole::Admin ||
         (!group.parentId.empty() && site.domainIdOf(*user) == group.domainId &&
          (auth::membershipBits(userId, group.id, site) & model::grant::kManage) != 0);
}

const model::GroupInvitation* findSeenInvitation(const Site& site, const Request& request,
                                                 std::string_view id) {
  const model::GroupInvitation* row = site.findGroupInvitation(id);
  const model::Group* group = row == nullptr ? nullptr : site.findGroup(row->groupId);
  return group != nullptr && invitesTo(site, request, *group) ? row : nullptr;
}

void listInvitations(Context& context, Request& request, Reply reply) {
  auto parsed = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&parsed)) {
    reply.fail(*refusal);
    return;
  }
  const Page& page = std::get<Page>(parsed);
  const std::string_view groupId = request.query("group_id").value_or("");
  const DomainFilter domains(context.site, request);
  std::vector<const model::GroupInvitation*> rows;
  for (const model::GroupInvitation* row : context.site.groupInvitations()) {
    if ((groupId.empty() || row->groupId == groupId) &&
        findSeenInvitation(context.site, request, row->id) != nullptr &&
        domains.lists(context.site.findGroup(row->groupId)->domainId)) {
      rows.push_back(row);
    }
  }
  const size_t begin = std::min(page.offset, rows.size());
  const size_t end = std::min(begin + page.limit, rows.size());
  json::Array out;
  for (size_t i = begin; i < end; ++i) {
    out.emplace_back(toJson(*rows[i]));
  }
  auto response = http::Response::json(200, json::Value(std::move(out)));
  setPageHeaders(response, "group_invitation", page, end - begin, rows.size());
  reply.send(std::move(response));
}

void showInvitation(Context& context, Request& request, Reply reply) {
  const auto* row = findSeenInvitation(context.site, request, request.param("id"));
  if (row == nullptr) {
    reply.fail(notFound("invitation", request.param("id")));
    return;
  }
  reply.json(200, toJson(*row));
}

model::FieldErrors readInvitation(BodyReader& body, model::GroupInvitation& row, int64_t now) {
  body.read("email", row.email);
  body.read("permissions", row.permissions);
  body.read("expires_at", row.expiresAt);
  body.ignore({"id", "created_at", "updated_at", "version", "invited_by_id", "secret"});
  model::normalise(row);
  if (row.expiresAt == 0) {
    row.expiresAt = now + kUsualDays * kDaySeconds;
  } else if (row.expiresAt <= now || row.expiresAt > now + kMostDays * kDaySeconds) {
    body.fail("expires_at", "must lie in the next 30 days");
  }
  auto errors = body.finish("invitation");
  for (model::FieldError& error : model::validate(row)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

// The new row; one for the same address whose time is over makes room.
ConfigWriter::Writes planInvitation(const Context& context, const model::GroupInvitation& row) {
  ConfigWriter::Writes writes;
  for (const model::GroupInvitation* other : context.site.invitationsOfGroup(row.groupId)) {
    if (other->email == row.email && other->expiresAt <= nowSeconds(context)) {
      writes.push_back({ConfigWrite::Kind::Erase, *other});
    }
  }
  writes.push_back({ConfigWrite::Kind::Insert, row});
  return writes;
}

void createInvitation(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::GroupInvitation row;
  body->read("group_id", row.groupId);
  const model::Group* group = context.site.findGroup(row.groupId);
  if (group == nullptr || !seesGroup(context.site, request, *group)) {
    reply.fail(invalidField("group_id", "names no group"));
    return;
  }
  if (!invitesTo(context.site, request, *group)) {
    reply.fail(
        Error::because(ErrorCode::PermissionDenied, "not_allowed",
                       "only admins, and those with Manage in a group that lies in another, may "
                       "invite to it"));
    return;
  }
  auth::SecretToken secret = auth::newSecret();
  row.id = context.ids.next(model::Table::GroupInvitation);
  row.secretHash = secret.hash;
  if (context.site.findUser(request.principal().userId) != nullptr) {
    row.invitedById = request.principal().userId;
  }
  if (const auto errors = readInvitation(*body, row, nowSeconds(context)); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  std::string shown = row.id + "." + secret.text;
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, row]() -> Outcome { return planInvitation(context, row); },
      [shown = std::move(shown)](const auto& changes, Reply& done) {
        const auto* stored = findStored<model::GroupInvitation>(changes);
        json::Object out = stored == nullptr ? json::Object() : toJson(*stored);
        out.set("secret", shown);
        http::Response response = http::Response::json(201, json::Value(std::move(out)));
        response.set("Cache-Control", "no-store");
        done.send(std::move(response));
      });
}

void eraseInvitation(Context& context, Request& request, Reply reply) {
  const auto* row = findSeenInvitation(context.site, request, request.param("id"));
  if (row == nullptr) {
    reply.fail(notFound("invitation", request.param("id")));
    return;
  }
  eraseRow(context, request, std::move(reply), model::Table::GroupInvitation, row->id);
}

// The same words for every reason, so that nothing is learnt of invitations by trying.
Error noSuchInvitation() {
  return Error::because(ErrorCode::NotFound, "no_such_invitation",
                        "the invitation is unknown, used, expired, withdrawn, or for another "
                        "domain; ask for a new one");
}

// The row that the secret opens for the user; nullptr when there is none (any more).
const model::GroupInvitation* findOpened(const Context& context, const auth::NamedSecret& shown,
                                         const model::User& user) {
  const model::GroupInvitation* row = context.site.findGroupInvitation(shown.id);
  // Compared also when there is no row, and with what no secret has for a hash.
  const bool isRight = auth::equalsSecretly(
      shown.hash, row == nullptr ? std::string(shown.hash.size(), '-') : row->secretHash);
  const model::Group* group = row == nullptr ? nullptr : context.site.findGroup(row->groupId);
  const bool isOpen = isRight && group != nullptr && row->expiresAt > nowSeconds(context) &&
                      context.site.domainIdOf(user) == group->domainId &&
                      stillInvitesTo(context.site, row->invitedById, *group);
  return isOpen ? row : nullptr;
}

// The membership, and the end of the invitation, in one transaction: it is used once.
Outcome planAccept(const Context& context, const auth::NamedSecret& shown,
                   const std::string& userId, const std::string& newId) {
  const model::User* user = context.site.findUser(userId);
  const auto* row = user == nullptr ? nullptr : findOpened(context, shown, *user);
  if (row == nullptr) {
    return Refusal{noSuchInvitation(), {}};
  }
  ConfigWriter::Writes writes{{ConfigWrite::Kind::Erase, *row}};
  if (const auto* present = context.site.findGroupUser(row->groupId, userId)) {
    model::GroupUser more = *present;
    more.permissions |= row->permissions;
    writes.push_back({ConfigWrite::Kind::Update, std::move(more)});
    return writes;
  }
  model::GroupUser membership;
  membership.id = newId;
  membership.groupId = row->groupId;
  membership.userId = userId;
  membership.permissions = row->permissions;
  writes.push_back({ConfigWrite::Kind::Insert, std::move(membership)});
  return writes;
}

void acceptInvitation(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  std::string secret;
  body->require("secret");
  body->read("secret", secret);
  if (const auto errors = body->finish("acceptance"); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  const model::User* user = context.site.findUser(request.principal().userId);
  if (user == nullptr) {
    reply.fail(Error::because(ErrorCode::PermissionDenied, "not_allowed",
                              "only a user can be in a group; sign in, or show an API key"));
    return;
  }
  const Instant now = context.loop.now();
  if (const int wait = context.invitationGuesses.secondsToWait(user->id, now); wait > 0) {
    reply.fail(Error::because(ErrorCode::ResourceExhausted, "too_many_failures",
                              "too many wrong invitations; wait " + std::to_string(wait) + " s"));
    return;
  }
  context.invitationGuesses.begin(user->id, now);
  auto shown = auth::parseNamedSecret(secret);
  if (!shown || findOpened(context, *shown, *user) == nullptr) {
    reply.fail(noSuchInvitation());
    return;
  }
  context.invitationGuesses.takeBack(user->id);
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, shown = std::move(*shown), userId = user->id,
       newId = context.ids.next(model::Table::GroupUser)]() {
        return planAccept(context, shown, userId, newId);
      },
      answerRow<model::GroupUser>(200, std::cref(context.site)));
}

}  // namespace

void addGroupInvitationRoutes(Routes& routes) {
  routes.get("/group_invitations", Permission::User, listInvitations);
  routes.post("/group_invitations", Permission::User, createInvitation);
  routes.post("/group_invitations/accept", Permission::User, acceptInvitation);
  routes.get("/group_invitations/:id", Permission::User, showInvitation);
  routes.erase("/group_invitations/:id", Permission::User, eraseInvitation);
}

}  // namespace busbar::api
