// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/oauth_apps.h"

#include <algorithm>

#include "api/auth/client_secret.h"
#include "api/auth/scopes.h"
#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/identity_shapes.h"
#include "api/resources/list.h"
#include "api/resources/tenancy.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

void checkScopes(BodyReader& body, std::string_view scopes) {
  while (!scopes.empty()) {
    const size_t space = std::min(scopes.find(' '), scopes.size());
    const std::string_view scope = scopes.substr(0, space);
    if (!scope.empty() && !auth::isApplicationScope(scope)) {
      body.fail("scopes", "must hold known scopes with spaces between; GET /scopes lists them");
      return;
    }
    scopes.remove_prefix(std::min(space + 1, scopes.size()));
  }
}

void readApp(BodyReader& body, model::OauthApp& app) {
  body.read("name", app.name);
  body.read("redirect_uri", app.redirectUri);
  body.read("scopes", app.scopes);
  checkScopes(body, app.scopes);
  body.read("confidential", app.confidential);
  body.read("skip_authorization", app.skipAuthorization);
  body.read("subsystems", app.subsystems);
  body.read("allow_password_grant", app.allowPasswordGrant);
  body.read("allow_implicit_grant", app.allowImplicitGrant);
  body.read("allow_query_parameters", app.allowQueryParameters);
  body.ignore({"id", "uid", "secret", "created_at", "updated_at", "version", "preserve_client_id"});
  model::normalise(app);
}

model::FieldErrors finish(const BodyReader& body, const model::OauthApp& app) {
  model::FieldErrors errors = body.finish("application");
  for (model::FieldError& error : model::validate(app)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

// People see what they may sign in to: applications without subsystems, and those of a subsystem
// that one of their groups has.
bool isOffered(const Site& site, const auth::Principal& who, const model::OauthApp& app) {
  if (who.isSupport() || app.subsystems.empty()) {
    return true;
  }
  for (const model::GroupUser* membership : site.groupsOfUser(who.userId)) {
    const model::Group* group = site.findGroup(membership->groupId);
    if (group != nullptr && std::find_first_of(group->subsystems.begin(), group->subsystems.end(),
                                               app.subsystems.begin(),
                                               app.subsystems.end()) != group->subsystems.end()) {
      return true;
    }
  }
  return false;
}

void listApps(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  sendList<model::OauthApp>(context, std::move(reply),
                            {"oauth_app", std::get<Page>(page),
                             [&site = context.site, domains = DomainFilter(context.site, request),
                              who = request.principal()](const model::OauthApp& row) {
                               return domains.lists(row.ownerId) && isOffered(site, who, row);
                             },
                             [](const model::OauthApp& row) { return toJson(row); }});
}

void showApp(Context& context, Request& request, Reply reply) {
  const model::OauthApp* app = context.site.findOauthApp(request.param("id"));
  if (app == nullptr) {
    reply.fail(notFound("application", request.param("id")));
    return;
  }
  reply.json(200, toJson(*app));
}

// The row that was written, with the secret, which nobody sees again.
void answerWithSecret(int status, const std::vector<ConfigChange>& changes, const std::string& text,
                      Reply& reply) {
  const model::OauthApp* stored = findStored<model::OauthApp>(changes);
  json::Object out = stored == nullptr ? json::Object() : toJson(*stored);
  out.set("secret", text);
  http::Response response = http::Response::json(status, json::Value(std::move(out)));
  response.set("Cache-Control", "no-store");
  reply.send(std::move(response));
}

void createApp(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::OauthApp app;
  app.ownerId = callerDomainId(context.site, request);
  body->read("owner_id", app.ownerId);
  readApp(*body, app);
  app.uid = auth::clientIdOf(app.redirectUri);
  auth::NewClientSecret secret = auth::generateClientSecret();
  app.secretHash = std::move(secret.secretHash);
  if (const auto errors = finish(*body, app); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  app.id = context.ids.next(model::Table::OauthApp);
  context.writer.run(
      std::move(reply), actorOf(request),
      [app]() -> Outcome { return ConfigWriter::Writes{{ConfigWrite::Kind::Insert, app}}; },
      [text = std::move(secret.text)](const auto& changes, Reply& done) {
        answerWithSecret(201, changes, text, done);
      });
}

void updateApp(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), body = std::move(*body)]() -> Outcome {
        const model::OauthApp* present = context.site.findOauthApp(id);
        if (present == nullptr) {
          return Refusal{notFound("application", id), {}};
        }
        model::OauthApp changed = *present;
        BodyReader reader = body;
        reader.read("owner_id", changed.ownerId);
        if (changed.ownerId != present->ownerId) {
          reader.fail("owner_id", "must not change: make a new application");
          changed.ownerId = present->ownerId;
        }
        readApp(reader, changed);
        if (const auto errors = finish(reader, changed); !errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerRow<model::OauthApp>(200));
}

// A new secret in the place of the one that was lost or seen. Tokens that were issued stay.
void renewSecret(Context& context, Request& request, Reply reply) {
  auth::NewClientSecret secret = auth::generateClientSecret();
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")),
       hash = std::move(secret.secretHash)]() -> Outcome {
        const model::OauthApp* present = context.site.findOauthApp(id);
        if (present == nullptr) {
          return Refusal{notFound("application", id), {}};
        }
        model::OauthApp changed = *present;
        changed.secretHash = hash;
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      [text = std::move(secret.text)](const auto& changes, Reply& done) {
        answerWithSecret(200, changes, text, done);
      });
}

void eraseApp(Context& context, Request& request, Reply reply) {
  eraseRow(context, request, std::move(reply), model::Table::OauthApp,
           std::string(request.param("id")));
}

}  // namespace

void addOauthAppRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "o_auth_applications");
  routes.get("/oauth_apps", Permission::User, listApps);
  routes.post("/oauth_apps", Permission::Admin, createApp);
  routes.get("/oauth_apps/:id", Permission::Admin, showApp);
  routes.update("/oauth_apps/:id", Permission::Admin, updateApp);
  routes.erase("/oauth_apps/:id", Permission::Admin, eraseApp);
  Routes own(router, context, kBusbar, "o_auth_applications");
  own.post("/oauth_apps/:id/secret", Permission::Admin, renewSecret);
}

}  // namespace busbar::api
