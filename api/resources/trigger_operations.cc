// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/trigger_operations.h"

#include <memory>
#include <utility>

#include "api/resources/body_reader.h"
#include "api/resources/page.h"
#include "api/resources/trigger_check.h"
#include "api/resources/trigger_shapes.h"
#include "api/resources/triggers.h"
#include "api/resources/webhooks.h"
#include "api/triggers/action_check.h"
#include "api/triggers/engine.h"
#include "api/triggers/simulation.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr Milliseconds kTriggerReadLimit{10'000};
constexpr size_t kMostShown = 100;
constexpr size_t kExplainedFirings = 10;

const model::TriggerInstance* instanceOf(Context& context, const Request& request, Reply& reply) {
  const auto* row = context.site.findTriggerInstance(request.param("id"));
  if (row == nullptr) {
    reply.fail(notFound("trigger instance", request.param("id")));
  }
  return row;
}

// Documents that the store keeps as text.
template <class Row>
json::Array documentsOf(const std::vector<Row>& rows) {
  json::Array out;
  for (const Row& row : rows) {
    auto document = json::parse(row.document, {4 << 20, 64});
    if (document.ok()) {
      out.push_back(std::move(*document));
    }
  }
  return out;
}

template <class Row>
void sendDocuments(Reply& reply, std::string_view table, const Result<std::vector<Row>>& rows) {
  if (!rows.ok()) {
    reply.fail(rows.error());
    return;
  }
  json::Array out = documentsOf(*rows);
  const size_t count = out.size();
  auto response = http::Response::json(200, json::Value(std::move(out)));
  setListHeaders(response, table, count);
  reply.send(std::move(response));
}

// The number of rows that is asked for; none: it was refused.
std::optional<size_t> limitOf(const Request& request, Reply& reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return std::nullopt;
  }
  return std::min(std::get<Page>(page).limit, kMostShown);
}

void listTriggerFirings(Context& context, Request& request, Reply reply) {
  const auto* row = instanceOf(context, request, reply);
  const auto limit = row == nullptr ? std::nullopt : limitOf(request, reply);
  if (limit) {
    context.triggerStore->listFirings(
        row->id, *limit, context.loop.now() + kTriggerReadLimit,
        [held = std::move(reply)](Result<std::vector<TriggerFiring>> rows) mutable {
          sendDocuments(held, "firings", rows);
        });
  }
}

void listTriggerDeliveries(Context& context, Request& request, Reply reply) {
  const auto* row = instanceOf(context, request, reply);
  const auto limit = row == nullptr ? std::nullopt : limitOf(request, reply);
  if (limit) {
    context.triggerStore->listDeliveries(
        row->id, *limit, context.loop.now() + kTriggerReadLimit,
        [held = std::move(reply)](Result<std::vector<TriggerDelivery>> rows) mutable {
          sendDocuments(held, "deliveries", rows);
        });
  }
}

void replay(Context& context, Request& request, Reply reply) {
  const std::string id(request.param("id"));
  recordAction(context.audit, request, "replay", "delivery", id);
  context.triggerStore->findDelivery(id, context.loop.now() + kTriggerReadLimit,
                                     [&context, id, held = std::move(reply)](
                                         Result<std::optional<TriggerDelivery>> found) mutable {
                                       if (!found.ok()) {
                                         held.fail(found.error());
                                       } else if (!*found) {
                                         held.fail(notFound("delivery", id));
                                       } else {
                                         replayDelivery(context, **found, std::move(held));
                                       }
                                     });
}

void explain(Context& context, Request& request, Reply reply) {
  const auto* row = instanceOf(context, request, reply);
  if (row == nullptr) {
    return;
  }
  const model::Trigger* trigger = context.site.findTrigger(row->triggerId);
  const model::System* system = context.site.findSystem(row->systemId);
  json::Object out;
  out.set("id", row->id);
  out.set("trigger_id", row->triggerId);
  out.set("name", trigger == nullptr ? std::string() : trigger->name);
  out.set("system_id", row->systemId);
  out.set("system_name", system == nullptr ? std::string() : system->name);
  out.set("enabled", row->enabled);
  json::Array problems;
  if (trigger != nullptr) {
    problems = toJson(problemsIn(context.site, context.manifests, *trigger, row->systemId));
  }
  out.set("problems", std::move(problems));
  const auto now = context.triggerEngine->explain(row->id);
  out.set("at_work", now.has_value());
  if (now) {
    for (const auto& [name, value] : *now) {
      out.set(name, value);
    }
  }
  context.triggerStore->listFirings(
      row->id, kExplainedFirings, context.loop.now() + kTriggerReadLimit,
      [held = std::move(reply),
       out = std::move(out)](Result<std::vector<TriggerFiring>> rows) mutable {
        if (!rows.ok()) {
          held.fail(rows.error());
          return;
        }
        out.set("firings", documentsOf(*rows));
        held.json(200, std::move(out));
      });
}

void simulateTrigger(Context& context, const model::Trigger& trigger, BodyReader& body,
                     Reply& reply) {
  std::string systemId;
  body.read("system_id", systemId);
  json::Object script;
  for (const char* name : {"start_ms", "steps"}) {
    if (const json::Value* value = body.find(name)) {
      script.set(name, *value);
    }
  }
  if (context.site.findSystem(systemId) == nullptr) {
    body.fail("system_id", "must name a system");
  }
  auto errors = body.finish("simulation");
  auto read = triggers::readSimulation(script, context.loop.clock().utcNs() / 1'000'000);
  errors.insert(errors.end(), read.errors.begin(), read.errors.end());
  auto spec = triggers::readCheckedSpec(trigger);
  errors.insert(errors.end(), spec.errors.begin(), spec.errors.end());
  if (!errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  const triggers::ManifestOf manifests = [&context](const std::string& id) {
    return context.manifests.find(id);
  };
  auto result = triggers::simulate(
      trigger, std::make_shared<const triggers::Spec>(std::move(spec.spec)),
      {context.site, manifests, systemId, context.siteTimeZone}, read.simulation);
  if (!result.ok()) {
    reply.fail(invalidField(result.error().field, result.error().message));
    return;
  }
  reply.json(200, std::move(*result));
}

void simulateSaved(Context& context, Request& request, Reply reply) {
  const model::Trigger* trigger = context.site.findTrigger(request.param("id"));
  if (trigger == nullptr) {
    reply.fail(notFound("trigger", request.param("id")));
    return;
  }
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  simulateTrigger(context, *trigger, *body, reply);
}

// Of a trigger that is not saved: the member `trigger` holds it.
void simulateDraft(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  const json::Value* draft = body->find("trigger");
  auto fields = BodyReader::parse(draft == nullptr ? "[]" : json::write(*draft));
  if (!fields) {
    reply.fail(invalidField("trigger", "must be the object that would be saved"));
    return;
  }
  model::Trigger trigger;
  trigger.id = "draft";
  if (const auto errors = readTrigger(*fields, trigger); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  simulateTrigger(context, trigger, *body, reply);
}

}  // namespace

void addTriggerOperationRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kBusbar, "triggers");
  routes.post("/triggers/simulate", Permission::Support, simulateDraft);
  routes.post("/triggers/:id/simulate", Permission::Support, simulateSaved);
  routes.get("/trigger_instances/:id/explain", Permission::Support, explain);
  routes.get("/trigger_instances/:id/firings", Permission::Support, listTriggerFirings);
  routes.get("/trigger_instances/:id/deliveries", Permission::Support, listTriggerDeliveries);
  routes.post("/webhook_deliveries/:id/replay", Permission::Admin, replay);
}

}  // namespace busbar::api
