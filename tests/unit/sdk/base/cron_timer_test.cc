// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/cron_timer.h"

#include <algorithm>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/unit/sdk/base/local_time.h"

namespace busbar {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

class CronTimerTest : public testing::Test {
 protected:
  CronTimerTest() { setWall("2025-06-02 12:00:30"); }

  void setWall(const std::string& text) {
    clock_.setUtc(Nanoseconds(utc(text).time_since_epoch()).count());
  }
  // The wall clock is put forward or back.
  void jump(seconds by) { clock_.setUtc(clock_.utcNs() + Nanoseconds(by).count()); }
  CronTimer timer(const char* text, CronTimer::LongJump longJump = CronTimer::LongJump::Skip) {
    auto schedule = CronSchedule::parse(text);
    EXPECT_TRUE(schedule.ok()) << text;
    return {std::move(*schedule), TimeZone(), clock_, longJump};
  }
  // Polls as an owner does, for `span` of real time.
  std::vector<std::string> run(CronTimer& timer, Nanoseconds span) {
    std::vector<std::string> fired;
    const Instant end = clock_.now() + span;
    for (;;) {
      if (const auto due = timer.poll()) {
        fired.push_back(show(*due));
      }
      const Instant next = std::min(timer.nextPoll(), end);
      if (clock_.now() >= end) {
        return fired;
      }
      clock_.advance(next - clock_.now());
    }
  }

  FakeClock clock_;
};

using Times = std::vector<std::string>;

TEST_F(CronTimerTest, FiresAtTheDueInstantAndOnce) {
  CronTimer timer = this->timer("* * * * *");
  EXPECT_EQ(timer.poll(), std::nullopt);
  EXPECT_EQ(timer.nextPoll() - clock_.now(), seconds(30));
  clock_.advance(seconds(30) - Nanoseconds(1));
  EXPECT_EQ(timer.poll(), std::nullopt);
  clock_.advance(Nanoseconds(1));
  EXPECT_EQ(show(timer.poll()), "2025-06-02 12:01:00");
  EXPECT_EQ(timer.poll(), std::nullopt);
  EXPECT_EQ(timer.nextPoll() - clock_.now(), seconds(60));
}

TEST_F(CronTimerTest, DoesNotFireWhatWasDueWhenItBegan) {
  setWall("2025-06-02 12:01:00");
  CronTimer timer = this->timer("* * * * *");
  EXPECT_EQ(timer.poll(), std::nullopt);
}

TEST_F(CronTimerTest, LooksAtTheClockEachMinuteHoweverFarTheDueInstantIs) {
  EXPECT_EQ(timer("@yearly").nextPoll() - clock_.now(), CronTimer::kLongestWait);
  EXPECT_EQ(timer("0 0 * 2 MON#5").nextPoll() - clock_.now(), CronTimer::kLongestWait);
  setWall("2261-06-01 00:00:00");  // the due year does not fit nanoseconds
  EXPECT_EQ(timer("0 0 29 2 *").nextPoll() - clock_.now(), CronTimer::kLongestWait);
}

TEST_F(CronTimerTest, ALatePollFiresOnceForAllItMissed) {
  CronTimer timer = this->timer("* * * * *");
  clock_.advance(hours(5));  // suspended: both clocks went on
  EXPECT_EQ(show(timer.poll()), "2025-06-02 12:01:00");
  EXPECT_EQ(timer.poll(), std::nullopt);
  EXPECT_EQ(run(timer, minutes(1)), Times{"2025-06-02 17:01:00"});
}

TEST_F(CronTimerTest, AJumpForwardOverADueInstantFiresAtOnce) {
  CronTimer timer = this->timer("0 13 * * *");
  jump(hours(3) - seconds(1));
  EXPECT_EQ(run(timer, hours(1)), Times{"2025-06-02 13:00:00"});
}

TEST_F(CronTimerTest, ACorrectionForwardLeavesOutWhatItJumpedOver) {
  CronTimer timer = this->timer("0 13 * * *");
  jump(hours(3));
  EXPECT_EQ(run(timer, hours(24)), Times{"2025-06-03 13:00:00"});
}

TEST_F(CronTimerTest, ACorrectionForwardIsCaughtUpOnDemand) {
  CronTimer timer = this->timer("0 * * * *", CronTimer::LongJump::CatchUp);
  jump(hours(24));
  EXPECT_EQ(show(timer.poll()), "2025-06-02 13:00:00");
  EXPECT_EQ(run(timer, hours(1)), Times{"2025-06-03 13:00:00"});
}

TEST_F(CronTimerTest, ACorrectionForwardFiresWhatTheNewClockLivedThrough) {
  CronTimer timer = this->timer("0 16 * * *");
  jump(hours(3) + minutes(59) + seconds(20));  // 15:59:50
  clock_.advance(seconds(20));
  EXPECT_EQ(show(timer.poll()), "2025-06-02 16:00:00");
}

TEST_F(CronTimerTest, AJumpBackwardRepeatsNoInstant) {
  CronTimer timer = this->timer("* * * * *");
  EXPECT_EQ(run(timer, minutes(2)).size(), 2U);
  jump(-minutes(2));
  EXPECT_EQ(run(timer, minutes(3)), Times{"2025-06-02 12:03:00"});
}

TEST_F(CronTimerTest, AJumpBackwardWithinTheMinuteOfFiringRepeatsNothing) {
  CronTimer timer = this->timer("1 12 * * *");
  EXPECT_EQ(run(timer, seconds(40)), Times{"2025-06-02 12:01:00"});
  jump(-seconds(20));
  EXPECT_EQ(run(timer, hours(1)), Times{});
}

TEST_F(CronTimerTest, ACorrectionBackwardCountsAtOnce) {
  CronTimer timer = this->timer("*/30 * * * *");
  EXPECT_EQ(run(timer, minutes(30)), Times{"2025-06-02 12:30:00"});
  jump(-hours(3) - minutes(1));
  EXPECT_EQ(run(timer, hours(1)).size(), 2U);
}

TEST_F(CronTimerTest, TheLastInstantIsNotRepeatedAfterACorrectionBackward) {
  CronTimer timer = this->timer("1 12 * * *");
  EXPECT_EQ(run(timer, minutes(1)), Times{"2025-06-02 12:01:00"});
  jump(-hours(4));
  EXPECT_EQ(run(timer, hours(28)), Times{"2025-06-03 12:01:00"});
}

TEST_F(CronTimerTest, TenYearsForwardAndBackFireNothingOfThem) {
  CronTimer timer = this->timer("0 * * * *");
  const seconds tenYears = hours(24 * 3652);
  jump(tenYears);
  EXPECT_EQ(run(timer, hours(1)), Times{"2035-06-02 13:00:00"});
  jump(-tenYears);
  EXPECT_EQ(run(timer, hours(1)), Times{"2025-06-02 14:00:00"});
}

TEST_F(CronTimerTest, SlewFiresEachInstantOnce) {
  CronTimer timer = this->timer("* * * * *");
  Times fired;
  for (int i = 0; i < 1200; ++i) {  // 20 minutes, the wall clock gains and loses half a second each
    clock_.advance(seconds(1));
    clock_.setUtc(clock_.utcNs() + (i % 2 == 0 ? 600'000'000 : -600'000'000));
    if (const auto due = timer.poll()) {
      fired.push_back(show(*due));
    }
  }
  EXPECT_EQ(fired.size(), 20U);
  EXPECT_EQ(std::adjacent_find(fired.begin(), fired.end()), fired.end());
}

TEST_F(CronTimerTest, FollowsItsZoneThroughSummerTime) {
  setWall("2025-03-29 12:00:00");
  auto schedule = CronSchedule::parse("30 2 * * *");
  ASSERT_TRUE(schedule.ok());
  CronTimer timer(std::move(*schedule), zoneNamed("Europe/Berlin"), clock_);
  EXPECT_EQ(run(timer, hours(48)), (Times{"2025-03-30 01:00:00", "2025-03-31 00:30:00"}));
}

}  // namespace
}  // namespace busbar
