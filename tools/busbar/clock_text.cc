// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/clock_text.h"

#include <time.h>

#include <charconv>
#include <optional>

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

}  // namespace busbar::cli
