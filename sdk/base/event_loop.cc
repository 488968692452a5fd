// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/event_loop.h"

#include <sched.h>
#include <sys/eventfd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace busbar {
namespace {

// How many short waits in a row it takes to spin, and how many more after it was in vain.
constexpr int kShortWaitsToSpin = 4;
constexpr int kShortWaitsAfterMiss = 16;

}  // namespace

struct FdWatch::Slot {
  int fd;
  uint32_t events;
  EventLoop::FdHandler handler;
  bool ended = false;
};

FdWatch& FdWatch::operator=(FdWatch&& other) noexcept {
  if (this != &other) {
    end();
    loop_ = std::exchange(other.loop_, nullptr);
    slot_ = std::exchange(other.slot_, nullptr);
  }
  return *this;
}

void FdWatch::setEvents(uint32_t events) {
  if (slot_ == nullptr || slot_->events == events) {
    return;
  }
  epoll_event event{};
  event.events = events;
  event.data.ptr = slot_;
  BUSBAR_CHECK(epoll_ctl(loop_->epoll_.get(), EPOLL_CTL_MOD, slot_->fd, &event) == 0);
  slot_->events = events;
}

void FdWatch::end() {
  if (slot_ != nullptr) {
    loop_->remove(std::exchange(slot_, nullptr));
    loop_ = nullptr;
  }
}

Result<std::unique_ptr<EventLoop>> EventLoop::create(const Clock& clock) {
  std::unique_ptr<EventLoop> loop(new EventLoop(clock));
  loop->epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  if (!loop->epoll_) {
    return Error::fromErrno(errno, "create an epoll set");
  }
  loop->wake_.reset(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!loop->wake_) {
    return Error::fromErrno(errno, "create an eventfd");
  }
  epoll_event event{};
  event.events = EPOLLIN;
  event.data.ptr = nullptr;
  if (epoll_ctl(loop->epoll_.get(), EPOLL_CTL_ADD, loop->wake_.get(), &event) != 0) {
    return Error::fromErrno(errno, "watch the eventfd");
  }
  loop->now_ = clock.now();
  return loop;
}

EventLoop::EventLoop(const Clock& clock) : clock_(clock) {}

EventLoop::~EventLoop() = default;

void EventLoop::run() {
  thread_ = std::this_thread::get_id();
  while (!stopping_.load(std::memory_order_acquire)) {
    runOnce(Milliseconds(-1));
  }
  stopping_ = false;
}

void EventLoop::stop() {
  stopping_.store(true, std::memory_order_release);
  post([] {});
}

void EventLoop::post(Task task) {
  {
    const MutexLock lock(postMutex_);
    posted_.push_back(std::move(task));
  }
  if (!wakePending_.exchange(true)) {
    const uint64_t one = 1;
    [[maybe_unused]] const ssize_t n = ::write(wake_.get(), &one, sizeof one);
  }
}

Result<FdWatch> EventLoop::watch(int fd, uint32_t events, FdHandler handler) {
  auto slot = std::make_unique<FdWatch::Slot>();
  slot->fd = fd;
  slot->events = events;
  slot->handler = std::move(handler);
  epoll_event event{};
  event.events = events;
  event.data.ptr = slot.get();
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &event) != 0) {
    return Error::fromErrno(errno, "watch fd " + std::to_string(fd));
  }
  ++liveSlots_;
  return FdWatch(this, slot.release());
}

void EventLoop::remove(FdWatch::Slot* slot) {
  slot->ended = true;
  epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, slot->fd,
            nullptr);  // fails only if the owner closed it first
  --liveSlots_;
  graveyard_.emplace_back(slot);  // events of this turn may still point at it
}

TimerId EventLoop::runAt(Instant when, Task task) {
  const TimerId id = nextTimer_++;
  timers_.emplace(std::pair(when, id), std::move(task));
  timerTimes_.emplace(id, when);
  return id;
}

void EventLoop::cancel(TimerId id) {
  if (const auto it = timerTimes_.find(id); it != timerTimes_.end()) {
    timers_.erase({it->second, id});
    timerTimes_.erase(it);
  }
}

void EventLoop::defer(Task task) {
  deferred_.push_back(std::move(task));
}

Instant EventLoop::refreshNow() {
  return now_ = clock_.now();
}

int EventLoop::waitLimitMs(Milliseconds limit) const {
  if (!deferred_.empty()) {
    return 0;
  }
  if (timers_.empty() || timers_.begin()->first.first == Instant::max()) {
    return static_cast<int>(limit.count());
  }
  const auto due = timers_.begin()->first.first - clock_.now();
  const auto ms = std::clamp<int64_t>((due.count() + 999'999) / 1'000'000, 0, 3'600'000);
  return static_cast<int>(limit.count() < 0 ? ms : std::min<int64_t>(ms, limit.count()));
}

int EventLoop::wait(Events& events, Milliseconds limit) {
  const int limitMs = waitLimitMs(limit);
  const auto most = static_cast<int>(events.size());
  if (spinLimit_ == Nanoseconds(0) || limitMs == 0) {
    const int count = epoll_wait(epoll_.get(), events.data(), most, limitMs);
    refreshNow();
    return count;
  }
  const Instant begin = clock_.now();
  if (shortWaits_ >= kShortWaitsToSpin) {
    if (const int count = spin(events, begin); count > 0) {
      refreshNow();
      return count;
    }
    shortWaits_ = -kShortWaitsAfterMiss;
  }
  const int count = epoll_wait(epoll_.get(), events.data(), most, limitMs);
  const bool isShort = refreshNow() - begin < spinLimit_;
  shortWaits_ = isShort ? shortWaits_ + 1 : std::min(shortWaits_, 0);
  return count;
}

int EventLoop::spin(Events& events, Instant begin) {
  int count = 0;
  do {
    count = epoll_wait(epoll_.get(), events.data(), static_cast<int>(events.size()), 0);
    if (count == 0) {
      sched_yield();  // whoever is to bring the event may wait for this very processor
    }
  } while (count == 0 && refreshNow() - begin < spinLimit_);
  return count;
}

void EventLoop::runOnce(Milliseconds limit) {
  thread_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  Events events;
  const int count = wait(events, limit);
  for (int i = 0; i < count; ++i) {
    auto* slot = static_cast<FdWatch::Slot*>(events[static_cast<size_t>(i)].data.ptr);
    if (slot == nullptr) {
      uint64_t ignored = 0;
      [[maybe_unused]] const ssize_t n = ::read(wake_.get(), &ignored, sizeof ignored);
    } else if (!slot->ended) {
      slot->handler(events[static_cast<size_t>(i)].events);
    }
  }
  runTimers();
  runPosted();
  runDeferred();
  graveyard_.clear();
}

void EventLoop::runTimers() {
  while (!timers_.empty() && timers_.begin()->first.first <= now_) {
    auto node = timers_.extract(timers_.begin());
    timerTimes_.erase(node.key().second);
    node.mapped()();
  }
}

void EventLoop::runPosted() {
  wakePending_ = false;
  {
    const MutexLock lock(postMutex_);
    running_.swap(posted_);
  }
  for (Task& task : running_) {
    task();
  }
  running_.clear();
}

void EventLoop::runDeferred() {
  // A deferred task may defer again; that runs in this turn too, but a bounded number of times so
  // that two tasks that defer each other cannot starve the fds.
  for (int round = 0; round < 8 && !deferred_.empty(); ++round) {
    std::vector<Task> batch;
    batch.swap(deferred_);
    for (Task& task : batch) {
      task();
    }
  }
}

}  // namespace busbar
