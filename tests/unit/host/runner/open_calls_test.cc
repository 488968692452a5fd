// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/open_calls.h"

#include <gtest/gtest.h>

namespace busbar::runner {
namespace {

using End = OpenCalls::End;

TEST(OpenCalls, CompletesExactlyOnce) {
  OpenCalls calls;
  EXPECT_TRUE(calls.open(1, 100));
  EXPECT_EQ(calls.complete(1), End::Done);
  EXPECT_EQ(calls.complete(1), End::Duplicate);
}

TEST(OpenCalls, UnknownAndZeroAreFaults) {
  OpenCalls calls;
  EXPECT_EQ(calls.complete(7), End::Duplicate);
  EXPECT_EQ(calls.complete(0), End::Duplicate);
  EXPECT_FALSE(calls.open(0, 1));
  EXPECT_TRUE(calls.open(1, 1));
  EXPECT_FALSE(calls.open(1, 1));
}

TEST(OpenCalls, ACompletionMayCrossACancel) {
  OpenCalls calls;
  ASSERT_TRUE(calls.open(1, 100));
  EXPECT_TRUE(calls.cancel(1));
  EXPECT_FALSE(calls.cancel(1));
  EXPECT_EQ(calls.complete(1), End::Crossed);
}

TEST(OpenCalls, KeepsDeadlinesApartAcrossErasures) {
  OpenCalls calls;
  for (busbar_id id = 1; id <= 5; ++id) {
    ASSERT_TRUE(calls.open(id, static_cast<int64_t>(id) * 100));
  }
  EXPECT_EQ(calls.complete(2), End::Done);
  EXPECT_TRUE(calls.cancel(5));
  EXPECT_EQ(calls.deadlineNs(1), 100);
  EXPECT_EQ(calls.deadlineNs(4), 400);
  EXPECT_EQ(calls.deadlineNs(2), OpenCalls::kNoDeadline);
  EXPECT_EQ(calls.deadlineNs(0), OpenCalls::kNoDeadline);
  EXPECT_EQ(calls.size(), 3u);
  EXPECT_NE(calls.any(), 0u);
}

}  // namespace
}  // namespace busbar::runner
