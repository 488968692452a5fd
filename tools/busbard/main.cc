// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The composition root: what concerns the process as a whole, then Daemon.
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <exception>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include <malloc.h>

#include "sdk/base/log.h"
#include "sdk/base/version.h"
#include "tools/busbard/daemon.h"
#include "tools/busbard/data_folder.h"
#include "tools/busbard/options.h"
#include "tools/busbard/signals.h"

namespace busbar::daemon {
namespace {

constexpr int kExitUnusable = 2;

int refuse(const Error& error) {
  std::string line = error.message;
  for (char& c : line) {
    c = c == '\n' ? ' ' : c;
  }
  std::fprintf(stderr, "busbard: %s\n", line.c_str());
  return kExitUnusable;
}

// An exception would be caught half way and leave things half done; nothing acknowledged is lost by
// an abort, and the service manager starts busbard again.
[[noreturn]] void endWithoutMemory() {
  constexpr std::string_view kLine = "busbard: out of memory\n";
  [[maybe_unused]] const ssize_t n = ::write(STDERR_FILENO, kLine.data(), kLine.size());
  std::abort();
}

// Secrets are in memory: no core files, no ptrace by the same user. As many descriptors as the
// system allows, for each runner and link takes some.
void guardProcess() {
  std::set_new_handler(endWithoutMemory);
  // Large blocks go back to the system when they are freed; left alone, glibc keeps those of the
  // password hashes (19 MiB each) once one was freed (mallopt(3), "dynamic mmap threshold").
  mallopt(M_MMAP_THRESHOLD, 1 << 20);
  umask(077);
  prctl(PR_SET_DUMPABLE, 0);
  signal(SIGPIPE, SIG_IGN);
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
  }
}

int run(const std::vector<std::string>& arguments) {
  auto options = parseOptions(arguments);
  if (!options) {
    return refuse(options.error());
  }
  if (options->printAndLeave) {
    std::fputs(options->printAndLeave->c_str(), stdout);
    return 0;
  }
  const Config& config = options->config;
  auto folder = DataFolder::open(config.dataDir);
  if (!folder) {
    return refuse(folder.error());
  }
  Signals::block({SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2});
  const auto log = Logger::forDaemon(config.logLevel);
  auto daemon = Daemon::create(config, std::move(*folder), *log);
  if (!daemon) {
    return refuse(daemon.error());
  }
  std::printf("ready %s\n", (*daemon)->url().c_str());
  std::fflush(stdout);
  (*daemon)->run();
  return 0;
}

}  // namespace
}  // namespace busbar::daemon

int main(int argc, char** argv) {
  busbar::daemon::guardProcess();
  try {
    return busbar::daemon::run({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::exception& e) {
    std::fprintf(stderr, "busbard: %s\n", e.what());
    return 1;
  }
}
