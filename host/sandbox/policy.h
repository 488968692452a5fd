// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "host/sandbox/tiers.h"
#include "sdk/base/result.h"

namespace busbar::sandbox {

// What one runner may do. Built from the manifest and what the admin granted. A plain value.
// Does NOT bound: disk I/O rate, memory bandwidth, the bytes that the host queues for the runner
// (channel credit does), or how often it is restarted (the supervisor does).
struct RunnerPolicy {
  uint64_t memoryBytes = 256ULL << 20;  // cgroup memory; without it RLIMIT_DATA. 16 MiB .. 64 GiB
  uint32_t cpuPercent = 100;        // of one core, 0: no limit; only with a cgroup. At most 6400
  uint32_t tasks = 64;              // processes and threads in the runner. 2 .. 4096
  uint32_t openFiles = 64;          // 64 + granted links + what the manifest asks. 16 .. 65536
  uint64_t tmpBytes = 16ULL << 20;  // size of /tmp (noexec, lost with the runner). 0 .. 1 GiB
  // Libraries beyond those that the runner and the driver name as DT_NEEDED; file names only,
  // searched in the system's library folders. At most 32.
  std::vector<std::string> extraLibraries;
  Tier require = Tier::Full;  // lowest tier that will do for this runner

  bool operator==(const RunnerPolicy&) const = default;
};

// InvalidArgument naming the field when a figure is outside of its range.
Status checkPolicy(const RunnerPolicy& policy);

}  // namespace busbar::sandbox
