// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/trigger_check.h"

#include <algorithm>
#include <utility>

#include "api/triggers/action_check.h"

namespace busbar::api {
namespace {

using Problems = std::vector<triggers::TriggerProblem>;

triggers::ManifestOf manifestsOf(DriverManifests& manifests) {
  return [&manifests](const std::string& driverId) { return manifests.find(driverId); };
}

bool isNamedIn(const Problems& problems, const triggers::TriggerProblem& problem) {
  return std::any_of(problems.begin(), problems.end(), [&problem](const auto& other) {
    return other.path == problem.path && other.code == problem.code;
  });
}

// The systems that a trigger is for.
Site::Ids systemsOf(const Site& site, const model::Trigger& trigger) {
  Site::Ids systems;
  if (site.findSystem(trigger.controlSystemId) != nullptr) {
    systems.insert(trigger.controlSystemId);
  }
  for (const std::string& id : site.instancesOfTrigger(trigger.id)) {
    systems.insert(site.findTriggerInstance(id)->systemId);
  }
  return systems;
}

}  // namespace

model::FieldErrors checkTrigger(const Site& site, DriverManifests& manifests,
                                const model::Trigger& trigger, const model::Trigger* before) {
  auto read = triggers::readCheckedSpec(trigger);
  const bool isSame = before != nullptr && before->conditions == trigger.conditions &&
                      before->actions == trigger.actions &&
                      before->controlSystemId == trigger.controlSystemId;
  if (!read.errors.empty() || isSame) {
    return std::move(read.errors);
  }
  auto manifestOf = manifestsOf(manifests);
  Problems everywhere;
  bool isFirst = true;
  for (const std::string& systemId : systemsOf(site, trigger)) {
    Problems here = triggers::triggerProblems(site, manifestOf, read.spec, systemId);
    if (std::exchange(isFirst, false)) {
      everywhere = std::move(here);
    } else {
      std::erase_if(everywhere, [&here](const auto& each) { return !isNamedIn(here, each); });
    }
    if (everywhere.empty()) {
      break;
    }
  }
  model::FieldErrors errors;
  for (triggers::TriggerProblem& problem : everywhere) {
    errors.push_back({std::move(problem.path), "does not fit: " + problem.message});
  }
  return errors;
}

Problems problemsIn(const Site& site, DriverManifests& manifests, const model::Trigger& trigger,
                    std::string_view systemId) {
  const auto read = triggers::readCheckedSpec(trigger);
  if (!read.errors.empty()) {
    Problems out;
    for (const model::FieldError& error : read.errors) {
      out.push_back({error.field, "bad_trigger", error.field + " " + error.reason});
    }
    return out;
  }
  auto manifestOf = manifestsOf(manifests);
  return triggers::triggerProblems(site, manifestOf, read.spec, systemId);
}

}  // namespace busbar::api
