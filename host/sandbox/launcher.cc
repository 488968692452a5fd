// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/launcher.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "host/sandbox/small_file.h"
#include "sdk/base/scope_exit.h"

namespace busbar::sandbox {
namespace {

constexpr size_t kStackBytes = 128 << 10;
constexpr int kLimitMs = 5000;
constexpr uid_t kInnerUid = 1000;

struct Pipe {
  UniqueFd read;
  UniqueFd write;
};

Result<Pipe> makePipe() {
  int fds[2];
  if (::pipe2(fds, O_CLOEXEC) != 0) {
    return Error::fromErrno(errno, "make a pipe for a runner");
  }
  return Pipe{UniqueFd(fds[0]), UniqueFd(fds[1])};
}

int cloneFlags(LayerSet layers) {
  constexpr std::pair<Layer, int> kNamespaces[] = {
      {Layer::UserNs, CLONE_NEWUSER},    {Layer::MountNs, CLONE_NEWNS},
      {Layer::PidNs, CLONE_NEWPID},      {Layer::IpcNs, CLONE_NEWIPC},
      {Layer::UtsNs, CLONE_NEWUTS},      {Layer::NetNs, CLONE_NEWNET},
      {Layer::CgroupNs, CLONE_NEWCGROUP}};
  int flags = CLONE_VM | CLONE_PIDFD | SIGCHLD;
  for (const auto& [layer, flag] : kNamespaces) {
    flags |= layers.has(layer) ? flag : 0;
  }
  return flags;
}

// Folders for all files, parents first.
std::vector<std::string> foldersFor(const LaunchInput& input) {
  std::vector<std::string> folders;
  const auto add = [&folders](std::string folder) {
    if (!folder.empty() && std::find(folders.begin(), folders.end(), folder) == folders.end()) {
      folders.push_back(std::move(folder));
    }
  };
  for (const std::string& file : input.libraries) {
    for (size_t at = file.find('/', 1); at != std::string::npos; at = file.find('/', at + 1)) {
      add(file.substr(1, at - 1));
    }
  }
  add("driver");
  if (input.tmpBytes != 0) {
    add("tmp");
  }
  return folders;
}

std::vector<const char*> pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> result;
  for (const std::string& text : texts) {
    result.push_back(text.c_str());
  }
  return result;
}

int lastCapability() {
  const std::string text = readSmallFile("/proc/sys/kernel/cap_last_cap").value_or("40");
  return std::clamp(::atoi(text.c_str()), 0, 63);
}

Status writeMaps(pid_t pid, const LaunchInput& input, bool isRoot) {
  const std::string folder = "/proc/" + std::to_string(pid) + "/";
  uid_t outerUid = ::geteuid();
  gid_t outerGid = ::getegid();
  if (isRoot && input.layers.has(Layer::OwnUid)) {
    outerUid = outerGid = input.runnerUid;
  }
  const std::string inner = std::to_string(innerUidFor(input));
  if (!isRoot) {
    BUSBAR_TRY(writeSmallFile(folder + "setgroups", "deny"));  // man 7 user_namespaces
  }
  BUSBAR_TRY(writeSmallFile(folder + "uid_map", inner + " " + std::to_string(outerUid) + " 1"));
  return writeSmallFile(folder + "gid_map", inner + " " + std::to_string(outerGid) + " 1");
}

// The child shares this process's memory, and the kernel keeps "dumpable" with the memory: a change
// of ids in the child clears it for busbard too, and while it is clear an ordinary user may not
// write the maps.
class DumpableGuard {
 public:
  explicit DumpableGuard(bool isRoot) : before_(::prctl(PR_GET_DUMPABLE)) {
    if (!isRoot && before_ != 1) {
      ::prctl(PR_SET_DUMPABLE, 1);
    }
  }
  DumpableGuard(const DumpableGuard&) = delete;
  DumpableGuard& operator=(const DumpableGuard&) = delete;
  ~DumpableGuard() {
    if (::prctl(PR_GET_DUMPABLE) != before_) {
      ::prctl(PR_SET_DUMPABLE, before_ == 1 ? 1 : 0);
    }
  }

 private:
  int before_;
};

// Kills and reaps a child that did not make it.
void end(const Launched& child) {
  ::syscall(SYS_pidfd_send_signal, child.pidfd.get(), SIGKILL, nullptr, 0);
  siginfo_t info{};
  while (::waitid(static_cast<idtype_t>(P_PIDFD), static_cast<id_t>(child.pidfd.get()), &info,
                  WEXITED) != 0 &&
         errno == EINTR) {
  }
}

Error stepError(const ChildReport& report, const LaunchInput& input) {
  std::string what = std::string("start a runner: ") + toString(report.step);
  if (report.step == ChildStep::BindLibrary && report.detail < input.libraries.size()) {
    what += " " + input.libraries[report.detail];
  } else if (report.step == ChildStep::BindDriver) {
    what += " " + input.driverFolder;
  } else if (report.detail != 0) {
    what += " (" + std::to_string(report.detail) + ")";
  }
  Error error = Error::fromErrno(report.errnum, what);
  error.code = ErrorCode::Unavailable;
  return error;
}

// Nothing when the pipe ended (exec closed it); else what the child said.
Status awaitExec(int errorRead, const LaunchInput& input) {
  pollfd ready{errorRead, POLLIN, 0};
  int count = 0;
  do {
    count = ::poll(&ready, 1, kLimitMs);
  } while (count < 0 && errno == EINTR);
  if (count == 0) {
    return Error::of(ErrorCode::Unavailable, "start a runner: it is not ready after 5 s");
  }
  ChildReport report;
  const ssize_t got = ::read(errorRead, &report, sizeof(report));
  if (got == 0) {
    return {};
  }
  if (got != ssize_t{sizeof(report)}) {
    return Error::of(ErrorCode::Unavailable, "start a runner: it ended without a word");
  }
  return stepError(report, input);
}

// Owns the texts that a ChildPlan borrows.
struct PlanStorage {
  std::vector<std::string> folders;
  std::vector<const char*> folderPointers;
  std::vector<const char*> libraryPointers;
  std::vector<char*> argv;
  std::string tmpSize;
  std::string innerUid;
  UniqueFd driverTree;
};

Status fillPlan(const LaunchInput& input, bool isRoot, PlanStorage& storage, ChildPlan& plan) {
  storage.folders = foldersFor(input);
  storage.folderPointers = pointers(storage.folders);
  storage.libraryPointers = pointers(input.libraries);
  for (const std::string& argument : input.argv) {
    storage.argv.push_back(const_cast<char*>(argument.c_str()));  // NOLINT: execveat only reads it
  }
  storage.argv.push_back(nullptr);
  storage.tmpSize = std::to_string(input.tmpBytes);
  storage.innerUid = std::to_string(innerUidFor(input));
  if (isRoot && input.layers.has(Layer::MountNs) && !input.driverFolder.empty()) {
    // A root child in a user namespace is nobody special on the way to a folder that only busbard's
    // user may enter, so the parent opens it.
    storage.driverTree = UniqueFd(static_cast<int>(::syscall(
        SYS_open_tree, AT_FDCWD, input.driverFolder.c_str(), OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC)));
    if (!storage.driverTree) {
      return Error::fromErrno(errno, "open the driver's folder " + input.driverFolder);
    }
  }
  plan.layers = input.layers;
  plan.isRoot = isRoot;
  plan.dropGroups = isRoot && ::getgroups(0, nullptr) > 0;
  plan.exec = input.execFd;
  plan.driverTree = storage.driverTree.get();
  if (input.fds.size() > plan.fds.size()) {
    return Error::of(ErrorCode::InvalidArgument, "start a runner: more than 32 descriptors");
  }
  std::copy(input.fds.begin(), input.fds.end(), plan.fds.begin());
  plan.fdCount = static_cast<int>(input.fds.size());
  plan.innerUid = innerUidFor(input);
  plan.tmpSize = input.tmpBytes == 0 ? nullptr : storage.tmpSize.c_str();
  plan.innerUidText = storage.innerUid.c_str();
  plan.driverFolder = input.driverFolder.empty() ? nullptr : input.driverFolder.c_str();
  plan.directories = storage.folderPointers.data();
  plan.directoryCount = static_cast<int>(storage.folderPointers.size());
  plan.libraries = storage.libraryPointers.data();
  plan.libraryCount = static_cast<int>(storage.libraryPointers.size());
  plan.rlimits = input.rlimits.data();
  plan.rlimitCount = static_cast<int>(input.rlimits.size());
  plan.lastCapability = lastCapability();
  plan.argv = storage.argv.data();
  return {};
}

Result<Launched> cloneChild(char* stack, ChildPlan& plan) {
  // No handler of busbard may run in the child, which shares its memory.
  sigset_t all;
  sigset_t before;
  ::sigfillset(&all);
  ::pthread_sigmask(SIG_BLOCK, &all, &before);
  int pidfd = -1;
  const int pid = ::clone(&childMain, stack + kStackBytes, cloneFlags(plan.layers), &plan, &pidfd);
  const int error = errno;
  ::pthread_sigmask(SIG_SETMASK, &before, nullptr);
  if (pid < 0) {
    Error failure = Error::fromErrno(error, "start a runner: clone");
    failure.code = error == EAGAIN || error == ENOMEM || error == ENOSPC
                       ? ErrorCode::ResourceExhausted
                       : ErrorCode::Unavailable;
    return failure;
  }
  return Launched{pid, UniqueFd(pidfd)};
}

}  // namespace

uid_t innerUidFor(const LaunchInput& input) {
  const bool isRoot = ::geteuid() == 0;
  if (input.layers.has(Layer::UserNs)) {
    // Without the capability layer (tests only) the program must keep what its uid 0 gives it.
    return input.layers.has(Layer::Capabilities) ? kInnerUid : 0;
  }
  return isRoot && input.layers.has(Layer::OwnUid) ? input.runnerUid : ::geteuid();
}

Result<Launcher> Launcher::create() {
  void* const stack = ::mmap(nullptr, kStackBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) {
    return Error::fromErrno(errno, "map a stack for starting runners");
  }
  return Launcher(static_cast<char*>(stack));
}

Launcher::Launcher(Launcher&& other) noexcept : stack_(std::exchange(other.stack_, nullptr)) {}

Launcher::~Launcher() {
  if (stack_ != nullptr) {
    ::munmap(stack_, kStackBytes);
  }
}

Result<Launched> Launcher::launch(const LaunchInput& input, BeforeGo beforeGo) {
  const bool isRoot = ::geteuid() == 0;
  auto go = makePipe();
  auto errors = makePipe();
  if (!go || !errors) {
    return go ? std::move(errors).error() : std::move(go).error();
  }
  ChildPlan plan;
  PlanStorage storage;
  BUSBAR_TRY(fillPlan(input, isRoot, storage, plan));
  plan.goRead = go->read.get();
  plan.goWrite = go->write.get();
  plan.errorWrite = errors->write.get();

  const DumpableGuard dumpable(isRoot);
  auto child = cloneChild(stack_, plan);
  if (!child) {
    return std::move(child).error();
  }
  go->read.reset();
  errors->write.reset();
  Status status;
  if (input.layers.has(Layer::UserNs)) {
    status = writeMaps(child->pid, input, isRoot);
  }
  if (status.ok() && beforeGo) {
    status = beforeGo(child->pid);
  }
  if (status.ok()) {
    const char byte = 1;
    if (::write(go->write.get(), &byte, 1) != 1) {
      status = Error::fromErrno(errno, "start a runner: wake it");
    } else {
      status = awaitExec(errors->read.get(), input);
    }
  }
  if (!status.ok()) {
    end(*child);
    return std::move(status).error();
  }
  return child;
}

}  // namespace busbar::sandbox
