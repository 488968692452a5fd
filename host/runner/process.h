// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <vector>

#include <busbar/driver.h>

#include "host/runner/log_bucket.h"
#include "host/runner/outbox.h"
#include "host/runner/pages.h"
#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/mutex.h"
#include "sdk/wire/messages.h"

namespace busbar::runner {

class Instance;

// Names the mutex of the process for clang's analysis (sdk/base/mutex.h). One name serves all,
// since a process has one Process, which instances and links reach by references of their own.
class BUSBAR_THREAD_MARK(capability("process mutex")) ProcessGuard {};
inline constexpr ProcessGuard kProcess{};

// What the instances of this process share. What is guarded by kProcess is used under a
// ProcessLock, which is never held while driver code runs; the rest is set before the first
// instance exists. Functions are any-thread, except where noted.
class Process {
 public:
  Process(EventLoop& eventLoop, const Pages& sharedPages) : loop(eventLoop), pages(sharedPages) {}
  Process(const Process&) = delete;
  Process& operator=(const Process&) = delete;

  EventLoop& loop;
  Pages pages;
  busbar_driver driver{};
  const busbar_host* host = nullptr;
  uint32_t logBytesPerS = 1U << 20U;

  Outbox outbox BUSBAR_GUARDED_BY(kProcess);
  std::vector<wire::StatePoint> points BUSBAR_GUARDED_BY(kProcess);  // scratch of status_set

  // Makes sure that the end of this turn, or a new one, sends what waits in the outbox.
  void touch() BUSBAR_REQUIRES(kProcess);
  // Like touch(), and has the instance pumped before.
  void markDirty(Instance& instance) BUSBAR_REQUIRES(kProcess);
  // A line about the driver's conduct, under the process's own limit. level 6: the driver is wrong.
  void logCheck(uint8_t level, uint64_t instance, uint64_t call, std::string_view message)
      BUSBAR_REQUIRES(kProcess);
  // A line of the driver for the process as a whole.
  void logOfProcess(const wire::Log& line) BUSBAR_REQUIRES(kProcess) { logLine(lines_, 0, line); }
  // A line of the driver, under `bucket`.
  void logLine(LogBucket& bucket, uint64_t instance, const wire::Log& line)
      BUSBAR_REQUIRES(kProcess);

  // Loop-only, mutex not held: what the end of a turn does. Set once.
  void onEndTurn(Callback<void()> task) { endTurn_ = std::move(task); }
  // Loop-only, takes the mutex: the instances marked since the last call.
  void takeDirty(std::vector<Instance*>& out);
  void forget(Instance& instance) BUSBAR_REQUIRES(kProcess);
  // Loop-only: where links read to; made at the first use. Valid until the next read.
  std::span<char> readBuffer();

  // Loop-only: when the last call into the driver ended.
  int64_t lastCallEndNs = 0;

  int64_t nowNs() const { return loop.clock().now().time_since_epoch().count(); }

 private:
  friend class ProcessLock;
  std::mutex mutex_;
  Callback<void()> endTurn_;
  std::unique_ptr<char[]> readBuffer_;  // loop
  bool turnPending_ BUSBAR_GUARDED_BY(kProcess) = false;
  std::vector<Instance*> dirty_ BUSBAR_GUARDED_BY(kProcess);
  LogBucket checks_ BUSBAR_GUARDED_BY(kProcess){64U << 10U};
  LogBucket lines_ BUSBAR_GUARDED_BY(kProcess){1U << 20U};
};

// Holds the mutex of the process while it lives.
class BUSBAR_THREAD_MARK(scoped_lockable) ProcessLock {
 public:
  explicit ProcessLock(Process& process) BUSBAR_THREAD_MARK(acquire_capability(kProcess))
      : lock_(process.mutex_) {}
  ProcessLock(const ProcessLock&) = delete;
  ProcessLock& operator=(const ProcessLock&) = delete;
  ~ProcessLock() BUSBAR_THREAD_MARK(release_capability()) = default;

 private:
  const std::lock_guard<std::mutex> lock_;
};

inline constexpr uint8_t kLevelDriverBug = 6;

// Marks a call into the driver in the liveness page while it lives, and warns when it was slow. It
// counts from the end of the call before, in the same turn: the clock is read once a call.
// Loop-only; the mutex is not held.
class CallScope {
 public:
  static constexpr int64_t kSoftBudgetNs = 50'000'000;

  CallScope(Process& process, Entry entry, uint32_t instance, uint64_t call);
  CallScope(const CallScope&) = delete;
  CallScope& operator=(const CallScope&) = delete;
  ~CallScope();

 private:
  Process& process_;
  Entry entry_;
  uint32_t instance_;
  uint64_t call_;
  int64_t startNs_;
};

}  // namespace busbar::runner
