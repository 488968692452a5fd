// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "host/sandbox/cgroups.h"
#include "host/sandbox/filters.h"
#include "host/sandbox/launcher.h"
#include "host/sandbox/spawner.h"
#include "host/sandbox/uid_range.h"

namespace busbar::sandbox {

// The spawning thread and what it needs; shared by the Spawner and its runners, since a runner that
// is destroyed late still has to be reaped. Public functions: any thread.
class SpawnerCore : public std::enable_shared_from_this<SpawnerCore> {
 public:
  static Result<std::shared_ptr<SpawnerCore>> create(EventLoop& loop, SpawnerOptions options);
  SpawnerCore(const SpawnerCore&) = delete;
  SpawnerCore& operator=(const SpawnerCore&) = delete;
  ~SpawnerCore();

  const SandboxFacts& facts() const { return facts_; }
  const Cgroups& cgroups() const { return *cgroups_; }
  void submit(RunnerSpec spec, Spawner::Done done);
  // Loop-only: no callback comes after it; ends the thread.
  void shutdown();

  // A runner that its owner gave up: killed if it lives, reaped, its cgroup and uid given back.
  struct Grave {
    UniqueFd pidfd;  // empty: reaped already
    std::string cgroup;
    uid_t uid = 0;
    bool hasUid = false;
  };
  void bury(Grave grave);

  // Tests only, before the first spawn: leaves out walls that the spawner builds.
  void leaveOut(LayerSet layers);

 private:
  struct Job {
    RunnerSpec spec;
    Spawner::Done done;
  };
  // Which libraries a driver file needs, as of its last change.
  struct CachedNeeds {
    std::string stamp;
    std::vector<std::string> files;
  };

  SpawnerCore(EventLoop& loop, SpawnerOptions options)
      : loop_(loop), options_(std::move(options)), uids_({}) {}
  Status prepare();
  void run();
  void wake() const;
  void waitForWork(bool hurry);
  bool sweep(std::vector<Grave>& graves);
  bool sweepOne(Grave& grave);
  void report(Spawner::Done done, Result<std::unique_ptr<RunnerProcess>> result);

  Result<std::unique_ptr<RunnerProcess>> start(RunnerSpec& spec);
  Status startProcess(RunnerSpec& spec, RunnerProcess& process);
  Result<std::vector<std::string>> librariesFor(const RunnerSpec& spec);
  std::vector<std::string> argvFor(const RunnerSpec& spec, LayerSet layers,
                                   const std::vector<std::string>& libraries) const;
  std::vector<RlimitEntry> rlimitsFor(const RunnerPolicy& policy) const;

  EventLoop& loop_;
  SpawnerOptions options_;
  SandboxFacts facts_;
  std::unique_ptr<Cgroups> cgroups_;
  std::unique_ptr<Launcher> launcher_;
  FilterFiles filters_;
  UniqueFd runner_;
  UniqueFd nullDevice_;
  UniqueFd wakeup_;  // eventfd
  std::vector<std::string> runnerLibraries_;
  std::map<std::string, CachedNeeds> needs_;                      // spawning thread only
  std::shared_ptr<bool> reports_ = std::make_shared<bool>(true);  // loop-only; false: no more
  uint64_t serial_ = 0;                                           // spawning thread only

  Mutex mutex_;
  std::deque<Job> jobs_ BUSBAR_GUARDED_BY(mutex_);
  std::vector<Grave> burials_ BUSBAR_GUARDED_BY(mutex_);
  UidPool uids_ BUSBAR_GUARDED_BY(mutex_);
  LayerSet leftOut_ BUSBAR_GUARDED_BY(mutex_);
  bool stopping_ BUSBAR_GUARDED_BY(mutex_) = false;
  bool ended_ BUSBAR_GUARDED_BY(mutex_) = false;  // the thread reaps nothing any more
  std::thread thread_;
};

// InvalidArgument naming the field of a spec that cannot be meant.
Status checkSpec(const RunnerSpec& spec);

}  // namespace busbar::sandbox
