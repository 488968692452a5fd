// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "sdk/base/cron.h"
#include "sdk/base/time_zone.h"

// The first line is the expression, the second the name of a zone. What is accepted is due again
// and again, always later.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const size_t split = input.find('\n');
  const auto schedule = busbar::CronSchedule::parse(input.substr(0, split));
  busbar::TimeZone zone;
  if (split != std::string_view::npos) {
    const auto named = busbar::TimeZone::find(input.substr(split + 1));
    zone = named.ok() ? *named : zone;
  }
  if (!schedule.ok()) {
    return 0;
  }
  busbar::SysSeconds after(std::chrono::seconds(1'743'290'000));  // 2025-03-29, before summer time
  for (int i = 0; i < 5; ++i) {
    const auto due = schedule->next(after, zone);
    if (!due) {
      break;
    }
    if (*due <= after) {
      __builtin_trap();
    }
    after = *due;
  }
  return 0;
}
