// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/child.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/mount.h>
#include <linux/securebits.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#include "host/sandbox/raw_syscall.h"

namespace busbar::sandbox {

const char* toString(ChildStep step) {
  switch (step) {
    case ChildStep::None:
      return "start";
    case ChildStep::Go:
      return "wait for the parent";
    case ChildStep::Signals:
      return "reset signals";
    case ChildStep::ParentDeath:
      return "set the parent-death signal";
    case ChildStep::Descriptors:
      return "arrange descriptors";
    case ChildStep::HostName:
      return "set the host name";
    case ChildStep::Ids:
      return "take the runner's uid and gid";
    case ChildStep::Root:
      return "mount the new root";
    case ChildStep::Directories:
      return "make folders in the new root";
    case ChildStep::BindLibrary:
      return "bind a library";
    case ChildStep::BindDriver:
      return "bind the driver's folder";
    case ChildStep::ReadOnlyRoot:
      return "make the new root read-only";
    case ChildStep::Tmp:
      return "mount /tmp";
    case ChildStep::Pivot:
      return "pivot into the new root";
    case ChildStep::Rlimits:
      return "set resource limits";
    case ChildStep::Capabilities:
      return "drop capabilities";
    case ChildStep::NoNewPrivs:
      return "set no_new_privs";
    case ChildStep::Session:
      return "start a session";
    case ChildStep::Exec:
      return "execute busbar-runner";
  }
  return "unknown step";
}

namespace {

constexpr unsigned kMoveFromEmptyPath = 0x00000004;  // MOVE_MOUNT_F_EMPTY_PATH
constexpr int kLowestScratchFd = 64;

// Ends the child, telling which step failed.
class Reporter {
 public:
  explicit Reporter(int fd) : fd_(fd) {}
  void moveTo(int fd) { fd_ = fd; }
  // Passes a good result through.
  long must(ChildStep step, long result, int detail = 0) const {
    if (result < 0) {
      fail(step, result, detail);
    }
    return result;
  }
  [[noreturn]] void fail(ChildStep step, long result, int detail) const {
    const ChildReport report{step, static_cast<int32_t>(-result), static_cast<uint32_t>(detail)};
    rawSyscall(SYS_write, long{fd_}, &report, long{sizeof(report)});
    for (;;) {
      rawSyscall(SYS_exit, 127L);
    }
  }

 private:
  int fd_;
};

// The kernel's own layout; glibc's struct differs.
struct KernelSigaction {
  unsigned long handler;
  unsigned long flags;
  unsigned long restorer;
  unsigned long mask;
};

void resetSignals() {
  const KernelSigaction byDefault{};
  for (long number = 1; number <= 64; ++number) {
    if (number != SIGKILL && number != SIGSTOP) {
      rawSyscall(SYS_rt_sigaction, number, &byDefault, 0L, 8L);
    }
  }
}

void waitForGo(const ChildPlan& plan, const Reporter& report) {
  rawSyscall(SYS_close, long{plan.goWrite});
  char byte = 0;
  const long got = rawSyscall(SYS_read, long{plan.goRead}, &byte, 1L);
  if (got != 1) {
    report.fail(ChildStep::Go, got < 0 ? got : -EPIPE, 0);
  }
}

// Sources first move out of the way, so that no target hits a source that is still needed.
void arrangeDescriptors(const ChildPlan& plan, Reporter& report) {
  constexpr int kMoves = kMaxFdMoves + 3;
  FdMove moves[kMoves];
  int count = 0;
  for (int i = 0; i < plan.fdCount; ++i) {
    moves[count++] = plan.fds[static_cast<size_t>(i)];
  }
  moves[count++] = {plan.errorWrite, kErrorFd};
  if (plan.exec >= 0) {
    moves[count++] = {plan.exec, kExecFd};
  }
  if (plan.driverTree >= 0) {
    moves[count++] = {plan.driverTree, kDriverTreeFd};
  }
  uint64_t used = 0;
  for (int i = 0; i < count; ++i) {
    moves[i].from = static_cast<int>(report.must(
        ChildStep::Descriptors,
        rawSyscall(SYS_fcntl, long{moves[i].from}, long{F_DUPFD}, long{kLowestScratchFd}), i));
  }
  report.moveTo(moves[plan.fdCount].from);
  for (int i = 0; i < count; ++i) {
    const long flags = moves[i].to >= kFirstInnerFd ? O_CLOEXEC : 0;
    report.must(ChildStep::Descriptors,
                rawSyscall(SYS_dup3, long{moves[i].from}, long{moves[i].to}, flags), i);
    rawSyscall(SYS_close, long{moves[i].from});
    used |= uint64_t{1} << moves[i].to;
    if (moves[i].to == kErrorFd) {
      report.moveTo(kErrorFd);
    }
  }
  if (!plan.layers.has(Layer::CloseFds)) {
    return;
  }
  for (int fd = 0; fd <= kDriverTreeFd; ++fd) {
    if ((used & (uint64_t{1} << fd)) == 0) {
      rawSyscall(SYS_close, long{fd});
    }
  }
  report.must(ChildStep::Descriptors,
              rawSyscall(SYS_close_range, long{kDriverTreeFd + 1}, long{0xffffffff}, 0L));
}

void takeIds(const ChildPlan& plan, const Reporter& report) {
  const long uid = static_cast<long>(plan.innerUid);
  if (plan.dropGroups) {
    report.must(ChildStep::Ids, rawSyscall(SYS_setgroups, 0L, 0L));
  }
  report.must(ChildStep::Ids, rawSyscall(SYS_setresgid, uid, uid, uid));
  report.must(ChildStep::Ids, rawSyscall(SYS_setresuid, uid, uid, uid));
}

long configure(long fs, const char* key, const char* value) {
  return rawSyscall(SYS_fsconfig, fs, long{FSCONFIG_SET_STRING}, key, value, 0L);
}

// A detached tmpfs mount. Answers its descriptor or -errnum.
long makeTmpfs(const char* size, const char* inodes, const char* mode, const char* owner,
               long attributes) {
  const long fs = rawSyscall(SYS_fsopen, "tmpfs", long{FSOPEN_CLOEXEC});
  if (fs < 0) {
    return fs;
  }
  const char* const options[][2] = {
      {"size", size}, {"nr_inodes", inodes}, {"mode", mode}, {"uid", owner}, {"gid", owner}};
  long result = 0;
  for (const auto& option : options) {
    if (result >= 0) {
      result = configure(fs, option[0], option[1]);
    }
  }
  if (result >= 0) {
    result = rawSyscall(SYS_fsconfig, fs, long{FSCONFIG_CMD_CREATE}, 0L, 0L, 0L);
  }
  if (result >= 0) {
    result = rawSyscall(SYS_fsmount, fs, long{FSMOUNT_CLOEXEC}, attributes);
  }
  rawSyscall(SYS_close, fs);
  return result;
}

long attach(long tree, long root, const char* at) {
  return rawSyscall(SYS_move_mount, tree, "", root, at, long{kMoveFromEmptyPath});
}

long bindPath(const char* source, long root, const char* at) {
  const long tree =
      rawSyscall(SYS_open_tree, long{AT_FDCWD}, source, long{OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC});
  if (tree < 0) {
    return tree;
  }
  const long result = attach(tree, root, at);
  rawSyscall(SYS_close, tree);
  return result;
}

void fillRoot(const ChildPlan& plan, long root, const Reporter& report) {
  for (int i = 0; i < plan.directoryCount; ++i) {
    report.must(ChildStep::Directories, rawSyscall(SYS_mkdirat, root, plan.directories[i], 0755L),
                i);
  }
  for (int i = 0; i < plan.libraryCount; ++i) {
    const char* relative = plan.libraries[i] + 1;
    report.must(ChildStep::BindLibrary,
                rawSyscall(SYS_mknodat, root, relative, long{S_IFREG | 0444}, 0L), i);
    report.must(ChildStep::BindLibrary, bindPath(plan.libraries[i], root, relative), i);
  }
  if (plan.driverTree >= 0) {
    report.must(ChildStep::BindDriver, attach(kDriverTreeFd, root, "driver"));
  } else if (plan.driverFolder != nullptr) {
    report.must(ChildStep::BindDriver, bindPath(plan.driverFolder, root, "driver"));
  }
}

void enterNewRoot(const ChildPlan& plan, const Reporter& report) {
  if (!plan.layers.has(Layer::UserNs)) {
    // A user namespace turns shared mounts into slaves; without it this does.
    constexpr long kRecursiveSlave = (1L << 14) | (1L << 19);  // MS_REC | MS_SLAVE
    report.must(ChildStep::Root, rawSyscall(SYS_mount, 0L, "/", 0L, kRecursiveSlave, 0L));
  }
  const long harmless = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  const long root =
      report.must(ChildStep::Root, makeTmpfs("65536", "256", "755", plan.innerUidText, harmless));
  report.must(ChildStep::Root, attach(root, AT_FDCWD, "/"));
  fillRoot(plan, root, report);
  mount_attr readOnly{};
  readOnly.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV;
  report.must(ChildStep::ReadOnlyRoot,
              rawSyscall(SYS_mount_setattr, root, "", long{AT_EMPTY_PATH | AT_RECURSIVE}, &readOnly,
                         long{sizeof(readOnly)}));
  if (plan.tmpSize != nullptr) {
    const long tmp = report.must(
        ChildStep::Tmp,
        makeTmpfs(plan.tmpSize, "4096", "700", plan.innerUidText, harmless | MOUNT_ATTR_NOEXEC));
    report.must(ChildStep::Tmp, attach(tmp, root, "tmp"));
    rawSyscall(SYS_close, tmp);
  }
  // man 2 pivot_root, "pivot_root(".", ".")": the old root lands on top of the new one.
  report.must(ChildStep::Pivot, rawSyscall(SYS_fchdir, root));
  report.must(ChildStep::Pivot, rawSyscall(SYS_pivot_root, ".", "."));
  report.must(ChildStep::Pivot, rawSyscall(SYS_umount2, ".", 2L /* MNT_DETACH */));
  report.must(ChildStep::Pivot, rawSyscall(SYS_chdir, "/"));
  rawSyscall(SYS_close, root);
}

bool holdsCapabilities(const ChildPlan& plan) {
  return plan.isRoot || plan.layers.has(Layer::UserNs);
}

void closeCapabilityDoors(const ChildPlan& plan, const Reporter& report) {
  for (long cap = 0; cap <= plan.lastCapability; ++cap) {
    report.must(ChildStep::Capabilities,
                rawSyscall(SYS_prctl, long{PR_CAPBSET_DROP}, cap, 0L, 0L, 0L),
                static_cast<int>(cap));
  }
  constexpr long kBits = SECBIT_NOROOT | SECBIT_NOROOT_LOCKED | SECBIT_NO_CAP_AMBIENT_RAISE |
                         SECBIT_NO_CAP_AMBIENT_RAISE_LOCKED | SECBIT_KEEP_CAPS_LOCKED;
  report.must(ChildStep::Capabilities,
              rawSyscall(SYS_prctl, long{PR_SET_SECUREBITS}, kBits, 0L, 0L, 0L));
}

void dropCapabilities(const Reporter& report) {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  const __user_cap_data_struct none[2] = {};
  report.must(ChildStep::Capabilities, rawSyscall(SYS_prctl, long{PR_CAP_AMBIENT},
                                                  long{PR_CAP_AMBIENT_CLEAR_ALL}, 0L, 0L, 0L));
  report.must(ChildStep::Capabilities, rawSyscall(SYS_capset, &header, &none[0]));
}

void setParentDeath(const ChildPlan& plan, const Reporter& report) {
  if (plan.layers.has(Layer::ParentDeath)) {
    report.must(ChildStep::ParentDeath,
                rawSyscall(SYS_prctl, long{PR_SET_PDEATHSIG}, long{SIGKILL}, 0L, 0L, 0L));
  }
}

void setRlimits(const ChildPlan& plan, const Reporter& report) {
  for (int i = 0; i < plan.rlimitCount; ++i) {
    report.must(
        ChildStep::Rlimits,
        rawSyscall(SYS_prlimit64, 0L, long{plan.rlimits[i].resource}, &plan.rlimits[i].limit, 0L),
        plan.rlimits[i].resource);
  }
}

}  // namespace

int childMain(void* argument) {
  const ChildPlan& plan = *static_cast<const ChildPlan*>(argument);
  Reporter report(plan.errorWrite);
  const bool ownIds =
      plan.layers.has(Layer::UserNs) || (plan.isRoot && plan.layers.has(Layer::OwnUid));
  resetSignals();
  setParentDeath(plan, report);
  waitForGo(plan, report);
  arrangeDescriptors(plan, report);
  // In a user namespace the ids come first, as files of an unmapped uid cannot be made; the
  // capabilities in it stay. Outside of one they come last, as they end root's rights to mount.
  if (ownIds && plan.layers.has(Layer::UserNs)) {
    takeIds(plan, report);
  }
  if (plan.layers.has(Layer::UtsNs) && holdsCapabilities(plan)) {
    report.must(ChildStep::HostName, rawSyscall(SYS_sethostname, "runner", 6L));
  }
  if (plan.layers.has(Layer::MountNs)) {
    enterNewRoot(plan, report);
  }
  if (plan.layers.has(Layer::Capabilities) && holdsCapabilities(plan)) {
    closeCapabilityDoors(plan, report);
  }
  setRlimits(plan, report);
  if (ownIds && !plan.layers.has(Layer::UserNs)) {
    takeIds(plan, report);
  }
  if (plan.layers.has(Layer::Capabilities)) {
    dropCapabilities(report);
  }
  if (plan.layers.has(Layer::NoNewPrivs)) {
    report.must(ChildStep::NoNewPrivs,
                rawSyscall(SYS_prctl, long{PR_SET_NO_NEW_PRIVS}, 1L, 0L, 0L, 0L));
  }
  setParentDeath(plan, report);  // a change of ids clears it (man 2 prctl)
  report.must(ChildStep::Session, rawSyscall(SYS_setsid));
  rawSyscall(SYS_umask, 077L);
  const unsigned long noSignals = 0;
  rawSyscall(SYS_rt_sigprocmask, long{SIG_SETMASK}, &noSignals, 0L, 8L);
  if (plan.exec < 0) {
    rawSyscall(SYS_exit, 0L);
  }
  char* const environment[1] = {nullptr};
  report.fail(
      ChildStep::Exec,
      rawSyscall(SYS_execveat, long{kExecFd}, "", plan.argv, &environment[0], long{AT_EMPTY_PATH}),
      0);
}

}  // namespace busbar::sandbox
