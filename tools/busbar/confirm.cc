// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/confirm.h"

#include <unistd.h>

#include <cstdio>
#include <iostream>

#include "tools/busbar/exit_code.h"
#include "tools/busbar/table.h"

namespace busbar::cli {
namespace {

bool canAsk() {
  return isatty(STDIN_FILENO) != 0 && isatty(STDERR_FILENO) != 0;
}

void show(const Output& output, const json::Value& preview, const char* member, const char* verb) {
  const json::Value* rows = preview.find(member);
  if (rows == nullptr || rows->asArray() == nullptr) {
    return;
  }
  for (const json::Value& row : *rows->asArray()) {
    output.say(std::string(verb) + " " + cellText(row, "type") + " " + cellText(row, "id") + " " +
               printable(cellText(row, "name")));
  }
}

}  // namespace

Flag yesFlag() {
  return {"-y,--yes", "Do not ask", "", {}};
}

Status confirm(const Arguments& arguments, std::string_view question) {
  if (arguments.has("yes")) {
    return {};
  }
  if (!canAsk()) {
    return usageError("this asks before it does anything: give --yes where nobody can answer");
  }
  std::fprintf(stderr, "%s [y/N] ", std::string(question).c_str());
  std::string answer;
  std::getline(std::cin, answer);
  if (answer == "y" || answer == "Y" || answer == "yes") {
    return {};
  }
  return Error::of(ErrorCode::FailedPrecondition, "nothing was changed");
}

Status eraseAfterAsking(Session& session, const Arguments& arguments, const std::string& path) {
  if (!arguments.has("yes") && canAsk()) {
    const char* separator = path.find('?') == std::string::npos ? "?" : "&";
    auto preview = session.client().erase(path + separator + "dry_run=true");
    if (!preview) {
      return preview.error();
    }
    show(session.output(), *preview, "would_delete", "deletes");
    show(session.output(), *preview, "would_change", "changes");
    BUSBAR_TRY(confirm(arguments, "Delete?"));
  }
  auto gone = session.client().erase(path);
  return gone ? Status() : Status(gone.error());
}

}  // namespace busbar::cli
