// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "api/triggers/spec.h"
#include "registry/model/validate.h"
#include "sdk/base/json.h"

// From JSON to actions. Part of readSpec().
namespace busbar::triggers {

// Sets `begin`, `ended` and `loopLimit`. Shape: openapi.yaml "TriggerActions".
void readActions(const json::Value& document, Spec& spec, model::FieldErrors& errors);

// What readActions() reads, as JSON. Functions and mailers stand as such; it reads as the same
// again.
json::Value actionsJson(const Spec& spec);

}  // namespace busbar::triggers
