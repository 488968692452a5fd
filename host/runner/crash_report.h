// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "host/runner/pages.h"

// Reports of crashes and hangs, written to stderr by signal handlers for the host to parse.
// Shape: README.md "Crash reports".
//
// Handlers and not core files: inside of a pid namespace the runner is process 1, for which abort()
// looks like SIGSEGV and default actions are ignored; and a core would hold settings.
//
// Does not cover: an overflow of the stack of a thread that the driver made (no alternate stack
// there), a driver that installs handlers of its own, and memory so damaged that unwinding fails
// (the first line still comes out, the process ends by SIGSEGV).
namespace busbar::runner {

// The exit code after a crash is 128 + signal; after a driver's exit() it is kDriverExit, whatever
// code the driver gave, so that no driver can pose as an orderly end.
inline constexpr int kCrashExitBase = 128;
inline constexpr int kDriverExit = 74;

// Handles exit() by a report and end. Handles SEGV, BUS, ILL, FPE, ABRT, TRAP and SYS by report and
// end, and QUIT by a report of the loop thread's stack. The page tells which call was running; it
// must outlive the process's loop. The calling thread is taken for the loop thread.
void installCrashHandlers(const LivenessPage& page);

// Takes note of what is loaded now, so that handlers can name the library of an address.
void noteLoadedLibraries();

}  // namespace busbar::runner
