// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/start.h"

#include <fcntl.h>
#include <unistd.h>

#include <csignal>

#include "host/runner/crash_report.h"
#include "host/runner/loader.h"

namespace busbar::runner {
namespace {

int openOrNone(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0 ? fd : -1;
}

// Ignored and not handled: a write to a closed connection is an error code, never the end.
void ignoreBrokenPipes() {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
}

bool prepareChannel() {
  const int flags = ::fcntl(kChannelFd, F_GETFL);
  return flags >= 0 && ::fcntl(kChannelFd, F_SETFL, flags | O_NONBLOCK) == 0 &&
         ::fcntl(kChannelFd, F_SETFD, FD_CLOEXEC) == 0;
}

Status enterSandbox(Callback<Status()>& step, Exit& exit) {
  const Status entered = step ? step() : Status();
  if (!entered.ok()) {
    exit = Exit::Sandbox;
  }
  return entered;
}

Status load(StartPlan& plan, Loader& loader, Process& process, Exit& exit) {
  BUSBAR_TRY(enterSandbox(plan.beforeLoad, exit));
  {
    process.loop.refreshNow();  // it does not run yet
    const CallScope scope(process, Entry::Constructors, 0, 0);
    BUSBAR_TRY(loader.load(plan.driverPath));
  }
  noteLoadedLibraries();
  BUSBAR_TRY(enterSandbox(plan.beforeEntry, exit));
  process.loop.refreshNow();
  const CallScope scope(process, Entry::DriverEntry, 0, 0);
  return loader.enter(BUSBAR_ABI_MINOR_LATEST, process.driver);
}

}  // namespace

void complain(const std::string& why) {
  const std::string line = "busbar-runner: " + why + "\n";
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, line.data(), line.size());
}

Exit start(StartPlan plan) {
  ignoreBrokenPipes();
  if (!prepareChannel()) {
    complain("no channel on descriptor 3");
    return Exit::Usage;
  }
  const auto pages = Pages::map(openOrNone(kDeadlinePageFd), openOrNone(kLivenessPageFd));
  const SystemClock clock;
  auto loop = EventLoop::create(clock);
  if (!pages.ok() || !loop.ok()) {
    complain(pages.ok() ? loop.error().message : pages.error().message);
    return Exit::Usage;
  }
  installCrashHandlers(pages->liveness());
  Runner runner(**loop, UniqueFd(kChannelFd), *pages);
  if (const Status hello = runner.awaitHello(); !hello.ok()) {
    complain(hello.error().message);
    return runner.isHostGone() ? Exit::HostGone : Exit::Protocol;
  }
  Loader loader;
  Exit failed = Exit::Refused;
  const Status loaded = load(plan, loader, runner.process(), failed);
  const Exit exit = runner.serve(loaded);
  return exit == Exit::Refused ? failed : exit;
}

}  // namespace busbar::runner
