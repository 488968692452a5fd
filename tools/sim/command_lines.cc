// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/sim/command_lines.h"

#include <unistd.h>

#include <cstdio>

namespace sim {

int CommandLines::fd() const {
  return isOpen_ ? STDIN_FILENO : -1;
}

void CommandLines::read(const std::function<std::string(const std::string&)>& obey) {
  char buffer[kMaxLineBytes];
  const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof(buffer));
  if (count <= 0) {
    isOpen_ = false;
    return;
  }
  bytes_.append(buffer, static_cast<size_t>(count));
  for (size_t end = bytes_.find('\n'); end != std::string::npos; end = bytes_.find('\n')) {
    std::printf("%s\n", obey(bytes_.substr(0, end)).c_str());
    bytes_.erase(0, end + 1);
  }
  if (bytes_.size() > kMaxLineBytes) {
    bytes_.clear();
  }
  std::fflush(stdout);
}

}  // namespace sim
