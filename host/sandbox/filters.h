// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar::sandbox {

// A classic BPF program as bytes (struct sock_filter array).
using FilterProgram = std::vector<uint64_t>;

// What the filters may assume about the rest of the sandbox. A plain value.
struct FilterOptions {
  // The runner is pid 1 of its own pid namespace: tgkill is allowed to pid 1, thus to itself only.
  // Without, tgkill is denied and abort() ends as SIGSEGV.
  bool ownPidNamespace = true;
};

// Three programs, made once per busbard.
//   tight  what a driver may call while it runs: memory, threads, time, reads and writes on passed
//          descriptors, epoll. Everything else is EPERM (clone3 and what has a fallback: ENOSYS);
//          calls that only an attack makes (ptrace, bpf, mount, setns, modules …) end the process.
//   wide   tight, and what dlopen needs: opening files to read, mapping them executable, seccomp.
//   pin    bars loading any program but the tight one, at the one address where the host's own copy
//          of it is mapped, and bars replacing that mapping. So constructors cannot add filters of
//          their own, and the host can count filters from outside.
// Do NOT stop: reads and writes on descriptors the runner holds, use of memory and CPU, names
// looked up with newfstatat, or bugs in the calls that are allowed.
Result<FilterProgram> makeTightFilter(const FilterOptions& options);
Result<FilterProgram> makeWideFilter(const FilterOptions& options);
FilterProgram makePinFilter();

// The programs as sealed memory files that runners inherit, opened read-only.
struct FilterFiles {
  UniqueFd wide;   // FilterFileHead, then the wide program, then the pin program
  UniqueFd tight;  // TightPage at its start, then the program
};
Result<FilterFiles> makeFilterFiles(const FilterOptions& options);

// A memory file with these bytes, sealed against any change, opened read-only.
Result<UniqueFd> makeSealedFile(const char* name, const void* bytes, size_t length);

}  // namespace busbar::sandbox
