// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "plugins/modbus/register_map.h"

// Merges polled points into few read requests.
namespace busbar::modbus {

struct PlanLimits {
  uint16_t maxRegisters = kMaxReadRegisters;  // some devices answer fewer
  uint16_t maxBits = kMaxReadBits;
  uint16_t maxGap = 8;  // unused registers (or, times 16, bits) that are read to save a request
};

// One request and the points that its answer serves, as indices into RegisterMap::points().
struct PlannedRead {
  Table table = Table::Holding;
  uint16_t address = 0;
  uint16_t count = 0;
  std::vector<uint32_t> points;
};

// Every polled point is in exactly one read, whole. `points` are in the order of RegisterMap.
// Limits above the protocol's, or 0, count as the protocol's; a point wider than maxRegisters gets
// a read of its own.
std::vector<PlannedRead> planReads(const std::vector<Point>& points, const PlanLimits& limits);

}  // namespace busbar::modbus
