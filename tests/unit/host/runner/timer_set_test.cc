// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/timer_set.h"

#include <gtest/gtest.h>

namespace busbar::runner {
namespace {

constexpr int64_t kMs = 1'000'000;

TEST(TimerSet, RefusesNonsense) {
  TimerSet timers;
  EXPECT_EQ(timers.set(0, 0, 0, 0, 0), BUSBAR_E_INVALID);
  EXPECT_EQ(timers.set(1, -1, 0, 0, 0), BUSBAR_E_INVALID);
  EXPECT_EQ(timers.set(1, 0, kMs - 1, 0, 0), BUSBAR_E_INVALID);
  EXPECT_EQ(timers.nextNs(), TimerSet::kNever);
}

TEST(TimerSet, FiresInOrderOfTimeThenOfSetting) {
  TimerSet timers;
  ASSERT_EQ(timers.set(1, 20, 0, 0, 0), BUSBAR_OK);
  ASSERT_EQ(timers.set(2, 10, 0, 0, 0), BUSBAR_OK);
  ASSERT_EQ(timers.set(3, 10, 0, 0, 0), BUSBAR_OK);
  EXPECT_EQ(timers.takeDue(9), std::nullopt);
  EXPECT_EQ(timers.takeDue(30), 2u);
  EXPECT_EQ(timers.takeDue(30), 3u);
  EXPECT_EQ(timers.takeDue(30), 1u);
  EXPECT_EQ(timers.takeDue(30), std::nullopt);
}

TEST(TimerSet, ATokenReplacesItsTimer) {
  TimerSet timers;
  ASSERT_EQ(timers.set(1, 10, 0, 0, 0), BUSBAR_OK);
  ASSERT_EQ(timers.set(1, 50, 0, 0, 0), BUSBAR_OK);
  EXPECT_EQ(timers.size(), 1u);
  EXPECT_EQ(timers.nextNs(), 50);
}

TEST(TimerSet, ALatePeriodFiresOnceAndKeepsItsPhase) {
  TimerSet timers;
  ASSERT_EQ(timers.set(1, 10 * kMs, 10 * kMs, 0, 0), BUSBAR_OK);
  EXPECT_EQ(timers.takeDue(35 * kMs), 1u);
  EXPECT_EQ(timers.takeDue(35 * kMs), std::nullopt);
  EXPECT_EQ(timers.nextNs(), 40 * kMs);
}

TEST(TimerSet, EndsWithItsCall) {
  TimerSet timers;
  ASSERT_EQ(timers.set(1, 10, 0, 7, 0), BUSBAR_OK);
  ASSERT_EQ(timers.set(2, 10, 0, 0, 0), BUSBAR_OK);
  timers.endCall(7);
  EXPECT_EQ(timers.takeDue(100), 2u);
  EXPECT_EQ(timers.takeDue(100), std::nullopt);
}

TEST(TimerSet, IsBoundedAndNeverOverflows) {
  TimerSet timers;
  for (busbar_id token = 1; token <= TimerSet::kMaxTimers; ++token) {
    ASSERT_EQ(timers.set(token, INT64_MAX, 0, 0, INT64_MAX - 5), BUSBAR_OK);
  }
  EXPECT_EQ(timers.set(5000, 1, 0, 0, 0), BUSBAR_E_AGAIN);
  EXPECT_EQ(timers.set(1, 1, 0, 0, 0), BUSBAR_OK);  // replacing is no growth
  EXPECT_TRUE(timers.cancel(2));
  EXPECT_FALSE(timers.cancel(2));
  EXPECT_EQ(timers.set(5000, 1, 0, 0, 0), BUSBAR_OK);
}

}  // namespace
}  // namespace busbar::runner
