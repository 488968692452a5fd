// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/spawner_core.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>

#include "host/sandbox/enter.h"
#include "host/sandbox/libraries.h"
#include "host/sandbox/probe.h"

namespace busbar::sandbox {
namespace {

constexpr int kRetryMs = 5;
constexpr Milliseconds kShutdownLimit{2000};

bool reap(int pidfd, bool block) {
  siginfo_t info{};
  const int flags = WEXITED | (block ? 0 : WNOHANG);
  for (;;) {
    if (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd), &info, flags) == 0) {
      return info.si_pid != 0;
    }
    if (errno != EINTR) {
      return true;  // not ours any more
    }
  }
}

}  // namespace

Result<std::shared_ptr<SpawnerCore>> SpawnerCore::create(EventLoop& loop, SpawnerOptions options) {
  std::shared_ptr<SpawnerCore> core(new SpawnerCore(loop, std::move(options)));
  BUSBAR_TRY(core->prepare());
  core->thread_ = std::thread([raw = core.get()] { raw->run(); });
  return core;
}

Status SpawnerCore::prepare() {
  runner_ = UniqueFd(::open(options_.runnerPath.c_str(), O_PATH | O_CLOEXEC));
  if (!runner_) {
    return Error::fromErrno(errno, "open the runner " + options_.runnerPath);
  }
  auto libraries = neededFiles(options_.runnerPath, "", {"libgcc_s.so.1"});
  if (!libraries) {
    return std::move(libraries).error();
  }
  runnerLibraries_ = std::move(*libraries);
  nullDevice_ = UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  wakeup_ = UniqueFd(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!nullDevice_ || !wakeup_) {
    return Error::fromErrno(errno, "prepare the spawner: open /dev/null, eventfd");
  }
  auto launcher = Launcher::create();
  if (!launcher) {
    return std::move(launcher).error();
  }
  launcher_ = std::make_unique<Launcher>(std::move(*launcher));
  std::string whyNoCgroups;
  cgroups_ = Cgroups::find(whyNoCgroups);
  const UidRange range = usableUids({options_.firstUid, options_.uidCount});
  {
    const MutexLock lock(mutex_);  // nobody else is there yet
    uids_ = UidPool(range);
  }
  auto facts = probeSandbox(*launcher_, *cgroups_, whyNoCgroups, range);
  if (!facts) {
    return std::move(facts).error();
  }
  facts_ = std::move(*facts);
  BUSBAR_TRY(requireTier(facts_, options_.require));
  auto filters = makeFilterFiles({facts_.layers.has(Layer::PidNs)});
  if (!filters) {
    return std::move(filters).error();
  }
  filters_ = std::move(*filters);
  return {};
}

SpawnerCore::~SpawnerCore() {
  shutdown();
}

void SpawnerCore::submit(RunnerSpec spec, Spawner::Done done) {
  {
    const MutexLock lock(mutex_);
    jobs_.push_back({std::move(spec), std::move(done)});
  }
  wake();
}

void SpawnerCore::bury(Grave grave) {
  if (grave.pidfd) {
    ::syscall(SYS_pidfd_send_signal, grave.pidfd.get(), SIGKILL, nullptr, 0);
  }
  MutexLock lock(mutex_);
  if (!ended_) {
    burials_.push_back(std::move(grave));
    lock.unlock();
    wake();
    return;
  }
  lock.unlock();
  if (grave.pidfd) {
    pollfd end{grave.pidfd.get(), POLLIN, 0};
    ::poll(&end, 1, static_cast<int>(kShutdownLimit.count()));
    reap(grave.pidfd.get(), false);
  }
  cgroups_->remove(grave.cgroup);
}

void SpawnerCore::leaveOut(LayerSet layers) {
  const MutexLock lock(mutex_);
  leftOut_ = layers;
}

void SpawnerCore::shutdown() {
  *reports_ = false;
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
  }
  wake();
  if (thread_.joinable()) {
    thread_.join();
  }
}

void SpawnerCore::wake() const {
  const uint64_t one = 1;
  if (wakeup_ && ::write(wakeup_.get(), &one, sizeof(one)) < 0) {
    return;  // it is full, thus readable already
  }
}

void SpawnerCore::waitForWork(bool hurry) {
  pollfd work{wakeup_.get(), POLLIN, 0};
  ::poll(&work, 1, hurry ? kRetryMs : -1);
  uint64_t count = 0;
  if (::read(wakeup_.get(), &count, sizeof(count)) < 0) {
    return;  // nothing new: a retry is due
  }
}

void SpawnerCore::run() {
  std::vector<Grave> graves;
  Instant stopBy = Instant::max();
  for (;;) {
    waitForWork(!graves.empty());
    std::deque<Job> jobs;
    bool stopping = false;
    {
      const MutexLock lock(mutex_);
      stopping = stopping_;
      jobs.swap(jobs_);
      std::move(burials_.begin(), burials_.end(), std::back_inserter(graves));
      burials_.clear();
    }
    for (Job& job : jobs) {
      sweep(graves);
      if (!stopping) {
        report(std::move(job.done), start(job.spec));
      }
    }
    const bool done = sweep(graves);
    if (!stopping) {
      continue;
    }
    if (stopBy == Instant::max()) {
      stopBy = BootClock::now() + kShutdownLimit;
    }
    const MutexLock lock(mutex_);
    if ((done && burials_.empty()) || BootClock::now() >= stopBy) {
      ended_ = true;
      return;
    }
  }
}

bool SpawnerCore::sweep(std::vector<Grave>& graves) {
  graves.erase(std::remove_if(graves.begin(), graves.end(),
                              [this](Grave& grave) { return sweepOne(grave); }),
               graves.end());
  return graves.empty();
}

bool SpawnerCore::sweepOne(Grave& grave) {
  if (grave.pidfd) {
    if (!reap(grave.pidfd.get(), false)) {
      return false;
    }
    grave.pidfd.reset();
  }
  if (!grave.cgroup.empty() && !cgroups_->remove(grave.cgroup)) {
    return false;
  }
  if (grave.hasUid) {
    const MutexLock lock(mutex_);
    uids_.release(grave.uid);
  }
  return true;
}

void SpawnerCore::report(Spawner::Done done, Result<std::unique_ptr<RunnerProcess>> result) {
  loop_.post([alive = reports_, done = std::move(done), result = std::move(result)]() mutable {
    if (*alive) {
      done(std::move(result));
    }
  });
}

}  // namespace busbar::sandbox
