// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/store_thread.h"

#include <pthread.h>

namespace busbar {

StoreThread::StoreThread(EventLoop& loop, std::string name, size_t maxJobs)
    : loop_(loop), maxJobs_(maxJobs) {
  thread_ = std::thread([this, name = std::move(name)] {
    pthread_setname_np(pthread_self(), name.c_str());
    run();
  });
}

StoreThread::~StoreThread() {
  *alive_ = false;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

bool StoreThread::isFull() {
  const MutexLock lock(mutex_);
  return jobs_.size() >= maxJobs_;
}

void StoreThread::push(Callback<void()> work) {
  {
    const MutexLock lock(mutex_);
    jobs_.push_back(std::move(work));
  }
  wake_.notify_one();
}

void StoreThread::postToLoop(EventLoop::Task task) {
  loop_.post([alive = alive_, task = std::move(task)]() mutable {
    if (*alive) {
      task();
    }
  });
}

void StoreThread::run() {
  MutexLock lock(mutex_);
  while (true) {
    while (!stopping_ && jobs_.empty()) {
      lock.wait(wake_);
    }
    if (stopping_) {
      return;
    }
    {
      Callback<void()> job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
    }
    lock.lock();
  }
}

}  // namespace busbar
