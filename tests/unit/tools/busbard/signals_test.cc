// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbard/signals.h"

#include <signal.h>
#include <unistd.h>

#include <vector>

#include <gtest/gtest.h>

#include "sdk/base/clock.h"
#include "sdk/base/event_loop.h"

namespace busbar::daemon {
namespace {

TEST(Signals, ArriveOnTheLoop) {
  Signals::block({SIGUSR1, SIGHUP});
  const SystemClock clock;
  auto loop = EventLoop::create(clock);
  ASSERT_TRUE(loop.ok());
  std::vector<int> seen;
  auto signals =
      Signals::create(**loop, {SIGUSR1, SIGHUP}, [&](int signal) { seen.push_back(signal); });
  ASSERT_TRUE(signals.ok());
  kill(getpid(), SIGUSR1);
  kill(getpid(), SIGHUP);
  for (int turn = 0; turn < 100 && seen.size() < 2; ++turn) {
    (*loop)->runOnce(Milliseconds(100));
  }
  EXPECT_EQ(seen.size(), 2U);
}

}  // namespace
}  // namespace busbar::daemon
