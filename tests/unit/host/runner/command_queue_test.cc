// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/command_queue.h"

#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace busbar::runner {
namespace {

constexpr int64_t kMs = 1'000'000;

class CommandQueueTest : public testing::Test {
 protected:
  CommandQueueTest() { queue_.linkUp(); }

  static CommandQueue::Command command(busbar_id token, std::string payload) {
    CommandQueue::Command c;
    c.token = token;
    c.payload = std::move(payload);
    return c;
  }
  static CommandQueue::Command waiting(busbar_id token, std::string payload) {
    CommandQueue::Command c = command(token, std::move(payload));
    c.wait = true;
    return c;
  }
  busbar_status push(CommandQueue::Command c) { return queue_.push(std::move(c), ended_); }
  // Sends all that may go now: the payloads, in order.
  std::string send() {
    std::string all;
    while (const auto payload = queue_.next(now_, ended_)) {
      all += *payload;
      queue_.sent(now_, ended_);
    }
    return all;
  }
  // What ended since the last call: "token:status …".
  std::string ended() {
    std::string text;
    for (const auto& e : ended_) {
      text += std::to_string(e.token) + ":" + std::to_string(e.status) + " ";
      EXPECT_EQ(e.message == nullptr, e.status == BUSBAR_OK);
    }
    ended_.clear();
    return text;
  }
  CommandQueue queue_;
  CommandQueue::EndedList ended_;
  int64_t now_ = 1000 * kMs;
};

TEST_F(CommandQueueTest, SendsByPriorityThenInOrder) {
  auto high = command(3, "c");
  high.priority = 90;
  ASSERT_EQ(push(command(1, "a")), BUSBAR_OK);
  ASSERT_EQ(push(command(2, "b")), BUSBAR_OK);
  ASSERT_EQ(push(std::move(high)), BUSBAR_OK);
  EXPECT_EQ(send(), "cab");
  EXPECT_EQ(ended(), "3:0 1:0 2:0 ");
}

TEST_F(CommandQueueTest, AWaitingCommandHoldsTheQueue) {
  ASSERT_EQ(push(waiting(1, "a")), BUSBAR_OK);
  ASSERT_EQ(push(command(2, "b")), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  EXPECT_EQ(queue_.waiting(), 1u);
  EXPECT_EQ(queue_.finish(2, BUSBAR_OK, now_, ended_), BUSBAR_E_STATE);
  EXPECT_EQ(queue_.finish(1, BUSBAR_OK, now_, ended_), BUSBAR_OK);
  EXPECT_EQ(queue_.finish(1, BUSBAR_OK, now_, ended_), BUSBAR_E_STATE);
  EXPECT_EQ(send(), "b");
  EXPECT_EQ(ended(), "1:0 2:0 ");
}

TEST_F(CommandQueueTest, ANameReplacesWhatIsQueuedButNotWhatWaits) {
  auto named = [](busbar_id token, const char* payload) {
    auto c = waiting(token, payload);
    c.name = "power";
    return c;
  };
  ASSERT_EQ(push(named(1, "a")), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  ASSERT_EQ(push(named(2, "b")), BUSBAR_OK);
  ASSERT_EQ(push(named(3, "c")), BUSBAR_OK);
  EXPECT_EQ(ended(), "2:-6 ");
  ASSERT_EQ(queue_.finish(1, BUSBAR_OK, now_, ended_), BUSBAR_OK);
  EXPECT_EQ(send(), "c");
}

TEST_F(CommandQueueTest, ATimeOutSendsAgainAheadOfOthersThenEnds) {
  auto c = waiting(1, "a");
  c.retries = 1;
  c.timeoutMs = 100;
  ASSERT_EQ(push(std::move(c)), BUSBAR_OK);
  auto other = command(2, "b");
  other.priority = 60;  // below 50 + 20
  EXPECT_EQ(send(), "a");
  ASSERT_EQ(push(std::move(other)), BUSBAR_OK);
  EXPECT_EQ(queue_.nextNs(true), now_ + 100 * kMs);
  now_ += 100 * kMs;
  EXPECT_EQ(send(), "a");
  EXPECT_EQ(ended(), "");
  now_ += 100 * kMs;
  EXPECT_EQ(send(), "b");
  EXPECT_EQ(ended(), "1:-5 2:0 ");
}

TEST_F(CommandQueueTest, TheDefaultTimeOutIsFiveSeconds) {
  ASSERT_EQ(push(waiting(1, "a")), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  EXPECT_EQ(queue_.nextNs(true), now_ + 5000 * kMs);
}

TEST_F(CommandQueueTest, AgainCountsAsARetry) {
  auto c = waiting(1, "a");
  c.retries = 1;
  ASSERT_EQ(push(std::move(c)), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  EXPECT_EQ(queue_.finish(1, BUSBAR_E_AGAIN, now_, ended_), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  EXPECT_EQ(queue_.finish(1, BUSBAR_E_AGAIN, now_, ended_), BUSBAR_OK);
  EXPECT_EQ(send(), "");
  EXPECT_EQ(ended(), "1:-4 ");
}

TEST_F(CommandQueueTest, OtherFailuresEndIt) {
  auto c = waiting(1, "a");
  c.retries = 5;
  ASSERT_EQ(push(std::move(c)), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  EXPECT_EQ(queue_.finish(1, BUSBAR_E_DEVICE, now_, ended_), BUSBAR_OK);
  EXPECT_EQ(ended(), "1:-9 ");
}

TEST_F(CommandQueueTest, DelayIsSilenceAfterTheCommand) {
  auto c = command(1, "a");
  c.delayMs = 50;
  ASSERT_EQ(push(std::move(c)), BUSBAR_OK);
  ASSERT_EQ(push(command(2, "b")), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  EXPECT_EQ(queue_.nextNs(true), now_ + 50 * kMs);
  EXPECT_EQ(queue_.nextNs(false), CommandQueue::kNever);
  now_ += 49 * kMs;
  EXPECT_EQ(send(), "");
  now_ += 1 * kMs;
  EXPECT_EQ(send(), "b");
}

TEST_F(CommandQueueTest, WithoutALinkNamedOnesWait) {
  auto kept = waiting(1, "k");
  kept.name = "kept";
  ASSERT_EQ(push(std::move(kept)), BUSBAR_OK);
  ASSERT_EQ(push(command(2, "u")), BUSBAR_OK);
  EXPECT_EQ(send(), "k");
  queue_.linkDown(ended_);
  EXPECT_EQ(ended(), "2:-7 ");
  EXPECT_EQ(push(command(3, "v")), BUSBAR_E_OFFLINE);
  EXPECT_EQ(send(), "");
  EXPECT_EQ(queue_.nextNs(true), CommandQueue::kNever);
  queue_.linkUp();
  EXPECT_EQ(send(), "k");  // no retry was counted
  EXPECT_EQ(queue_.waiting(), 1u);
}

TEST_F(CommandQueueTest, TheCallsDeadlineEndsQueuedAndWaitingOnes) {
  auto first = waiting(1, "a");
  first.deadlineNs = now_ + 10 * kMs;
  first.retries = 9;
  auto second = command(2, "b");
  second.deadlineNs = now_ + 5 * kMs;
  ASSERT_EQ(push(std::move(first)), BUSBAR_OK);
  ASSERT_EQ(push(std::move(second)), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  EXPECT_EQ(queue_.nextNs(true), now_ + 5 * kMs);
  now_ += 10 * kMs;
  EXPECT_EQ(send(), "");
  EXPECT_EQ(ended(), "1:-5 2:-5 ");
}

TEST_F(CommandQueueTest, CancelIsSilentAndClearIsNot) {
  ASSERT_EQ(push(waiting(1, "a")), BUSBAR_OK);
  ASSERT_EQ(push(command(2, "b")), BUSBAR_OK);
  ASSERT_EQ(push(command(3, "c")), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  EXPECT_TRUE(queue_.cancel(2));
  EXPECT_FALSE(queue_.cancel(2));
  queue_.clear(ended_);
  EXPECT_EQ(ended(), "3:-6 ");
  EXPECT_TRUE(queue_.cancel(1));
  EXPECT_EQ(queue_.size(), 0u);
}

TEST_F(CommandQueueTest, IsBoundedAndTokensAreUnique) {
  EXPECT_EQ(push(command(0, "x")), BUSBAR_E_INVALID);
  for (busbar_id token = 1; token <= CommandQueue::kMaxCommands; ++token) {
    ASSERT_EQ(push(command(token, "x")), BUSBAR_OK);
  }
  EXPECT_EQ(push(command(1, "x")), BUSBAR_E_INVALID);
  EXPECT_EQ(push(command(1000, "x")), BUSBAR_E_AGAIN);
}

TEST_F(CommandQueueTest, PrioritiesDoNotOverflow) {
  auto c = waiting(1, "a");
  c.priority = INT32_MAX;
  c.retries = 1;
  ASSERT_EQ(push(std::move(c)), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
  EXPECT_EQ(queue_.finish(1, BUSBAR_E_AGAIN, now_, ended_), BUSBAR_OK);
  EXPECT_EQ(send(), "a");
}

TEST_F(CommandQueueTest, OnDemandEachWaitsForTheLinkUpToItsTimeOut) {
  CommandQueue queue(true);
  auto early = command(1, "early");
  early.timeoutMs = 100;
  ASSERT_EQ(queue.push(std::move(early), ended_), BUSBAR_OK);
  ASSERT_EQ(queue.push(command(2, "late"), ended_), BUSBAR_OK);
  EXPECT_TRUE(queue.wantsLink());
  EXPECT_FALSE(queue.next(now_, ended_));
  EXPECT_EQ(queue.nextNs(true), now_ + 100 * kMs);
  now_ += 100 * kMs;
  EXPECT_FALSE(queue.next(now_, ended_));
  EXPECT_EQ(ended(), "1:-7 ");
  queue.linkUp();
  EXPECT_FALSE(queue.wantsLink());
  EXPECT_EQ(queue.next(now_, ended_), "late");
}

}  // namespace
}  // namespace busbar::runner
