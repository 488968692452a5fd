// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/bench/figure.h"

#include <stdlib.h>
#include <unistd.h>

#include <string>

#include <gtest/gtest.h>

namespace busbar::bench {
namespace {

TEST(Figure, AlternatesAndPrintsOneLine) {
  setenv("BUSBAR_BENCH_RUNS", "3", 1);
  setenv("BUSBAR_BENCH_SECONDS", "0.001", 1);
  std::string order;
  double next = 0;
  testing::internal::CaptureStdout();
  const double ratio = measure(
      {"calls", "calls/s", "plain", "cpu 0", "ratio >= 0.4"},
      [&](double) {
        order += 'a';
        return bench::Run{(next += 1) * 100, 10};
      },
      [&](double) {
        order += 'b';
        return bench::Run{1000, 10};
      });
  const std::string line = testing::internal::GetCapturedStdout();
  EXPECT_EQ(order, "abababab") << "one warm-up of each, then alternating";
  EXPECT_DOUBLE_EQ(ratio, 0.3);
  EXPECT_EQ(line,
            "calls | 300 calls/s | 200–400 | against plain: 1000 calls/s (1000–1000) | ratio 0.3 | "
            "cpu 0 | to reach: ratio >= 0.4 | 3 runs of 0.0 s, 30 samples (SHORTENED: not a "
            "figure)\n");
}

TEST(Figure, FilterPicksByPartOfTheName) {
  char program[] = "bench";
  char filter[] = "call";
  char* arguments[] = {program, filter, nullptr};
  EXPECT_TRUE(isSelected(2, arguments, "channel calls"));
  EXPECT_FALSE(isSelected(2, arguments, "state updates"));
  EXPECT_TRUE(isSelected(1, arguments, "state updates"));
}

TEST(Figure, NumbersAreShort) {
  EXPECT_EQ(shortNumber(1'234'567), "1.23M");
  EXPECT_EQ(shortNumber(12'345), "12.3k");
  EXPECT_EQ(shortNumber(340), "340");
  EXPECT_EQ(shortNumber(0.0312), "0.0312");
}

TEST(Figure, ReadsMemoryOfAProcess) {
  EXPECT_GT(pssBytes(getpid()), 100'000U);
  EXPECT_GT(anonymousBytes(getpid()), 10'000U);
  EXPECT_EQ(pssBytes(-1), 0U);
}

}  // namespace
}  // namespace busbar::bench
