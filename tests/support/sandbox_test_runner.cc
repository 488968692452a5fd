// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
//
// A runner for sandbox tests: enters the sandbox as busbar-runner does, then obeys one-letter
// commands on the channel. Arguments after "--": --without=LAYER leaves out a wall that runners
// raise themselves (a test names it; the product's runner has no such option).

#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <string>

#include "host/sandbox/enter.h"

namespace {

using namespace busbar::sandbox;  // NOLINT: a program of its own

[[noreturn]] void fail(const EnterError& error) {
  ::dprintf(STDERR_FILENO, "sandbox: %s: %s\n", error.step, ::strerror(error.errnum));
  ::_exit(3);
}

void must(const EnterError& error) {
  if (error) {
    fail(error);
  }
}

bool isLeftOut(int argc, char** argv, int from, const char* layer) {
  const std::string wanted = std::string("--without=") + layer;
  for (int i = from; i < argc; ++i) {
    if (wanted == argv[i]) {
      return true;
    }
  }
  return false;
}

void say(const std::string& text) {
  if (::write(kChannelFd, text.data(), text.size()) < 0) {
    ::_exit(4);
  }
}

void* waitForever(void*) {
  for (;;) {
    ::pause();
  }
}

void useMemory() {
  for (;;) {
    constexpr size_t kPiece = 1 << 20;
    char* piece = static_cast<char*>(::malloc(kPiece));
    if (piece == nullptr) {
      ::_exit(5);
    }
    ::memset(piece, 1, kPiece);
    say("");
  }
}

std::string describe() {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  return "pid=" + std::to_string(::getpid()) + " uid=" + std::to_string(::getuid()) +
         " euid=" + std::to_string(::geteuid()) + " gid=" + std::to_string(::getgid()) +
         " nofile=" + std::to_string(files.rlim_cur) +
         " environment=" + (environ == nullptr || environ[0] == nullptr ? "0" : "1") + "\n";
}

void obey(char command) {
  switch (command) {
    case 'q':
      ::_exit(0);
    case 'x':
      ::_exit(7);
    case 's':
      ::signal(SIGSEGV, SIG_DFL);
      ::raise(SIGSEGV);
      *static_cast<volatile int*>(nullptr) = 1;
      break;
    case 'd':
      say(describe());
      break;
    case 'm':
      useMemory();
      break;
    case 't': {
      pthread_t thread;
      say(::pthread_create(&thread, nullptr, &waitForever, nullptr) == 0 ? "+" : "-");
      break;
    }
    case 'o':
      say(::write(STDOUT_FILENO, "out", 3) == 3 && ::write(STDERR_FILENO, "err", 3) == 3 ? "+"
                                                                                         : "-");
      break;
    default:
      say("?");
  }
}

}  // namespace

int main(int argc, char** argv) {
  EnterPlan plan;
  must(readEnterPlan(argc, argv, plan));
  const int own = plan.firstArgument;
  if (!isLeftOut(argc, argv, own, "parent_death")) {
    must(checkHostLives());
  }
  if (!isLeftOut(argc, argv, own, "not_dumpable")) {
    must(setNotDumpable());
  }
  if (!isLeftOut(argc, argv, own, "landlock")) {
    must(applyLandlock(plan));
  }
  must(mapTightFilter());
  if (!isLeftOut(argc, argv, own, "wide_filter")) {
    must(loadWideFilter());
  }
  void (*callback)() = nullptr;
  if (!plan.driverPath.empty()) {
    void* const driver = ::dlopen(plan.driverPath.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (driver == nullptr) {
      ::dprintf(STDERR_FILENO, "dlopen: %s\n", ::dlerror());
      return 6;
    }
    callback = reinterpret_cast<void (*)()>(::dlsym(driver, "escape_callback"));
  }
  if (!isLeftOut(argc, argv, own, "tight_filter")) {
    must(enterBeforeEntry());
  }
  say("ready\n");
  char command = 0;
  while (::read(kChannelFd, &command, 1) == 1) {
    if (command == 'k' && callback != nullptr) {
      callback();
    } else {
      obey(command);
    }
  }
  return 0;
}
