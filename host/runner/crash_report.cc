// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/crash_report.h"

#include <link.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <csignal>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>

#include <unwind.h>

namespace busbar::runner {
namespace {

constexpr size_t kMaxLibraries = 48;
constexpr size_t kMaxFrames = 48;
constexpr size_t kAlternateStackBytes = 64U << 10U;
constexpr rlim_t kNearlyFull = 16;  // less than a 16th of the limit is left

struct Library {
  std::array<char, 40> name;
  uintptr_t base;
  uintptr_t begin;
  uintptr_t end;
};

// What the handlers need; filled before driver code runs, only read in them.
struct Context {
  const LivenessPage* page = nullptr;
  pid_t loopThread = 0;
  size_t libraryCount = 0;
  std::array<Library, kMaxLibraries> libraries{};
  std::atomic<bool> crashed{false};
};
Context context;  // NOLINT: signal handlers have no other way to state

// One line, built and written without the heap or stdio.
class Line {
 public:
  Line& text(std::string_view s) {
    const size_t n = std::min(s.size(), bytes_.size() - used_);
    std::memcpy(bytes_.data() + used_, s.data(), n);
    used_ += n;
    return *this;
  }
  Line& number(uint64_t value, unsigned base = 10) {
    std::array<char, 20> digits{};
    size_t at = digits.size();
    do {
      digits[--at] = "0123456789abcdef"[value % base];
      value /= base;
    } while (value != 0);
    return text({digits.data() + at, digits.size() - at});
  }
  void write() {
    text("\n");
    [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, bytes_.data(), used_);
  }

 private:
  std::array<char, 256> bytes_;
  size_t used_ = 0;
};

pid_t threadId() {
  return static_cast<pid_t>(::syscall(SYS_gettid));
}

const Library* findLibrary(uintptr_t address) {
  for (size_t i = 0; i < context.libraryCount; ++i) {
    const Library& library = context.libraries[i];
    if (address >= library.begin && address < library.end) {
      return &library;
    }
  }
  return nullptr;
}

void writeFrame(unsigned index, uintptr_t address) {
  Line line;
  line.text("busbar-runner: frame ").number(index).text(" ");
  if (const Library* library = findLibrary(address)) {
    line.text(library->name.data()).text("+0x").number(address - library->base, 16);
  } else {
    line.text("?+0x").number(address, 16);
  }
  line.write();
}

void writeCall(Line& line) {
  const bool inCall = context.page->callStartNs.load() != 0;
  const auto entry = static_cast<Entry>(inCall ? context.page->callback.load() : 0);
  line.text(" callback=").text(toString(entry)).text(" instance=");
  line.number(inCall ? context.page->instance.load() : 0).text(" call=");
  line.number(inCall ? context.page->callId.load() : 0).text(" thread=");
  line.text(threadId() == context.loopThread ? "loop" : "driver").write();
}

// A null pointer of malloc() is a usual cause of crashes where RLIMIT_DATA bounds the memory.
void writeMemory(Line& line) {
  rlimit limit{};
  if (::getrlimit(RLIMIT_DATA, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) {
    return;
  }
  void* probe = ::mmap(nullptr, limit.rlim_cur / kNearlyFull, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (probe == MAP_FAILED && errno == ENOMEM) {
    line.text(" memory_full_mib=").number(limit.rlim_cur >> 20U);
  }
}

struct Walk {
  uintptr_t from;  // the interrupted instruction; frames before it are the handler's
  bool found = false;
  unsigned count = 0;
  unsigned skipped = 0;
};

_Unwind_Reason_Code onFrame(_Unwind_Context* frame, void* argument) {
  Walk& walk = *static_cast<Walk*>(argument);
  int beforeInstruction = 0;
  const uintptr_t address = _Unwind_GetIPInfo(frame, &beforeInstruction);
  if (!walk.found) {
    walk.found = address == walk.from;
    if (!walk.found) {
      return ++walk.skipped < kMaxFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
    }
  }
  // A return address is one past the call.
  writeFrame(walk.count, beforeInstruction != 0 ? address : address - 1);
  return ++walk.count < kMaxFrames ? _URC_NO_REASON : _URC_END_OF_STACK;
}

void writeStack(const ucontext_t& interrupted) {
#if defined(__x86_64__)
  const auto pc = static_cast<uintptr_t>(interrupted.uc_mcontext.gregs[REG_RIP]);
  const auto sp = static_cast<uintptr_t>(interrupted.uc_mcontext.gregs[REG_RSP]);
#elif defined(__aarch64__)
  const auto pc = static_cast<uintptr_t>(interrupted.uc_mcontext.pc);
  const auto caller = static_cast<uintptr_t>(interrupted.uc_mcontext.regs[30]);
#endif
  Walk walk{pc};
  if (findLibrary(pc) != nullptr) {
    _Unwind_Backtrace(onFrame, &walk);
  }
  if (walk.count == 0) {
    // A jump to nowhere cannot be unwound; the caller's address is where a call leaves it.
    writeFrame(0, pc);
#if defined(__x86_64__)
    uintptr_t caller = 0;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): a register holds it
    std::memcpy(&caller, reinterpret_cast<const void*>(sp), sizeof caller);
#endif
    writeFrame(1, caller - 1);
  }
  Line().text("busbar-runner: end").write();
}

void onCrash(int number, siginfo_t* info, void* interrupted) {
  if (context.crashed.exchange(true)) {
    // Another thread reports already and ends the process; a report of both would be a mix.
    for (;;) {
      ::pause();
    }
  }
  Line line;
  line.text("busbar-runner: crash signal=").number(static_cast<unsigned>(number));
  line.text(" code=").number(static_cast<unsigned>(info->si_code < 0 ? 0 : info->si_code));
  const bool sent = info->si_code <= 0;  // by a process: si_addr means nothing
  line.text(" address=0x").number(sent ? 0 : reinterpret_cast<uintptr_t>(info->si_addr), 16);
  writeMemory(line);
  writeCall(line);
  writeStack(*static_cast<const ucontext_t*>(interrupted));
  ::_exit(kCrashExitBase + number);
}

void onDump(int /*number*/, siginfo_t* /*info*/, void* interrupted) {
  const int saved = errno;
  Line line;
  line.text("busbar-runner: dump");
  writeCall(line);
  writeStack(*static_cast<const ucontext_t*>(interrupted));
  errno = saved;
}

// The runner itself ends by _exit only: whoever calls exit() is the driver.
void onExit() {
  Line line;
  line.text("busbar-runner: exit");
  writeCall(line);
  Line().text("busbar-runner: end").write();
  ::_exit(kDriverExit);
}

int addLibrary(dl_phdr_info* info, size_t /*size*/, void* /*argument*/) {
  if (context.libraryCount == kMaxLibraries) {
    return 1;
  }
  Library library{};
  library.base = info->dlpi_addr;
  library.begin = UINTPTR_MAX;
  for (size_t i = 0; i < info->dlpi_phnum; ++i) {
    const ElfW(Phdr)& p = info->dlpi_phdr[i];
    if (p.p_type == PT_LOAD) {
      library.begin = std::min<uintptr_t>(library.begin, info->dlpi_addr + p.p_vaddr);
      library.end = std::max<uintptr_t>(library.end, info->dlpi_addr + p.p_vaddr + p.p_memsz);
    }
  }
  std::string_view name(info->dlpi_name != nullptr ? info->dlpi_name : "");
  name = name.substr(name.rfind('/') + 1);
  name = name.empty() ? "busbar-runner" : name.substr(0, library.name.size() - 1);
  std::memcpy(library.name.data(), name.data(), name.size());
  context.libraries[context.libraryCount++] = library;
  return 0;
}

void handle(int number, void (*handler)(int, siginfo_t*, void*), int extraFlags) {
  struct sigaction action{};
  action.sa_sigaction = handler;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK | extraFlags;
  sigemptyset(&action.sa_mask);
  ::sigaction(number, &action, nullptr);
}

}  // namespace

void installCrashHandlers(const LivenessPage& page) {
  context.page = &page;
  context.loopThread = threadId();
  noteLoadedLibraries();
  stack_t stack{};
  stack.ss_size = kAlternateStackBytes;
  stack.ss_sp = ::mmap(nullptr, stack.ss_size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_STACK, -1, 0);
  if (stack.ss_sp != MAP_FAILED) {
    ::sigaltstack(&stack, nullptr);
  }
  for (const int number : {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS}) {
    handle(number, onCrash, 0);
  }
  handle(SIGQUIT, onDump, SA_RESTART);
  std::atexit(onExit);
}

void noteLoadedLibraries() {
  context.libraryCount = 0;
  dl_iterate_phdr(addLibrary, nullptr);
}

}  // namespace busbar::runner
