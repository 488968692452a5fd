// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/facts.h"

#include <utility>

#include "api/triggers/action_check.h"

namespace busbar::triggers {
namespace {

template <class Row>
json::Object named(const Row* row, std::string_view id) {
  json::Object out;
  out.set("id", id);
  out.set("name", row == nullptr ? std::string() : row->name);
  return out;
}

std::string zoneOf(const Firing& firing, const Site& site) {
  const model::TriggerInstance* row = site.findTriggerInstance(firing.instanceId);
  if (row != nullptr && !row->zoneId.empty()) {
    return row->zoneId;
  }
  const model::System* system = site.findSystem(firing.systemId);
  return system == nullptr || system->zones.empty() ? std::string() : system->zones.front();
}

json::Object causeOf(const Firing& firing, const Site& site) {
  json::Object cause;
  cause.set("key", firing.cause.kind == Cause::Kind::Status ? std::string_view(firing.cause.key)
                                                            : toString(firing.cause.kind));
  cause.set("left", firing.cause.value);
  const model::Module* mod = site.findModule(firing.cause.moduleId);
  cause.set("module",
            mod == nullptr ? std::string_view(firing.cause.moduleId) : site.resolvedName(*mod));
  return cause;
}

json::Object statusesFor(const Firing& firing, const Spec& spec, const Site& site,
                         const StatusOf& statusOf) {
  json::Object statuses;
  for (const TemplateStatus& wanted : statusesOf(firing.isEnd ? spec.ended : spec.begin)) {
    const model::Module* mod = site.resolve(firing.systemId, wanted.mod);
    auto value = mod == nullptr ? std::nullopt : statusOf(mod->id, wanted.status);
    if (!value) {
      continue;
    }
    json::Value* of = statuses.find(wanted.mod);
    if (of == nullptr) {
      of = &statuses.set(wanted.mod, json::Object());
    }
    of->asObject()->set(wanted.status, std::move(*value));
  }
  return statuses;
}

}  // namespace

json::Object factsOf(const Firing& firing, const Spec& spec, const Site& site,
                     const StatusOf& statuses) {
  json::Object facts;
  facts.set("trigger", named(site.findTrigger(firing.triggerId), firing.triggerId));
  json::Object self;
  self.set("id", firing.instanceId);
  facts.set("instance", std::move(self));
  facts.set("system", named(site.findSystem(firing.systemId), firing.systemId));
  const std::string zoneId = zoneOf(firing, site);
  facts.set("zone", named(site.findZone(zoneId), zoneId));
  json::Object fire;
  fire.set("id", firing.id);
  fire.set("time", firing.timeMs / 1000);
  fire.set("retry", firing.isRetry);
  facts.set("firing", std::move(fire));
  facts.set("cause", causeOf(firing, site));
  json::Object conditions;
  for (const json::Value& state : firing.conditions) {
    if (const json::Value* key = state.find("key"); key != nullptr && key->asString() != nullptr) {
      conditions.set(*key->asString(), state);
    }
  }
  facts.set("condition", std::move(conditions));
  if (!firing.webhook.empty()) {
    facts.set("webhook", firing.webhook);
  }
  facts.set("status", statusesFor(firing, spec, site, statuses));
  return facts;
}

}  // namespace busbar::triggers
