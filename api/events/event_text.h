// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "host/client/host_client.h"

namespace busbar::api {

// One server-sent event: `id`, `event` and one line of `data` (WHATWG HTML s. 9.2.6). Shapes:
// openapi.yaml "StateEvent", "LogEvent", "ModuleEvent", "ProgressEvent".
std::string toEventText(uint64_t id, const HostEvent& event);
// A new state of a trigger's instance. Shape: "TriggerEvent".
std::string toTriggerText(uint64_t id, std::string_view instanceId, std::string_view systemId,
                          std::string_view stateJson);
// A value that a client asked to begin with.
std::string toSnapshotText(uint64_t id, std::string_view moduleId, const StateEntry& entry);
std::string toSnapshotText(uint64_t id, std::string_view moduleId, const ModuleHealth& health);

}  // namespace busbar::api
