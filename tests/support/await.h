// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

#include <gtest/gtest.h>

#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// Turns the loop until `condition` holds; false after ten seconds.
template <class Condition>
bool runUntil(EventLoop& loop, Condition condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit) {
      return false;
    }
    loop.runOnce(Milliseconds(20));
  }
  return true;
}

// Starts an asynchronous call and turns the loop until its completion, which must come exactly
// once.
template <class T, class Start>
Result<T> await(EventLoop& loop, Start start) {
  auto answer =
      std::make_shared<std::optional<Result<T>>>();  // a late completion may outlive the call
  start(Callback<void(Result<T>)>([answer](Result<T> result) {
    EXPECT_FALSE(answer->has_value()) << "completed twice";
    answer->emplace(std::move(result));
  }));
  if (!runUntil(loop, [&answer] { return answer->has_value(); })) {
    return Error::of(ErrorCode::Internal, "test: no completion");
  }
  return std::move(**answer);
}

}  // namespace busbar
