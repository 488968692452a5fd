// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <memory>

#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar::daemon {

// Signals as events on the loop (signalfd(2)). Loop-only.
class Signals {
 public:
  // Blocks the signals in the calling thread. Call before any thread is started, so that all
  // inherit the mask and none is interrupted.
  static void block(std::initializer_list<int> signals);

  // Calls `handler` with each signal's number on the loop.
  static Result<std::unique_ptr<Signals>> create(EventLoop& loop,
                                                 std::initializer_list<int> signals,
                                                 Callback<void(int)> handler);
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  Signals() = default;
  void drain();
  UniqueFd fd_;
  Callback<void(int)> handler_;
  FdWatch watch_;  // after fd_: ends first
};

}  // namespace busbar::daemon
