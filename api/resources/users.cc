// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/users.h"

#include <algorithm>
#include <functional>
#include <memory>

#include "api/resources/answer_row.h"
#include "api/resources/erasure.h"
#include "api/resources/grant_check.h"
#include "api/resources/identity_shapes.h"
#include "api/resources/list.h"
#include "api/resources/shapes.h"
#include "api/resources/tenancy.h"
#include "api/resources/user_fields.h"
#include "registry/model/password_rules.h"
#include "registry/site/cascade.h"
#include "sdk/base/ascii.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

UserView viewFor(const Request& request) {
  return request.principal().isAdmin() ? UserView::Admin : UserView::Public;
}

// The zone of the caller's organisation: whoever has a grant in it manages its people. None when
// the domain names none.
std::vector<std::string> orgZones(Context& context, const Request& request) {
  std::string zone = auth::orgZoneOf(callerDomainId(context.site, request), context.site);
  return context.site.findZone(zone) == nullptr ? std::vector<std::string>()
                                                : std::vector<std::string>{std::move(zone)};
}

// Admins manage all people. Without a zone of the organisation nobody else does: the role of
// support alone reaches no people.
bool managesPeople(Context& context, const Request& request, Permission permission) {
  const std::vector<std::string> zones = orgZones(context, request);
  return request.principal().isAdmin() ||
         (!zones.empty() && GrantCheck(context, request).may(permission, zones));
}

// Whoever has more than the role user is an admin's to change: else a manager could take over, or
// take away, somebody with more rights than the own ones.
std::optional<Error> findManagerFault(bool isAdmin, const model::User& user) {
  if (isAdmin || user.role == model::UserRole::User) {
    return std::nullopt;
  }
  return Error::because(
      ErrorCode::PermissionDenied, "not_allowed",
      "only an admin may change a user who is " + std::string(model::toString(user.role)));
}

// By id, else in the caller's domain by e-mail, login name or staff id.
const model::User* findUser(Context& context, const Request& request, std::string_view reference) {
  const model::User* user = context.site.findUser(reference);
  if (user != nullptr) {
    return seesDomain(context.site, request, user->domainId) ? user : nullptr;
  }
  const std::string_view domain = callerDomainId(context.site, request);
  user = context.site.findUserByEmail(domain, asciiLowered(reference));
  if (user == nullptr) {
    user = context.site.findUserByLoginName(domain, reference);
  }
  return user != nullptr ? user : context.site.findUserByStaffId(domain, reference);
}

void listUsers(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  if (const auto bad = findBadFlag(request, {"include_deleted", "include_metadata"})) {
    reply.fail(*bad);
    return;
  }
  sendList<model::User>(
      context, std::move(reply),
      {"user", std::get<Page>(page),
       [domains = DomainFilter(context.site, request),
        withDeleted = flagOf(request, "include_deleted", false)](const model::User& row) {
         return domains.lists(row.domainId) && (withDeleted || !row.deleted);
       },
       [&site = context.site, view = viewFor(request),
        withMetadata = flagOf(request, "include_metadata", false)](const model::User& row) {
         json::Object out = toJson(row, site, view);
         if (withMetadata) {
           out.set("associated_metadata", metadataByName(site, row.id));
         }
         return out;
       }});
}

void showUser(Context& context, Request& request, Reply reply) {
  const model::User* user = findUser(context, request, request.param("id"));
  if (user == nullptr) {
    reply.fail(notFound("user", request.param("id")));
    return;
  }
  reply.json(200, toJson(*user, context.site, viewFor(request)));
}

void currentUser(Context& context, Request& request, Reply reply) {
  const model::User* user = context.site.findUser(request.principal().userId);
  if (user == nullptr) {
    reply.fail(notFound("user", request.principal().userId));
    return;
  }
  reply.json(200, toJson(*user, context.site, UserView::Current));
}

void groups(Context& context, Request& request, Reply reply) {
  if (!request.query("emails")) {
    reply.fail(missingParameter("emails", "is required: addresses with commas between"));
    return;
  }
  const std::string_view domain = callerDomainId(context.site, request);
  json::Array out;
  for (const std::string& email : listOf(request, "emails")) {
    const model::User* user = context.site.findUserByEmail(domain, asciiLowered(email));
    if (user == nullptr || user->deleted) {
      continue;
    }
    json::Array names;
    names.insert(names.end(), user->groups.begin(), user->groups.end());
    json::Object row;
    row.set("id", user->id);
    row.set("groups", std::move(names));
    out.emplace_back(std::move(row));
  }
  const std::string count = std::to_string(out.size());
  auto response = http::Response::json(200, json::Value(std::move(out)));
  response.set("X-Total-Count", count);
  reply.send(std::move(response));
}

// One change of a user on its way: the body is merged first, then passwords are checked and hashed
// off the loop, then all is written. Shared by the steps.
struct UserChange {
  Context& context;
  Reply reply;
  Actor actor;
  BodyReader body;
  std::string id;
  bool isNew = false;
  UserWriter by = UserWriter::Admin;
  bool isOneself = false;
  std::string domainId = {};  // of a new user, unless the body names another
  PasswordWish password = {};
  std::string newHash = {};
};
using Change = std::shared_ptr<UserChange>;

// The row as it will be, or why not. Looks at the site as it is now.
std::variant<model::User, Refusal> merged(UserChange& change) {
  model::User user;
  if (change.isNew) {
    user.id = change.id;
    user.domainId = change.domainId;
  } else if (const model::User* present = change.context.site.findUser(change.id)) {
    user = *present;
    user.domainId = change.context.site.domainIdOf(user);  // as it was shown
  } else {
    return Refusal{notFound("user", change.id), {}};
  }
  if (const auto fault = findManagerFault(change.by != UserWriter::Manager, user)) {
    return Refusal{*fault, {}};
  }
  const bool wasLastAdmin = !change.isNew && isLastAdmin(change.context.site, user);
  BodyReader reader = change.body;
  change.password = readPassword(reader);
  auto forbidden = readUser(reader, user, change.by, change.isNew);
  if (change.by == UserWriter::Manager && !change.isNew && change.password.isGiven) {
    forbidden = "password";  // with it one could sign in as that user
  }
  if (forbidden) {
    Error error = Error::because(ErrorCode::PermissionDenied, "not_allowed",
                                 "only an admin may change " + *forbidden);
    error.field = *forbidden;
    return Refusal{std::move(error), {}};
  }
  model::FieldErrors errors = reader.finish("user");
  for (model::FieldError& error : model::validate(user)) {
    errors.push_back(std::move(error));
  }
  if (change.password.isGiven && !change.password.password.empty()) {
    if (auto fault = model::findPasswordFault(change.password.password, user)) {
      errors.push_back({"password", std::move(*fault)});
    }
  }
  if (!errors.empty()) {
    return invalidFields(errors);
  }
  if (wasLastAdmin && user.role != model::UserRole::Admin) {
    return Refusal{Error::because(ErrorCode::FailedPrecondition, "last_admin",
                                  "user " + user.id + " is the last admin and must stay one"),
                   {}};
  }
  return user;
}

void write(const Change& change) {
  // The reply goes to the writer; the rest stays with the plan, which may run again.
  Reply reply = std::move(change->reply);
  const Actor actor = change->actor;
  change->context.writer.run(
      std::move(reply), actor,
      [change]() -> Outcome {
        auto outcome = merged(*change);
        if (Refusal* refusal = std::get_if<Refusal>(&outcome)) {
          return std::move(*refusal);
        }
        model::User user = std::get<model::User>(std::move(outcome));
        if (change->password.isGiven) {
          user.passwordHash = change->newHash;
          // Whoever knew the old one, or took a session, is out.
          user.loggedOutAt = change->isNew ? user.loggedOutAt : nowSeconds(change->context);
        }
        const auto kind = change->isNew ? ConfigWrite::Kind::Insert : ConfigWrite::Kind::Update;
        return ConfigWriter::Writes{{kind, std::move(user)}};
      },
      [change](const auto& changes, Reply& done) {
        const model::User* stored = findStored<model::User>(changes);
        const UserView view = change->by == UserWriter::Admin  ? UserView::Admin
                              : change->by == UserWriter::Self ? UserView::Current
                                                               : UserView::Public;
        done.json(change->isNew ? 201 : 200,
                  stored == nullptr ? json::Object() : toJson(*stored, change->context.site, view));
      });
}

void hashThenWrite(const Change& change) {
  if (!change->password.isGiven || change->password.password.empty()) {
    write(change);
    return;
  }
  change->context.passwords->hash(change->password.password, [change](Result<std::string> hash) {
    if (!hash.ok()) {
      change->reply.fail(hash.error());
      return;
    }
    change->newHash = std::move(*hash);
    write(change);
  });
}

// Who changes the own password shows the present one; a first one is set by an admin, so that a key
// with few rights cannot make itself a sign-in with all of them.
void proveThenHash(const Change& change, const model::User& present) {
  if (!change->isOneself || !change->password.isGiven) {
    hashThenWrite(change);
    return;
  }
  if (present.passwordHash.empty()) {
    if (change->by == UserWriter::Admin) {
      hashThenWrite(change);
      return;
    }
    change->reply.fail(Error::because(ErrorCode::PermissionDenied, "not_allowed",
                                      "an admin sets the first password of a user"));
    return;
  }
  auth::GuessLimiter& guesses = change->context.passwordGuesses;
  const Instant now = change->context.loop.now();
  if (const int wait = guesses.secondsToWait(present.id, now); wait > 0) {
    change->reply.fail(
        Error::because(ErrorCode::ResourceExhausted, "too_many_failures",
                       "too many wrong present passwords; wait " + std::to_string(wait) + " s"));
    return;
  }
  guesses.begin(present.id, now);
  change->context.passwords->verify(
      change->password.current, present.passwordHash, [change](Result<bool> isRight) {
        if (!isRight.ok() || *isRight) {
          change->context.passwordGuesses.takeBack(change->id);
        }
        if (!isRight.ok()) {
          change->reply.fail(isRight.error());
        } else if (!*isRight) {
          change->reply.fail(invalidField("current_password", "must be the present password"));
        } else {
          hashThenWrite(change);
        }
      });
}

void start(const Change& change) {
  auto outcome = merged(*change);
  if (const Refusal* refusal = std::get_if<Refusal>(&outcome)) {
    change->reply.fail(*refusal);
    return;
  }
  if (change->password.isGiven && change->context.passwords == nullptr) {
    change->reply.fail(
        Error::because(ErrorCode::Unavailable, "no_passwords", "passwords are not served here"));
    return;
  }
  const model::User* present = change->context.site.findUser(change->id);
  proveThenHash(change, present == nullptr ? std::get<model::User>(outcome) : *present);
}

void createUser(Context& context, Request& request, Reply reply) {
  if (!managesPeople(context, request, Permission::ZoneCreate)) {
    reply.fail(notGranted(Permission::ZoneCreate));
    return;
  }
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  auto change = std::make_shared<UserChange>(UserChange{context, std::move(reply), actorOf(request),
                                                        std::move(*body),
                                                        context.ids.next(model::Table::User)});
  change->by = request.principal().isAdmin() ? UserWriter::Admin : UserWriter::Manager;
  change->isNew = true;
  change->domainId = callerDomainId(context.site, request);
  start(change);
}

void updateUser(Context& context, Request& request, Reply reply) {
  const model::User* user = findUser(context, request, request.param("id"));
  if (user == nullptr) {
    reply.fail(notFound("user", request.param("id")));
    return;
  }
  const bool isOneself = user->id == request.principal().userId;
  if (!isOneself && !managesPeople(context, request, Permission::ZoneUpdate)) {
    reply.fail(notGranted(Permission::ZoneUpdate));
    return;
  }
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  auto change = std::make_shared<UserChange>(UserChange{context, std::move(reply), actorOf(request),
                                                        std::move(*body), std::string(user->id)});
  change->by = request.principal().isAdmin() ? UserWriter::Admin
               : isOneself                   ? UserWriter::Self
                                             : UserWriter::Manager;
  change->isOneself = isOneself;
  start(change);
}

// True when the user's domain keeps the rows of deleted users.
bool isSoft(const Site& site, const model::User& user) {
  const model::Domain* domain = site.findDomain(site.domainIdOf(user));
  const auto internals = json::parse(domain == nullptr ? std::string("{}") : domain->internals);
  const json::Value* soft = internals.ok() ? internals->find("soft_delete") : nullptr;
  return soft != nullptr && soft->asBool() != nullptr && *soft->asBool();
}

void eraseUser(Context& context, Request& request, Reply reply) {
  if (!managesPeople(context, request, Permission::ZoneDelete)) {
    reply.fail(notGranted(Permission::ZoneDelete));
    return;
  }
  if (const auto bad = findBadFlag(request, {"force_removal"})) {
    reply.fail(*bad);
    return;
  }
  const model::User* user = findUser(context, request, request.param("id"));
  if (user == nullptr) {
    reply.fail(notFound("user", request.param("id")));
    return;
  }
  eraseRows(context, request, std::move(reply),
            [&context, id = std::string(user->id), isAdmin = request.principal().isAdmin(),
             isForced = flagOf(request, "force_removal", false)]() -> Outcome {
              const model::User* present = context.site.findUser(id);
              if (present == nullptr) {
                return Refusal{notFound("user", id), {}};
              }
              if (const auto fault = findManagerFault(isAdmin, *present)) {
                return Refusal{*fault, {}};
              }
              auto planned = planErase(context.site, model::Table::User, id);
              if (!planned) {
                return Refusal{planned.error(), {}};
              }
              if (isForced || !isSoft(context.site, *present)) {
                return std::move(*planned);
              }
              model::User gone = *present;
              gone.deleted = true;
              gone.loggedOutAt = nowSeconds(context);
              return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(gone)}};
            });
}

void revive(Context& context, Request& request, Reply reply) {
  if (!managesPeople(context, request, Permission::ZoneCreate)) {
    reply.fail(notGranted(Permission::ZoneCreate));
    return;
  }
  const model::User* user = findUser(context, request, request.param("id"));
  if (user == nullptr) {
    reply.fail(notFound("user", request.param("id")));
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(user->id), isAdmin = request.principal().isAdmin()]() -> Outcome {
        const model::User* present = context.site.findUser(id);
        if (present == nullptr) {
          return Refusal{notFound("user", id), {}};
        }
        if (const auto fault = findManagerFault(isAdmin, *present)) {
          return Refusal{*fault, {}};
        }
        model::User back = *present;
        back.deleted = false;
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(back)}};
      },
      answerRow<model::User>(200, std::cref(context.site), viewFor(request)));
}

}  // namespace

void addUserRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "users");
  routes.get("/users", Permission::User, listUsers);
  routes.post("/users", Permission::ZoneCreate, createUser, orgZones);
  routes.get("/users/current", Permission::User, currentUser);
  routes.get("/users/groups", Permission::User, groups);
  routes.get("/users/:id", Permission::User, showUser);
  routes.update("/users/:id", Permission::User, updateUser);
  routes.erase("/users/:id", Permission::ZoneDelete, eraseUser, orgZones);
  routes.post("/users/:id/revive", Permission::ZoneCreate, revive, orgZones);
}

}  // namespace busbar::api
