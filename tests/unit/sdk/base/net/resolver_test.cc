// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/resolver.h"

#include <latch>

#include <gtest/gtest.h>

#include "tests/support/await.h"

namespace busbar {
namespace {

class SystemResolverTest : public testing::Test {
 protected:
  Result<std::vector<IpAddress>> resolve(const std::string& host) {
    return await<std::vector<IpAddress>>(
        *loop_, [&](Resolver::Done done) { resolver_->resolve(host, std::move(done)); });
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  WorkerPool pool_{1, 1};
  std::unique_ptr<SystemResolver> resolver_ = std::make_unique<SystemResolver>(*loop_, pool_);
};

TEST_F(SystemResolverTest, FindsLocalhostAndKeepsTheAnswer) {
  const auto first = resolve("localhost");
  ASSERT_TRUE(first.ok()) << first.error().message;
  ASSERT_FALSE(first->empty());
  EXPECT_EQ(resolve("localhost").value(), *first);
}

TEST_F(SystemResolverTest, SaysWhichNameHasNoAddress) {
  const auto answer = resolve("no-such-name.invalid");
  ASSERT_FALSE(answer.ok());
  EXPECT_EQ(answer.error().reason, "dns_failed");
  EXPECT_NE(answer.error().message.find("no-such-name.invalid"), std::string::npos);
}

TEST_F(SystemResolverTest, EqualQuestionsAreAskedOnceAndAFullPoolIsAnError) {
  const auto gate = std::make_shared<std::latch>(1);  // the pool's thread may outlive this function
  ASSERT_TRUE(pool_.run([gate] { gate->wait(); }).ok());
  while (!pool_.run([] {}).ok()) {  // until the thread has taken the task above
  }
  int done = 0;
  int failed = 0;
  const auto count = [&](Result<std::vector<IpAddress>> answer) {
    ++done;
    failed += answer.ok() ? 0 : 1;
  };
  resolver_->resolve("localhost", count);
  resolver_->resolve("localhost", count);
  EXPECT_EQ(done, 0);
  EXPECT_TRUE(runUntil(*loop_, [&] { return done == 2; }));
  EXPECT_EQ(failed, 2);  // there was no room for one question
  gate->count_down();
}

TEST_F(SystemResolverTest, NothingComesAfterItIsGone) {
  bool called = false;
  resolver_->resolve("localhost", [&](Result<std::vector<IpAddress>>) { called = true; });
  resolver_.reset();
  std::atomic<bool> later = false;
  while (!pool_.run([&] { later = true; }).ok()) {
  }
  EXPECT_TRUE(runUntil(*loop_, [&] { return later.load(); }));
  loop_->runOnce(Milliseconds(0));
  EXPECT_FALSE(called);
}

}  // namespace
}  // namespace busbar
