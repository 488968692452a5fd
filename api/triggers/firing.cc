// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/firing.h"

#include <algorithm>
#include <array>
#include <utility>

namespace busbar::triggers {
namespace {

constexpr json::Limits kDocumentLimits{4 << 20, 64};
constexpr std::array<std::string_view, 7> kCauses = {"start",   "status",  "time", "webhook",
                                                     "offline", "trigger", "ended"};
constexpr std::array<std::string_view, 4> kStates = {"sending", "done", "failed", "skipped"};

template <class Enum, size_t n>
Enum toEnum(const std::array<std::string_view, n>& names, std::string_view name) {
  const auto it = std::find(names.begin(), names.end(), name);
  return static_cast<Enum>(it == names.end() ? 0 : it - names.begin());
}

std::string textOf(const json::Object& from, std::string_view name) {
  const json::Value* value = from.find(name);
  return value == nullptr || value->asString() == nullptr ? std::string() : *value->asString();
}

int64_t numberOf(const json::Object& from, std::string_view name) {
  const json::Value* value = from.find(name);
  return value == nullptr || value->asInt() == nullptr ? 0 : *value->asInt();
}

bool flagOf(const json::Object& from, std::string_view name) {
  const json::Value* value = from.find(name);
  return value != nullptr && value->asBool() != nullptr && *value->asBool();
}

void setText(json::Object& out, std::string_view name, const std::string& text) {
  if (!text.empty()) {
    out.set(name, text);
  }
}

json::Object toJson(const StepRecord& record) {
  json::Object out;
  out.set("key", record.key);
  out.set("state", kStates[static_cast<size_t>(record.state)]);
  out.set("attempts", record.attempts);
  out.set("retry", record.isRetry);
  setText(out, "answer", record.answer);
  setText(out, "code", record.code);
  setText(out, "message", record.message);
  out.set("time_ms", record.timeMs);
  return out;
}

StepRecord toStep(const json::Object& from) {
  StepRecord record;
  record.key = textOf(from, "key");
  record.state = toEnum<StepRecord::State>(kStates, textOf(from, "state"));
  record.attempts = static_cast<unsigned>(numberOf(from, "attempts"));
  record.isRetry = flagOf(from, "retry");
  record.answer = textOf(from, "answer");
  record.code = textOf(from, "code");
  record.message = textOf(from, "message");
  record.timeMs = numberOf(from, "time_ms");
  return record;
}

json::Object toJson(const Cause& cause) {
  json::Object out;
  out.set("kind", toString(cause.kind));
  setText(out, "module_id", cause.moduleId);
  if (cause.kind == Cause::Kind::Status) {
    out.set("status", cause.key);
    out.set("value", cause.value);
  }
  setText(out, "delivery_id", cause.deliveryId);
  setText(out, "firing_id", cause.firingId);
  return out;
}

Cause toCause(const json::Object& from) {
  Cause cause;
  cause.kind = toEnum<Cause::Kind>(kCauses, textOf(from, "kind"));
  cause.moduleId = textOf(from, "module_id");
  cause.key = textOf(from, "status");
  if (const json::Value* value = from.find("value")) {
    cause.value = *value;
  }
  cause.deliveryId = textOf(from, "delivery_id");
  cause.firingId = textOf(from, "firing_id");
  return cause;
}

}  // namespace

std::string_view toString(Cause::Kind kind) {
  return kCauses[static_cast<size_t>(kind)];
}

size_t failuresOf(const Firing& firing) {
  return static_cast<size_t>(std::count_if(
      firing.steps.begin(), firing.steps.end(),
      [](const StepRecord& step) { return step.state == StepRecord::State::Failed; }));
}

void putStep(Firing& firing, const StepRecord& record) {
  const auto it = std::find_if(firing.steps.begin(), firing.steps.end(),
                               [&](const StepRecord& step) { return step.key == record.key; });
  if (it == firing.steps.end()) {
    firing.steps.push_back(record);
  } else {
    *it = record;
  }
}

json::Object toJson(const Firing& firing) {
  json::Object out;
  out.set("id", firing.id);
  out.set("trigger_id", firing.triggerId);
  out.set("instance_id", firing.instanceId);
  out.set("system_id", firing.systemId);
  out.set("trigger_revision", firing.triggerRevision);
  out.set("time_ms", firing.timeMs);
  out.set("ended", firing.isEnd);
  out.set("retry", firing.isRetry);
  out.set("over", firing.isOver);
  out.set("failures", static_cast<int64_t>(failuresOf(firing)));
  out.set("cause", toJson(firing.cause));
  out.set("conditions", firing.conditions);
  if (!firing.webhook.empty()) {
    out.set("webhook", firing.webhook);
  }
  out.set("chain", json::Array(firing.chain.begin(), firing.chain.end()));
  json::Array steps;
  for (const StepRecord& step : firing.steps) {
    steps.emplace_back(toJson(step));
  }
  out.set("steps", std::move(steps));
  setText(out, "note", firing.note);
  return out;
}

TriggerFiring toStored(const Firing& firing) {
  return {firing.id,     firing.instanceId, firing.triggerId,
          firing.timeMs, firing.isOver,     json::write(toJson(firing))};
}

std::optional<Firing> toFiring(const TriggerFiring& stored) {
  const auto parsed = json::parse(stored.document, kDocumentLimits);
  const json::Object* from = parsed.ok() ? parsed->asObject() : nullptr;
  if (from == nullptr) {
    return std::nullopt;
  }
  Firing firing;
  firing.id = stored.id;
  firing.instanceId = stored.instanceId;
  firing.triggerId = stored.triggerId;
  firing.timeMs = stored.timeMs;
  firing.isOver = stored.isOver;
  firing.systemId = textOf(*from, "system_id");
  firing.triggerRevision = numberOf(*from, "trigger_revision");
  firing.isEnd = flagOf(*from, "ended");
  firing.isRetry = flagOf(*from, "retry");
  firing.note = textOf(*from, "note");
  const auto objectAt = [from](std::string_view name) {
    const json::Value* value = from->find(name);
    return value == nullptr ? nullptr : value->asObject();
  };
  const auto arrayAt = [from](std::string_view name) {
    const json::Value* value = from->find(name);
    return value == nullptr ? nullptr : value->asArray();
  };
  if (const json::Object* cause = objectAt("cause")) {
    firing.cause = toCause(*cause);
  }
  if (const json::Array* conditions = arrayAt("conditions")) {
    firing.conditions = *conditions;
  }
  if (const json::Object* webhook = objectAt("webhook")) {
    firing.webhook = *webhook;
  }
  if (const json::Array* chain = arrayAt("chain")) {
    for (const json::Value& id : *chain) {
      firing.chain.push_back(id.asString() == nullptr ? std::string() : *id.asString());
    }
  }
  if (const json::Array* steps = arrayAt("steps")) {
    for (const json::Value& step : *steps) {
      if (step.asObject() != nullptr) {
        firing.steps.push_back(toStep(*step.asObject()));
      }
    }
  }
  return firing;
}

}  // namespace busbar::triggers
