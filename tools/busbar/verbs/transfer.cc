// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <string>

#include "tools/busbar/confirm.h"
#include "tools/busbar/exit_code.h"
#include "tools/busbar/input.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/session.h"
#include "tools/busbar/table.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

constexpr size_t kMaxDocumentBytes = 32U << 20U;

Status exportAll(Session& session, const Arguments&) {
  auto document = session.client().get(std::string(kBusbar) + "/export");
  if (!document) {
    return document.error();
  }
  session.output().value(*document);
  return {};
}

Result<json::Value> ask(Session& session, const Arguments& arguments, const std::string& document,
                        bool isDryRun) {
  std::string path = std::string(kBusbar) + "/import?dry_run=" + (isDryRun ? "true" : "false");
  path += arguments.has("prune") ? "&prune=true" : "";
  auto reply = session.client().send("POST", path, document);
  if (!reply) {
    return reply.error();
  }
  if (reply->status >= 400) {
    return errorOf(*reply);
  }
  return json::parse(reply->body, {kMaxDocumentBytes, 128});
}

// Prints the changes; answers how many there are.
size_t show(Session& session, const json::Value& plan) {
  const json::Value* changes = plan.find("changes");
  const json::Array rows =
      changes == nullptr || changes->asArray() == nullptr ? json::Array() : *changes->asArray();
  if (rows.empty() && session.output().isForPeople()) {
    session.output().say("nothing to change");
  } else {
    session.output().list(
        rows, {{"ACTION", [](const json::Value& row) { return cellText(row, "action"); }},
               {"TYPE", [](const json::Value& row) { return cellText(row, "type"); }},
               {"ID", [](const json::Value& row) { return cellText(row, "id"); }},
               {"NAME", [](const json::Value& row) { return cellText(row, "name"); }},
               {"MEMBERS", [](const json::Value& row) { return cellText(row, "members"); }}});
  }
  return rows.size();
}

Status plan(Session& session, const Arguments& arguments) {
  auto document = readInput(arguments.text("FILE"), kMaxDocumentBytes);
  if (!document) {
    return document.error();
  }
  auto planned = ask(session, arguments, *document, true);
  if (!planned) {
    return planned.error();
  }
  show(session, *planned);
  return {};
}

Status apply(Session& session, const Arguments& arguments) {
  auto document = readInput(arguments.text("FILE"), kMaxDocumentBytes);
  if (!document) {
    return document.error();
  }
  auto planned = ask(session, arguments, *document, true);
  if (!planned) {
    return planned.error();
  }
  const size_t count = show(session, *planned);
  if (count == 0) {
    return {};
  }
  BUSBAR_TRY(confirm(arguments, "Make these " + std::to_string(count) + " changes?"));
  auto applied = ask(session, arguments, *document, false);
  if (!applied) {
    return applied.error();
  }
  session.output().say("done");
  return {};
}

}  // namespace

void addTransferVerbs(VerbTable& table) {
  const Parameter file{"FILE", "An exported configuration, as JSON; - for standard input"};
  const Flag prune{"--prune", "Also delete what the file does not name", "", {}};
  table.verbs.insert(
      table.verbs.end(),
      {{"", "export", "Print the whole configuration as one document", {}, {}, exportAll},
       {"", "plan", "Show what applying a configuration would change", {file}, {prune}, plan},
       {"",
        "apply",
        "Bring the configuration to what a file says; asks first",
        {file},
        {prune, yesFlag()},
        apply}});
}

}  // namespace busbar::cli
