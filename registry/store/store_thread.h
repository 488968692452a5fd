// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/mutex.h"
#include "sdk/base/result.h"

namespace busbar {

// One thread that runs blocking work in order, for one loop. Completions are posted to the loop;
// the first of result and deadline wins. Work whose deadline passed before its turn is not run.
// Destroying it waits for the work at hand, drops the rest, and calls no completion any more.
// Loop-only.
class StoreThread {
 public:
  template <class T>
  using Done = Callback<void(Result<T>)>;

  // `name` shows in ps, at most 15 bytes. At most `maxJobs` wait; further ones fail with
  // ResourceExhausted, reason queue_full.
  StoreThread(EventLoop& loop, std::string name, size_t maxJobs);
  StoreThread(const StoreThread&) = delete;
  StoreThread& operator=(const StoreThread&) = delete;
  ~StoreThread();

  template <class T>
  void call(Instant deadline, Callback<Result<T>()> work, Done<T> done) {
    auto pending = std::make_shared<Pending<T>>(Pending<T>{std::move(done), 0});
    if (isFull()) {
      postToLoop([this, pending] {
        settle<T>(*pending, Error::because(ErrorCode::ResourceExhausted, "queue_full",
                                           "the store is busy: too many writes wait"));
      });
      return;
    }
    if (deadline != Instant::max()) {
      pending->timer = loop_.runAt(deadline, [this, alive = alive_, pending] {
        if (*alive) {
          settle<T>(*pending, tooLate());
        }
      });
    }
    push([this, deadline, pending, work = std::move(work)]() mutable {
      auto result = std::make_shared<std::optional<Result<T>>>();
      if (loop_.clock().now() < deadline) {
        result->emplace(work());
      } else {
        result->emplace(tooLate());
      }
      postToLoop([this, pending, result] { settle<T>(*pending, std::move(**result)); });
    });
  }

  // Runs `work` in turn, not bounded and without a completion: for the rare job that must happen.
  void push(Callback<void()> work);
  // Whether the next call() would fail with queue_full.
  bool isFull();
  // Any thread: runs `task` on the loop unless this object is gone by then.
  void postToLoop(EventLoop::Task task);

 private:
  // Shared by the queued work, the timer and the posted result: whichever comes last frees it.
  // Touched on the loop only.
  template <class T>
  struct Pending {
    Done<T> done;
    TimerId timer;
  };

  template <class T>
  void settle(Pending<T>& pending, Result<T> result) {
    if (pending.done) {
      loop_.cancel(pending.timer);
      auto done = std::move(pending.done);
      done(std::move(result));
    }
  }

  static Error tooLate() {
    return Error::of(ErrorCode::DeadlineExceeded, "the store did not answer in time");
  }
  void run();

  EventLoop& loop_;
  const size_t maxJobs_;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // shared with posted tasks; loop only
  Mutex mutex_;
  std::condition_variable wake_;
  std::deque<Callback<void()>> jobs_ BUSBAR_GUARDED_BY(mutex_);
  bool stopping_ BUSBAR_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace busbar
