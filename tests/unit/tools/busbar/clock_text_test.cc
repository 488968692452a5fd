// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/clock_text.h"

#include <gtest/gtest.h>

namespace busbar::cli {
namespace {

constexpr int64_t kSummerMs = 1782907200999;  // 2026-07-01 12:00:00.999 UTC
constexpr int64_t kWinterMs = 1798718400000;  // 2026-12-31 12:00:00 UTC

TEST(ZonedText, ShowsTheClockOnThatWallAndNamesIt) {
  EXPECT_EQ(zonedText(kSummerMs, "Europe/Berlin"), "2026-07-01 14:00:00 Europe/Berlin");
  EXPECT_EQ(zonedText(kWinterMs, "Europe/Berlin"), "2026-12-31 13:00:00 Europe/Berlin");
  EXPECT_EQ(zonedText(kWinterMs, "Asia/Kolkata"), "2026-12-31 17:30:00 Asia/Kolkata");
  EXPECT_EQ(zonedText(kWinterMs, "UTC"), "2026-12-31 12:00:00 UTC");
}

TEST(ZonedText, UnknownZonesAreShownInUtc) {
  EXPECT_EQ(zonedText(kWinterMs, "Mars/Olympus"), "2026-12-31 12:00:00 UTC");
  EXPECT_EQ(zonedText(kWinterMs, ""), "2026-12-31 12:00:00 UTC");
  EXPECT_EQ(zonedText(-1, "UTC"), "1969-12-31 23:59:59 UTC");
}

TEST(ExactDurationText, TakesTheLargestUnitThatFits) {
  EXPECT_EQ(exactDurationText(0), "0 ms");
  EXPECT_EQ(exactDurationText(1500), "1500 ms");
  EXPECT_EQ(exactDurationText(10'000), "10 s");
  EXPECT_EQ(exactDurationText(90'000), "90 s");
  EXPECT_EQ(exactDurationText(5'400'000), "90 min");
  EXPECT_EQ(exactDurationText(7'200'000), "2 h");
  EXPECT_EQ(exactDurationText(172'800'000), "2 d");
}

}  // namespace
}  // namespace busbar::cli
