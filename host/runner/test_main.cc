// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <string_view>

#include "host/runner/start.h"

// busbar-runner-test: the runner without a sandbox, for tests. Never installed.
int main(int argc, char** argv) {
  using namespace busbar::runner;
  if (argc != 4 || std::string_view(argv[1]) != "--unsandboxed" ||
      std::string_view(argv[2]) != "--driver") {
    complain("usage: busbar-runner-test --unsandboxed --driver PATH");
    return static_cast<int>(Exit::Usage);
  }
  StartPlan plan;
  plan.driverPath = argv[3];
  ::_exit(static_cast<int>(start(std::move(plan))));
}
