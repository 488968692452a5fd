// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include "host/sandbox/tiers.h"
#include "tools/busbar/checks.h"

namespace busbar::cli {

using Outcome = Check::Outcome;

std::vector<Check> checkSandbox() {
  const auto facts = sandbox::probeSandbox();
  if (!facts) {
    return {{"sandbox", Outcome::Bad, facts.error().message, "no driver can run on this machine"}};
  }
  std::vector<Check> checks;
  const bool isFull = facts->tier == sandbox::Tier::Full;
  checks.push_back({"sandbox", isFull ? Outcome::Good : Outcome::Weak,
                    "tier " + std::string(sandbox::toString(facts->tier)) +
                        (isFull ? "" : ": " + facts->tierReason) + "; Landlock " +
                        (facts->landlockAbi > 0 ? "ABI " + std::to_string(facts->landlockAbi)
                                                : std::string("absent")) +
                        ", cgroups " + std::string(sandbox::toString(facts->cgroups)),
                    isFull ? ""
                           : "until then busbard needs --sandbox-require " +
                                 std::string(sandbox::toString(facts->tier))});
  if (facts->isRoot) {
    checks.push_back({"users", Outcome::Good, "started as root, each runner gets its own uid", {}});
  } else {
    checks.push_back({"users",
                      Outcome::Good,
                      "all runners share uid " + std::to_string(geteuid()) +
                          "; namespaces and filters keep them apart",
                      {}});
  }
  for (const std::string& remark : facts->remarks) {
    checks.push_back({"sandbox", Outcome::Weak, remark, {}});
  }
  return checks;
}

}  // namespace busbar::cli
