// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "host/sandbox/spawner.h"

namespace busbar::sandbox {

std::string ExitStatus::toString() const {
  if (outOfMemory) {
    return "out of memory";
  }
  if (!signaled) {
    return "exit code " + std::to_string(value);
  }
  const char* name = sigabbrev_np(value);
  return "signal " + std::to_string(value) +
         (name != nullptr ? " (SIG" + std::string(name) + ")" : "");
}

}  // namespace busbar::sandbox
