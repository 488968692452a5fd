// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/epoll.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/mutex.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

class EventLoop;

// A registered fd. Ending the watch (destructor) guarantees that the handler is not called again,
// also when that happens inside a handler of the same turn. Loop-only.
class FdWatch {
 public:
  FdWatch() = default;
  FdWatch(FdWatch&& other) noexcept
      : loop_(std::exchange(other.loop_, nullptr)), slot_(std::exchange(other.slot_, nullptr)) {}
  FdWatch& operator=(FdWatch&& other) noexcept;
  FdWatch(const FdWatch&) = delete;
  FdWatch& operator=(const FdWatch&) = delete;
  ~FdWatch() { end(); }

  void setEvents(uint32_t events);  // EPOLLIN | EPOLLOUT | …; a repeat of the present mask is free
  void end();
  bool active() const { return slot_ != nullptr; }

 private:
  friend class EventLoop;
  struct Slot;
  FdWatch(EventLoop* loop, Slot* slot) : loop_(loop), slot_(slot) {}
  EventLoop* loop_ = nullptr;
  Slot* slot_ = nullptr;
};

// Identifies a timer; 0 is none. Never used twice.
using TimerId = uint64_t;

// One epoll loop. Everything is loop-only except post(), stop() and isLoopThread(). Each turn:
// fd events, then due timers, then posted tasks, then deferred tasks (write coalescing).
// Callbacks must not throw.
class EventLoop {
 public:
  using Task = Callback<void()>;
  using FdHandler = Callback<void(uint32_t events)>;

  static Result<std::unique_ptr<EventLoop>> create(const Clock& clock);
  EventLoop(const EventLoop&) = delete;
  EventLoop& operator=(const EventLoop&) = delete;
  ~EventLoop();

  // Runs turns until stop(). The calling thread becomes the loop thread.
  void run();
  // Runs one turn, waiting at most `limit`. For tests and for draining.
  void runOnce(Milliseconds limit);
  // Any thread: makes run() return after the present turn.
  void stop();
  // Any thread: runs `task` on the loop, in order of posting.
  void post(Task task);
  bool isLoopThread() const { return thread_.load() == std::this_thread::get_id(); }

  // Level-triggered. The fd stays the caller's and must outlive the watch.
  Result<FdWatch> watch(int fd, uint32_t events, FdHandler handler);

  TimerId runAt(Instant when, Task task);
  TimerId runAfter(Nanoseconds delay, Task task) { return runAt(now() + delay, std::move(task)); }
  void cancel(TimerId id);  // unknown and 0 are fine

  // Runs `task` at the end of the present turn, or of the next one when called outside of a turn.
  void defer(Task task);

  // From now on a turn looks for events for up to `limit` before the thread sleeps, as long as the
  // waits of late were shorter than that: to be woken takes longer than to look. 0: never.
  void setSpin(Nanoseconds limit) { spinLimit_ = limit; }

  // The time at which this turn began; cheap.
  Instant now() const { return now_; }
  // Reads the clock again, for code that runs long within one turn.
  Instant refreshNow();
  const Clock& clock() const { return clock_; }

 private:
  friend class FdWatch;
  explicit EventLoop(const Clock& clock);
  using Events = std::array<epoll_event, 256>;
  int waitLimitMs(Milliseconds limit) const;
  int wait(Events& events, Milliseconds limit);
  int spin(Events& events, Instant begin);
  void runTimers();
  void runPosted();
  void runDeferred();
  void remove(FdWatch::Slot* slot);

  const Clock& clock_;
  UniqueFd epoll_;
  UniqueFd wake_;
  std::atomic<std::thread::id> thread_{};
  std::atomic<bool> stopping_{false};
  std::atomic<bool> wakePending_{false};
  Instant now_{};
  Nanoseconds spinLimit_{0};
  int shortWaits_ = 0;  // in a row; below zero: how many it takes until the next one counts
  Mutex postMutex_;
  std::vector<Task> posted_ BUSBAR_GUARDED_BY(postMutex_);
  std::vector<Task> running_;
  std::vector<Task> deferred_;
  std::map<std::pair<Instant, TimerId>, Task> timers_;
  std::map<TimerId, Instant> timerTimes_;
  TimerId nextTimer_ = 1;
  std::vector<std::unique_ptr<FdWatch::Slot>> graveyard_;  // ended in this turn
  size_t liveSlots_ = 0;
};

}  // namespace busbar
