// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <utility>

#include <gtest/gtest.h>

#include "host/sandbox/spawner.h"
#include "sdk/base/event_loop.h"
#include "tests/support/await.h"

namespace busbar::sandbox {

inline std::string builtFile(const std::string& name) {
  const char* build = ::getenv("BUSBAR_BUILD");
  return std::string(build == nullptr ? "." : build) + "/" + name;
}

// Waits for `wanted` at the end of what comes in; gives what came.
inline std::string readUntil(int fd, const std::string& wanted) {
  std::string text;
  const auto ends = [&text, &wanted] {
    return text.size() >= wanted.size() &&
           text.compare(text.size() - wanted.size(), wanted.size(), wanted) == 0;
  };
  while (!ends()) {
    pollfd ready{fd, POLLIN, 0};
    if (::poll(&ready, 1, 10'000) <= 0) {
      break;
    }
    char buffer[4096];
    const ssize_t got = ::read(fd, buffer, sizeof(buffer));
    if (got <= 0) {
      break;
    }
    text.append(buffer, static_cast<size_t>(got));
  }
  return text;
}

// One loop and one spawner for test runners.
class Sandboxed : public ::testing::Test {
 protected:
  void SetUp() override {
    auto loop = EventLoop::create(clock_);
    ASSERT_TRUE(loop.ok());
    loop_ = std::move(*loop);
    SpawnerOptions options;
    options.runnerPath = builtFile("tests/sandbox_test_runner");
    auto spawner = Spawner::create(*loop_, options);
    ASSERT_TRUE(spawner.ok()) << spawner.error().message;
    spawner_ = std::move(*spawner);
  }

  Result<std::unique_ptr<RunnerProcess>> start(RunnerSpec spec) {
    return await<std::unique_ptr<RunnerProcess>>(
        *loop_, [&](Spawner::Done done) { spawner_->spawn(std::move(spec), std::move(done)); });
  }

  static RunnerSpec plainSpec(std::string name = "test") {
    RunnerSpec spec;
    spec.name = std::move(name);
    return spec;
  }

  static ExitStatus waitForEnd(RunnerProcess& runner) {
    pollfd end{runner.pidfd(), POLLIN, 0};
    EXPECT_EQ(::poll(&end, 1, 10'000), 1) << "the runner does not end";
    return runner.tryReap().value_or(ExitStatus{});
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<Spawner> spawner_;
};

}  // namespace busbar::sandbox
