// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/json_device.h"

#include <cstdio>

namespace sim {
namespace {

using Value = std::function<std::string(int64_t nowMs)>;

// Up and down between two tenths, once in `periodMs`.
Value wave(int64_t periodMs, int64_t lowTenths, int64_t highTenths) {
  return [=](int64_t nowMs) {
    const int64_t phase = nowMs % periodMs;
    const int64_t up = phase * 2 < periodMs ? phase * 2 : 2 * (periodMs - phase);
    const int64_t tenths = lowTenths + (highTenths - lowTenths) * up / periodMs;
    char text[32];
    std::snprintf(text, sizeof(text), "%.1f", static_cast<double>(tenths) / 10);
    return std::string(text);
  };
}

Value turns(int64_t trueMs, int64_t falseMs) {
  return [=](int64_t nowMs) {
    return std::string(nowMs % (trueMs + falseMs) < trueMs ? "true" : "false");
  };
}

}  // namespace

bool JsonDevice::isKnown(std::string_view device) {
  return device == "weather" || device == "sensor";
}

JsonDevice::JsonDevice(const Options& options) : path_("/v1/" + options.device) {
  if (options.device == "weather") {
    name_ = "Simulated weather";
    values_ = {{"temperature_c", wave(600'000, -20, 240)},
               {"humidity_percent", wave(420'000, 350, 900)},
               {"wind_kmh", wave(180'000, 0, 380)},
               {"raining", turns(90'000, 300'000)}};
  } else {
    name_ = "Simulated sensor";
    values_ = {{"occupied", turns(options.presentMs, options.absentMs)},
               {"temperature_c", wave(900'000, 195, 235)},
               {"co2_ppm", wave(300'000, 4200, 11000)}};
  }
}

std::optional<std::string> JsonDevice::answer(std::string_view path, int64_t nowMs,
                                              bool isWrong) const {
  if (path != path_) {
    return std::nullopt;
  }
  std::string members;
  for (const auto& [name, value] : values_) {
    members += members.empty() ? "\"" : ",\"";
    members += name + "\":" + (isWrong ? "\"n/a\"" : get(name, nowMs));
  }
  return "{\"name\":\"" + name_ + "\",\"now\":{" + members + "}}";
}

bool JsonDevice::set(const std::string& name, const std::string& value) {
  if (values_.count(name) == 0 || value.empty()) {
    return false;
  }
  if (value == "auto") {
    held_.erase(name);
  } else {
    held_[name] = value;
  }
  return true;
}

std::string JsonDevice::get(const std::string& name, int64_t nowMs) const {
  const auto value = values_.find(name);
  if (value == values_.end()) {
    return {};
  }
  const auto held = held_.find(name);
  return held == held_.end() ? value->second(nowMs) : held->second;
}

}  // namespace sim
