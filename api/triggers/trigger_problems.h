// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/triggers/spec.h"
#include "registry/site/site.h"
#include "sdk/manifest/manifest.h"

namespace busbar::triggers {

// Something that a trigger names and its system does not have at present. The rest of the trigger
// works.
struct TriggerProblem {
  std::string path;     // into the trigger: "actions.functions.0.method"
  std::string code;     // no_module, no_interface, no_status, no_function, bad_arguments, no_zone,
                        // no_trigger
  std::string message;  // a sentence with the remedy
  bool operator==(const TriggerProblem&) const = default;
};

// The manifest of an installed driver; nullptr when there is none.
using ManifestOf = std::function<std::shared_ptr<const Manifest>(const std::string& driverId)>;

// What of a well-formed trigger does not fit a system as it is now: names of modules, statuses and
// functions as their drivers declare them, arguments without templates, zones, other triggers. That
// no module of the system has an interface is none: sets may be empty. In the order of the
// document.
std::vector<TriggerProblem> triggerProblems(const Site& site, const ManifestOf& manifestOf,
                                            const Spec& spec, std::string_view systemId);

}  // namespace busbar::triggers
