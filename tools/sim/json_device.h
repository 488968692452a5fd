// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace sim {

// What a web service of measurements says, without its connections. Time is handed in, and values
// follow from it.
//
//   weather   GET /v1/weather: temperature_c, humidity_percent, wind_kmh, raining; they move slowly
//   sensor    GET /v1/sensor: occupied, in turns of `presentMs` and `absentMs`, temperature_c,
//             co2_ppm
class JsonDevice {
 public:
  struct Options {
    std::string device = "weather";
    int64_t presentMs = 120'000;
    int64_t absentMs = 240'000;
  };
  static bool isKnown(std::string_view device);
  explicit JsonDevice(const Options& options);

  // The document at a path: {"name": "…", "now": {…}}; nothing when there is none. `isWrong`: with
  // texts in place of values.
  std::optional<std::string> answer(std::string_view path, int64_t nowMs, bool isWrong) const;
  // Holds a value at that JSON text, or lets it move again by "auto". False: no such name.
  bool set(const std::string& name, const std::string& value);
  // As JSON; empty when there is no such name.
  std::string get(const std::string& name, int64_t nowMs) const;

 private:
  std::string path_;
  std::string name_;
  std::map<std::string, std::function<std::string(int64_t nowMs)>> values_;
  std::map<std::string, std::string> held_;
};

}  // namespace sim
