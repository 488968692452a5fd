// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace busbar::test {

// A program in a process group of its own whose output is read line by line; it ends, with all it
// started, when this object does.
class ChildProcess {
 public:
  explicit ChildProcess(const std::vector<std::string>& arguments);
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;
  ~ChildProcess();

  // The next line of stdout; empty when there is none within ten seconds.
  std::string readLine();
  void writeLine(const std::string& line) const;
  // The port of a line "ready PORT"; 0 when another line came.
  int readReadyPort();

 private:
  pid_t pid_ = -1;
  int in_ = -1;
  int out_ = -1;
  std::string buffer_;
};

}  // namespace busbar::test
