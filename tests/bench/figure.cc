// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/figure.h"

#include <sched.h>
#include <stdlib.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <vector>

namespace busbar::bench {
namespace {

constexpr int kRuns = 5;
constexpr double kSeconds = 2;
constexpr double kWarmUpShare = 0.25;

struct Series {
  std::vector<double> values;
  uint64_t samples = 0;

  void add(const Run& run) {
    values.push_back(run.value);
    samples += run.samples;
  }
  double median() const {
    std::vector<double> sorted = values;
    std::sort(sorted.begin(), sorted.end());
    const size_t half = sorted.size() / 2;
    return sorted.size() % 2 == 1 ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
  }
  double least() const { return *std::min_element(values.begin(), values.end()); }
  double most() const { return *std::max_element(values.begin(), values.end()); }
};

double numberFrom(const char* variable, double otherwise) {
  const char* text = getenv(variable);
  const double number = text == nullptr ? 0 : std::atof(text);
  return number > 0 ? number : otherwise;
}

uint64_t rollupBytes(int pid, const std::string& field) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/smaps_rollup");
  std::string name;
  uint64_t kilobytes = 0;
  std::string rest;
  std::getline(file, rest);  // the address range
  while (file >> name >> kilobytes && std::getline(file, rest)) {
    if (name == field) {
      return kilobytes * 1024;
    }
  }
  return 0;
}

}  // namespace

double measure(const FigureInfo& info, Callback<Run(double)> ours, Callback<Run(double)> theirs) {
  const int runs = static_cast<int>(numberFrom("BUSBAR_BENCH_RUNS", kRuns));
  const double seconds = numberFrom("BUSBAR_BENCH_SECONDS", kSeconds);
  ours(seconds * kWarmUpShare);
  if (theirs) {
    theirs(seconds * kWarmUpShare);
  }
  Series a;
  Series b;
  for (int run = 0; run < runs; ++run) {
    a.add(ours(seconds));
    if (theirs) {
      b.add(theirs(seconds));
    }
  }
  std::string compared = "nothing to compare with";
  double result = a.median();
  if (theirs) {
    result = a.median() / b.median();
    compared = "against " + info.comparedWith + ": " + shortNumber(b.median()) + " " + info.unit +
               " (" + shortNumber(b.least()) + "–" + shortNumber(b.most()) + ") | ratio " +
               shortNumber(result);
  }
  const bool isShortened = runs < kRuns || seconds < kSeconds;
  std::printf("%s | %s %s | %s–%s | %s | %s%s | %d runs of %.1f s, %s samples%s\n",
              info.name.c_str(), shortNumber(a.median()).c_str(), info.unit.c_str(),
              shortNumber(a.least()).c_str(), shortNumber(a.most()).c_str(), compared.c_str(),
              info.pinning.empty() ? "not pinned" : info.pinning.c_str(),
              info.target.empty() ? "" : (" | to reach: " + info.target).c_str(), runs, seconds,
              shortNumber(static_cast<double>(a.samples)).c_str(),
              isShortened ? " (SHORTENED: not a figure)" : "");
  std::fflush(stdout);
  return result;
}

bool isSelected(int argc, char** argv, std::string_view name) {
  return argc < 2 || name.find(argv[1]) != std::string_view::npos;
}

bool pinTo(int cpu) {
  cpu_set_t set;
  CPU_ZERO(&set);
  CPU_SET(static_cast<size_t>(cpu), &set);
  return sched_setaffinity(0, sizeof(set), &set) == 0;
}

std::string shortNumber(double value) {
  char text[64];
  const double size = std::fabs(value);
  if (size >= 1e9) {
    std::snprintf(text, sizeof(text), "%.2fG", value / 1e9);
  } else if (size >= 1e6) {
    std::snprintf(text, sizeof(text), "%.2fM", value / 1e6);
  } else if (size >= 1e4) {
    std::snprintf(text, sizeof(text), "%.1fk", value / 1e3);
  } else if (size >= 100 || value == std::floor(value)) {
    std::snprintf(text, sizeof(text), "%.0f", value);
  } else {
    std::snprintf(text, sizeof(text), "%.3g", value);
  }
  return text;
}

uint64_t pssBytes(int pid) {
  return rollupBytes(pid, "Pss:");
}

uint64_t anonymousBytes(int pid) {
  return rollupBytes(pid, "Anonymous:");
}

}  // namespace busbar::bench
