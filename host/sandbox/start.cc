// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <string_view>

#include "host/sandbox/enter.h"
#include "host/sandbox/libraries.h"
#include "host/sandbox/small_file.h"
#include "host/sandbox/spawner_core.h"

// The part of SpawnerCore that turns a RunnerSpec into a process.
namespace busbar::sandbox {
namespace {

constexpr uint64_t kThreadStackBytes = 2ULL << 20;

Error invalid(const char* field, std::string what) {
  return Error::at(ErrorCode::InvalidArgument, field, "runner spec: " + std::move(what));
}

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> makeOutputPipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return Error::fromErrno(errno, "make a runner's output pipe");
  }
  ::fcntl(fds[0], F_SETFL, O_NONBLOCK);  // our end only: each has its own file description
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

bool isPlainName(std::string_view name) {
  return !name.empty() && name.size() <= 255 && name != "." && name != ".." &&
         name.find('/') == std::string_view::npos && name.find('\0') == std::string_view::npos;
}

std::string driverPathInside(const RunnerSpec& spec, LayerSet layers) {
  return (layers.has(Layer::MountNs) ? std::string("/driver") : spec.driverFolder) + "/" +
         spec.driverFile;
}

}  // namespace

Status checkSpec(const RunnerSpec& spec) {
  const auto isNameCharacter = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (spec.name.empty() || spec.name.size() > 64 ||
      !std::all_of(spec.name.begin(), spec.name.end(), isNameCharacter)) {
    return invalid("name", "the name must be 1 to 64 of a-z, 0-9, _ and -");
  }
  if (!spec.driverFolder.empty() && spec.driverFolder.front() != '/') {
    return invalid("driverFolder", "the driver's folder must be an absolute path");
  }
  if (!spec.driverFile.empty() && (spec.driverFolder.empty() || !isPlainName(spec.driverFile))) {
    return invalid("driverFile", "the driver's file must be a plain name in its folder");
  }
  uint32_t used = 0;
  for (const PassedFd& passed : spec.fds) {
    if (passed.number < kDeadlinePageFd || passed.number >= kFirstInnerFd || !passed.fd ||
        (used & (1U << passed.number)) != 0) {
      return invalid("fds", "numbers must be 6 to 31, each once, with an open descriptor");
    }
    used |= 1U << passed.number;
  }
  return checkPolicy(spec.policy);
}

Result<std::vector<std::string>> SpawnerCore::librariesFor(const RunnerSpec& spec) {
  std::vector<std::string> files = runnerLibraries_;
  if (spec.driverFile.empty()) {
    return files;
  }
  const std::string path = spec.driverFolder + "/" + spec.driverFile;
  struct stat info{};
  if (::stat(path.c_str(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Error::of(ErrorCode::NotFound, "open driver " + path + ": no such regular file");
  }
  std::string stamp = std::to_string(info.st_dev) + ":" + std::to_string(info.st_ino) + ":" +
                      std::to_string(info.st_size) + ":" + std::to_string(info.st_mtim.tv_sec) +
                      "." + std::to_string(info.st_mtim.tv_nsec);
  for (const std::string& name : spec.policy.extraLibraries) {
    stamp += ":" + name;
  }
  CachedNeeds& cached = needs_[path];
  if (cached.stamp != stamp) {
    auto needed = neededFiles(path, spec.driverFolder, spec.policy.extraLibraries);
    if (!needed) {
      return std::move(needed).error();
    }
    cached = {std::move(stamp), std::move(*needed)};
  }
  for (const std::string& file : cached.files) {
    if (std::find(files.begin(), files.end(), file) == files.end()) {
      files.push_back(file);
    }
  }
  constexpr size_t kMaxCached = 1024;
  if (needs_.size() > kMaxCached) {
    needs_.clear();
  }
  return files;
}

std::vector<std::string> SpawnerCore::argvFor(const RunnerSpec& spec, LayerSet layers,
                                              const std::vector<std::string>& libraries) const {
  std::vector<std::string> argv = {"busbar-runner",
                                   "--sandbox=" + std::string(toString(facts_.tier)),
                                   "--landlock=" + std::to_string(facts_.landlockAbi)};
  if (!spec.driverFile.empty()) {
    argv.push_back("--driver=" + driverPathInside(spec, layers));
  }
  if (layers.has(Layer::MountNs)) {
    argv.emplace_back("--read=/");
    if (spec.policy.tmpBytes != 0) {
      argv.emplace_back("--tmp=/tmp");
    }
  } else {
    for (const std::string& file : libraries) {
      argv.push_back("--read=" + file);
    }
    if (!spec.driverFolder.empty()) {
      argv.push_back("--read=" + spec.driverFolder);
    }
  }
  argv.emplace_back("--");
  argv.insert(argv.end(), spec.arguments.begin(), spec.arguments.end());
  return argv;
}

std::vector<RlimitEntry> SpawnerCore::rlimitsFor(const RunnerPolicy& policy) const {
  const bool countsMemory = facts_.layers.has(Layer::Cgroup);
  // With a cgroup the exact limit is there; this one only bounds reservations.
  const uint64_t data =
      countsMemory ? policy.memoryBytes + policy.tasks * kThreadStackBytes : policy.memoryBytes;
  std::vector<RlimitEntry> limits = {
      {RLIMIT_NOFILE, {policy.openFiles, policy.openFiles}},
      {RLIMIT_DATA, {data, data}},
      {RLIMIT_STACK, {kThreadStackBytes, kThreadStackBytes}},
      {RLIMIT_FSIZE, {policy.tmpBytes, policy.tmpBytes}},
      {RLIMIT_CORE, {0, 0}},
      {RLIMIT_MEMLOCK, {0, 0}},
      {RLIMIT_MSGQUEUE, {0, 0}},
      {RLIMIT_SIGPENDING, {256, 256}},
      {RLIMIT_RTPRIO, {0, 0}},
      {RLIMIT_NICE, {0, 0}},
  };
  if (facts_.layers.has(Layer::UserNs) || facts_.isRoot) {
    // Else the limit would count all of the user's processes.
    limits.push_back({RLIMIT_NPROC, {policy.tasks, policy.tasks}});
  }
  for (RlimitEntry& entry : limits) {
    rlimit present{};
    if (::getrlimit(static_cast<__rlimit_resource_t>(entry.resource), &present) == 0) {
      entry.limit.rlim_max = std::min(entry.limit.rlim_max, present.rlim_max);
      entry.limit.rlim_cur = std::min(entry.limit.rlim_cur, present.rlim_max);
    }
  }
  return limits;
}

Result<std::unique_ptr<RunnerProcess>> SpawnerCore::start(RunnerSpec& spec) {
  BUSBAR_TRY(checkSpec(spec));
  BUSBAR_TRY(requireTier(facts_, spec.policy.require));
  std::unique_ptr<RunnerProcess> process(new RunnerProcess);
  process->core_ = shared_from_this();
  process->name_ = spec.name;
  process->tier_ = facts_.tier;
  process->memoryLimitBytes_ = spec.policy.memoryBytes;
  BUSBAR_TRY(startProcess(spec, *process));
  return process;
}

Status SpawnerCore::startProcess(RunnerSpec& spec, RunnerProcess& process) {
  auto libraries = librariesFor(spec);
  if (!libraries) {
    return std::move(libraries).error();
  }
  int channel[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, channel) != 0) {
    return Error::fromErrno(errno, "make a runner's channel");
  }
  process.channel_.reset(channel[0]);
  const UniqueFd runnerEnd(channel[1]);
  ::fcntl(channel[0], F_SETFL, O_NONBLOCK);
  auto out = makeOutputPipe();
  auto err = makeOutputPipe();
  if (!out || !err) {
    return out ? std::move(err).error() : std::move(out).error();
  }
  process.stdout_ = std::move(out->read);
  process.stderr_ = std::move(err->read);

  LaunchInput input;
  {
    const MutexLock lock(mutex_);
    input.layers = facts_.layers;
    for (int i = 0; i < kLayerCount; ++i) {
      if (leftOut_.has(static_cast<Layer>(i))) {
        input.layers.remove(static_cast<Layer>(i));
      }
    }
    if (input.layers.has(Layer::OwnUid)) {
      const auto uid = uids_.take();
      if (!uid) {
        return Error::of(ErrorCode::ResourceExhausted, "start a runner: all user ids are in use");
      }
      input.runnerUid = *uid;
      process.ownsUid_ = true;
    }
  }
  process.uid_ = process.ownsUid_ ? input.runnerUid : ::geteuid();
  process.layers_ = input.layers;
  input.execFd = runner_.get();
  input.fds = {{nullDevice_.get(), 0},
               {out->write.get(), 1},
               {err->write.get(), 2},
               {runnerEnd.get(), kChannelFd},
               {filters_.wide.get(), kWideFilterFd},
               {filters_.tight.get(), kTightFilterFd}};
  for (const PassedFd& passed : spec.fds) {
    input.fds.push_back({passed.fd.get(), passed.number});
  }
  input.driverFolder = spec.driverFolder;
  input.argv = argvFor(spec, input.layers, *libraries);
  input.libraries = std::move(*libraries);
  input.tmpBytes = spec.policy.tmpBytes;
  if (input.layers.has(Layer::Rlimits)) {
    input.rlimits = rlimitsFor(spec.policy);
  }
  if (input.layers.has(Layer::Cgroup)) {
    process.cgroup_ = spec.name + "." + std::to_string(++serial_);
    BUSBAR_TRY(cgroups_->create(process.cgroup_, spec.policy));
  }
  process.startedAt_ = BootClock::now();
  auto child = launcher_->launch(input, [this, &process](pid_t pid) -> Status {
    // Better a runner than busbard when memory is short.
    (void)writeSmallFile("/proc/" + std::to_string(pid) + "/oom_score_adj", "500");
    return process.cgroup_.empty() ? Status() : cgroups_->attach(process.cgroup_, pid);
  });
  if (!child) {
    return std::move(child).error();
  }
  process.pid_ = child->pid;
  process.pidfd_ = std::move(child->pidfd);
  return {};
}

}  // namespace busbar::sandbox
