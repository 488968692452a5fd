// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/transfer.h"

#include <memory>
#include <utility>

#include "api/resources/configuration_document.h"
#include "api/resources/configuration_plan.h"
#include "api/resources/page.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr size_t kMaxDocumentBytes = 32 << 20;

json::Array changesToJson(const std::vector<PlannedChange>& changes) {
  json::Array out;
  for (const PlannedChange& change : changes) {
    json::Object row;
    row.set("action", change.action);
    row.set("type", model::toString(change.table));
    row.set("id", change.id);
    if (!change.name.empty()) {
      row.set("name", change.name);
    }
    if (!change.members.empty()) {
      json::Array members;
      for (const std::string& member : change.members) {
        members.emplace_back(member);
      }
      row.set("members", std::move(members));
    }
    out.emplace_back(std::move(row));
  }
  return out;
}

json::Object planToJson(const ConfigurationPlan& plan, bool isDryRun) {
  json::Object out;
  out.set("dry_run", isDryRun);
  out.set("changes", changesToJson(plan.changes));
  return out;
}

void exportAll(Context& context, Request&, Reply reply) {
  auto response = http::Response::json(200, json::Value(configurationDocument(context.site)));
  response.set("Cache-Control", "no-store");
  reply.send(std::move(response));
}

void importAll(Context& context, Request& request, Reply reply) {
  if (const auto bad = findBadFlag(request, {"dry_run", "prune"})) {
    reply.fail(*bad);
    return;
  }
  auto parsed = json::parse(request.body(), {kMaxDocumentBytes, 64});
  if (!parsed) {
    Error error = parsed.error();
    error.reason = "bad_json";
    reply.fail(error);
    return;
  }
  const bool prune = flagOf(request, "prune", false);
  const auto document = std::make_shared<const json::Value>(std::move(*parsed));
  if (flagOf(request, "dry_run", false)) {
    auto plan = planConfiguration(context.site, context.manifests, context.ids, *document, prune,
                                  request.principal().userId);
    if (const Refusal* refusal = std::get_if<Refusal>(&plan)) {
      reply.fail(*refusal);
      return;
    }
    reply.json(200, planToJson(std::get<ConfigurationPlan>(plan), true));
    return;
  }
  // Shared by the plan, which may run again, and the answer.
  const auto last = std::make_shared<ConfigurationPlan>();
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, document, prune, last, userId = request.principal().userId]() -> Outcome {
        auto plan = planConfiguration(context.site, context.manifests, context.ids, *document,
                                      prune, userId);
        if (Refusal* refusal = std::get_if<Refusal>(&plan)) {
          return std::move(*refusal);
        }
        *last = std::get<ConfigurationPlan>(std::move(plan));
        return std::move(last->writes);
      },
      [last](const auto&, Reply& done) { done.json(200, planToJson(*last, false)); });
}

}  // namespace

void addTransferRoutes(http::Router& router, Context& context) {
  const auto add = [&](http::Method method, std::string_view path, Routes::Action action) {
    router.add(method, std::string(kBusbar) + std::string(path),
               auth::Access(Permission::Admin, "busbar"),
               [&context, action](Request& request, http::Responder responder) {
                 action(context, request, Reply(request, std::move(responder)));
               },
               {kMaxDocumentBytes, http::Cost::Bulk});
  };
  add(http::Method::Get, "/export", exportAll);
  add(http::Method::Post, "/import", importAll);
}

}  // namespace busbar::api
