// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/sandbox/policy.h"
#include "host/sandbox/tiers.h"
#include "host/sandbox/usage.h"
#include "sdk/base/callback.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar::sandbox {

// A file descriptor that the runner finds at a fixed number (see README.md, "What the runner
// finds").
struct PassedFd {
  int number = 0;  // 6 .. 31, each once
  UniqueFd fd;
};

// What to start. Owned by the spawner from the call on.
struct RunnerSpec {
  std::string name;  // 1 .. 64 of [a-z0-9_-]; for cgroups and messages; unique among live ones
  std::string
      driverFolder;        // absolute; mounted read-only at /driver; empty: none (--inspect by fd)
  std::string driverFile;  // plain file name in driverFolder, checked as ELF; empty: none
  std::vector<std::string>
      arguments;  // the runner's, after those of the sandbox. No secrets: ps shows them
  std::vector<PassedFd> fds;
  RunnerPolicy policy;
};

// How a runner ended.
struct ExitStatus {
  bool signaled = false;  // ended by signal `value`, else exit code `value`
  int value = 0;
  bool outOfMemory = false;       // its cgroup's limit killed it
  uint64_t memoryLimitBytes = 0;  // with outOfMemory
  // "exit code 3", "signal 11 (SIGSEGV)", "out of memory (limit 256 MiB)"
  std::string toString() const;
};

class SpawnerCore;

// One live, sandboxed process; pid 1 of its own pid namespace, so that killing it ends all in it.
// Destroying it kills it; the spawner's thread then reaps it and removes its cgroup: no zombies.
// Loop-only, but for usage() and verify(), which only read /proc and may run on a pool thread.
class RunnerProcess {
 public:
  RunnerProcess(const RunnerProcess&) = delete;
  RunnerProcess& operator=(const RunnerProcess&) = delete;
  ~RunnerProcess();

  pid_t pid() const { return pid_; }          // as the host sees it; valid until reaped
  uid_t uid() const { return uid_; }          // as the host sees it
  int pidfd() const { return pidfd_.get(); }  // readable (EPOLLIN) when the process has ended
  // The host's ends, non-blocking; each may be taken once. EOF on the channel also tells the end.
  UniqueFd takeChannel() { return std::move(channel_); }
  UniqueFd takeStdout() { return std::move(stdout_); }
  UniqueFd takeStderr() { return std::move(stderr_); }
  Tier tier() const { return tier_; }
  LayerSet layers() const { return layers_; }
  const std::string& name() const { return name_; }
  Instant startedAt() const { return startedAt_; }  // just before clone

  // SIGKILL to the whole runner; returns at once. Idempotent.
  void kill();
  // Any other signal to the runner's first process (its stack-dump signal).
  Status signal(int signalNumber);
  // The exit status once the process has ended, else nothing. Does not block. After the first
  // answer the zombie is gone and the answer is repeated.
  std::optional<ExitStatus> tryReap();
  // Reads the runner's figures; NotFound after its end.
  Result<RunnerUsage> usage() const;
  // Must be Ok before the first setting, secret or fd goes to the runner, and after it said that
  // the driver is loaded: see verify.h. Else kill it.
  Status verify() const;

 private:
  friend class SpawnerCore;
  RunnerProcess() = default;

  std::shared_ptr<SpawnerCore> core_;  // shared: reaps what outlives the Spawner's last runner
  std::string name_;
  std::string cgroup_;  // name below the spawner's cgroup; empty: none
  pid_t pid_ = -1;
  uid_t uid_ = 0;
  bool ownsUid_ = false;
  UniqueFd pidfd_;
  UniqueFd channel_;
  UniqueFd stdout_;
  UniqueFd stderr_;
  Tier tier_ = Tier::SeccompOnly;
  LayerSet layers_;
  Instant startedAt_{};
  uint64_t memoryLimitBytes_ = 0;
  std::optional<ExitStatus> exit_;
};

struct SpawnerOptions {
  std::string runnerPath;     // busbar-runner; opened once, exec'ed through its fd
  Tier require = Tier::Full;  // sandbox.require: create() fails below it
  uint32_t firstUid =
      2'000'000'000;  // as root: runners get uid = gid = firstUid .. firstUid+uidCount-1
  uint32_t uidCount = 10'000;
};

// Starts runners inside the sandbox, on one thread that lives as long as this object (PDEATHSIG
// fires when the *thread* that cloned ends). Loop-only.
//
// Does NOT protect against: bugs in the kernel's allowed calls, Spectre-like reading between
// processes on one core, a driver that wastes its own limits, files and devices that the admin puts
// into the driver's folder, and (started as an ordinary user) another process of the same user that
// attacks busbard from outside of any sandbox.
class Spawner {
 public:
  using Done = Callback<void(Result<std::unique_ptr<RunnerProcess>>)>;

  // Probes the machine, builds the filters and starts the thread. Blocks for some milliseconds.
  // FailedPrecondition "sandbox_too_weak" below options.require; NotFound without a runner binary.
  static Result<std::unique_ptr<Spawner>> create(EventLoop& loop, SpawnerOptions options);
  Spawner(const Spawner&) = delete;
  Spawner& operator=(const Spawner&) = delete;
  // Drops callbacks that are not yet called, kills all that is left and waits (2 s at most) until
  // it is reaped.
  ~Spawner();

  // Starts a runner; `done` is called once, on the loop, later: with the process after its exec
  // succeeded, or InvalidArgument (spec), NotFound (file, library), FailedPrecondition
  // ("sandbox_too_weak"), ResourceExhausted (uids, pids), Unavailable (a step failed; names it).
  void spawn(RunnerSpec spec, Done done);

  const SandboxFacts& facts() const;

 private:
  friend struct SandboxTestAccess;  // tests/support: the only way to leave layers out
  explicit Spawner(std::shared_ptr<SpawnerCore> core) : core_(std::move(core)) {}
  std::shared_ptr<SpawnerCore> core_;  // shared with live RunnerProcesses
};

}  // namespace busbar::sandbox
