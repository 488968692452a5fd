// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/worker_pool.h"

#include <utility>

namespace busbar {

WorkerPool::WorkerPool(size_t threads, size_t maxQueued) : maxQueued_(maxQueued) {
  threads_.reserve(threads);
  for (size_t i = 0; i < threads; ++i) {
    threads_.emplace_back([this] { work(); });
  }
}

WorkerPool::~WorkerPool() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    queue_.clear();
  }
  wake_.notify_all();
  for (std::thread& thread : threads_) {
    thread.join();
  }
}

Status WorkerPool::run(Task task) {
  {
    const MutexLock lock(mutex_);
    if (queue_.size() >= maxQueued_) {
      return Error::of(ErrorCode::ResourceExhausted,
                       std::to_string(queue_.size()) + " tasks wait for the worker threads");
    }
    queue_.push_back(std::move(task));
  }
  wake_.notify_one();
  return {};
}

void WorkerPool::work() {
  while (true) {
    Task task;
    {
      MutexLock lock(mutex_);
      while (!stopping_ && queue_.empty()) {
        lock.wait(wake_);
      }
      if (stopping_) {
        return;
      }
      task = std::move(queue_.front());
      queue_.pop_front();
    }
    task();
  }
}

}  // namespace busbar
