// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "sdk/base/result.h"
#include "tools/busbar/client.h"

namespace busbar::cli {

// Shape: api/openapi.yaml.
inline constexpr const char* kEngine = "/api/engine/v2";
inline constexpr const char* kBusbar = "/api/busbar/v1";
inline const std::string kSystems = std::string(kEngine) + "/systems";
inline const std::string kModules = std::string(kEngine) + "/modules";
inline const std::string kTriggers = std::string(kEngine) + "/triggers";

// "Name_1" and module id of each module of a system, in the system's order: modules are numbered
// per name, by place (api/resources/README.md).
using ModuleSlots = std::vector<std::pair<std::string, std::string>>;
Result<ModuleSlots> modulesOfSystem(Client& client, const std::string& systemId);
// The same from the system's object and its modules' objects; exposed for tests.
ModuleSlots numberModules(const json::Value& system, const json::Array& modules);

}  // namespace busbar::cli
