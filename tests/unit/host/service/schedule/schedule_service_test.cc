// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/schedule/schedule_service.h"

#include <memory>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "tests/support/fake_clock.h"
#include "tests/support/recording_service_client.h"
#include "tests/unit/sdk/base/local_time.h"

namespace busbar {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;
using Times = std::vector<std::string>;

class ScheduleServiceTest : public testing::Test {
 protected:
  ScheduleServiceTest() { setWall("2025-06-02 12:00:30"); }

  void setWall(const std::string& text) {
    clock_.setUtc(Nanoseconds(utc(text).time_since_epoch()).count());
  }
  void jump(seconds by) { clock_.setUtc(clock_.utcNs() + Nanoseconds(by).count()); }
  std::string wall() const {
    return show(SysSeconds(std::chrono::floor<std::chrono::seconds>(Nanoseconds(clock_.utcNs()))));
  }

  bool ask(const wire::Schedule& m) {
    std::string frame;
    wire::encode(frame, 1, m);
    std::string why;
    return service_->request(
        {wire::Type::Schedule, 0, 1, std::string_view(frame).substr(wire::kHeaderBytes)}, why);
  }
  void cron(uint64_t token, std::string_view text, std::string_view zone = "", uint32_t flags = 0) {
    wire::Schedule m;
    m.head.token = token;
    m.cron = text;
    m.timeZone = zone;
    m.flags = flags;
    EXPECT_TRUE(ask(m));
  }
  void at(uint64_t token, int64_t utcNs) {
    wire::Schedule m;
    m.head.token = token;
    m.atNs = utcNs;
    EXPECT_TRUE(ask(m));
  }
  // Lets so much time pass in steps; the wall time and token of each event.
  Times run(Nanoseconds span, Nanoseconds step = seconds(1)) {
    Times seen;
    client_.events_.clear();
    for (const Instant end = clock_.now() + span;; clock_.advance(step)) {
      turn();
      for (const auto& event : client_.events_) {
        EXPECT_EQ(event.type, BUSBAR_EV_TIMER);
        EXPECT_EQ(event.status, BUSBAR_OK) << event.message;
        seen.push_back(wall() + " #" + std::to_string(event.token));
      }
      client_.events_.clear();
      if (clock_.now() >= end) {
        return seen;
      }
    }
  }
  // Turns the loop until nothing is due any more.
  void turn() {
    size_t before = 0;
    do {
      before = client_.events_.size();
      clock_.advance(Nanoseconds(1));
      loop_->runOnce(Milliseconds(0));
    } while (client_.events_.size() != before);
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  RecordingServiceClient client_;
  ScheduleClock schedules_{*loop_};
  std::unique_ptr<ScheduleService> service_ =
      std::make_unique<ScheduleService>(*loop_, schedules_, client_);
};

TEST_F(ScheduleServiceTest, FiresByCronAgainAndAgainUntilReleased) {
  cron(7, "* * * * *");
  cron(8, "10-59/20 * * * * *");
  EXPECT_EQ(run(minutes(1)), (Times{"2025-06-02 12:00:50 #8", "2025-06-02 12:01:00 #7",
                                    "2025-06-02 12:01:10 #8", "2025-06-02 12:01:30 #8"}));
  service_->release(8);
  service_->release(99);
  EXPECT_EQ(run(minutes(1)), Times{"2025-06-02 12:02:00 #7"});
  EXPECT_EQ(schedules_.size(), 1U);
}

TEST_F(ScheduleServiceTest, FiresOnceAtAMomentAndAtOnceWhenItIsPast) {
  const int64_t now = clock_.utcNs();
  at(1, now + Nanoseconds(seconds(90)).count());
  at(2, now - 1);
  at(3, INT64_MIN);
  at(4, INT64_MAX);
  turn();
  ASSERT_EQ(client_.events_.size(), 2U);
  EXPECT_TRUE(client_.events_[0].ends);
  EXPECT_EQ(run(minutes(5)), Times{"2025-06-02 12:02:00 #1"});
  EXPECT_EQ(schedules_.size(), 1U) << "only the one in the far future is left";
}

TEST_F(ScheduleServiceTest, CronEventsKeepTheirTokenOpenAndMomentsEndIt) {
  cron(1, "* * * * *");
  clock_.advance(seconds(30));
  turn();
  ASSERT_EQ(client_.events_.size(), 1U);
  EXPECT_FALSE(client_.events_[0].ends);
  at(2, 0);
  turn();
  EXPECT_TRUE(client_.events_.back().ends);
}

TEST_F(ScheduleServiceTest, SettingATokenAgainReplacesItsSchedule) {
  cron(1, "* * * * *");
  cron(1, "30 * * * * *");
  EXPECT_EQ(run(minutes(1)), Times{"2025-06-02 12:01:30 #1"});
  at(1, clock_.utcNs() + 1'000'000'000);
  EXPECT_EQ(run(minutes(2)), Times{"2025-06-02 12:01:31 #1"});
}

TEST_F(ScheduleServiceTest, NamesTheWrongFieldAndEndsTheSchedule) {
  cron(1, "99 * * * *");
  cron(2, "* * * * *", "Mars/Olympus");
  cron(3, "* * * * *", "../etc/passwd");
  client_.timeZone_ = "Nowhere";
  cron(4, "* * * * *");
  ASSERT_EQ(client_.events_.size(), 4U);
  for (const auto& event : client_.events_) {
    EXPECT_EQ(event.type, BUSBAR_EV_TIMER);
    EXPECT_EQ(event.status, BUSBAR_E_INVALID);
    EXPECT_TRUE(event.ends);
    const bool ofCron = event.token == 1;
    EXPECT_EQ(event.code, ofCron ? "invalid_cron" : "invalid_time_zone");
    EXPECT_EQ(event.message.find(ofCron ? "cron: minute" : "time_zone: "), 0U) << event.message;
  }
  EXPECT_EQ(schedules_.size(), 0U);
}

TEST_F(ScheduleServiceTest, AFailedReplacementEndsWhatWasThere) {
  cron(1, "* * * * *");
  cron(1, "never");
  EXPECT_EQ(schedules_.size(), 0U);
}

TEST_F(ScheduleServiceTest, AModuleHasABoundedNumber) {
  for (uint64_t token = 1; token <= 1000; ++token) {
    cron(token, "@yearly");
  }
  EXPECT_EQ(schedules_.size(), ScheduleService::kMaxSchedules);
  ASSERT_EQ(client_.events_.size(), 1000 - ScheduleService::kMaxSchedules);
  EXPECT_EQ(client_.events_[0].status, BUSBAR_E_AGAIN);
  cron(1, "@daily");
  EXPECT_EQ(client_.events_.size(), 1000 - ScheduleService::kMaxSchedules) << "a replacement fits";
}

TEST_F(ScheduleServiceTest, AMalformedFrameBreaksTheProtocol) {
  std::string why;
  EXPECT_FALSE(service_->request({wire::Type::Schedule, 0, 1, "x"}, why));
  EXPECT_EQ(why, "malformed schedule frame");
}

TEST_F(ScheduleServiceTest, UsesTheZoneOfTheRequestElseOfTheModule) {
  client_.timeZone_ = "Europe/Berlin";
  cron(1, "0 15 * * *");
  cron(2, "0 15 * * *", "Asia/Kolkata");
  cron(3, "0 15 * * *", "UTC");
  EXPECT_EQ(run(hours(23), minutes(1)),
            (Times{"2025-06-02 13:00:30 #1", "2025-06-02 15:00:30 #3", "2025-06-03 09:30:30 #2"}));
}

TEST_F(ScheduleServiceTest, FollowsTheModuleToAnotherZone) {
  cron(1, "0 15 * * *");
  cron(2, "0 15 * * *", "UTC");
  at(3, clock_.utcNs() + Nanoseconds(hours(1)).count());
  client_.timeZone_ = "Europe/Berlin";
  service_->configured();
  EXPECT_EQ(run(hours(4), minutes(1)),
            (Times{"2025-06-02 13:00:30 #1", "2025-06-02 13:00:30 #3", "2025-06-02 15:00:30 #2"}));
  client_.timeZone_ = "Mars/Olympus";
  service_->configured();
  ASSERT_EQ(client_.events_.size(), 1U);
  EXPECT_EQ(client_.events_[0].token, 1U);
  EXPECT_EQ(client_.events_[0].status, BUSBAR_E_INVALID);
  EXPECT_TRUE(client_.events_[0].ends);
}

TEST_F(ScheduleServiceTest, OtherChangesOfSettingsKeepTheTimersAsTheyAre) {
  cron(1, "0 13 * * *");
  run(minutes(5));
  clock_.advance(hours(2));  // late: it is due and was not polled yet
  service_->configured();
  turn();
  ASSERT_EQ(client_.events_.size(), 1U);
}

TEST_F(ScheduleServiceTest, AJumpOfTheClockIsNoticedWithinAMinute) {
  cron(1, "0 14 * * *");
  at(2, clock_.utcNs() + Nanoseconds(hours(2)).count());
  run(minutes(5));
  jump(hours(2));  // over both: less than three hours
  EXPECT_EQ(run(minutes(2)).size(), 2U);
  jump(-hours(1));
  EXPECT_EQ(run(hours(2), minutes(1)), Times{}) << "no instant fires twice";
}

TEST_F(ScheduleServiceTest, ALongJumpIsLeftOutUnlessItIsToBeCaughtUp) {
  cron(1, "0 * * * *");
  cron(2, "0 * * * *", "", BUSBAR_SCHEDULE_CATCH_UP);
  at(3, clock_.utcNs() + Nanoseconds(hours(2)).count());
  run(hours(20) + minutes(10));  // not polled by their due times alone
  jump(hours(5));
  Times seen = run(minutes(2));
  for (std::string& each : seen) {
    each = each.substr(each.find('#'));
  }
  EXPECT_EQ(seen, Times{"#2"});
}

TEST_F(ScheduleServiceTest, AManyDueAtOnceAreSpreadOverTurns) {
  std::vector<std::unique_ptr<RecordingServiceClient>> clients;
  std::vector<std::unique_ptr<ScheduleService>> services;
  for (int n = 0; n < 10; ++n) {
    clients.push_back(std::make_unique<RecordingServiceClient>());
    services.push_back(std::make_unique<ScheduleService>(*loop_, schedules_, *clients.back()));
    std::swap(service_, services.back());
    for (uint64_t token = 1; token <= 100; ++token) {
      cron(token, "* * * * *");
    }
    std::swap(service_, services.back());
  }
  EXPECT_EQ(schedules_.size(), 1000U);
  clock_.advance(seconds(30));
  const auto fired = [&] {
    size_t sum = 0;
    for (const auto& client : clients) {
      sum += client->events_.size();
    }
    return sum;
  };
  loop_->runOnce(Milliseconds(0));
  EXPECT_EQ(fired(), ScheduleClock::kPollsPerTurn);
  for (int n = 0; n < 5; ++n) {
    clock_.advance(Nanoseconds(1));
    loop_->runOnce(Milliseconds(0));
  }
  EXPECT_EQ(fired(), 1000U);
  services.resize(3);
  EXPECT_EQ(schedules_.size(), 300U);
}

}  // namespace
}  // namespace busbar
