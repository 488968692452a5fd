// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <csignal>
#include <cstdio>
#include <cstring>
#include <string>
#include <string_view>

#include "host/runner/loader.h"
#include "host/runner/pages.h"
#include "host/runner/runner.h"
#include "sdk/base/event_loop.h"

// busbar-runner: see README.md "Arguments and descriptors".
namespace busbar::runner {
namespace {

constexpr int kChannelFd = 3;
constexpr int kDeadlinePageFd = 6;
constexpr int kLivenessPageFd = 7;

int isOpen(int fd) {
  return ::fcntl(fd, F_GETFD) >= 0 ? fd : -1;
}

int fail(Exit exit, const std::string& why) {
  std::fprintf(stderr, "busbar-runner: %s\n", why.c_str());
  return static_cast<int>(exit);
}

Status load(Loader& loader, const std::string& path, Runner& runner) {
  Process& process = runner.process();
  {
    const CallScope scope(process, Entry::Constructors, 0, 0);
    BUSBAR_TRY(loader.load(path));
  }
  const CallScope scope(process, Entry::DriverEntry, 0, 0);
  return loader.enter(BUSBAR_ABI_MINOR_LATEST, process.driver);
}

int run(const std::string& driverPath) {
  static_cast<void>(std::signal(SIGPIPE, SIG_IGN));
  const int flags = ::fcntl(kChannelFd, F_GETFL);
  if (flags < 0 || ::fcntl(kChannelFd, F_SETFL, flags | O_NONBLOCK) != 0 ||
      ::fcntl(kChannelFd, F_SETFD, FD_CLOEXEC) != 0) {
    return fail(Exit::Usage, "no channel on descriptor 3");
  }
  const auto pages = Pages::map(isOpen(kDeadlinePageFd), isOpen(kLivenessPageFd));
  if (!pages.ok()) {
    return fail(Exit::Usage, pages.error().message);
  }
  const SystemClock clock;
  auto loop = EventLoop::create(clock);
  if (!loop.ok()) {
    return fail(Exit::Usage, loop.error().message);
  }
  Runner runner(**loop, UniqueFd(kChannelFd), *pages);
  if (const Status hello = runner.awaitHello(); !hello.ok()) {
    return fail(Exit::Protocol, hello.error().message);
  }
  Loader loader;
  const Status loaded = load(loader, driverPath, runner);
  const Exit exit = runner.serve(loaded);
  // The driver's threads may still run: no destructors under them.
  ::_exit(static_cast<int>(exit));
}

}  // namespace
}  // namespace busbar::runner

int main(int argc, char** argv) {
  using busbar::runner::Exit;
  if (argc == 4 && std::string_view(argv[1]) == "--unsandboxed" &&
      std::string_view(argv[2]) == "--driver") {
    return busbar::runner::run(argv[3]);
  }
  return busbar::runner::fail(Exit::Usage, "usage: busbar-runner --unsandboxed --driver PATH");
}
