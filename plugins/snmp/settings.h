// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include <busbar/json.hpp>

#include "plugins/snmp/object_map.h"
#include "plugins/snmp/session.h"

namespace busbar::snmp {

// The settings of a module, read and checked as a whole. Shape: manifest.json "settings".
struct Settings {
  Credentials credentials;
  std::chrono::milliseconds pollInterval{10'000};  // 0: never
  uint32_t timeoutMs = 2000;
  uint32_t retries = 2;
  size_t maxObjects = 20;
  int32_t maxRepetitions = 20;
  ObjectMap map;

  // Throws Failure::invalid with a sentence that names the member or object and the rule.
  static Settings fromJson(const Json& json);
};

}  // namespace busbar::snmp
