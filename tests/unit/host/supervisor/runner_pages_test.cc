// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/supervisor/runner_pages.h"

#include <fcntl.h>
#include <sys/mman.h>

#include <gtest/gtest.h>

namespace busbar {
namespace {

TEST(RunnerPages, TheRunnerCannotWriteDeadlinesNorShrinkEitherPage) {
  auto pages = RunnerPages::create().value();
  const UniqueFd deadline = pages->takeDeadlineFd();
  const UniqueFd liveness = pages->takeLivenessFd();
  EXPECT_EQ(mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, deadline.get(), 0), MAP_FAILED);
  EXPECT_NE(ftruncate(deadline.get(), 0), 0);
  EXPECT_NE(ftruncate(liveness.get(), 0), 0);
  EXPECT_NE(write(deadline.get(), "x", 1), 1);

  pages->setDeadline(3, 77);
  void* view = mmap(nullptr, 4096, PROT_READ, MAP_SHARED, deadline.get(), 0);
  ASSERT_NE(view, MAP_FAILED);
  EXPECT_EQ(static_cast<const int64_t*>(view)[3], 77);
}

TEST(RunnerPages, ReadsWhatTheRunnerWrites) {
  auto pages = RunnerPages::create().value();
  const UniqueFd liveness = pages->takeLivenessFd();
  auto* words = static_cast<uint64_t*>(
      mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, liveness.get(), 0));
  ASSERT_NE(words, MAP_FAILED);
  words[0] = 9;
  words[1] = 1234;
  words[2] = 5 | (uint64_t{11} << 32U);
  words[3] = 42;
  const auto seen = pages->readLiveness();
  EXPECT_EQ(seen.turns, 9U);
  EXPECT_EQ(seen.callStartNs, 1234);
  EXPECT_EQ(seen.instance, 5U);
  EXPECT_STREQ(RunnerPages::callbackName(seen.callback), "execute");
  EXPECT_EQ(seen.callId, 42U);
  EXPECT_STREQ(RunnerPages::callbackName(4'000'000'000U), "an unknown callback");
}

}  // namespace
}  // namespace busbar
