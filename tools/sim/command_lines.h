// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>

namespace sim {

// The commands that come as lines on stdin, each answered with a line on stdout.
class CommandLines {
 public:
  static constexpr size_t kMaxLineBytes = 4096;  // longer ones are forgotten

  // For poll(); -1 once stdin has ended: then serving goes on without commands.
  int fd() const;
  // Reads once and prints what `obey` says to each whole line.
  void read(const std::function<std::string(const std::string&)>& obey);

 private:
  std::string bytes_;  // not yet a whole line
  bool isOpen_ = true;
};

}  // namespace sim
