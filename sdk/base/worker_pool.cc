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
    const std::lock_guard lock(mutex_);
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
    const std::lock_guard lock(mutex_);
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
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [this] { return stopping_ || !queue_.empty(); });
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
