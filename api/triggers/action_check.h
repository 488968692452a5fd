// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "api/triggers/spec.h"
#include "api/triggers/template.h"
#include "registry/model/validate.h"

namespace busbar::triggers {

// When a trigger is saved: appends an error for each template of the step that is wrong, and for
// what can never be sent. `path` is where the members stand: "actions.functions.0",
// "actions.mailers.1", "actions.steps.2.webhook". Steps inside of a Parallel are looked at apart.
void checkAction(const Step& step, std::string_view path, model::FieldErrors& errors);

// readSpec(), and checkAction() of each step: what is asked of a trigger that is saved.
ReadSpec readCheckedSpec(const model::Trigger& trigger);

// Every status that templates of the steps name, also of those inside of a Parallel; for the facts
// of a firing.
std::vector<TemplateStatus> statusesOf(const std::vector<Step>& steps);

}  // namespace busbar::triggers
