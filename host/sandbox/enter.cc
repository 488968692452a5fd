// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/enter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <string_view>

#include "host/sandbox/filter_files.h"

namespace busbar::sandbox {
namespace {

// From linux/landlock.h of newer kernels than Debian 12's headers (ABI 7).
struct LandlockRuleset {
  uint64_t handledFs = 0;
  uint64_t handledNet = 0;
  uint64_t scoped = 0;
};
struct [[gnu::packed]] LandlockPath {
  uint64_t allowed = 0;
  int32_t parent = -1;
};
constexpr long kCreateRuleset = 444;
constexpr long kAddRule = 445;
constexpr long kRestrictSelf = 446;
constexpr uint64_t kWriteFile = 1ULL << 1;
constexpr uint64_t kReadFile = 1ULL << 2;
constexpr uint64_t kReadDir = 1ULL << 3;
constexpr uint64_t kRemoveDir = 1ULL << 4;
constexpr uint64_t kRemoveFile = 1ULL << 5;
constexpr uint64_t kMakeDir = 1ULL << 7;
constexpr uint64_t kMakeReg = 1ULL << 8;
constexpr uint64_t kTruncate = 1ULL << 14;
constexpr uint64_t kAllAbi1 = (1ULL << 13) - 1;
constexpr uint64_t kRefer = 1ULL << 13;
constexpr uint64_t kIoctlDevice = 1ULL << 15;

EnterError failed(const char* step) {
  return {step, errno};
}

long landlockAbi() {
  constexpr long kVersion = 1;
  return ::syscall(kCreateRuleset, nullptr, 0, kVersion);
}

EnterError allowPath(int ruleset, const std::string& path, uint64_t allowed) {
  const int fd = ::open(path.c_str(), O_PATH | O_CLOEXEC);
  if (fd < 0) {
    return failed("open a path for Landlock");
  }
  struct stat info{};
  LandlockPath rule;
  rule.parent = fd;
  rule.allowed = allowed;
  if (::fstat(fd, &info) == 0 && !S_ISDIR(info.st_mode)) {
    rule.allowed &= kReadFile | kWriteFile | kTruncate;
  }
  constexpr long kPathBeneath = 1;
  const long result = ::syscall(kAddRule, ruleset, kPathBeneath, &rule, 0);
  const EnterError error = result == 0 ? EnterError{} : failed("add a Landlock rule");
  ::close(fd);
  return error;
}

bool readNumber(std::string_view text, int& number) {
  if (text.empty() || text.size() > 4) {
    return false;
  }
  number = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') {
      return false;
    }
    number = number * 10 + (c - '0');
  }
  return true;
}

bool consume(std::string_view& text, std::string_view prefix) {
  if (text.substr(0, prefix.size()) != prefix) {
    return false;
  }
  text.remove_prefix(prefix.size());
  return true;
}

bool readHead(FilterFileHead& head) {
  return ::pread(kWideFilterFd, &head, sizeof(head), 0) == ssize_t{sizeof(head)} &&
         head.magic == kFilterFileMagic && head.wideCount <= kMaxInstructions &&
         head.pinCount <= kMaxInstructions;
}

EnterError loadProgram(const sock_filter* instructions, uint32_t count, const char* step) {
  sock_fprog program{};
  program.len = static_cast<unsigned short>(count);
  program.filter = const_cast<sock_filter*>(instructions);  // NOLINT: the kernel only reads it
  if (::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, &program) != 0) {
    return failed(step);
  }
  return {};
}

}  // namespace

EnterError readEnterPlan(int argc, char** argv, EnterPlan& plan) {
  plan = EnterPlan{};
  bool sawAbi = false;
  int at = 1;
  for (; at < argc; ++at) {
    std::string_view argument = argv[at];
    if (argument == "--") {
      ++at;
      break;
    }
    if (consume(argument, "--sandbox=")) {
      plan.tier = argument;
    } else if (consume(argument, "--driver=")) {
      plan.driverPath = argument;
    } else if (consume(argument, "--tmp=")) {
      plan.tmpPath = argument;
    } else if (consume(argument, "--read=")) {
      plan.readPaths.emplace_back(argument);
    } else if (consume(argument, "--landlock=")) {
      sawAbi = readNumber(argument, plan.landlockAbi);
    } else {
      return {"arguments", EINVAL};
    }
  }
  plan.firstArgument = at;
  const bool knownTier =
      plan.tier == "full" || plan.tier == "no-userns" || plan.tier == "seccomp-only";
  return knownTier && sawAbi ? EnterError{} : EnterError{"arguments", EINVAL};
}

EnterError checkHostLives() {
  int signalNumber = 0;
  if (::prctl(PR_GET_PDEATHSIG, &signalNumber) != 0 || signalNumber != SIGKILL) {
    return {"check the parent-death signal", EPERM};
  }
  // The signal does not tell of a parent that died before it was set; the channel's end does.
  pollfd channel{kChannelFd, POLLRDHUP, 0};
  if (::poll(&channel, 1, 0) < 0) {
    return failed("look at the channel");
  }
  if ((channel.revents & (POLLHUP | POLLRDHUP | POLLERR | POLLNVAL)) != 0) {
    return {"look at the channel", EPIPE};
  }
  return {};
}

EnterError setNotDumpable() {
  return ::prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0 ? EnterError{} : failed("set not dumpable");
}

EnterError applyLandlock(const EnterPlan& plan) {
  const long abi = landlockAbi();
  if (abi < plan.landlockAbi) {
    return {"start Landlock", ENOSYS};
  }
  if (abi < 1) {
    return {};
  }
  LandlockRuleset wanted;
  wanted.handledFs = kAllAbi1 | (abi >= 2 ? kRefer : 0) | (abi >= 3 ? kTruncate : 0) |
                     (abi >= 5 ? kIoctlDevice : 0);
  wanted.handledNet = abi >= 4 ? 3 : 0;  // TCP bind and connect, no port allowed
  wanted.scoped = abi >= 6 ? 3 : 0;      // abstract unix sockets, signals
  const size_t size = abi >= 6 ? 24 : abi >= 4 ? 16 : 8;
  const long made = ::syscall(kCreateRuleset, &wanted, size, 0);
  if (made < 0) {
    return failed("make a Landlock ruleset");
  }
  const int ruleset = static_cast<int>(made);
  EnterError error;
  for (const std::string& path : plan.readPaths) {
    if (!error) {
      error = allowPath(ruleset, path, kReadFile | kReadDir);
    }
  }
  if (!error && !plan.tmpPath.empty()) {
    const uint64_t all = kReadFile | kReadDir | kWriteFile | kRemoveDir | kRemoveFile | kMakeDir |
                         kMakeReg | kTruncate;
    error = allowPath(ruleset, plan.tmpPath, all & wanted.handledFs);
  }
  if (!error && ::syscall(kRestrictSelf, ruleset, 0) != 0) {
    error = failed("enter Landlock");
  }
  ::close(ruleset);
  return error;
}

EnterError mapTightFilter() {
  FilterFileHead head;
  if (!readHead(head) || head.tightPageAddress != kTightPageAddress) {
    return {"read the wide filter", EINVAL};
  }
  void* const wanted = reinterpret_cast<void*>(kTightPageAddress);  // NOLINT: an address by value
  void* const at = ::mmap(wanted, head.tightPageBytes, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE,
                          kTightFilterFd, 0);
  if (at == MAP_FAILED) {
    return failed("map the tight filter");
  }
  return at == wanted ? EnterError{} : EnterError{"map the tight filter", EEXIST};
}

EnterError loadWideFilter() {
  FilterFileHead head;
  if (!readHead(head)) {
    return {"read the wide filter", EINVAL};
  }
  std::vector<sock_filter> code(head.wideCount + head.pinCount);
  const size_t bytes = code.size() * sizeof(sock_filter);
  if (::pread(kWideFilterFd, code.data(), bytes, sizeof(head)) != static_cast<ssize_t>(bytes)) {
    return {"read the wide filter", EINVAL};
  }
  ::close(kWideFilterFd);
  ::close(kTightFilterFd);
  if (const EnterError error = loadProgram(code.data(), head.wideCount, "load the wide filter")) {
    return error;
  }
  return loadProgram(code.data() + head.wideCount, head.pinCount, "load the pin filter");
}

EnterError enterBeforeLoad(const EnterPlan& plan) {
  if (const EnterError error = checkHostLives()) {
    return error;
  }
  if (const EnterError error = setNotDumpable()) {
    return error;
  }
  if (const EnterError error = applyLandlock(plan)) {
    return error;
  }
  if (const EnterError error = mapTightFilter()) {
    return error;
  }
  return loadWideFilter();
}

EnterError enterBeforeEntry() {
  // A positive answer is the thread that could not take the filter.
  const long result =
      ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, kTightPageAddress);
  if (result > 0) {
    return {"load the tight filter into every thread", ESRCH};
  }
  return result == 0 ? EnterError{} : failed("load the tight filter");
}

}  // namespace busbar::sandbox
