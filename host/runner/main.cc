// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <string_view>

#include "host/inspect/report.h"
#include "host/runner/start.h"
#include "host/sandbox/enter.h"

// busbar-runner: see README.md "Arguments and descriptors".
namespace busbar::runner {
namespace {

Status toStatus(const sandbox::EnterError& error) {
  if (!error) {
    return {};
  }
  Error why = Error::fromErrno(error.errnum, std::string("sandbox step ") + error.step);
  why.reason = "sandbox_failed";
  return why;
}

int exitCode(Exit exit) {
  return static_cast<int>(exit);
}

// `what` is a path, or "fd:N" for an inherited descriptor.
int inspect(const std::string& what) {
  const bool isFd = what.rfind("fd:", 0) == 0;
  const int fd = isFd ? std::atoi(what.c_str() + 3) : -1;
  const auto image = isFd ? elf::Image::openFd(fd) : elf::Image::open(what);
  std::string_view rest;
  const std::string report = elf::writeReport(image);
  for (rest = report; !rest.empty();) {
    const ssize_t n = ::write(STDOUT_FILENO, rest.data(), rest.size());
    if (n <= 0) {
      return exitCode(Exit::HostGone);
    }
    rest.remove_prefix(static_cast<size_t>(n));
  }
  return 0;
}

int sandboxed(int argc, char** argv) {
  sandbox::EnterPlan plan;
  if (const Status read = toStatus(sandbox::readEnterPlan(argc, argv, plan)); !read.ok()) {
    complain(read.error().message);
    return exitCode(Exit::Usage);
  }
  const auto beforeLoad = [&plan] { return toStatus(sandbox::enterBeforeLoad(plan)); };
  const auto beforeEntry = [] { return toStatus(sandbox::enterBeforeEntry()); };
  const int first = plan.firstArgument;
  if (first + 2 == argc && std::string_view(argv[first]) == "--inspect") {
    for (const Status& step : {beforeLoad(), beforeEntry()}) {
      if (!step.ok()) {
        complain(step.error().message);
        return exitCode(Exit::Sandbox);
      }
    }
    return inspect(argv[first + 1]);
  }
  if (first != argc || plan.driverPath.empty()) {
    complain("arguments after -- are none, or --inspect fd:N");
    return exitCode(Exit::Usage);
  }
  StartPlan start{plan.driverPath, beforeLoad, beforeEntry};
  return exitCode(runner::start(std::move(start)));
}

}  // namespace
}  // namespace busbar::runner

int main(int argc, char** argv) {
  using namespace busbar::runner;
  if (argc == 3 && std::string_view(argv[1]) == "--inspect") {
    return inspect(argv[2]);  // by hand: with the caller's own rights
  }
  if (argc < 2 || std::string_view(argv[1]).rfind("--sandbox=", 0) != 0) {
    complain("busbard starts this program; by hand: busbar-runner --inspect FILE");
    return exitCode(Exit::Usage);
  }
  // The driver's threads may still run: no destructors under them.
  ::_exit(sandboxed(argc, argv));
}
