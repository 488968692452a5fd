// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/absent.h"

#include <string>
#include <string_view>

#include "api/resources/page.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

struct Absent {
  std::string_view path;
  Permission permission;  // as the reference asks for the list
};

constexpr Absent kAbsent[] = {
    {"/repositories", Permission::Support},
    {"/oauth_auths", Permission::Admin},
    {"/saml_auths", Permission::Admin},
    {"/ldap_auths", Permission::Admin},
    {"/edges", Permission::Support},
    {"/brokers", Permission::Support},
    {"/storages", Permission::Support},
    {"/assets", Permission::User},
    {"/asset_types", Permission::User},
    {"/asset_categories", Permission::User},
    {"/asset_purchase_orders", Permission::User},
    {"/alerts", Permission::User},
    {"/alert_dashboards", Permission::User},
    {"/uploads", Permission::User},
    {"/short_url", Permission::User},
};

void none(Context&, Request& request, Reply reply) {
  auto response = http::Response::json(200, json::Value(json::Array()));
  const std::string_view path = request.path();
  setListHeaders(response, path.substr(path.rfind('/') + 1), 0);
  reply.send(std::move(response));
}

void nothingToDo(Context&, Request&, Reply reply) {
  reply.empty(200);
}

}  // namespace

void addAbsentRoutes(http::Router& router, Context& context) {
  for (const Absent& list : kAbsent) {
    Routes(router, context, kEngine, list.path.substr(1)).get(list.path, list.permission, none);
  }
  // Search is always up to date.
  Routes root(router, context, kEngine, "root");
  root.post("/reindex", Permission::Admin, nothingToDo);
  root.post("/backfill", Permission::Admin, nothingToDo);
}

}  // namespace busbar::api
