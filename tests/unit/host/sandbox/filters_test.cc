// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/sandbox/filters.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>

#include <gtest/gtest.h>

#include "host/sandbox/filter_files.h"

namespace busbar::sandbox {
namespace {

#if defined(__x86_64__)
constexpr uint32_t kArch = AUDIT_ARCH_X86_64;
#else
constexpr uint32_t kArch = AUDIT_ARCH_AARCH64;
#endif

// What the kernel would do: the few instructions that seccomp filters use.
uint32_t evaluate(const FilterProgram& program, const seccomp_data& data) {
  uint32_t accumulator = 0;
  for (size_t at = 0; at < program.size(); ++at) {
    sock_filter i{};
    ::memcpy(&i, &program[at], sizeof(i));
    switch (i.code) {
      case BPF_LD | BPF_W | BPF_ABS:
        ::memcpy(&accumulator, reinterpret_cast<const char*>(&data) + i.k, sizeof(accumulator));
        break;
      case BPF_ALU | BPF_AND | BPF_K:
        accumulator &= i.k;
        break;
      case BPF_JMP | BPF_JA:
        at += i.k;
        break;
      case BPF_JMP | BPF_JEQ | BPF_K:
        at += accumulator == i.k ? i.jt : i.jf;
        break;
      case BPF_JMP | BPF_JGT | BPF_K:
        at += accumulator > i.k ? i.jt : i.jf;
        break;
      case BPF_JMP | BPF_JGE | BPF_K:
        at += accumulator >= i.k ? i.jt : i.jf;
        break;
      case BPF_JMP | BPF_JSET | BPF_K:
        at += (accumulator & i.k) != 0 ? i.jt : i.jf;
        break;
      case BPF_RET | BPF_K:
        return i.k;
      default:
        ADD_FAILURE() << "instruction " << i.code << " is not modelled";
        return 0;
    }
  }
  ADD_FAILURE() << "the program does not end";
  return 0;
}

uint32_t ask(const FilterProgram& program, long number, std::array<uint64_t, 6> arguments = {},
             uint32_t arch = kArch) {
  seccomp_data data{};
  data.nr = static_cast<int>(number);
  data.arch = arch;
  for (size_t i = 0; i < arguments.size(); ++i) {
    data.args[i] = arguments[i];
  }
  return evaluate(program, data);
}

constexpr uint32_t kAllow = SECCOMP_RET_ALLOW;
constexpr uint32_t kKill = SECCOMP_RET_KILL_PROCESS;
constexpr uint32_t kEperm = SECCOMP_RET_ERRNO | EPERM;

struct FiltersTest : testing::Test {
  FilterProgram tight = makeTightFilter({}).value();
  FilterProgram wide = makeWideFilter({}).value();
  FilterProgram pin = makePinFilter();
};

TEST_F(FiltersTest, LetADriverComputeAndTalkOnWhatItHolds) {
  for (const long call : {SYS_read, SYS_write, SYS_futex, SYS_clock_gettime, SYS_recvmsg,
                          SYS_exit_group, SYS_getrandom, SYS_rt_sigreturn}) {
    EXPECT_EQ(ask(tight, call), kAllow) << call;
    EXPECT_EQ(ask(wide, call), kAllow) << call;
  }
  EXPECT_EQ(ask(tight, SYS_sendto, {3, 1, 1, 0, 0, 0}), kAllow);
  EXPECT_EQ(ask(tight, SYS_clone, {0x3d0f00}), kAllow) << "pthread_create";
}

TEST_F(FiltersTest, BothDenyNetworkProcessesAndKernelInterfaces) {
  for (const long call :
       {SYS_socket,         SYS_connect,         SYS_bind,       SYS_listen,
        SYS_accept,         SYS_accept4,         SYS_sendmsg,    SYS_sendmmsg,
        SYS_socketpair,     SYS_execve,          SYS_execveat,   SYS_memfd_create,
        SYS_io_uring_setup, SYS_perf_event_open, SYS_keyctl,     SYS_add_key,
        SYS_kill,           SYS_tkill,           SYS_pidfd_open, SYS_pidfd_send_signal,
        SYS_unlinkat,       SYS_renameat2,       SYS_fchmodat,   SYS_shmget,
        SYS_mq_open,        SYS_personality,     SYS_setpriority}) {
    EXPECT_EQ(ask(tight, call), kEperm) << call;
    EXPECT_EQ(ask(wide, call), kEperm) << call;
  }
  for (const long call : {SYS_ptrace, SYS_bpf, SYS_mount, SYS_setns, SYS_unshare, SYS_init_module,
                          SYS_process_vm_readv, SYS_open_by_handle_at}) {
    EXPECT_EQ(ask(tight, call), kKill) << call;
    EXPECT_EQ(ask(wide, call), kKill) << call;
  }
  EXPECT_EQ(ask(tight, SYS_sendto, {3, 1, 1, 0, 0x7fff0000, 16}), kEperm) << "with an address";
  EXPECT_EQ(ask(tight, SYS_sendto, {3, 1, 1, 0, 0x7fff00000000, 16}), kEperm);
  EXPECT_EQ(ask(tight, SYS_clone, {17 /* SIGCHLD */}), kEperm) << "fork";
  EXPECT_EQ(ask(tight, SYS_clone, {0x3d0f00 | 0x10000000 /* NEWUSER */}), kEperm);
  EXPECT_EQ(ask(tight, SYS_clone3), SECCOMP_RET_ERRNO | ENOSYS) << "glibc falls back to clone";
}

TEST_F(FiltersTest, OnlyWideOpensFilesAndMapsCode) {
  const std::array<uint64_t, 6> reading = {static_cast<uint64_t>(AT_FDCWD), 1,
                                           O_RDONLY | O_CLOEXEC};
  EXPECT_EQ(ask(wide, SYS_openat, reading), kAllow);
  EXPECT_EQ(ask(tight, SYS_openat, reading), kEperm);
  for (const int flags : {O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND, O_TMPFILE}) {
    EXPECT_EQ(ask(wide, SYS_openat, {0, 1, static_cast<uint64_t>(flags)}), kEperm) << flags;
  }
  for (const long call : {SYS_mmap, SYS_mprotect}) {
    EXPECT_EQ(ask(wide, call, {0, 4096, PROT_READ | PROT_EXEC}), kAllow);
    EXPECT_EQ(ask(tight, call, {0, 4096, PROT_READ | PROT_EXEC}), kEperm);
    EXPECT_EQ(ask(tight, call, {0, 4096, PROT_READ | PROT_WRITE}), kAllow);
  }
  EXPECT_EQ(ask(tight, SYS_seccomp, {SECCOMP_SET_MODE_FILTER}), kEperm);
}

TEST_F(FiltersTest, AllowAShortListOfSocketOptions) {
  EXPECT_EQ(ask(tight, SYS_setsockopt, {3, SOL_SOCKET, SO_KEEPALIVE}), kAllow);
  EXPECT_EQ(ask(tight, SYS_setsockopt, {3, SOL_SOCKET, SO_BINDTODEVICE}), kEperm);
  EXPECT_EQ(ask(tight, SYS_setsockopt, {3, SOL_SOCKET, SO_LINGER}), kEperm);
  EXPECT_EQ(ask(tight, SYS_setsockopt, {3, SOL_SOCKET, SO_ATTACH_FILTER}), kEperm);
  EXPECT_EQ(ask(tight, SYS_setsockopt, {3, 0 /* IP */, SO_KEEPALIVE}), kEperm);
  EXPECT_EQ(ask(tight, SYS_getsockopt, {3, SOL_SOCKET, SO_PEERCRED}), kEperm);
}

TEST_F(FiltersTest, SignalsGoNowhereWithoutAPidNamespace) {
  EXPECT_EQ(ask(tight, SYS_tgkill, {1, 2, 6}), kAllow);
  EXPECT_EQ(ask(tight, SYS_tgkill, {2, 2, 6}), kEperm);
  const FilterProgram outside = makeTightFilter({false}).value();
  EXPECT_EQ(ask(outside, SYS_tgkill, {1, 1, 6}), kEperm);
}

TEST_F(FiltersTest, KillAnotherArchitecture) {
  for (const FilterProgram& program : {tight, wide, pin}) {
    EXPECT_EQ(ask(program, SYS_read, {}, AUDIT_ARCH_I386), kKill);
  }
#if defined(__x86_64__)
  EXPECT_EQ(ask(tight, SYS_read | 0x40000000L), kKill) << "x32";
#endif
}

TEST_F(FiltersTest, PinLetsNothingLoadButTheTightProgram) {
  constexpr uint64_t kSync = SECCOMP_FILTER_FLAG_TSYNC;
  EXPECT_EQ(ask(pin, SYS_seccomp, {SECCOMP_SET_MODE_FILTER, kSync, kTightPageAddress}), kAllow);
  EXPECT_EQ(ask(pin, SYS_seccomp, {SECCOMP_SET_MODE_FILTER, kSync, kTightPageAddress + 8}), kKill);
  EXPECT_EQ(ask(pin, SYS_seccomp, {SECCOMP_SET_MODE_FILTER, 0, kTightPageAddress}), kKill);
  EXPECT_EQ(ask(pin, SYS_seccomp, {SECCOMP_SET_MODE_STRICT, kSync, kTightPageAddress}), kKill);
  EXPECT_EQ(ask(pin, SYS_seccomp, {SECCOMP_SET_MODE_FILTER, kSync, 0x555500001000}), kKill);
}

TEST_F(FiltersTest, PinKeepsThePageWhereItIs) {
  constexpr uint64_t kPage = kTightPageAddress;
  constexpr uint64_t kGib4 = uint64_t{1} << 32;
  const auto fixed = [this](uint64_t address, uint64_t length) {
    return ask(pin, SYS_mmap, {address, length, PROT_READ, MAP_PRIVATE | MAP_FIXED, 0, 0});
  };
  EXPECT_EQ(fixed(kPage, 4096), kEperm);
  EXPECT_EQ(fixed(kPage - kGib4, 4096), kEperm) << "close enough to reach over it";
  EXPECT_EQ(fixed(kPage - 3 * kGib4, 4 * kGib4), kEperm) << "long enough to reach over it";
  EXPECT_EQ(fixed(0x7f0000000000, 4096), kAllow);
  EXPECT_EQ(ask(pin, SYS_mmap, {kPage, 4096, PROT_READ, MAP_PRIVATE}), kAllow) << "only a hint";
  EXPECT_EQ(ask(pin, SYS_munmap, {kPage, 4096}), kEperm);
  EXPECT_EQ(ask(pin, SYS_munmap, {0x1000, 0x7fffffff0000}), kEperm);
  EXPECT_EQ(ask(pin, SYS_munmap, {0x7f0000000000, 4096}), kAllow);
  EXPECT_EQ(ask(pin, SYS_mremap, {kPage, 4096, 4096, MREMAP_MAYMOVE}), kEperm);
  EXPECT_EQ(
      ask(pin, SYS_mremap, {0x7f0000000000, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, kPage}),
      kEperm);
  EXPECT_EQ(ask(pin, SYS_mremap, {0x7f0000000000, 4096, 8192, MREMAP_MAYMOVE}), kAllow);
}

TEST_F(FiltersTest, FilesAreSealed) {
  const auto files = makeFilterFiles({});
  ASSERT_TRUE(files.ok());
  for (const int fd : {files->wide.get(), files->tight.get()}) {
    EXPECT_LT(::write(fd, "x", 1), 0);
    EXPECT_LT(::ftruncate(fd, 0), 0);
    EXPECT_EQ(::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
    void* const page = ::mmap(nullptr, 4096, PROT_READ, MAP_SHARED, fd, 0);
    ASSERT_NE(page, MAP_FAILED);
    EXPECT_NE(::mprotect(page, 4096, PROT_READ | PROT_WRITE), 0);
    ::munmap(page, 4096);
  }
}

}  // namespace
}  // namespace busbar::sandbox
