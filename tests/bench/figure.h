// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "sdk/base/callback.h"

namespace busbar::bench {

// One measured run: the value in the figure's unit, and how many samples are behind it.
struct Run {
  double value = 0;
  uint64_t samples = 0;
};

// How a figure is shown and judged.
struct FigureInfo {
  std::string name;          // "channel calls": what a filter picks
  std::string unit;          // "calls/s", "ms", "kB"
  std::string comparedWith;  // what the other side is; empty when there is none
  std::string pinning;       // "host cpu 0, runner cpu 1"
  std::string target;        // what is to be reached, as text: "ratio >= 0.40"
};

// Measures and prints one figure. `ours` and `theirs` each take the seconds that a run must last
// and return what they saw. One warm-up of each, then five runs of each, alternating, so that a
// change of the machine's pace hits both. `theirs` may be empty. The figure is one line on stdout:
//   name | median unit | min–max | compared with: median | ratio ours/theirs | pinning | samples
// BUSBAR_BENCH_RUNS and BUSBAR_BENCH_SECONDS shorten it for a try; the line then says so.
// Returns the ratio, or the median when there is nothing to compare with.
double measure(const FigureInfo& info, Callback<Run(double seconds)> ours,
               Callback<Run(double seconds)> theirs = nullptr);

// True when the first argument of the program is absent or part of `name`.
bool isSelected(int argc, char** argv, std::string_view name);

// Runs the calling thread on one cpu from now on. False when the machine has no such cpu.
bool pinTo(int cpu);

// "1.21M", "340", "2.6k", "0.031".
std::string shortNumber(double value);

// PSS, and the resident anonymous memory, of a process in bytes (/proc/PID/smaps_rollup); 0 when it
// is gone.
uint64_t pssBytes(int pid);
uint64_t anonymousBytes(int pid);

}  // namespace busbar::bench
