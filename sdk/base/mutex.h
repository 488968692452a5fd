// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <condition_variable>
#include <mutex>

// A mutex that clang's thread-safety analysis knows (preset `clang`, -Wthread-safety -Werror;
// clang.llvm.org/docs/ThreadSafetyAnalysis.html): a member that is BUSBAR_GUARDED_BY(mutex_) and
// touched without it does not compile there. That of libstdc++ has no such marks.
#ifdef __clang__
#define BUSBAR_THREAD_MARK(x) __attribute__((x))
#else
#define BUSBAR_THREAD_MARK(x)
#endif
#define BUSBAR_GUARDED_BY(mutex) BUSBAR_THREAD_MARK(guarded_by(mutex))
// The caller holds it.
#define BUSBAR_REQUIRES(mutex) BUSBAR_THREAD_MARK(requires_capability(mutex))

namespace busbar {

class BUSBAR_THREAD_MARK(capability("mutex")) Mutex {
 public:
  Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() BUSBAR_THREAD_MARK(acquire_capability()) { mutex_.lock(); }
  void unlock() BUSBAR_THREAD_MARK(release_capability()) { mutex_.unlock(); }

 private:
  friend class MutexLock;
  std::mutex mutex_;
};

// Holds a mutex while it lives.
class BUSBAR_THREAD_MARK(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) BUSBAR_THREAD_MARK(acquire_capability(mutex))
      : lock_(mutex.mutex_) {}
  ~MutexLock() BUSBAR_THREAD_MARK(release_capability()) = default;
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;

  // Gives it up for a while.
  void unlock() BUSBAR_THREAD_MARK(release_capability()) { lock_.unlock(); }
  void lock() BUSBAR_THREAD_MARK(acquire_capability()) { lock_.lock(); }
  // One wait; what was waited for is asked again in a loop, where the analysis can see it.
  void wait(std::condition_variable& wake) { wake.wait(lock_); }

 private:
  std::unique_lock<std::mutex> lock_;
};

}  // namespace busbar
