// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>

#include "sdk/base/result.h"

namespace busbar::sandbox {

// Figures of one runner. What the system does not tell stays empty, never 0.
struct RunnerUsage {
  std::optional<double> cpuSeconds;  // user and system, all threads
  std::optional<uint64_t> pssBytes;  // proportional set size
  std::optional<uint64_t> rssBytes;
  std::optional<uint32_t> openFiles;
  std::optional<uint32_t> threads;
  std::optional<uint64_t> oomKills;  // by its cgroup's limit
};

// What /proc says of one process; oomKills stays empty. NotFound when it has ended. PSS and open
// files need busbard's right to trace the process: root, or owner of its user namespace. Does NOT
// count kernel memory (sockets, page tables).
Result<RunnerUsage> readProcessUsage(pid_t pid);

}  // namespace busbar::sandbox
