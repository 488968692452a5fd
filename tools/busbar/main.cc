// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// The command-line tool: reads the line, runs one verb, maps its outcome to the exit code.
#include <signal.h>
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <string>
#include <variant>
#include <vector>

#include <locale.h>

#include "tools/busbar/command_line.h"
#include "tools/busbar/session.h"
#include "tools/busbar/table.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

void onInterrupt(int) {
  _exit(static_cast<int>(ExitCode::Interrupted));
}

// The first line after the program's name, what follows below it indented.
void printError(const Error& error) {
  std::string text = "busbar: ";
  for (size_t begin = 0; begin <= error.message.size();) {
    const size_t end = std::min(error.message.find('\n', begin), error.message.size());
    text += (begin == 0 ? "" : "  ") + printable(error.message.substr(begin, end - begin)) + "\n";
    begin = end + 1;
  }
  std::fputs(text.c_str(), stderr);
}

bool needsConnection(const Verb& verb) {
  return !(verb.noun.empty() && (verb.name == "completion" || verb.name == "version"));
}

ExitCode run(const std::vector<std::string>& words) {
  const VerbTable table = allVerbs();
  const auto parsed = parseCommandLine(table, words);
  if (const auto* leave = std::get_if<Leave>(&parsed)) {
    std::fputs(leave->text.c_str(), leave->code == ExitCode::Ok ? stdout : stderr);
    return leave->code;
  }
  const Command& command = std::get<Command>(parsed);
  Connection connection;
  if (needsConnection(*command.verb)) {
    auto found = toConnection(command.connection);
    if (!found) {
      printError(found.error());
      return toExitCode(found.error());
    }
    connection = std::move(*found);
  }
  Session session(table, command, std::move(connection));
  if (const Status done = command.verb->run(session, command.arguments); !done.ok()) {
    if (!done.error().message.empty()) {
      printError(done.error());
    }
    return toExitCode(done.error());
  }
  return ExitCode::Ok;
}

}  // namespace
}  // namespace busbar::cli

int main(int argc, char** argv) {
  setlocale(LC_CTYPE, "");
  if (MB_CUR_MAX == 1) {
    setlocale(LC_CTYPE, "C.UTF-8");  // widths of characters must be known also under LC_ALL=C
  }
  signal(SIGPIPE, SIG_IGN);
  signal(SIGINT, busbar::cli::onInterrupt);
  try {
    return static_cast<int>(busbar::cli::run({argv + (argc > 0 ? 1 : 0), argv + argc}));
  } catch (const std::exception& e) {
    std::fprintf(stderr, "busbar: %s\n", e.what());
    return 1;
  }
}
