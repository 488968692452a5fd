// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/clock.h"

#include <ctime>

namespace busbar {
namespace {

int64_t readNs(clockid_t id) {
  timespec ts{};
  clock_gettime(id, &ts);
  return static_cast<int64_t>(ts.tv_sec) * 1'000'000'000 + ts.tv_nsec;
}

}  // namespace

BootClock::time_point BootClock::now() noexcept {
  return time_point(Nanoseconds(readNs(CLOCK_BOOTTIME)));
}

int64_t SystemClock::utcNs() const {
  return readNs(CLOCK_REALTIME);
}

}  // namespace busbar
