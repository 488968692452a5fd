// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/room/settings.h"

#include <cstdint>

namespace busbar::room {
namespace {

Time ofSeconds(double seconds) {
  return Time(static_cast<int64_t>(seconds * 1e9));
}

}  // namespace

Settings readSettings(const Json& json) {
  Settings settings;
  json["sources"].forEachMember([&](std::string_view name, Json source) {
    settings.sources[std::string(name)] = {source["module"].valueOr(std::string(kInputs)),
                                           source["input"].as<std::string>()};
  });
  settings.warmUp = ofSeconds(json["warm_up_s"].as<double>());
  settings.hold = ofSeconds(60 * json["hold_minutes"].as<double>());
  settings.presenceModule = json["presence"]["module"].valueOr(std::string());
  settings.presenceKey = json["presence"]["key"].valueOr(std::string("presence"));
  return settings;
}

std::optional<bool> readFlag(const Json& value) {
  if (value.isBool()) {
    return value.as<bool>();
  }
  return value.isNumber() ? std::optional<bool>(value.as<double>() > 0) : std::nullopt;
}

std::optional<bool> readPresence(const Json& measurements) {
  std::optional<bool> present;
  for (size_t i = 0; i < measurements.size(); ++i) {
    const Json measurement = measurements[i];
    const Json type = measurement["type"];
    if (!type.isString() || type.as<std::string_view>() != "presence") {
      continue;
    }
    if (const auto somebody = readFlag(measurement["value"])) {
      present = present.value_or(false) || *somebody;
    }
  }
  return present;
}

}  // namespace busbar::room
