// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/not_here.h"

#include <string>

#include "api/http/problem.h"
#include "api/resources/page.h"

namespace busbar::api {
namespace {

using auth::Permission;

struct Absent {
  std::string_view path;
  std::string_view scope;
  Permission read;
  Permission write;
};

// In the order of the reference (its sections 7 and 11 C).
constexpr Absent kAbsent[] = {
    {"/repositories", "repositories", Permission::Support, Permission::Admin},
    {"/oauth_auths", "o_auth_authentications", Permission::Admin, Permission::Admin},
    {"/saml_auths", "saml_authentications", Permission::Admin, Permission::Admin},
    {"/ldap_auths", "ldap_authentications", Permission::Admin, Permission::Admin},
    {"/edges", "edges", Permission::Support, Permission::Admin},
    {"/brokers", "brokers", Permission::Support, Permission::Admin},
    {"/storages", "storages", Permission::Support, Permission::Admin},
    {"/alert_dashboards", "alert_dashboards", Permission::User, Permission::User},
    {"/alerts", "alerts", Permission::User, Permission::User},
    {"/assets", "assets", Permission::User, Permission::User},
    {"/asset_types", "asset_types", Permission::User, Permission::User},
    {"/asset_categories", "asset_categories", Permission::User, Permission::User},
    {"/asset_purchase_orders", "asset_purchase_orders", Permission::User, Permission::User},
    {"/uploads", "uploads", Permission::User, Permission::User},
    {"/short_url", "short_url", Permission::User, Permission::User},
    {"/signage/playlists", "signage", Permission::User, Permission::User},
    {"/signage/media", "signage", Permission::User, Permission::User},
    {"/signage/plugins", "signage", Permission::User, Permission::User},
    {"/build/monitor", "build_monitor", Permission::User, Permission::Admin},
};

void sendEmpty(const Absent& absent, http::Request& request, http::Responder responder) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    responder.send(http::problem(refusal->error, request, refusal->extra));
    return;
  }
  auto response = http::Response::json(200, json::Value(json::Array()));
  setPageHeaders(response, absent.path.substr(1), std::get<Page>(page), 0, 0);
  responder.send(std::move(response));
}

void refuse(const Absent& absent, http::Request& request, http::Responder responder) {
  responder.send(http::problem(
      Error::because(ErrorCode::NotFound, "not_here",
                     "Busbar has no " + std::string(absent.path.substr(1)) + ", and can make none"),
      request));
}

void nothingToDo(Context&, http::Request&, Reply reply) {
  reply.empty(200);
}

}  // namespace

void addNotHereRoutes(http::Router& router, Context& context) {
  for (const Absent& absent : kAbsent) {
    const std::string path = std::string(kEngine) + std::string(absent.path);
    router.add(http::Method::Get, path, auth::Access(absent.read, absent.scope),
               [&absent](http::Request& request, http::Responder responder) {
                 sendEmpty(absent, request, std::move(responder));
               });
    router.add(http::Method::Post, path, auth::Access(absent.write, absent.scope),
               [&absent](http::Request& request, http::Responder responder) {
                 refuse(absent, request, std::move(responder));
               });
  }
  // Search is always up to date.
  Routes root(router, context, kEngine, "root");
  root.post("/reindex", Permission::Admin, nothingToDo);
  root.post("/backfill", Permission::Admin, nothingToDo);
}

}  // namespace busbar::api
