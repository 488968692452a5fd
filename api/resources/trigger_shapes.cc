// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/trigger_shapes.h"

#include <initializer_list>

#include "api/resources/shape_parts.h"

namespace busbar::api {
namespace {

json::Value withLists(const json::Value& document, std::initializer_list<const char*> lists) {
  json::Object out = document.asObject() == nullptr ? json::Object() : *document.asObject();
  for (const char* list : lists) {
    if (const json::Value* there = out.find(list); there == nullptr || there->isNull()) {
      out.set(list, json::Array());
    }
  }
  return out;
}

}  // namespace

json::Object toJson(const model::Trigger& trigger) {
  json::Object out = commonMembers(trigger);
  out.set("name", trigger.name);
  out.set("description", trigger.description);
  setText(out, "control_system_id", trigger.controlSystemId);
  out.set("debounce_period", trigger.debounceMs);
  out.set("important", trigger.important);
  out.set("enable_webhook", trigger.enableWebhook);
  out.set("any_match", trigger.anyMatch);
  out.set("supported_methods", toArray(trigger.supportedMethods));
  out.set("conditions", withLists(trigger.conditions, {"comparisons", "time_dependents"}));
  out.set("actions", withLists(trigger.actions, {"functions", "mailers"}));
  if (const json::Object* webhook = trigger.webhook.asObject();
      webhook != nullptr && !webhook->empty()) {
    out.set("webhook", *webhook);
  }
  if (trigger.maxFirings != 0) {
    out.set("max_firings", trigger.maxFirings);
    out.set("period_ms", trigger.periodMs);
  }
  return out;
}

json::Object toJson(const model::TriggerInstance& instance, const InstanceView& view) {
  json::Object out = commonMembers(instance);
  out.set("trigger_id", instance.triggerId);
  out.set("control_system_id", instance.systemId);
  setText(out, "zone_id", instance.zoneId);
  if (const model::Trigger* trigger = view.site.findTrigger(instance.triggerId)) {
    out.set("name", trigger->name);
  }
  out.set("enabled", instance.enabled);
  out.set("important", instance.important);
  out.set("exec_enabled", instance.execEnabled);
  out.set("playlists", toArray(instance.playlists));
  const auto state = view.states == nullptr ? std::nullopt : view.states->stateOf(instance.id);
  out.set("triggered", state && state->triggered);
  out.set("trigger_count", state ? state->count : 0);
  if (view.showsSecret) {
    out.set("webhook_secret", instance.webhookSecret);
  }
  const model::System* system = view.site.findSystem(instance.systemId);
  if (view.isComplete && system != nullptr) {
    json::Object parent;
    parent.set("id", system->id);
    parent.set("name", system->name);
    out.set("control_system", std::move(parent));
  }
  return out;
}

json::Array toJson(const std::vector<triggers::TriggerProblem>& problems) {
  json::Array out;
  for (const triggers::TriggerProblem& problem : problems) {
    json::Object row;
    row.set("path", problem.path);
    row.set("code", problem.code);
    row.set("message", problem.message);
    out.emplace_back(std::move(row));
  }
  return out;
}

}  // namespace busbar::api
