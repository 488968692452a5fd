// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <cstddef>
#include <deque>
#include <thread>
#include <vector>

#include "sdk/base/callback.h"
#include "sdk/base/mutex.h"
#include "sdk/base/result.h"

namespace busbar {

// A few threads for what may block (files, DNS); never for what a loop could do. Thread-safe. The
// destructor finishes the task that each thread runs and drops the rest.
class WorkerPool {
 public:
  using Task = Callback<void()>;

  WorkerPool(size_t threads, size_t maxQueued);
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;
  ~WorkerPool();

  // ResourceExhausted when `maxQueued` tasks wait.
  Status run(Task task);

 private:
  void work();

  const size_t maxQueued_;
  Mutex mutex_;
  std::condition_variable wake_;
  std::deque<Task> queue_ BUSBAR_GUARDED_BY(mutex_);
  bool stopping_ BUSBAR_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace busbar
