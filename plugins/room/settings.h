// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>

#include <busbar/json.hpp>

#include "plugins/room/room.h"

namespace busbar::room {

// The settings of manifest.json, which Busbar has checked against its schema.
Settings readSettings(const Json& json);

// A value that tells of presence: true, or a number of people. nullopt: it tells nothing.
std::optional<bool> readFlag(const Json& value);

// What an answer of sensor/1 says of presence, an array of measurements: somebody is there when any
// of them says so. nullopt: none tells.
std::optional<bool> readPresence(const Json& measurements);

}  // namespace busbar::room
