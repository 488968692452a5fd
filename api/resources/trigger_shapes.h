// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "api/triggers/trigger_problems.h"
#include "api/triggers/trigger_states.h"
#include "registry/model/records.h"
#include "registry/site/site.h"
#include "sdk/base/json.h"

// Triggers and their instances as the REST API shows them. Shapes: api/openapi.yaml. Pure, but for
// asking the engine how an instance is.
namespace busbar::api {

// Lists that PlaceOS's clients walk are there, if empty.
json::Object toJson(const model::Trigger& trigger);

struct InstanceView {
  const Site& site;
  const triggers::TriggerStates* states = nullptr;  // null: nothing is triggered
  bool isComplete = true;                           // with the system's name
  bool showsSecret = false;
};
json::Object toJson(const model::TriggerInstance& instance, const InstanceView& view);
json::Array toJson(const std::vector<triggers::TriggerProblem>& problems);

}  // namespace busbar::api
