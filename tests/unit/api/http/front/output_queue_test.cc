// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/output_queue.h"

#include <gtest/gtest.h>

namespace busbar::http {
namespace {

constexpr Milliseconds kStall{100};
Instant at(int ms) {
  return Instant(Milliseconds(ms));
}

TEST(OutputQueue, GivesBytesInOrder) {
  OutputQueue queue(kStall);
  queue.bytes().append("abc");
  queue.onTaken(2, at(0));
  queue.bytes().append("def");
  EXPECT_EQ(queue.front(), "cdef");
  EXPECT_EQ(queue.size(), 4U);
  queue.onTaken(4, at(0));
  queue.onEmpty();
  EXPECT_EQ(queue.size(), 0U);
}

TEST(OutputQueue, CompactsALongQueue) {
  OutputQueue queue(kStall);
  queue.bytes().append(std::string(300'000, 'a') + "rest");
  queue.onTaken(300'000, at(0));
  EXPECT_EQ(queue.front(), "rest");
  EXPECT_EQ(queue.bytes(), "rest");
}

TEST(OutputQueue, CountsAStallFromTheFirstBlock) {
  OutputQueue queue(kStall);
  queue.bytes().append(std::string(100'000, 'a'));
  EXPECT_FALSE(queue.isBlocked());
  queue.onBlocked(at(10));
  queue.onBlocked(at(50));
  EXPECT_EQ(queue.stallDeadline(), at(110));
}

TEST(OutputQueue, TakesNoDripForProgress) {
  OutputQueue queue(kStall);
  queue.bytes().append(std::string(100'000, 'a'));
  queue.onBlocked(at(0));
  for (int i = 1; i < 50; ++i) {
    queue.onTaken(1, at(i));
  }
  EXPECT_EQ(queue.stallDeadline(), at(100));
  queue.onTaken(OutputQueue::kMinProgressBytes, at(60));
  EXPECT_EQ(queue.stallDeadline(), at(160));
  queue.onEmpty();
  EXPECT_FALSE(queue.isBlocked());
}

}  // namespace
}  // namespace busbar::http
