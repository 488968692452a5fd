// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "tools/busbar/checks.h"
#include "tools/busbar/exit_code.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/session.h"
#include "tools/busbar/table.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

void print(const Output& output, const std::vector<Check>& checks) {
  if (!output.isForPeople()) {
    json::Array rows;
    for (const Check& check : checks) {
      rows.push_back(toJson(check));
    }
    output.list(rows, {});
    return;
  }
  static constexpr int kColours[] = {32, 33, 31};
  for (const Check& check : checks) {
    std::string outcome(toString(check.outcome));
    outcome.resize(4, ' ');
    std::string name = check.name;
    name.resize(std::max<size_t>(name.size(), 12), ' ');
    output.line(output.coloured(outcome, kColours[static_cast<size_t>(check.outcome)]) + "  " +
                name + "  " + printable(check.detail));
    if (!check.remedy.empty()) {
      output.line("                    " + printable(check.remedy));
    }
  }
}

Status doctor(Session& session, const Arguments&) {
  const Connection& connection = session.client().connection();
  std::vector<Check> checks;
  const auto add = [&](std::vector<Check> more) {
    checks.insert(checks.end(), std::make_move_iterator(more.begin()),
                  std::make_move_iterator(more.end()));
  };
  auto status = session.client().get(std::string(kBusbar) + "/status");
  if (status) {
    checks.push_back({"busbard", Check::Outcome::Good, "answers at " + connection.describe(), {}});
    add(checkStatus(*status));
  } else {
    const std::string& message = status.error().message;
    const size_t line = message.find('\n');
    checks.push_back({"busbard", Check::Outcome::Bad, message.substr(0, line),
                      line == std::string::npos ? "" : message.substr(line + 1)});
  }
  if (connection.serverUrl.empty()) {
    add(checkDataFolder(connection.dataDir));
    add(checkSandbox());
    checks.push_back(checkLimits());
    checks.push_back(checkClock());
  }
  print(session.output(), checks);
  for (const Check& check : checks) {
    if (check.outcome == Check::Outcome::Bad) {
      return Error::because(ErrorCode::FailedPrecondition, "findings", "");
    }
  }
  return {};
}

}  // namespace

void addDoctorVerb(VerbTable& table) {
  table.verbs.push_back(
      {"", "doctor", "Look for what is wrong with a Busbar and its machine", {}, {}, doctor});
}

}  // namespace busbar::cli
