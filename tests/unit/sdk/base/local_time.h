// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdio>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "sdk/base/time_zone.h"

namespace busbar {

// Time points as tests write and read them.
inline LocalSeconds local(const std::string& text) {  // "2025-03-30 02:30:00"
  int y = 0;
  unsigned mo = 0;
  unsigned d = 0;
  int h = 0;
  int mi = 0;
  int s = 0;
  EXPECT_EQ(std::sscanf(text.c_str(), "%d-%u-%u %d:%d:%d", &y, &mo, &d, &h, &mi, &s), 6) << text;
  return std::chrono::local_days(std::chrono::year(y) / static_cast<int>(mo) /
                                 static_cast<int>(d)) +
         std::chrono::hours(h) + std::chrono::minutes(mi) + std::chrono::seconds(s);
}

inline SysSeconds utc(const std::string& text) {
  return SysSeconds(local(text).time_since_epoch());
}

inline std::string show(SysSeconds t) {
  const auto day = std::chrono::floor<std::chrono::days>(t);
  const std::chrono::year_month_day date(day);
  const std::chrono::hh_mm_ss time(t - day);
  char text[64];
  std::snprintf(text, sizeof text, "%04d-%02u-%02u %02d:%02d:%02d", static_cast<int>(date.year()),
                static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()),
                static_cast<int>(time.hours().count()), static_cast<int>(time.minutes().count()),
                static_cast<int>(time.seconds().count()));
  return text;
}

inline std::string show(std::optional<SysSeconds> t) {
  return t ? show(*t) : "none";
}

inline TimeZone zoneNamed(const char* name) {
  auto zone = TimeZone::find(name);
  EXPECT_TRUE(zone.ok()) << name;
  return zone.ok() ? *zone : TimeZone();
}

}  // namespace busbar
