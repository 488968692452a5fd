// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/clock_text.h"

#include <time.h>

#include <charconv>
#include <optional>
#include <utility>

#include "sdk/base/time_zone.h"

namespace busbar::cli {
namespace {

// Epoch seconds above this are milliseconds or finer: the year 5138.
constexpr int64_t kMostSeconds = 100'000'000'000;

std::optional<time_t> toSeconds(std::string_view text) {
  int64_t number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (!text.empty() && parsed.ec == std::errc() && parsed.ptr == text.data() + text.size()) {
    while (number > kMostSeconds) {
      number /= 1000;
    }
    return number;
  }
  tm parts{};
  const std::string copy(text.substr(0, 19));
  if (strptime(copy.c_str(), "%Y-%m-%dT%H:%M:%S", &parts) == nullptr) {
    return std::nullopt;
  }
  return timegm(&parts);
}

std::string formatted(std::string_view time, const char* format) {
  const auto seconds = toSeconds(time);
  tm parts{};
  char text[64];
  if (!seconds || localtime_r(&*seconds, &parts) == nullptr ||
      strftime(text, sizeof(text), format, &parts) == 0) {
    return std::string(time);
  }
  return text;
}

}  // namespace

std::string clockText(std::string_view time) {
  return formatted(time, "%H:%M:%S");
}

std::string dateAndClockText(std::string_view time) {
  return formatted(time, "%Y-%m-%d %H:%M:%S");
}

std::string zonedText(int64_t utcMs, std::string_view zone) {
  auto found = TimeZone::find(zone);
  const TimeZone in = found ? std::move(*found) : TimeZone::utc();
  const auto utc = std::chrono::floor<std::chrono::seconds>(
      std::chrono::sys_time<std::chrono::milliseconds>(std::chrono::milliseconds(utcMs)));
  const time_t shown = in.toLocal(utc).time_since_epoch().count();
  tm parts{};
  char text[64];
  if (gmtime_r(&shown, &parts) == nullptr ||
      strftime(text, sizeof(text), "%Y-%m-%d %H:%M:%S ", &parts) == 0) {
    return std::to_string(utcMs);
  }
  return text + in.name();
}

std::string durationText(int64_t seconds) {
  if (seconds < 120) {
    return std::to_string(seconds) + " s";
  }
  if (seconds < 2 * 3600) {
    return std::to_string(seconds / 60) + " min";
  }
  if (seconds < 48 * 3600) {
    return std::to_string(seconds / 3600) + " h";
  }
  return std::to_string(seconds / 86400) + " d";
}

std::string exactDurationText(int64_t ms) {
  static constexpr std::pair<int64_t, const char*> kUnits[] = {
      {86'400'000, " d"}, {3'600'000, " h"}, {60'000, " min"}, {1000, " s"}};
  for (const auto& [unit, name] : kUnits) {
    if (ms >= unit && ms % unit == 0) {
      return std::to_string(ms / unit) + name;
    }
  }
  return std::to_string(ms) + " ms";
}

}  // namespace busbar::cli
