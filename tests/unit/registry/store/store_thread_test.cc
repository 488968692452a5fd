// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/store_thread.h"

#include <future>
#include <optional>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"

namespace busbar {
namespace {

class StoreThreadTest : public testing::Test {
 protected:
  // Work that waits until the test says go.
  Callback<Result<int>()> held(int answer) {
    return [this, answer]() -> Result<int> {
      started.set_value();
      go.get_future().wait();
      return answer;
    };
  }

  FakeClock clock;
  std::unique_ptr<EventLoop> loop = std::move(*EventLoop::create(clock));
  std::promise<void> started;
  std::promise<void> go;
};

TEST_F(StoreThreadTest, RunsWorkInOrderAndCompletesOnTheLoop) {
  StoreThread thread(*loop, "test", 10);
  std::vector<int> order;
  const auto caller = std::this_thread::get_id();
  for (int n = 0; n < 5; ++n) {
    thread.call<int>(
        Instant::max(),
        [n, caller]() -> Result<int> {
          EXPECT_NE(std::this_thread::get_id(), caller);
          return n;
        },
        [&order, caller](Result<int> result) {
          EXPECT_EQ(std::this_thread::get_id(), caller);
          order.push_back(*result);
        });
  }
  EXPECT_TRUE(order.empty()) << "never from within call()";
  ASSERT_TRUE(runUntil(*loop, [&] { return order.size() == 5; }));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_F(StoreThreadTest, TheDeadlineAnswersWhileTheWorkIsStuckAndItsResultIsDropped) {
  StoreThread thread(*loop, "test", 10);
  std::vector<ErrorCode> answers;
  thread.call<int>(clock.now() + Milliseconds(50), held(1), [&answers](Result<int> result) {
    answers.push_back(result.ok() ? ErrorCode::Internal : result.error().code);
  });
  started.get_future().wait();
  clock.advance(Milliseconds(51));
  ASSERT_TRUE(runUntil(*loop, [&] { return !answers.empty(); }));
  go.set_value();
  EXPECT_EQ(*await<int>(*loop,
                        [&](auto done) {
                          thread.call<int>(
                              Instant::max(), []() -> Result<int> { return 2; }, std::move(done));
                        }),
            2);
  EXPECT_EQ(answers, std::vector<ErrorCode>{ErrorCode::DeadlineExceeded});
}

TEST_F(StoreThreadTest, WorkWhoseDeadlinePassedInTheQueueIsNotRun) {
  StoreThread thread(*loop, "test", 10);
  bool ran = false;
  std::optional<Result<int>> answer;
  thread.call<int>(Instant::max(), held(1), [](Result<int>) {});
  started.get_future().wait();
  thread.call<int>(
      clock.now() + Milliseconds(50),
      [&ran]() -> Result<int> {
        ran = true;
        return 2;
      },
      [&answer](Result<int> result) { answer = std::move(result); });
  clock.advance(Milliseconds(50));
  go.set_value();
  ASSERT_TRUE(runUntil(*loop, [&] { return answer.has_value(); }));
  EXPECT_EQ(answer->error().code, ErrorCode::DeadlineExceeded);
  EXPECT_FALSE(ran);
}

TEST_F(StoreThreadTest, AFullQueueRefusesAndPushStillGoesThrough) {
  StoreThread thread(*loop, "test", 1);
  std::vector<std::string> reasons;
  int pushed = 0;
  thread.call<int>(Instant::max(), held(1), [](Result<int>) {});
  started.get_future().wait();
  for (int n = 0; n < 3; ++n) {
    thread.call<int>(
        Instant::max(), []() -> Result<int> { return 0; },
        [&reasons](Result<int> result) {
          reasons.push_back(result.ok() ? "ok" : result.error().reason);
        });
  }
  thread.push([&thread, &pushed] { thread.postToLoop([&pushed] { ++pushed; }); });
  go.set_value();
  ASSERT_TRUE(runUntil(*loop, [&] { return reasons.size() == 3 && pushed == 1; }));
  EXPECT_EQ(reasons, (std::vector<std::string>{"queue_full", "queue_full", "ok"}));
}

TEST_F(StoreThreadTest, TellsNothingOnceItIsGone) {
  int told = 0;
  {
    StoreThread thread(*loop, "test", 10);
    thread.call<int>(clock.now() + Milliseconds(50), held(1), [&told](Result<int>) { ++told; });
    thread.call<int>(
        Instant::max(), []() -> Result<int> { return 2; }, [&told](Result<int>) { ++told; });
    thread.postToLoop([&told] { ++told; });
    started.get_future().wait();
    go.set_value();
  }
  clock.advance(Milliseconds(100));
  for (int i = 0; i < 5; ++i) {
    loop->runOnce(Milliseconds(0));
  }
  EXPECT_EQ(told, 0) << "neither results nor deadlines nor tasks";
}

}  // namespace
}  // namespace busbar
