// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// A proxy for TCP or UDP that delays, drops, stalls, corrupts, cuts or refuses on command. See
// README.md.

#include <signal.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "tools/sim/fault_proxy.h"

namespace {

[[noreturn]] void usage() {
  std::fprintf(stderr, "tcp_faults [--udp] [--listen ADDR:PORT] --to ADDR:PORT\n");
  std::exit(2);
}

}  // namespace

int main(int argc, char** argv) {
  std::string listen = "127.0.0.1:0";
  std::string to;
  bool isUdp = false;
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--udp") {
      isUdp = true;
    } else if (i + 1 < argc && name == "--listen") {
      listen = argv[++i];
    } else if (i + 1 < argc && name == "--to") {
      to = argv[++i];
    } else {
      usage();
    }
  }
  if (to.empty()) {
    usage();
  }
  signal(SIGPIPE, SIG_IGN);
  sim::raiseFileLimit();
  return sim::FaultProxy(listen, to, isUdp).run();
}
