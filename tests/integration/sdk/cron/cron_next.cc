// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Answers for the comparison with croner. A line ZONE<tab>SECONDS<tab>CRON of standard input gets
// the next due instant in seconds, "none", or "refused: why"; ZONE<tab>SECONDS gets the offset.
#include <cstdlib>
#include <iostream>
#include <string>

#include "sdk/base/cron.h"
#include "sdk/base/time_zone.h"

namespace {

// False if the line cannot be read.
bool answer(const std::string& line) {
  const size_t first = line.find('\t');
  const auto zone = busbar::TimeZone::find(line.substr(0, first));
  if (first == std::string::npos || !zone.ok()) {
    std::cerr << line << ": " << (zone.ok() ? "no SECONDS" : zone.error().message) << "\n";
    return false;
  }
  const busbar::SysSeconds after(
      std::chrono::seconds(std::strtoll(line.c_str() + first + 1, nullptr, 10)));
  const size_t second = line.find('\t', first + 1);
  if (second == std::string::npos) {
    std::cout << zone->spanAt(after).offset.count() << "\n";
    return true;
  }
  const auto schedule = busbar::CronSchedule::parse(line.substr(second + 1));
  if (!schedule.ok()) {
    std::cout << "refused: " << schedule.error().message << "\n";
  } else if (const auto due = schedule->next(after, *zone)) {
    std::cout << due->time_since_epoch().count() << "\n";
  } else {
    std::cout << "none\n";
  }
  return true;
}

}  // namespace

int main() {
  std::ios::sync_with_stdio(false);
  for (std::string line; std::getline(std::cin, line);) {
    if (!answer(line)) {
      return 2;
    }
  }
  return 0;
}
