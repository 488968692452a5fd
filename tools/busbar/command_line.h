// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "tools/busbar/connection.h"
#include "tools/busbar/exit_code.h"
#include "tools/busbar/output.h"
#include "tools/busbar/verb.h"

namespace busbar::cli {

// A command line that names a verb.
struct Command {
  const Verb* verb = nullptr;  // of the table given to parseCommandLine
  Arguments arguments;
  ConnectionFlags connection;
  Output::Options output;
  int timeoutSeconds = 0;  // 0: the verb's own
};

// A command line that ends at once: help and version on stdout with Ok, mistakes on stderr with
// Usage.
struct Leave {
  ExitCode code = ExitCode::Ok;
  std::string text;
};

// Reads the arguments (without the program's name). A word that is no verb is answered with the
// nearest one.
std::variant<Command, Leave> parseCommandLine(const VerbTable& table,
                                              const std::vector<std::string>& arguments);

// A flag of every verb, as the completion scripts need it.
const std::vector<Flag>& globalFlags();

}  // namespace busbar::cli
