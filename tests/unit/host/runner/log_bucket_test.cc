// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/log_bucket.h"

#include <gtest/gtest.h>

namespace busbar::runner {
namespace {

constexpr int64_t kSecond = 1'000'000'000;

TEST(LogBucket, AllowsTwoSecondsAtOnceThenTheRate) {
  LogBucket bucket(1000);
  EXPECT_TRUE(bucket.take(2000, kSecond));
  EXPECT_FALSE(bucket.take(1, kSecond));
  EXPECT_TRUE(bucket.take(500, kSecond + kSecond / 2));
  EXPECT_FALSE(bucket.take(1, kSecond + kSecond / 2));
}

TEST(LogBucket, CountsWhatItRefusesOnce) {
  LogBucket bucket(100);
  EXPECT_TRUE(bucket.take(200, kSecond));
  EXPECT_FALSE(bucket.take(50, kSecond));
  EXPECT_FALSE(bucket.take(50, kSecond));
  bucket.lose();
  EXPECT_EQ(bucket.takeDropped(), 3u);
  EXPECT_EQ(bucket.takeDropped(), 0u);
}

TEST(LogBucket, SlowRatesFillInSmallSteps) {
  LogBucket bucket(10);
  EXPECT_TRUE(bucket.take(20, kSecond));
  int64_t now = kSecond;
  for (int i = 0; i < 1000; ++i) {
    now += 1'000'000;
    static_cast<void>(bucket.take(1000, now));  // refused, and must not eat what trickles in
  }
  EXPECT_TRUE(bucket.take(9, now));
}

TEST(LogBucket, ALineLongerThanTheBucketPassesAFullOne) {
  LogBucket bucket(10);
  EXPECT_TRUE(bucket.take(5000, kSecond));
  EXPECT_FALSE(bucket.take(1, kSecond));
}

TEST(LogBucket, ZeroLetsNothingPass) {
  LogBucket bucket(0);
  EXPECT_FALSE(bucket.take(1, kSecond));
}

TEST(LogBucket, AClockThatStandsStillOrGoesBackGivesNothing) {
  LogBucket bucket(100);
  EXPECT_TRUE(bucket.take(200, 10 * kSecond));
  EXPECT_FALSE(bucket.take(1, 5 * kSecond));
  EXPECT_FALSE(bucket.take(1, 10 * kSecond));
}

}  // namespace
}  // namespace busbar::runner
