// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The echo driver in a real runner process, spoken to as a host does.
#include <gtest/gtest.h>

#include "host/runner/runner.h"
#include "tests/integration/host/runner/runner_under_test.h"

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

TEST(RunnerEcho, SaysReadyAndAnswersACall) {
  RunnerUnderTest r(builtDriver("echo"));
  const auto ready = r.next();
  ASSERT_TRUE(ready);
  ASSERT_EQ(ready->type, wire::Type::Ready);
  wire::Ready m;
  ASSERT_TRUE(wire::decode(ready->payload, m));
  EXPECT_EQ(m.error.status, 0) << m.error.message;
  r.createAndStart(1);
  const auto done = r.call(7, 1, "echo", R"({"value":{"a":[1,2]}})");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->complete().error.status, 0);
  EXPECT_EQ(done->complete().result, R"({"a":[1,2]})");
}

TEST(RunnerEcho, PublishesStatusWithRisingSequence) {
  RunnerUnderTest r(builtDriver("echo"));
  r.createAndStart(1);
  ASSERT_TRUE(r.call(1, 1, "set", R"({"key":"power","value":true})"));
  ASSERT_TRUE(r.call(2, 1, "set", R"({"key":"power","value":false})"));
  std::vector<uint64_t> sequences;
  const auto collect = [&](const OwnedFrame& f) {
    for (const auto& p : f.points()) {
      EXPECT_EQ(p.key, "power");
      EXPECT_NE(p.timeNs, 0);
      sequences.push_back(p.sequence);
    }
  };
  for (const OwnedFrame& f : r.skipped()) {
    if (f.type == wire::Type::State) {
      collect(f);
    }
  }
  while (sequences.size() < 2) {
    const auto f = r.waitFor(wire::Type::State);
    ASSERT_TRUE(f);
    collect(*f);
  }
  EXPECT_EQ(sequences, (std::vector<uint64_t>{1, 2}));
}

TEST(RunnerEcho, RefusesAnUndeclaredKey) {
  RunnerUnderTest r(builtDriver("echo"));
  r.createAndStart(1, {"power"});
  const auto done = r.call(1, 1, "set", R"({"key":"other","value":1})");
  ASSERT_TRUE(done);
  EXPECT_LT(done->complete().error.status, 0);
  EXPECT_TRUE(r.sawBug("not declared"));
}

TEST(RunnerEcho, CancelEndsASleepAndOtherCallsGoOn) {
  RunnerUnderTest r(builtDriver("echo"));
  r.createAndStart(1);
  r.execute(1, 1, "sleep", R"({"ms":60000})", 60s);
  ASSERT_TRUE(r.call(2, 1, "echo", R"({"value":1})"));
  wire::encodeCancel(r.out(), 1, 1);
  r.send();
  ASSERT_TRUE(r.call(3, 1, "echo", R"({"value":1})"));
  for (const OwnedFrame& f : r.skipped()) {
    EXPECT_FALSE(f.type == wire::Type::Complete && f.id == 1);
  }
}

TEST(RunnerEcho, SleepEndsByItsTimer) {
  RunnerUnderTest r(builtDriver("echo"));
  r.createAndStart(1);
  const int64_t before = bootNowNs();
  const auto done = r.call(1, 1, "sleep", R"({"ms":30})");
  ASSERT_TRUE(done);
  EXPECT_EQ(done->complete().error.status, 0);
  EXPECT_GE(bootNowNs() - before, 30'000'000);
}

TEST(RunnerEcho, StopCancelsCallsInFlightThenDestroys) {
  RunnerUnderTest r(builtDriver("echo"));
  r.createAndStart(1);
  r.execute(1, 1, "sleep", R"({"ms":60000})", 60s);
  wire::encode(r.out(), uint64_t{1}, wire::Stop{BUSBAR_STOP_USER, bootNowNs() + 1'000'000'000});
  wire::encodeEmpty(r.out(), wire::Type::Destroy, 1);
  r.send();
  const auto cancelled = r.waitFor(wire::Type::Complete, 1);
  ASSERT_TRUE(cancelled);
  EXPECT_EQ(cancelled->complete().error.status, BUSBAR_E_CANCELLED);
  const auto stopped = r.waitFor(wire::Type::Stopped, 1);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->error().status, 0);
  ASSERT_TRUE(r.waitFor(wire::Type::Destroyed, 1));
  const auto late = r.call(9, 1, "echo", R"({"value":1})");
  ASSERT_TRUE(late);
  EXPECT_EQ(late->complete().error.status, BUSBAR_E_NOTFOUND);
}

TEST(RunnerEcho, ShutdownEndsWithZero) {
  RunnerUnderTest r(builtDriver("echo"));
  ASSERT_TRUE(r.waitFor(wire::Type::Ready));
  wire::encodeEmpty(r.out(), wire::Type::Shutdown, 0);
  r.send();
  EXPECT_EQ(r.waitExit(), 0);
}

TEST(RunnerEcho, EndsWhenTheHostIsGone) {
  RunnerUnderTest r(builtDriver("echo"));
  ASSERT_TRUE(r.waitFor(wire::Type::Ready));
  r.closeChannel();
  EXPECT_EQ(r.waitExit(), static_cast<int>(runner::Exit::HostGone));
}

TEST(RunnerEcho, RefusesAnotherWire) {
  RunnerUnderTest r(builtDriver("echo"), wire::kWireVersion + 1);
  EXPECT_EQ(r.waitExit(), static_cast<int>(runner::Exit::Protocol));
}

TEST(RunnerEcho, EndsOnAMalformedFrame) {
  RunnerUnderTest r(builtDriver("echo"));
  ASSERT_TRUE(r.waitFor(wire::Type::Ready));
  wire::encodeEmpty(r.out(), wire::Type::Execute, 1);
  r.send();
  EXPECT_EQ(r.waitExit(), static_cast<int>(runner::Exit::Protocol));
}

TEST(RunnerEcho, NamesAMissingFile) {
  RunnerUnderTest r("/nonexistent/driver.so");
  const auto frame = r.next();
  ASSERT_TRUE(frame);
  wire::Ready m;
  ASSERT_TRUE(wire::decode(frame->payload, m));
  EXPECT_EQ(m.error.code, "driver_bad_file");
  EXPECT_EQ(r.waitExit(), static_cast<int>(runner::Exit::Refused));
}

TEST(RunnerEcho, ServesManyCallsInFlight) {
  RunnerUnderTest r(builtDriver("echo"));
  r.createAndStart(1);
  r.createAndStart(2);
  constexpr uint64_t kCalls = 2000;
  for (uint64_t i = 1; i <= kCalls; ++i) {
    wire::Execute m;
    m.instance = static_cast<uint32_t>(1 + i % 2);
    m.deadlineNs = INT64_MAX;
    m.function = "echo";
    const std::string args = "{\"value\":" + std::to_string(i) + "}";
    m.args = args;
    wire::encode(r.out(), i, m);
  }
  r.send();
  for (uint64_t i = 1; i <= kCalls; ++i) {
    const auto done = r.waitFor(wire::Type::Complete, i);
    ASSERT_TRUE(done);
    EXPECT_EQ(done->complete().result, std::to_string(i));
  }
}

}  // namespace
}  // namespace busbar::test
