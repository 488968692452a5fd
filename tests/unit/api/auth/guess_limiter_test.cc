// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/guess_limiter.h"

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"

namespace busbar::auth {
namespace {

class GuessLimiterTest : public testing::Test {
 protected:
  bool tryGuess(const std::string& key) {
    if (limiter_.secondsToWait(key, clock_.now()) > 0) {
      return false;
    }
    limiter_.begin(key, clock_.now());
    return true;
  }

  FakeClock clock_;
  GuessLimiter limiter_;
};

TEST_F(GuessLimiterTest, FiveAtOnceThenOneAfterTheOther) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_TRUE(tryGuess("a")) << i;
  }
  EXPECT_FALSE(tryGuess("a"));
  EXPECT_TRUE(tryGuess("b"));
  for (const int wait : {1, 2, 4, 8, 16}) {
    EXPECT_EQ(limiter_.secondsToWait("a", clock_.now()), wait);
    clock_.advance(std::chrono::milliseconds(wait * 1000 - 1));
    EXPECT_FALSE(tryGuess("a"));
    clock_.advance(std::chrono::milliseconds(1));
    EXPECT_TRUE(tryGuess("a"));
  }
  EXPECT_GT(limiter_.secondsToWait("a", clock_.now()), 14 * 60);
}

// S7: whoever never rests has 10 guesses in any 15 minutes, and no more.
TEST_F(GuessLimiterTest, NeverMoreThanTenInAQuarterOfAnHour) {
  std::vector<Instant> made;
  for (int second = 0; second < 4 * 3600; ++second) {
    if (tryGuess("victim")) {
      made.push_back(clock_.now());
    }
    clock_.advance(std::chrono::seconds(1));
  }
  for (size_t i = 10; i < made.size(); ++i) {
    EXPECT_GE(made[i] - made[i - 10], GuessLimiter::kWindow);
  }
  EXPECT_GE(made.size(), 150U);  // and nobody is locked out for good
}

TEST_F(GuessLimiterTest, TakesARightGuessBack) {
  for (int i = 0; i < 100; ++i) {
    EXPECT_TRUE(tryGuess("owner"));
    limiter_.takeBack("owner");
  }
  EXPECT_EQ(limiter_.size(), 0U);
  limiter_.takeBack("nobody");
}

TEST_F(GuessLimiterTest, ForgetsWhoWasQuietForLongest) {
  for (int i = 0; i < 5; ++i) {
    tryGuess("busy");
  }
  for (size_t i = 0; i < 3 * GuessLimiter::kMaxKeys; ++i) {
    tryGuess("key" + std::to_string(i));
    if (i % 1000 == 0) {
      clock_.advance(std::chrono::seconds(20));
      EXPECT_TRUE(i > 4000 || tryGuess("busy"));
    }
  }
  EXPECT_EQ(limiter_.size(), GuessLimiter::kMaxKeys);
}

TEST(AddressBlock, TakesA64OfIpv6) {
  EXPECT_EQ(addressBlock("192.0.2.1"), "192.0.2.1");
  EXPECT_EQ(addressBlock("2001:db8::1"), addressBlock("2001:db8::ffff:1"));
  EXPECT_NE(addressBlock("2001:db8::1"), addressBlock("2001:db8:0:1::1"));
  EXPECT_EQ(addressBlock("local"), "local");
}

}  // namespace
}  // namespace busbar::auth
