// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <busbar/driver.hpp>

namespace busbar {

// Calls a function once or again and again; ends with its object. A member of the driver.
class Timer {
 public:
  explicit Timer(Driver& driver) : driver_(driver), token_(driver.nextToken()) {
    driver_.timers_[token_] = this;
  }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;
  ~Timer() {
    cancel();
    driver_.timers_.erase(token_);
  }

  // Replaces what was set before. Throws Failure when the module has 1,024 timers.
  void once(std::chrono::milliseconds delay, std::function<void()> task) {
    set(delay, std::chrono::milliseconds(0), std::move(task));
  }
  // First after one period; at least 1 ms.
  void every(std::chrono::milliseconds period, std::function<void()> task) {
    set(period, period, std::move(task));
  }
  void cancel() {
    if (task_) {
      (void)driver_.host().cancel(driver_.instance(), token_);
      task_ = nullptr;
    }
  }
  bool isSet() const { return static_cast<bool>(task_); }

 private:
  friend class Driver;
  void set(std::chrono::milliseconds first, std::chrono::milliseconds period,
           std::function<void()> task) {
    busbar_timer timer{};
    timer.struct_size = sizeof(timer);
    timer.token = token_;
    timer.first_ns = std::chrono::nanoseconds(first).count();
    timer.period_ns = std::chrono::nanoseconds(period).count();
    const busbar_status status = driver_.host().timer(driver_.instance(), &timer);
    if (status < 0) {
      throw Failure(status, "set a timer: refused");
    }
    task_ = std::move(task);
    repeats_ = period.count() > 0;
  }
  void fire() {
    // A copy: the task may set or cancel this timer.
    const std::function<void()> task = task_;
    if (!repeats_) {
      task_ = nullptr;
    }
    if (task) {
      task();
    }
  }

  Driver& driver_;
  const busbar_id token_;
  std::function<void()> task_;
  bool repeats_ = false;
};

}  // namespace busbar
