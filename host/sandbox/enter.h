// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

// The half of the sandbox that is raised inside the runner. Links libc only; used by busbar-runner
// (and by test runners), never by busbard.
namespace busbar::sandbox {

// Fixed descriptors, see README.md "What the runner finds".
constexpr int kChannelFd = 3;
constexpr int kWideFilterFd = 4;
constexpr int kTightFilterFd = 5;
constexpr int kDeadlinePageFd = 6;
constexpr int kLivenessPageFd = 7;

// What the spawner said in argv: --sandbox=TIER --landlock=ABI [--driver=PATH]
// [--tmp=PATH] [--read=PATH]... --
struct EnterPlan {
  std::string tier;                    // "full", "no-userns", "seccomp-only"
  std::string driverPath;              // to dlopen, as seen from inside; empty: none
  std::string tmpPath;                 // empty: none
  std::vector<std::string> readPaths;  // what Landlock leaves readable
  int landlockAbi = 0;                 // what the host saw; less than that now is a failure
  int firstArgument = 1;               // index in argv of the runner's own first argument
};

// A step that failed; the runner must exit without loading anything.
struct EnterError {
  const char* step = nullptr;  // nullptr: no failure
  int errnum = 0;
  explicit operator bool() const { return step != nullptr; }
};

// Reads the plan; step "arguments" when argv is not the spawner's.
EnterError readEnterPlan(int argc, char** argv, EnterPlan& plan);

// Before dlopen, with one thread: checks that the host lives, sets not dumpable, Landlock, and
// loads the wide filter (fd 4, closed after).
//
// Landlock does NOT restrict: descriptors that are open already, sockets passed in, chdir, stat,
// and (below ABI 4) any network call. The wide filter does NOT stop a constructor from reading any
// file that the root shows, from mapping code, or from using memory and CPU.
EnterError enterBeforeLoad(const EnterPlan& plan);

// After dlopen and before the driver's entry: loads the tight filter into every thread (TSYNC).
// Constructors cannot prevent it unnoticed: the host
// counts filters from outside (verify.h).
// The tight filter does NOT stop: reads and writes on passed descriptors, memory and CPU use within
// the limits, or timing side channels.
EnterError enterBeforeEntry();

// The single steps, for tests that leave one out.
EnterError checkHostLives();
EnterError setNotDumpable();
EnterError applyLandlock(const EnterPlan& plan);
EnterError mapTightFilter();  // where enterBeforeEntry() expects it
EnterError loadWideFilter();

}  // namespace busbar::sandbox
