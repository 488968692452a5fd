// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "host/runner/runner.h"
#include "sdk/base/callback.h"
#include "sdk/base/result.h"

namespace busbar::runner {

// Descriptors that the host passes, see README.md "Arguments and descriptors".
inline constexpr int kChannelFd = 3;
inline constexpr int kDeadlinePageFd = 6;
inline constexpr int kLivenessPageFd = 7;

// What happens around the load of a driver. Each step may fail; nothing goes on then.
struct StartPlan {
  std::string driverPath;
  Callback<Status()> beforeLoad;   // the driver's constructors run after it
  Callback<Status()> beforeEntry;  // the driver's entry runs after it
};

// Runs a driver from the first frame to the last, on the inherited descriptors, and says how that
// ended. The caller must leave by _exit: the driver's threads may still run.
Exit start(StartPlan plan);

// "busbar-runner: why" on stderr.
void complain(const std::string& why);

}  // namespace busbar::runner
