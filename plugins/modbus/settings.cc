// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/modbus/settings.h"

#include <string>
#include <vector>

namespace busbar::modbus {
namespace {

PointSpec readSpec(const Json& json, const std::string& wordOrder, const std::string& byteOrder) {
  PointSpec spec;
  spec.name = json["name"].as<std::string>();
  spec.table = json["table"].valueOr<std::string>("holding");
  spec.type = json["type"].valueOr<std::string>("");
  spec.address = json["address"].as<int64_t>();
  spec.count = json["count"].valueOr<int64_t>(1);
  spec.length = json["length"].valueOr<int64_t>(1);
  spec.bit = json["bit"].as<std::optional<int64_t>>();
  spec.wordOrder = json["word_order"].valueOr(wordOrder);
  spec.byteOrder = json["byte_order"].valueOr(byteOrder);
  spec.scale = json["scale"].valueOr(1.0);
  spec.offset = json["offset"].valueOr(0.0);
  spec.isWritable = json["writable"].valueOr(false);
  spec.isPolled = json["poll"].valueOr(true);
  return spec;
}

}  // namespace

Settings Settings::fromJson(const Json& json) {
  Settings settings;
  settings.unit = json["unit"].valueOr<uint8_t>(1);
  settings.pollInterval =
      std::chrono::milliseconds(json["poll_interval_ms"].valueOr<int64_t>(1000));
  settings.timeoutMs = json["timeout_ms"].valueOr<uint32_t>(1000);
  settings.retries = json["retries"].valueOr<uint32_t>(1);
  settings.limits.maxRegisters = json["max_registers"].valueOr(kMaxReadRegisters);
  settings.limits.maxBits = json["max_bits"].valueOr(kMaxReadBits);
  settings.limits.maxGap = json["max_gap"].valueOr<uint16_t>(8);
  const auto wordOrder = json["word_order"].valueOr<std::string>("big");
  const auto byteOrder = json["byte_order"].valueOr<std::string>("big");
  std::vector<PointSpec> specs;
  const Json points = json["points"];
  specs.reserve(points.size());
  for (size_t i = 0; i < points.size(); ++i) {
    specs.push_back(readSpec(points[i], wordOrder, byteOrder));
  }
  if (std::string error = settings.map.build(specs); !error.empty()) {
    throw Failure::invalid(error);
  }
  return settings;
}

}  // namespace busbar::modbus
