// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/triggers/action_runner.h"
#include "registry/store/trigger_store.h"
#include "sdk/base/json.h"

namespace busbar::triggers {

// What set an instance off.
struct Cause {
  enum class Kind { Start, Status, Time, Webhook, Offline, Trigger, Ended };
  Kind kind = Kind::Start;
  std::string moduleId;    // Status, Offline
  std::string key;         // Status: its name
  json::Value value;       // Status: the new one
  std::string deliveryId;  // Webhook
  std::string firingId;    // Trigger: the one that called; Ended: the one that ends
};
std::string_view toString(Cause::Kind kind);  // "start", "status", "time", …

// One time that an instance did something, with all that became of it.
struct Firing {
  std::string id;
  std::string instanceId;
  std::string triggerId;
  std::string systemId;
  int64_t triggerRevision = 0;  // what its steps are steps of
  int64_t timeMs = 0;           // UTC
  bool isEnd = false;           // it ran `ended`
  bool isRetry = false;         // a restart cut it off
  bool isOver = false;
  Cause cause;
  json::Array conditions;          // openapi.yaml "TriggerConditionState"
  json::Object webhook;            // what templates see of a delivery
  std::vector<std::string> chain;  // of instances, itself last (loop_guard.h)
  std::vector<StepRecord> steps;
  std::string note;  // why it was given up; empty otherwise
};

size_t failuresOf(const Firing& firing);
// Replaces the record of the same step, or adds it.
void putStep(Firing& firing, const StepRecord& record);

// Shape: openapi.yaml "TriggerFiring".
json::Object toJson(const Firing& firing);
TriggerFiring toStored(const Firing& firing);
// None: not what toStored() made.
std::optional<Firing> toFiring(const TriggerFiring& stored);

}  // namespace busbar::triggers
