// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/modbus/planner.h"

#include <algorithm>

namespace busbar::modbus {
namespace {

constexpr uint32_t kBitsPerGapUnit = 16;

uint32_t bounded(uint16_t value, uint16_t most) {
  return value == 0 ? most : std::min(value, most);
}

}  // namespace

std::vector<PlannedRead> planReads(const std::vector<Point>& points, const PlanLimits& limits) {
  std::vector<PlannedRead> reads;
  uint32_t end = 0;  // one past the last item of reads.back()
  for (uint32_t i = 0; i < points.size(); ++i) {
    const Point& point = points[i];
    if (!point.isPolled) {
      continue;
    }
    const bool isBits = isBitTable(point.table);
    const uint32_t most = isBits ? bounded(limits.maxBits, kMaxReadBits)
                                 : bounded(limits.maxRegisters, kMaxReadRegisters);
    const uint32_t gap = isBits ? limits.maxGap * kBitsPerGapUnit : limits.maxGap;
    const bool joins = !reads.empty() && reads.back().table == point.table &&
                       point.address <= end + gap && point.end() <= reads.back().address + most;
    if (!joins) {
      reads.push_back({.table = point.table, .address = point.address, .count = 0, .points = {}});
      end = point.address;
    }
    end = std::max(end, point.end());
    reads.back().count = static_cast<uint16_t>(end - reads.back().address);
    reads.back().points.push_back(i);
  }
  for (PlannedRead& read : reads) {
    read.points.shrink_to_fit();
  }
  return reads;
}

}  // namespace busbar::modbus
