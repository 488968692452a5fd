// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/triggers.h"

#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/list.h"
#include "api/resources/trigger_check.h"
#include "api/resources/trigger_shapes.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

void readObject(BodyReader& body, std::string_view name, json::Value& out) {
  if (const json::Value* value = body.find(name)) {
    out = value->isNull() ? json::Value(json::Object()) : *value;
  }
}

Refusal noTrigger(std::string_view id) {
  return {notFound("trigger", id), {}};
}

void listTriggers(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  sendList<model::Trigger>(
      context, std::move(reply),
      {"trigger", std::get<Page>(std::move(page)), [](const model::Trigger&) { return true; },
       [](const model::Trigger& row) { return toJson(row); }});
}

json::Array instancesOfTrigger(const Context& context, const Request& request,
                               const model::Trigger& trigger) {
  const InstanceView view{context.site, context.triggerStates, true, request.principal().isAdmin()};
  json::Array out;
  for (const std::string& id : context.site.instancesOfTrigger(trigger.id)) {
    out.emplace_back(toJson(*context.site.findTriggerInstance(id), view));
  }
  return out;
}

void showTrigger(Context& context, Request& request, Reply reply) {
  if (const auto bad = findBadFlag(request, {"instances"})) {
    reply.fail(*bad);
    return;
  }
  const model::Trigger* trigger = context.site.findTrigger(request.param("id"));
  if (trigger == nullptr) {
    reply.fail(noTrigger(request.param("id")));
    return;
  }
  json::Object out = toJson(*trigger);
  if (flagOf(request, "instances", false)) {
    out.set("trigger_instances", instancesOfTrigger(context, request, *trigger));
  }
  reply.json(200, std::move(out));
}

void listInstancesOfTrigger(Context& context, Request& request, Reply reply) {
  const model::Trigger* trigger = context.site.findTrigger(request.param("id"));
  if (trigger == nullptr) {
    reply.fail(noTrigger(request.param("id")));
    return;
  }
  json::Array out = instancesOfTrigger(context, request, *trigger);
  const size_t count = out.size();
  auto response = http::Response::json(200, json::Value(std::move(out)));
  setListHeaders(response, "trig", count);
  reply.send(std::move(response));
}

void createTrigger(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::Trigger trigger;
  if (const auto errors = readTrigger(*body, trigger); !errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  trigger.id = context.ids.next(model::Table::Trigger);
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, trigger]() -> Outcome {
        if (const auto errors = checkTrigger(context.site, context.manifests, trigger, nullptr);
            !errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Insert, trigger}};
      },
      answerRow<model::Trigger>(201));
}

void updateTrigger(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), body = std::move(*body)]() -> Outcome {
        const model::Trigger* present = context.site.findTrigger(id);
        if (present == nullptr) {
          return noTrigger(id);
        }
        model::Trigger changed = *present;
        BodyReader reader = body;
        auto errors = readTrigger(reader, changed);
        if (errors.empty()) {
          errors = checkTrigger(context.site, context.manifests, changed, present);
        }
        if (!errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerRow<model::Trigger>(200));
}

void eraseTrigger(Context& context, Request& request, Reply reply) {
  eraseRow(context, request, std::move(reply), model::Table::Trigger,
           std::string(request.param("id")));
}

}  // namespace

model::FieldErrors readTrigger(BodyReader& body, model::Trigger& trigger) {
  body.read("name", trigger.name);
  body.read("description", trigger.description);
  body.read("control_system_id", trigger.controlSystemId);
  body.read("debounce_period", trigger.debounceMs);
  body.read("important", trigger.important);
  body.read("enable_webhook", trigger.enableWebhook);
  body.read("any_match", trigger.anyMatch);
  if (const json::Value* methods = body.find("supported_methods");
      methods != nullptr && methods->isNull()) {
    trigger.supportedMethods = model::Trigger().supportedMethods;
  } else {
    body.read("supported_methods", trigger.supportedMethods);
  }
  readObject(body, "conditions", trigger.conditions);
  readObject(body, "actions", trigger.actions);
  readObject(body, "webhook", trigger.webhook);
  body.read("max_firings", trigger.maxFirings);
  body.read("period_ms", trigger.periodMs);
  // PlaceOS's client has one class for triggers and their instances.
  body.ignore({"id", "created_at", "updated_at", "version", "enabled", "exec_enabled",
               "webhook_secret", "zone_id", "trigger_id", "playlists", "system_name", "system_id",
               "control_system", "activated_count", "trigger_count", "triggered",
               "trigger_instances", "_actions", "_conditions"});
  auto errors = body.finish("trigger");
  model::normalise(trigger);
  for (model::FieldError& error : model::validate(trigger)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

void addTriggerRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "triggers");
  routes.get("/triggers", Permission::Support, listTriggers);
  routes.post("/triggers", Permission::Admin, createTrigger);
  routes.get("/triggers/:id", Permission::Support, showTrigger);
  routes.update("/triggers/:id", Permission::Admin, updateTrigger);
  routes.erase("/triggers/:id", Permission::Admin, eraseTrigger);
  routes.get("/triggers/:id/instances", Permission::Support, listInstancesOfTrigger);
}

}  // namespace busbar::api
