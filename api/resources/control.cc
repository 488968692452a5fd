// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/control.h"

#include "api/resources/page.h"
#include "api/resources/systems.h"

namespace busbar::api {

using auth::Permission;
using http::Request;

Result<json::Object> stateTexts(Context& context, std::string_view moduleId) {
  auto entries = context.host.state(moduleId);
  if (!entries) {
    return entries.error();
  }
  json::Object out;
  for (const StateEntry& entry : *entries) {
    out.set(entry.key, entry.json);
  }
  return out;
}

Result<std::string> stateText(Context& context, std::string_view moduleId, std::string_view key) {
  auto value = context.host.stateKey(moduleId, key);
  if (value.ok() && value->empty()) {
    return std::string("null");
  }
  return value;
}

namespace {

// Modules whose name begins with _ are for support, here as on the control websocket.
bool isForbidden(const Request& request) {
  return request.param("slug").starts_with('_') && !request.principal().isSupport();
}

Error forbidden() {
  return Error::because(ErrorCode::PermissionDenied, "not_allowed",
                        "modules whose name begins with _ are for support");
}

// Answers 403 or 404 itself when the caller may not, or there is no such system.
bool hasSystem(Context& context, Request& request, Reply& reply) {
  if (isForbidden(request)) {
    reply.fail(forbidden());
    return false;
  }
  if (context.site.findSystem(request.param("id")) != nullptr) {
    return true;
  }
  reply.fail(notFound("system", request.param("id")));
  return false;
}

void types(Context& context, Request& request, Reply reply) {
  const Site::Names* names = context.site.namesOf(request.param("id"));
  if (names == nullptr) {
    reply.fail(notFound("system", request.param("id")));
    return;
  }
  json::Object out;
  for (const auto& [name, modules] : *names) {
    out.set(name, static_cast<int64_t>(modules.size()));
  }
  reply.json(200, std::move(out));
}

json::Object functionJson(const Manifest::Function& function) {
  json::Object params;
  const json::Value* properties = function.paramsSchema.find("properties");
  json::Array order;
  for (const std::string& name : function.order) {
    const json::Value* schema = properties == nullptr ? nullptr : properties->find(name);
    params.set(name, schema == nullptr ? json::Value(json::Object()) : *schema);
    order.emplace_back(name);
  }
  json::Object out;
  out.set("arity", static_cast<int64_t>(function.order.size()));
  out.set("params", std::move(params));
  out.set("order", std::move(order));
  return out;
}

void functions(Context& context, Request& request, Reply reply) {
  if (!hasSystem(context, request, reply)) {
    return;
  }
  const model::Module* mod = context.site.resolve(request.param("id"), request.param("slug"));
  if (mod == nullptr) {
    reply.send(Calls::moduleNotFound(request, request.param("id"), request.param("slug")));
    return;
  }
  const auto manifest = context.manifests.find(mod->driverId);
  if (!manifest) {
    reply.fail(Error::of(ErrorCode::NotFound, "driver " + mod->driverId + " has no manifest"));
    return;
  }
  json::Object out;
  const auto role = static_cast<uint32_t>(request.principal().role);
  for (const auto& [name, function] : manifest->functions) {
    if (static_cast<uint32_t>(function.minRole) <= role) {
      out.set(name, functionJson(function));
    }
  }
  reply.json(200, std::move(out));
}

void slugState(Context& context, Request& request, Reply reply) {
  if (!hasSystem(context, request, reply)) {
    return;
  }
  const model::Module* mod = context.site.resolve(request.param("id"), request.param("slug"));
  if (mod == nullptr) {
    reply.json(200, json::Object());
    return;
  }
  auto texts = stateTexts(context, mod->id);
  if (!texts) {
    reply.fail(texts.error());
    return;
  }
  reply.json(200, std::move(*texts));
}

void slugStateKey(Context& context, Request& request, Reply reply) {
  if (!hasSystem(context, request, reply)) {
    return;
  }
  const model::Module* mod = context.site.resolve(request.param("id"), request.param("slug"));
  if (mod == nullptr) {
    reply.send(Calls::moduleNotFound(request, request.param("id"), request.param("slug")));
    return;
  }
  auto text = stateText(context, mod->id, request.param("key"));
  if (!text) {
    reply.fail(text.error());
    return;
  }
  reply.send(http::Response::json(200, std::move(*text)));
}

// The hot path: straight from the site's cache of names into the host.
void executeOnSlug(Context& context, Request& request, http::Responder responder) {
  const std::string_view systemId = request.param("id");
  const std::string_view slug = request.param("slug");
  if (isForbidden(request)) {
    Reply(request, std::move(responder)).fail(forbidden());
    return;
  }
  const model::Module* mod = context.site.resolve(systemId, slug);
  if (mod != nullptr) {
    context.calls.start(request, std::move(responder), *mod, request.param("method"), systemId,
                        slug);
  } else if (context.site.findSystem(systemId) == nullptr) {
    Reply(request, std::move(responder)).fail(notFound("system", systemId));
  } else {
    responder.send(Calls::moduleNotFound(request, systemId, slug));
  }
}

}  // namespace

void addControlRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "control");
  routes.get("/systems/:id/types", Permission::User, types);
  routes.get("/systems/:id/functions/:slug", Permission::ZoneOperate, functions);
  routes.get("/systems/:id/:slug", Permission::ZoneRead, slugState);
  routes.get("/systems/:id/:slug/:key", Permission::ZoneRead, slugStateKey);
  router.add(http::Method::Post, std::string(kEngine) + "/systems/:id/:slug/:method",
             auth::Access(Permission::ZoneOperate, "control"),
             [&context](Request& request, http::Responder responder) {
               executeOnSlug(context, request, std::move(responder));
             });
}

}  // namespace busbar::api
