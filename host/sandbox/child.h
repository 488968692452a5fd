// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/resource.h>
#include <sys/types.h>

#include <array>
#include <cstdint>

#include "host/sandbox/layers.h"

namespace busbar::sandbox {

// What the new process does between clone and exec. It shares busbard's memory (CLONE_VM, so that a
// large busbard costs nothing to clone from) but has its own stack and descriptors: only raw system
// calls, no allocation, no errno, no locks. Everything it needs is laid out before by the parent.

// The step that failed, as the child writes it to its error pipe.
enum class ChildStep : uint32_t {
  None,
  Go,
  Signals,
  ParentDeath,
  Descriptors,
  HostName,
  Ids,
  Root,
  Directories,
  BindLibrary,
  BindDriver,
  ReadOnlyRoot,
  Tmp,
  Pivot,
  Rlimits,
  Capabilities,
  NoNewPrivs,
  Session,
  Exec,
};
const char* toString(ChildStep step);

struct ChildReport {
  ChildStep step = ChildStep::None;
  int32_t errnum = 0;
  uint32_t detail = 0;  // index of the library, limit or descriptor
};

struct FdMove {
  int from = -1;
  int to = -1;
};

struct RlimitEntry {
  int resource = 0;
  rlimit limit{};
};

constexpr int kFirstInnerFd = 32;  // above what the runner finds
constexpr int kErrorFd = kFirstInnerFd;
constexpr int kExecFd = kFirstInnerFd + 1;
constexpr int kDriverTreeFd = kFirstInnerFd + 2;
constexpr int kMaxFdMoves = kFirstInnerFd;

// Borrowed pointers; all must live until the child has exec'ed or ended. A plain value.
struct ChildPlan {
  LayerSet layers;
  bool isRoot = false;      // busbard's euid is 0
  bool dropGroups = false;  // busbard has supplementary groups and may drop them

  int goRead = -1;   // one byte: the ids are mapped and the limits are on
  int goWrite = -1;  // closed first, so that a dead parent is an end of file
  int errorWrite = -1;
  int exec = -1;        // the runner's binary; -1: a probe that ends with exit code 0 before exec
  int driverTree = -1;  // detached clone of the driver's folder, made by a root parent; -1: by path
  std::array<FdMove, kMaxFdMoves> fds{};
  int fdCount = 0;

  uid_t innerUid = 0;             // uid and gid as seen from inside
  const char* tmpSize = nullptr;  // "16777216"; nullptr: no /tmp
  const char* innerUidText = nullptr;
  const char* driverFolder = nullptr;        // nullptr: none
  const char* const* directories = nullptr;  // relative, parents first
  int directoryCount = 0;
  const char* const* libraries = nullptr;  // absolute; bound at the same path
  int libraryCount = 0;

  const RlimitEntry* rlimits = nullptr;
  int rlimitCount = 0;
  int lastCapability = 40;
  char* const* argv = nullptr;
};

// Entry for clone(2); `plan` is a ChildPlan. Never returns on success (exec).
int childMain(void* plan);

}  // namespace busbar::sandbox
