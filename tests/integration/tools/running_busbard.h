// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "tests/support/program.h"

namespace busbar::test {

// A busbard of the build on a port of the kernel's choice.
class RunningBusbard {
 public:
  explicit RunningBusbard(std::string dataDir, std::vector<std::string> flags = {})
      : dataDir_(std::move(dataDir)), program_(argumentsFor(dataDir_, std::move(flags))) {
    if (const auto line = program_.readLine(); line && line->rfind("ready ", 0) == 0) {
      url_ = line->substr(6);
    }
  }

  bool isReady() const { return !url_.empty(); }
  const std::string& url() const { return url_; }
  const std::string& dataDir() const { return dataDir_; }
  Program& program() { return program_; }

  // Runs the command-line tool on it.
  Program::Outcome busbar(std::vector<std::string> words, const std::string& input = {}) const {
    words.insert(words.begin(), {"busbar", "--data", dataDir_});
    return Program::run(std::move(words), {}, input);
  }

 private:
  static std::vector<std::string> argumentsFor(const std::string& dataDir,
                                               std::vector<std::string> flags) {
    flags.insert(flags.begin(), {"busbard", "--data", dataDir, "--listen", "127.0.0.1:0"});
    return flags;
  }

  std::string dataDir_;
  Program program_;
  std::string url_;
};

}  // namespace busbar::test
