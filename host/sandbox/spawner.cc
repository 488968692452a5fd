// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/spawner.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <utility>

#include "host/sandbox/spawner_core.h"
#include "host/sandbox/verify.h"

namespace busbar::sandbox {

std::string ExitStatus::toString() const {
  if (outOfMemory) {
    return "out of memory (limit " + std::to_string(memoryLimitBytes >> 20) + " MiB)";
  }
  if (!signaled) {
    return "exit code " + std::to_string(value);
  }
  const char* name = ::sigabbrev_np(value);
  return "signal " + std::to_string(value) +
         (name == nullptr ? "" : " (SIG" + std::string(name) + ")");
}

RunnerProcess::~RunnerProcess() {
  SpawnerCore::Grave grave;
  grave.cgroup = std::move(cgroup_);
  grave.uid = uid_;
  grave.hasUid = ownsUid_;
  if (!exit_) {
    grave.pidfd = std::move(pidfd_);
  }
  core_->bury(std::move(grave));
}

void RunnerProcess::kill() {
  if (!exit_) {
    ::syscall(SYS_pidfd_send_signal, pidfd_.get(), SIGKILL, nullptr, 0);
  }
}

Status RunnerProcess::signal(int signalNumber) {
  if (exit_ || ::syscall(SYS_pidfd_send_signal, pidfd_.get(), signalNumber, nullptr, 0) != 0) {
    return Error::of(ErrorCode::NotFound, "signal runner " + name_ + ": it has ended");
  }
  return {};
}

std::optional<ExitStatus> RunnerProcess::tryReap() {
  if (exit_) {
    return exit_;
  }
  // Read before reaping: the count must be that of the runner's own end.
  const auto oomKills = core_->cgroups().oomKills(cgroup_);
  siginfo_t info{};
  if (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(pidfd_.get()), &info,
               WEXITED | WNOHANG) != 0 ||
      info.si_pid == 0) {
    return std::nullopt;
  }
  ExitStatus status;
  status.signaled = info.si_code != CLD_EXITED;
  status.value = info.si_status;
  status.outOfMemory = status.signaled && status.value == SIGKILL && oomKills.value_or(0) > 0;
  status.memoryLimitBytes = status.outOfMemory ? memoryLimitBytes_ : 0;
  exit_ = status;
  return exit_;
}

Result<RunnerUsage> RunnerProcess::usage() const {
  if (exit_) {
    return Error::of(ErrorCode::NotFound, "read figures of runner " + name_ + ": it has ended");
  }
  auto usage = readProcessUsage(pid_);
  if (usage && !cgroup_.empty()) {
    if (const auto seconds = core_->cgroups().cpuSeconds(cgroup_)) {
      usage->cpuSeconds = seconds;
    }
    usage->oomKills = core_->cgroups().oomKills(cgroup_);
  }
  return usage;
}

Status RunnerProcess::verify() const {
  if (exit_) {
    return Error::of(ErrorCode::NotFound, "verify runner " + name_ + ": it has ended");
  }
  return verifyFilters(pid_);
}

Result<std::unique_ptr<Spawner>> Spawner::create(EventLoop& loop, SpawnerOptions options) {
  auto core = SpawnerCore::create(loop, std::move(options));
  if (!core) {
    return std::move(core).error();
  }
  return std::unique_ptr<Spawner>(new Spawner(std::move(*core)));
}

Spawner::~Spawner() {
  core_->shutdown();
}

void Spawner::spawn(RunnerSpec spec, Done done) {
  core_->submit(std::move(spec), std::move(done));
}

const SandboxFacts& Spawner::facts() const {
  return core_->facts();
}

}  // namespace busbar::sandbox
