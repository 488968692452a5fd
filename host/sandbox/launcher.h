// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "host/sandbox/child.h"
#include "host/sandbox/layers.h"
#include "sdk/base/callback.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar::sandbox {

// Everything for one clone; a plain value but for the descriptors, which are borrowed.
struct LaunchInput {
  LayerSet layers;
  uid_t runnerUid = 0;  // as the host sees it; used when busbard is root and OwnUid is on
  int execFd = -1;      // -1: a probe that ends with exit code 0 instead of exec
  std::vector<FdMove> fds;
  std::string driverFolder;            // empty: none
  std::vector<std::string> libraries;  // absolute paths, bound into the new root
  uint64_t tmpBytes = 0;               // 0: no /tmp
  std::vector<RlimitEntry> rlimits;
  std::vector<std::string> argv;
};

struct Launched {
  pid_t pid = -1;
  UniqueFd pidfd;
};

// Clones children into namespaces. Its thread becomes their parent for PDEATHSIG.
// Thread-compatible.
class Launcher {
 public:
  using BeforeGo = Callback<Status(pid_t)>;

  static Result<Launcher> create();
  Launcher(Launcher&& other) noexcept;
  Launcher& operator=(Launcher&&) = delete;
  Launcher(const Launcher&) = delete;
  Launcher& operator=(const Launcher&) = delete;
  ~Launcher();

  // Blocks until the child has exec'ed (or, a probe, is about to exit), some milliseconds, 5 s at
  // most. `beforeGo` runs when the child waits, for cgroups. On failure the child is gone and
  // reaped and the error names the step: Unavailable, or ResourceExhausted when processes run out.
  Result<Launched> launch(const LaunchInput& input, BeforeGo beforeGo);

 private:
  explicit Launcher(char* stack) : stack_(stack) {}
  char* stack_;
};

// Inside ids of a runner: 1000 in a user namespace, the host's otherwise.
uid_t innerUidFor(const LaunchInput& input);

}  // namespace busbar::sandbox
