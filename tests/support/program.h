// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "sdk/base/unique_fd.h"

namespace busbar::test {

// A program of the build, or any other, run as a child with its output captured. The destructor
// kills and reaps it. Thread-compatible.
class Program {
 public:
  struct Outcome {
    int exitCode = -1;  // -1: ended by `signal`
    int signal = 0;
    std::string out;
    std::string err;
  };
  static constexpr std::chrono::seconds kLimit{30};

  // `argv[0]` with a slash is a path; otherwise a program of the build's bin folder. `environment`
  // holds "NAME=value" that are added to the test's own.
  explicit Program(std::vector<std::string> argv, std::vector<std::string> environment = {});
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;
  ~Program();

  // Runs to the end.
  static Outcome run(std::vector<std::string> argv, std::vector<std::string> environment = {},
                     const std::string& input = {});

  pid_t pid() const { return pid_; }
  // The next line of stdout, without its newline; nothing at its end or after the limit.
  std::optional<std::string> readLine(std::chrono::milliseconds limit = kLimit);
  void signal(int number) const;
  void closeInput() { stdin_.reset(); }
  bool write(const std::string& text);
  // Waits for the end, reading what comes. Kills it at the limit (then `signal` is SIGKILL).
  Outcome wait(std::chrono::milliseconds limit = kLimit);

 private:
  // False at the end of both streams or after the limit.
  bool pump(std::chrono::steady_clock::time_point until);

  pid_t pid_ = -1;
  UniqueFd stdin_;
  UniqueFd stdout_;
  UniqueFd stderr_;
  std::string out_;
  std::string err_;
  size_t linesAt_ = 0;  // in out_, what readLine() has not given yet
};

// The file of the build's bin folder, from BUSBAR_BUILD.
std::string builtProgram(const std::string& name);

}  // namespace busbar::test
