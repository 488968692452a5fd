// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

#include "sdk/base/result.h"

namespace busbar::runner {

// Numbers of the driver's functions in the liveness page and in crash reports.
// Shape: WIRE.md "Pages".
enum class Entry : uint32_t {
  None = 0,
  ProcessInit = 1,
  Create = 2,
  Start = 3,
  Stop = 4,
  Destroy = 5,
  OnSettings = 6,
  Connected = 7,
  Disconnected = 8,
  Frame = 9,
  Received = 10,
  Execute = 11,
  Cancelled = 12,
  Event = 13,
  DriverEntry = 14,
  ProcessExit = 15,
  Constructors = 16,
};
// "execute"; a literal, usable in a signal handler.
const char* toString(Entry entry);

// What the runner is doing, written for the host. Shape: WIRE.md "Pages".
struct LivenessPage {
  std::atomic<uint64_t> turns;
  std::atomic<int64_t> callStartNs;  // 0: idle
  std::atomic<uint32_t> instance;
  std::atomic<uint32_t> callback;
  std::atomic<uint64_t> callId;
};
static_assert(sizeof(LivenessPage) == 32);

// The two pages that host and runner share. Mapped once, for the life of the process. Reading is
// any-thread; the liveness page is written on the loop only.
class Pages {
 public:
  // Maps the inherited fds and closes them. An fd of -1 stands for a page that nobody watches:
  // no deadline, liveness into private memory.
  static Result<Pages> map(int deadlineFd, int livenessFd);

  // After this time (BOOTTIME) the module in `slot` must not send; a slot beyond the page: never.
  int64_t deadlineNs(uint32_t slot) const;
  LivenessPage& liveness() const { return *liveness_; }

 private:
  const std::atomic<int64_t>* deadlines_ = nullptr;
  size_t slots_ = 0;
  LivenessPage* liveness_ = nullptr;
};

}  // namespace busbar::runner
