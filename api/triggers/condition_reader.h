// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "api/triggers/spec.h"
#include "registry/model/validate.h"
#include "sdk/base/json.h"

// From JSON to conditions. Part of readSpec().
namespace busbar::triggers {

struct ConditionSurroundings {
  bool hasWebhook = false;
  Milliseconds debounce{0};
};
// Shape: openapi.yaml "TriggerConditions".
std::vector<Condition> readConditions(const json::Value& document,
                                      const ConditionSurroundings& surroundings,
                                      model::FieldErrors& errors);

// What readConditions() reads, as JSON: one condition without its key, as a node of a
// rule. It reads as the same again.
json::Value toJson(const Condition& condition);
// The whole document.
json::Value toJson(const std::vector<Condition>& conditions);

}  // namespace busbar::triggers
