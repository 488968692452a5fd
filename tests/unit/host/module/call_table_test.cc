// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/call_table.h"

#include <gtest/gtest.h>

#include "host/module/module.h"
#include "tests/support/fake_clock.h"

namespace busbar {
namespace {

class CallTableTest : public testing::Test {
 protected:
  // The table only compares addresses of modules.
  Module& fakeModule(int n) { return *reinterpret_cast<Module*>(&space_[n * 64]); }
  CallTable::Done note(std::vector<std::string>& into) {
    return [&into](Result<ExecuteReply> result) {
      into.push_back(result.ok() ? result->resultJson : result.error().reason);
    };
  }
  static Origin of(char trace) {
    return {
        {"user-1", model::UserRole::User, "00-" + std::string(32, trace) + "-0000000000000001-01"},
        3};
  }
  void turn(Milliseconds by) {
    clock_.advance(by);
    loop_->runOnce(Milliseconds(0));
  }
  alignas(64) char space_[256] = {};
  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  std::vector<CallTable::Id> expired_;
  CallTable table_{*loop_, [this](CallTable::Id id, Module&) { expired_.push_back(id); }};
  std::vector<std::string> seen_;
};

TEST_F(CallTableTest, EndsACallExactlyOnce) {
  const auto id = table_.add(fakeModule(0), clock_.now() + Milliseconds(100), of('t'), note(seen_));
  EXPECT_EQ(table_.moduleOf(id), &fakeModule(0));
  EXPECT_EQ(table_.traceOf(id), std::string(32, 't'));
  ASSERT_NE(table_.originOf(id, fakeModule(0)), nullptr);
  EXPECT_EQ(table_.originOf(id, fakeModule(0))->hops, 3U);
  EXPECT_EQ(table_.originOf(id, fakeModule(1)), nullptr);
  EXPECT_TRUE(table_.complete(id, ExecuteReply{"1", 200}));
  EXPECT_FALSE(table_.complete(id, ExecuteReply{"2", 200}));
  EXPECT_EQ(table_.moduleOf(id), nullptr);
  turn(Milliseconds(200));
  EXPECT_EQ(seen_, std::vector<std::string>{"1"});
  EXPECT_EQ(table_.size(), 0U);
}

TEST_F(CallTableTest, RemembersTheTraceOfACallThatHasEnded) {
  const auto id = table_.add(fakeModule(0), Instant::max(), of('a'), note(seen_));
  table_.complete(id, ExecuteReply{"1", 200});
  EXPECT_EQ(table_.traceOf(id), std::string(32, 'a'));
  EXPECT_EQ(table_.originOf(id, fakeModule(0)), nullptr);
  EXPECT_TRUE(table_.traceOf(0).empty());
}

TEST_F(CallTableTest, IdsAreNotUsedAgain) {
  const auto first = table_.add(fakeModule(0), clock_.now() + Milliseconds(100), {}, note(seen_));
  table_.complete(first, ExecuteReply{"1", 200});
  const auto second = table_.add(fakeModule(0), clock_.now() + Milliseconds(100), {}, note(seen_));
  EXPECT_NE(first, second);
  EXPECT_FALSE(table_.complete(first, ExecuteReply{"replayed", 200}));
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(CallTableTest, DeadlinesFireInTimeAndNotBefore) {
  const auto id = table_.add(fakeModule(0), clock_.now() + Milliseconds(100), {}, note(seen_));
  table_.add(fakeModule(1), clock_.now() + std::chrono::minutes(9), {}, note(seen_));
  for (int ms = 0; ms < 96; ms += 4) {
    turn(Milliseconds(4));
  }
  EXPECT_TRUE(seen_.empty());
  turn(Milliseconds(8));
  turn(Milliseconds(4));
  EXPECT_EQ(seen_, std::vector<std::string>{"deadline_exceeded"});
  EXPECT_EQ(expired_, std::vector<CallTable::Id>{id});
  turn(std::chrono::minutes(8));  // many turns of the wheel
  turn(Milliseconds(4));
  EXPECT_EQ(seen_.size(), 1U);
  turn(std::chrono::minutes(1));
  turn(Milliseconds(8));
  EXPECT_EQ(seen_.size(), 2U);
}

TEST_F(CallTableTest, FailAllEndsTheCallsOfOneModuleOnly) {
  table_.add(fakeModule(0), Instant::max(), {}, note(seen_));
  table_.add(fakeModule(1), Instant::max(), {}, note(seen_));
  table_.add(fakeModule(0), Instant::max(), {}, note(seen_));
  table_.failAll(fakeModule(0), Error::because(ErrorCode::Unavailable, "gone", ""));
  EXPECT_EQ(seen_, (std::vector<std::string>{"gone", "gone"}));
  EXPECT_EQ(table_.size(), 1U);
}

TEST_F(CallTableTest, ManyCallsComeAndGo) {
  std::vector<CallTable::Id> ids;
  for (int round = 0; round < 50; ++round) {
    for (int i = 0; i < 200; ++i) {
      ids.push_back(table_.add(fakeModule(0), clock_.now() + Milliseconds(i), {}, note(seen_)));
    }
    for (size_t i = 0; i < ids.size(); i += 2) {
      table_.complete(ids[i], ExecuteReply{"ok", 200});
    }
    ids.clear();
    turn(Milliseconds(300));
    turn(Milliseconds(8));
    EXPECT_EQ(table_.size(), 0U);
  }
  EXPECT_EQ(seen_.size(), 50U * 200U);
}

}  // namespace
}  // namespace busbar
