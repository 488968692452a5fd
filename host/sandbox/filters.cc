// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <utility>

#include <seccomp.h>

#include "host/sandbox/filter_files.h"

namespace busbar::sandbox {
namespace {

static_assert(sizeof(sock_filter) == sizeof(uint64_t));

// Collects rules; the first failure sticks.
class Rules {
 public:
  Rules() : context_(::seccomp_init(SCMP_ACT_ERRNO(EPERM))) {
    // 2: the rules as a binary tree; the order of calls does not matter then.
    ::seccomp_attr_set(context_, SCMP_FLTATR_CTL_OPTIMIZE, 2);
    ::seccomp_attr_set(context_, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
  }
  Rules(const Rules&) = delete;
  Rules& operator=(const Rules&) = delete;
  ~Rules() { ::seccomp_release(context_); }

  // Calls unknown on this machine's architecture are skipped.
  void add(uint32_t action, const char* call, std::initializer_list<scmp_arg_cmp> conditions = {}) {
    const int number = ::seccomp_syscall_resolve_name(call);
    if (number < 0) {
      return;
    }
    const int result =
        ::seccomp_rule_add_array(context_, action, number, static_cast<unsigned>(conditions.size()),
                                 conditions.size() == 0 ? nullptr : conditions.begin());
    if (result < 0 && failure_.empty()) {
      failure_ = std::string("seccomp rule for ") + call + ": " + ::strerror(-result);
    }
  }
  void allow(std::initializer_list<const char*> calls) {
    for (const char* call : calls) {
      add(SCMP_ACT_ALLOW, call);
    }
  }
  void allowIf(const char* call, std::initializer_list<scmp_arg_cmp> conditions) {
    add(SCMP_ACT_ALLOW, call, conditions);
  }

  Result<FilterProgram> compile() {
    if (!failure_.empty()) {
      return Error::of(ErrorCode::Internal, failure_);
    }
    const UniqueFd file(::memfd_create("busbar-bpf", MFD_CLOEXEC));
    if (!file) {
      return Error::fromErrno(errno, "make a memory file for seccomp filters");
    }
    if (const int result = ::seccomp_export_bpf(context_, file.get()); result < 0) {
      return Error::fromErrno(-result, "compile seccomp filters");
    }
    const off_t size = ::lseek(file.get(), 0, SEEK_END);
    FilterProgram program(static_cast<size_t>(size) / sizeof(uint64_t));
    if (program.empty() || program.size() > kMaxInstructions ||
        ::pread(file.get(), program.data(), static_cast<size_t>(size), 0) != size) {
      return Error::of(ErrorCode::Internal, "read back the compiled seccomp filters");
    }
    return program;
  }

 private:
  scmp_filter_ctx context_;
  std::string failure_;
};

// The kernel reads int arguments as 32 bits, whatever stands above them.
constexpr scmp_arg_cmp is32(unsigned argument, uint32_t value) {
  return {argument, SCMP_CMP_MASKED_EQ, 0xffffffffULL, value};
}
constexpr scmp_arg_cmp isNull(unsigned argument) {
  return {argument, SCMP_CMP_EQ, 0, 0};
}
constexpr scmp_arg_cmp hasNone(unsigned argument, uint64_t bits) {
  return {argument, SCMP_CMP_MASKED_EQ, bits, 0};
}

void allowMemoryAndThreads(Rules& rules) {
  rules.allow({"munmap",
               "mremap",
               "madvise",
               "brk",
               "futex",
               "set_robust_list",
               "rseq",
               "exit",
               "exit_group",
               "sched_yield",
               "sched_getaffinity",
               "membarrier",
               "rt_sigaction",
               "rt_sigprocmask",
               "rt_sigreturn",
               "rt_sigtimedwait",
               "rt_sigpending",
               "sigaltstack",
               "restart_syscall",
               "sched_get_priority_max",
               "sched_get_priority_min"});
  // What pthread_create asks for, exactly (glibc sysdeps/unix/sysv/linux/createthread.c).
  constexpr uint32_t kThread = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SYSVSEM | CLONE_SIGHAND |
                               CLONE_THREAD | CLONE_SETTLS | CLONE_PARENT_SETTID |
                               CLONE_CHILD_CLEARTID;
  rules.allowIf("clone", {{0, SCMP_CMP_MASKED_EQ,
                           0xffffffffULL & ~0x00400000ULL /* CLONE_DETACHED */, kThread}});
  rules.allowIf("prlimit64", {isNull(2)});  // reading only
  for (const int option : {PR_SET_NAME, PR_GET_NAME, PR_GET_DUMPABLE, PR_GET_PDEATHSIG,
                           0x53564d41 /* PR_SET_VMA: malloc's names for mappings */}) {
    rules.allowIf("prctl", {is32(0, static_cast<uint32_t>(option))});
  }
}

void allowIdentityAndTime(Rules& rules) {
  rules.allow({"getpid",          "gettid",          "getppid",        "getuid",
               "geteuid",         "getgid",          "getegid",        "getrlimit",
               "getrusage",       "times",           "uname",          "getcpu",
               "getrandom",       "getcwd",          "clock_gettime",  "clock_getres",
               "clock_nanosleep", "nanosleep",       "gettimeofday",   "time",
               "timerfd_create",  "timerfd_settime", "timerfd_gettime"});
}

void allowDescriptors(Rules& rules) {
  rules.allow({"read",         "write",         "readv",      "writev",     "pread64",
               "pwrite64",     "preadv",        "pwritev",    "close",      "fstat",
               "newfstatat",   "lseek",         "dup",        "dup2",       "dup3",
               "pipe",         "pipe2",         "poll",       "ppoll",      "select",
               "pselect6",     "epoll_create1", "epoll_ctl",  "epoll_wait", "epoll_pwait",
               "epoll_pwait2", "eventfd2",      "recvfrom",   "recvmsg",    "recvmmsg",
               "shutdown",     "getsockname",   "getpeername"});
  for (const int command : {F_GETFD, F_SETFD, F_GETFL, F_SETFL, F_DUPFD, F_DUPFD_CLOEXEC}) {
    rules.allowIf("fcntl", {is32(1, static_cast<uint32_t>(command))});
  }
  for (const int command : {FIONREAD, FIONBIO, TIOCOUTQ}) {
    rules.allowIf("ioctl", {is32(1, static_cast<uint32_t>(command))});
  }
  rules.allowIf("sendto", {isNull(4)});  // a passed socket has its peer; no other address
  const auto allowOption = [&rules](const char* call, int level, int option) {
    rules.allowIf(call,
                  {is32(1, static_cast<uint32_t>(level)), is32(2, static_cast<uint32_t>(option))});
  };
  // Not among them: SO_LINGER, SO_SNDBUF, TCP_USER_TIMEOUT, TCP_NOTSENT_LOWAT. The host sets those
  // so that a dead runner's bytes do not go out late.
  for (const int option : {SO_KEEPALIVE, SO_RCVBUF, SO_RCVLOWAT}) {
    allowOption("setsockopt", SOL_SOCKET, option);
  }
  for (const int option : {TCP_NODELAY, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_KEEPCNT, TCP_QUICKACK}) {
    allowOption("setsockopt", IPPROTO_TCP, option);
  }
  for (const int option : {SO_ERROR, SO_TYPE, SO_DOMAIN, SO_PROTOCOL, SO_KEEPALIVE, SO_RCVBUF,
                           SO_SNDBUF, SO_ACCEPTCONN}) {
    allowOption("getsockopt", SOL_SOCKET, option);
  }
  for (const int option : {TCP_NODELAY, TCP_INFO, TCP_MAXSEG}) {
    allowOption("getsockopt", IPPROTO_TCP, option);
  }
}

// Calls for which callers know what to do without: they must not look like a refusal.
void answerNotThere(Rules& rules) {
  for (const char* call :
       {"clone3", "statx", "openat2", "faccessat2", "close_range", "futex_waitv"}) {
    rules.add(SCMP_ACT_ERRNO(ENOSYS), call);
  }
}

void killAttacks(Rules& rules) {
  for (const char* call : {"ptrace",
                           "process_vm_readv",
                           "process_vm_writev",
                           "pidfd_getfd",
                           "bpf",
                           "init_module",
                           "finit_module",
                           "delete_module",
                           "kexec_load",
                           "kexec_file_load",
                           "reboot",
                           "mount",
                           "umount2",
                           "pivot_root",
                           "chroot",
                           "open_tree",
                           "move_mount",
                           "fsopen",
                           "fsmount",
                           "mount_setattr",
                           "setns",
                           "unshare",
                           "open_by_handle_at",
                           "name_to_handle_at",
                           "swapon",
                           "swapoff",
                           "acct",
                           "quotactl",
                           "iopl",
                           "ioperm",
                           "modify_ldt",
                           "userfaultfd"}) {
    rules.add(SCMP_ACT_KILL_PROCESS, call);
  }
}

void addCommonRules(Rules& rules, const FilterOptions& options) {
  allowMemoryAndThreads(rules);
  allowIdentityAndTime(rules);
  allowDescriptors(rules);
  answerNotThere(rules);
  killAttacks(rules);
  if (options.ownPidNamespace) {
    rules.allowIf("tgkill", {is32(0, 1)});  // abort(), pthread_kill(): to the runner itself
  }
}

// The pin filter is small and needs comparisons that libseccomp lacks (upper halves of arguments),
// so it is written out.
class Assembler {
 public:
  void load(size_t offset) { push(BPF_LD | BPF_W | BPF_ABS, 0, 0, static_cast<uint32_t>(offset)); }
  void loadNumber() { load(offsetof(seccomp_data, nr)); }
  void loadLow(unsigned argument) { load(offsetof(seccomp_data, args) + argument * 8); }
  void loadHigh(unsigned argument) { load(offsetof(seccomp_data, args) + argument * 8 + 4); }
  void answer(uint32_t action) { push(BPF_RET | BPF_K, 0, 0, action); }
  // Each skips `count` instructions when the loaded word is (not) as said.
  void skipIfEqual(uint32_t value, uint8_t count) {
    push(BPF_JMP | BPF_JEQ | BPF_K, count, 0, value);
  }
  void skipUnlessEqual(uint32_t value, uint8_t count) {
    push(BPF_JMP | BPF_JEQ | BPF_K, 0, count, value);
  }
  void skipUnlessBits(uint32_t bits, uint8_t count) {
    push(BPF_JMP | BPF_JSET | BPF_K, 0, count, bits);
  }

  // EPERM when [address, address + length) could meet the pinned page, else falls
  // through. Addresses in the 4 GiB of the page and in the 4 GiB below are barred, and
  // lengths of 4 GiB or more, so that a range from further below ends before the page.
  void barPinnedRange(unsigned address, unsigned length) {
    constexpr auto kHigh = static_cast<uint32_t>(kTightPageAddress >> 32);
    loadHigh(length);
    skipUnlessEqual(0, 3);
    loadHigh(address);
    skipIfEqual(kHigh, 1);
    skipUnlessEqual(kHigh - 1, 1);
    answer(SECCOMP_RET_ERRNO | EPERM);
  }
  static constexpr uint8_t kBarLength = 6;

  FilterProgram take() { return std::move(program_); }

 private:
  void push(int code, uint8_t ifTrue, uint8_t ifFalse, uint32_t value) {
    const sock_filter instruction{static_cast<uint16_t>(code), ifTrue, ifFalse, value};
    uint64_t word = 0;
    ::memcpy(&word, &instruction, sizeof(word));
    program_.push_back(word);
  }
  FilterProgram program_;
};

#if defined(__x86_64__)
constexpr uint32_t kAuditArch = AUDIT_ARCH_X86_64;
#else
constexpr uint32_t kAuditArch = AUDIT_ARCH_AARCH64;
#endif

void appendProgram(std::vector<uint8_t>& bytes, const FilterProgram& program) {
  const auto* begin = reinterpret_cast<const uint8_t*>(program.data());
  bytes.insert(bytes.end(), begin, begin + program.size() * sizeof(uint64_t));
}

template <class Head>
std::vector<uint8_t> headBytes(const Head& head) {
  std::vector<uint8_t> bytes(sizeof(head));
  ::memcpy(bytes.data(), &head, sizeof(head));
  return bytes;
}

}  // namespace

Result<FilterProgram> makeTightFilter(const FilterOptions& options) {
  Rules rules;
  addCommonRules(rules, options);
  rules.allowIf("mmap", {hasNone(2, PROT_EXEC)});
  rules.allowIf("mprotect", {hasNone(2, PROT_EXEC)});
  return rules.compile();
}

Result<FilterProgram> makeWideFilter(const FilterOptions& options) {
  Rules rules;
  addCommonRules(rules, options);
  rules.allow({"mmap", "mprotect"});
  constexpr auto kWriting =
      static_cast<uint32_t>(O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND | __O_TMPFILE);
  // Reading only: O_RDONLY is 0, so every bit that could write, make or cut must be clear.
  rules.allowIf("openat", {hasNone(2, kWriting)});
  rules.allowIf("seccomp", {is32(0, SECCOMP_SET_MODE_FILTER)});  // narrowed by the pin filter
  return rules.compile();
}

FilterProgram makePinFilter() {
  Assembler code;
  code.load(offsetof(seccomp_data, arch));
  code.skipIfEqual(kAuditArch, 1);
  code.answer(SECCOMP_RET_KILL_PROCESS);

  code.loadNumber();
  code.skipUnlessEqual(SYS_seccomp, 10);
  code.loadLow(0);
  code.skipUnlessEqual(SECCOMP_SET_MODE_FILTER, 7);
  code.loadLow(1);
  code.skipUnlessEqual(SECCOMP_FILTER_FLAG_TSYNC, 5);
  code.loadLow(2);
  code.skipUnlessEqual(static_cast<uint32_t>(kTightPageAddress), 3);
  code.loadHigh(2);
  code.skipUnlessEqual(static_cast<uint32_t>(kTightPageAddress >> 32), 1);
  code.answer(SECCOMP_RET_ALLOW);
  code.answer(SECCOMP_RET_KILL_PROCESS);

  constexpr uint8_t kBar = Assembler::kBarLength;
  code.loadNumber();
  code.skipUnlessEqual(SYS_munmap, kBar + 1);
  code.barPinnedRange(0, 1);
  code.answer(SECCOMP_RET_ALLOW);

  code.loadNumber();
  code.skipUnlessEqual(SYS_mmap, 2 + kBar + 1);
  code.loadLow(3);
  code.skipUnlessBits(MAP_FIXED, kBar);
  code.barPinnedRange(0, 1);
  code.answer(SECCOMP_RET_ALLOW);

  code.loadNumber();
  code.skipUnlessEqual(SYS_mremap, kBar + 2 + kBar + 1);
  code.barPinnedRange(0, 1);
  code.loadLow(3);
  code.skipUnlessBits(MREMAP_FIXED, kBar);
  code.barPinnedRange(4, 2);
  code.answer(SECCOMP_RET_ALLOW);

  code.answer(SECCOMP_RET_ALLOW);
  return code.take();
}

Result<UniqueFd> makeSealedFile(const char* name, const void* bytes, size_t length) {
  const UniqueFd file(::memfd_create(name, MFD_CLOEXEC | MFD_ALLOW_SEALING));
  if (!file) {
    return Error::fromErrno(errno, std::string("make memory file ") + name);
  }
  if (::write(file.get(), bytes, length) != static_cast<ssize_t>(length)) {
    return Error::fromErrno(errno, std::string("fill memory file ") + name);
  }
  if (::fcntl(file.get(), F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) !=
      0) {
    return Error::fromErrno(errno, std::string("seal memory file ") + name);
  }
  // Read-only, so that before Linux 6.7 it can be mapped shared in spite of F_SEAL_WRITE.
  const std::string path = "/proc/self/fd/" + std::to_string(file.get());
  UniqueFd readOnly(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!readOnly) {
    return Error::fromErrno(errno, std::string("reopen memory file ") + name);
  }
  return readOnly;
}

Result<FilterFiles> makeFilterFiles(const FilterOptions& options) {
  auto wide = makeWideFilter(options);
  if (!wide) {
    return std::move(wide).error();
  }
  auto tight = makeTightFilter(options);
  if (!tight) {
    return std::move(tight).error();
  }
  const FilterProgram pin = makePinFilter();

  TightPage page;
  page.program.len = static_cast<unsigned short>(tight->size());
  page.program.filter = reinterpret_cast<sock_filter*>(kTightPageAddress + sizeof(TightPage));
  std::vector<uint8_t> tightBytes = headBytes(page);
  appendProgram(tightBytes, *tight);

  FilterFileHead head;
  head.tightPageAddress = kTightPageAddress;
  head.tightPageBytes = static_cast<uint32_t>(tightBytes.size());
  head.wideCount = static_cast<uint32_t>(wide->size());
  head.pinCount = static_cast<uint32_t>(pin.size());
  std::vector<uint8_t> wideBytes = headBytes(head);
  appendProgram(wideBytes, *wide);
  appendProgram(wideBytes, pin);

  auto wideFile = makeSealedFile("busbar-wide-filter", wideBytes.data(), wideBytes.size());
  if (!wideFile) {
    return std::move(wideFile).error();
  }
  auto tightFile = makeSealedFile("busbar-tight-filter", tightBytes.data(), tightBytes.size());
  if (!tightFile) {
    return std::move(tightFile).error();
  }
  return FilterFiles{std::move(*wideFile), std::move(*tightFile)};
}

}  // namespace busbar::sandbox
