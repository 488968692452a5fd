// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/sandbox/policy.h"
#include "host/sandbox/tiers.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar::sandbox {

// The cgroups of this busbard's runners: version 2 where memory and pids are delegated to busbard's
// own group, else version 1 where its folders are writable, else none. Below busbard's own group
// lies one folder per busbard, locked as long as it lives (so that a later one removes what a
// killed one left), and in it one per runner. Thread-safe after find(): it only does system calls.
// Does NOT limit disk or network rates; under version 1 kernel memory and swap are counted only
// where the kernel says so.
class Cgroups {
 public:
  // Reads /proc/self/cgroup and /proc/self/mountinfo and tries to make a folder. Never fails:
  // mode() may be None. `whyNone` says what was missing.
  static std::unique_ptr<Cgroups> find(std::string& whyNone);
  Cgroups(const Cgroups&) = delete;
  Cgroups& operator=(const Cgroups&) = delete;
  ~Cgroups();  // removes its folders; runners must have ended

  CgroupMode mode() const { return mode_; }
  // Makes the runner's folders and writes its limits. `name` is a plain file name.
  Status create(const std::string& name, const RunnerPolicy& policy) const;
  Status attach(const std::string& name, pid_t pid) const;
  // True when nothing of it is left. False while the kernel still holds it: call again.
  bool remove(const std::string& name) const;

  std::optional<double> cpuSeconds(const std::string& name) const;
  std::optional<uint64_t> oomKills(const std::string& name) const;

 private:
  struct Folder {
    std::string path;  // busbard's folder in one hierarchy
    bool memory = false;
    bool pids = false;
    bool cpu = false;
    bool cpuAccounting = false;
    UniqueFd lock;
  };
  Cgroups() = default;
  bool useV2(const std::string& mount, const std::string& own, std::string& why);
  bool addV1(const std::string& group, const std::string& controllers);
  const Folder* folderWith(bool Folder::* controller) const;

  CgroupMode mode_ = CgroupMode::None;
  std::vector<Folder> folders_;
};

}  // namespace busbar::sandbox
