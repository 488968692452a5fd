// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>

#include <busbar/json.hpp>

#include "plugins/modbus/planner.h"
#include "plugins/modbus/register_map.h"

namespace busbar::modbus {

// The settings of a module, read and checked as a whole. Shape: manifest.json "settings".
struct Settings {
  uint8_t unit = 1;
  std::chrono::milliseconds pollInterval{1000};  // 0: never
  uint32_t timeoutMs = 1000;
  uint32_t retries = 1;
  PlanLimits limits;
  RegisterMap map;

  // Throws Failure::invalid with a sentence that names the point and the rule.
  static Settings fromJson(const Json& json);
};

}  // namespace busbar::modbus
