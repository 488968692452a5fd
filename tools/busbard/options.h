// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sdk/base/result.h"
#include "tools/busbard/config.h"

namespace busbar::daemon {

// What the command line asks for: a configuration to run with, or a text to print on stdout and
// leave (--help, --version).
struct Options {
  Config config;
  std::optional<std::string> printAndLeave;
};

// Reads the arguments (without the program's name): defaults, then --config FILE, then the other
// flags. A bad flag, value or file is InvalidArgument (or what reading the file said) with one
// line.
Result<Options> parseOptions(const std::vector<std::string>& arguments);

}  // namespace busbar::daemon
