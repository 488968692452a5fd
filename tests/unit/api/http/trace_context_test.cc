// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/trace_context.h"

#include <set>

#include <gtest/gtest.h>

namespace busbar::http {
namespace {

constexpr const char* kGood = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";

TEST(TraceContext, ReadsAndWritesTheHeader) {
  const auto context = parseTraceparent(kGood);
  ASSERT_TRUE(context);
  EXPECT_EQ(context->traceIdText(), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(context->spanIdText(), "00f067aa0ba902b7");
  EXPECT_TRUE(context->sampled);
  EXPECT_EQ(context->toHeader(), kGood);
}

class TraceparentRefused : public testing::TestWithParam<std::string> {};
TEST_P(TraceparentRefused, Text) {
  EXPECT_FALSE(parseTraceparent(GetParam())) << GetParam();
}
INSTANTIATE_TEST_SUITE_P(
    Cases, TraceparentRefused,
    testing::Values("", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-0",
                    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-x",
                    "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
                    "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                    "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                    "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                    "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                    "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
                    "00_4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                    "00-4bf92f3577b34da6a3ce929d0e0e473g-00f067aa0ba902b7-01",
                    "01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x"));

TEST(TraceContext, TakesALaterVersionWithMore) {
  EXPECT_TRUE(parseTraceparent("01-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00-more"));
}

TEST(TraceIds, MakesDistinctValidContexts) {
  TraceIds ids;
  std::set<std::string> seen;
  for (int i = 0; i < 1000; ++i) {
    const TraceContext context = ids.begin();
    EXPECT_TRUE(parseTraceparent(context.toHeader()));
    seen.emplace(context.traceIdText());
  }
  EXPECT_EQ(seen.size(), 1000U);
}

TEST(TraceIds, KeepsTheTraceInAFreshSpan) {
  TraceIds ids;
  TraceContext context = ids.begin();
  const TraceContext before = context;
  ids.freshSpan(context);
  EXPECT_EQ(context.traceId, before.traceId);
  EXPECT_NE(context.spanId, before.spanId);
}

}  // namespace
}  // namespace busbar::http
