// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "api/triggers/binding.h"
#include "api/triggers/spec.h"
#include "registry/model/validate.h"
#include "registry/site/site.h"
#include "sdk/base/json.h"

// "What if": a trigger's conditions over values and times that somebody makes up, decided by the
// same evaluator as in earnest, without any effect.
namespace busbar::triggers {

struct Simulation {
  struct Update {
    std::string mod;     // "Display_1"; or the id of a module
    std::string status;  // empty: whether it is online
    json::Value value;   // null: it has no such status
  };
  struct Step {
    Milliseconds after{0};  // since the step before
    std::vector<Update> updates;
    bool webhook = false;
    json::Object webhookFacts;
  };
  int64_t startUtcMs = 0;
  std::vector<Step> steps;  // the first one's values are there from the beginning
};

struct ReadSimulation {
  Simulation simulation;
  model::FieldErrors errors;
};
// Shape: openapi.yaml "TriggerSimulation". At most kMaxSteps steps over at most 400 days;
// `nowUtcMs` where it names no start.
inline constexpr size_t kMaxSimulatedSteps = 200;
inline constexpr size_t kMaxSimulatedEvaluations = 20'000;
ReadSimulation readSimulation(const json::Object& body, int64_t nowUtcMs);

struct SimulatedSystem {
  const Site& site;
  const ManifestOf& manifests;
  std::string systemId;
  std::string siteTimeZone;
};
// Shape: openapi.yaml "TriggerSimulationResult": for each step, and each moment between at which
// something changed by time alone, what each condition says and which actions would run.
// InvalidArgument with a path: an update of what no condition looks at; too much to evaluate.
Result<json::Object> simulate(const model::Trigger& trigger, std::shared_ptr<const Spec> spec,
                              const SimulatedSystem& system, const Simulation& simulation);

}  // namespace busbar::triggers
