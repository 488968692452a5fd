// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/event_loop.h"

#include <sys/socket.h>

#include <thread>

#include <gtest/gtest.h>

namespace busbar {
namespace {

class EventLoopTest : public testing::Test {
 protected:
  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
};

TEST_F(EventLoopTest, RunsPostedTasksInOrder) {
  std::vector<int> seen;
  loop_->post([&] { seen.push_back(1); });
  loop_->post([&] { seen.push_back(2); });
  loop_->runOnce(Milliseconds(0));
  EXPECT_EQ(seen, (std::vector<int>{1, 2}));
}

TEST_F(EventLoopTest, PostFromAnotherThreadWakesTheLoop) {
  std::thread other([&] { loop_->post([&] { loop_->stop(); }); });
  loop_->run();
  other.join();
}

TEST_F(EventLoopTest, TimersFireInOrderOfTheirTimeAndCancelledOnesDoNot) {
  std::vector<int> seen;
  loop_->runAfter(Milliseconds(2), [&] { seen.push_back(2); });
  loop_->runAfter(Milliseconds(1), [&] { seen.push_back(1); });
  const TimerId gone = loop_->runAfter(Milliseconds(1), [&] { seen.push_back(9); });
  loop_->cancel(gone);
  loop_->runAfter(Milliseconds(3), [&] { loop_->stop(); });
  loop_->run();
  EXPECT_EQ(seen, (std::vector<int>{1, 2}));
}

// A microsecond passes each time somebody looks.
class TickingClock : public Clock {
 public:
  Instant now() const override { return Instant(std::chrono::microseconds(++reads)); }
  int64_t utcNs() const override { return 0; }
  mutable int64_t reads = 0;
};

TEST(EventLoopSpinTest, LooksForEventsBeforeItSleepsOnlyAfterShortWaits) {
  TickingClock clock;
  const auto loop = EventLoop::create(clock).value();
  const auto readsOfTurn = [&](bool hasEvent) {
    if (hasEvent) {
      loop->post([] {});
    }
    const int64_t before = clock.reads;
    loop->runOnce(Milliseconds(1));
    return clock.reads - before;
  };
  for (int i = 0; i < 10; ++i) {
    readsOfTurn(true);
  }
  EXPECT_LT(readsOfTurn(false), 5) << "nobody asked for it";
  loop->setSpin(std::chrono::microseconds(500));
  for (int i = 0; i < 10; ++i) {
    EXPECT_LT(readsOfTurn(true), 5);
    EXPECT_EQ(loop->now(), Instant(std::chrono::microseconds(clock.reads))) << "turn " << i;
  }
  EXPECT_GT(readsOfTurn(false), 400) << "the waits were short";
  EXPECT_LT(readsOfTurn(false), 5) << "the last look was in vain";
  readsOfTurn(true);
  EXPECT_LT(readsOfTurn(false), 5) << "one short wait is not enough";
}

TEST_F(EventLoopTest, DeferredTasksRunAtTheEndOfTheTurn) {
  std::vector<int> seen;
  loop_->post([&] {
    loop_->defer([&] { seen.push_back(3); });
    seen.push_back(1);
  });
  loop_->post([&] { seen.push_back(2); });
  loop_->runOnce(Milliseconds(0));
  EXPECT_EQ(seen, (std::vector<int>{1, 2, 3}));
}

TEST_F(EventLoopTest, AWatchEndedInTheSameTurnIsNotCalled) {
  int pair1[2];
  int pair2[2];
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair1), 0);
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair2), 0);
  const UniqueFd a(pair1[0]), b(pair1[1]), c(pair2[0]), d(pair2[1]);
  FdWatch first;
  FdWatch second;
  int calls = 0;
  first = loop_
              ->watch(a.get(), EPOLLIN,
                      [&](uint32_t) {
                        ++calls;
                        first.end();
                        second.end();
                      })
              .value();
  second = loop_
               ->watch(c.get(), EPOLLIN,
                       [&](uint32_t) {
                         ++calls;
                         first.end();
                         second.end();
                       })
               .value();
  ASSERT_EQ(::write(b.get(), "x", 1), 1);
  ASSERT_EQ(::write(d.get(), "x", 1), 1);
  loop_->runOnce(Milliseconds(1000));
  loop_->runOnce(Milliseconds(0));
  EXPECT_EQ(calls, 1);
}

}  // namespace
}  // namespace busbar
