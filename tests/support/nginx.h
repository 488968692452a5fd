// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "sdk/base/unique_fd.h"
#include "tests/support/program.h"
#include "tests/support/temp_dir.h"

namespace busbar::test {

// A port of loopback that nobody else gets while this lives: bound, not listened on, and with
// SO_REUSEADDR, so that a server which sets that too can take it.
class ReservedPort {
 public:
  ReservedPort();
  operator uint16_t() const { return port_; }  // NOLINT: reads as the number it is

 private:
  UniqueFd fd_;
  uint16_t port_ = 0;
};

// Debian's nginx as one process on loopback, in a folder of its own; ends with this object.
class Nginx {
 public:
  static bool isInstalled();

  // Writes a file below the folder before or after start(); its path.
  std::string write(const std::string& name, const std::string& text) const;
  std::string read(const std::string& name) const;
  // `servers`: the text of the http block, `server { … }` and so on. Waits until all
  // ports are open and `port` answers.
  void start(const std::string& servers, uint16_t port);
  pid_t pid() const { return program_->pid(); }
  // Lines of the access log: "METHOD URI connection=N requests=M".
  std::string accessLog() const;

 private:
  TempDir folder_;
  std::optional<Program> program_;
};

}  // namespace busbar::test
