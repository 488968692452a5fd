// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>

#include "sdk/base/result.h"

namespace busbar::sandbox {

// Filters that each thread of a runner carries once the tight one is loaded: pin, wide, tight.
constexpr uint32_t kFiltersRequired = 3;

// Reads /proc/PID/task/*/status from outside and wants Seccomp 2 and at least `filters` filters on
// every thread, no_new_privs, and no capability; twice, until the list of threads is the same on
// both sides of the reading (16 rounds at most). PermissionDenied (reason "sandbox_not_entered")
// names the thread and what it lacked; NotFound when the process is gone.
//
// Why the count proves it: the pin filter lets a process load nothing but the host's own tight
// program, so a constructor can neither add a filter that fakes seccomp() nor one to be counted.
// Does NOT see: what the process did before it was called; nor a kernel bug.
Status verifyFilters(pid_t pid, uint32_t filters = kFiltersRequired);

}  // namespace busbar::sandbox
