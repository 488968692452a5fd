// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "api/triggers/firing.h"
#include "api/triggers/spec.h"
#include "registry/site/site.h"

namespace busbar::triggers {

// The present value of a module's status; none: it has no such status.
using StatusOf =
    std::function<std::optional<json::Value>(const std::string& moduleId, const std::string& key)>;

// What the templates of a firing's steps see (template.h), with the statuses that they name. Pure.
json::Object factsOf(const Firing& firing, const Spec& spec, const Site& site,
                     const StatusOf& statuses);

}  // namespace busbar::triggers
