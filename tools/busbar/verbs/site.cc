// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdio>

#include "sdk/base/version.h"
#include "tools/busbar/completion.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

Status status(Session& session, const Arguments&) {
  auto answer = session.client().get(std::string(kBusbar) + "/status");
  if (!answer) {
    return answer.error();
  }
  session.output().object(*answer);
  return {};
}

Status logLevel(Session& session, const Arguments& arguments) {
  const std::string path = std::string(kBusbar) + "/log-level";
  json::Object wanted;
  wanted.set("level", arguments.text("LEVEL"));
  auto answer = arguments.has("LEVEL") ? session.client().put(path, std::move(wanted))
                                       : session.client().get(path);
  if (!answer) {
    return answer.error();
  }
  if (session.output().isForPeople()) {
    session.output().line(cellText(*answer, "level"));
  } else {
    session.output().object(*answer);
  }
  return {};
}

std::string decimal(const json::Value& row, std::string_view member, double scale,
                    const char* format) {
  const json::Value* value = row.find(member);
  if (value == nullptr || !value->isNumber()) {
    return {};
  }
  char text[48];
  const int count = std::snprintf(text, sizeof(text), format, value->toDouble() / scale);
  return std::string(text, static_cast<size_t>(std::max(count, 0)));
}

Status runners(Session& session, const Arguments&) {
  auto rows = session.client().get(std::string(kBusbar) + "/runners");
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      rows->asArray() == nullptr ? json::Array() : *rows->asArray(),
      {{"ID", [](const json::Value& row) { return cellText(row, "id"); }},
       {"PID", [](const json::Value& row) { return cellText(row, "pid"); }},
       {"STATE", [](const json::Value& row) { return cellText(row, "state"); }},
       {"TIER", [](const json::Value& row) { return cellText(row, "tier"); }},
       {"MODULES", [](const json::Value& row) { return cellText(row, "modules"); }},
       {"RESTARTS", [](const json::Value& row) { return cellText(row, "restarts"); }},
       {"CPU", [](const json::Value& row) { return decimal(row, "cpu_seconds", 1, "%.2f s"); }},
       {"MEMORY",
        [](const json::Value& row) { return decimal(row, "pss_bytes", 1024, "%.0f kB"); }},
       {"DRIVER", [](const json::Value& row) { return cellText(row, "driver_id"); }}});
  return {};
}

Status release(Session& session, const Arguments& arguments) {
  auto id = resolveAny(session.client(), arguments.text("TARGET"));
  if (!id) {
    return id.error();
  }
  if (!id->starts_with("mod-") && !id->starts_with("driver-")) {
    return usageError("only modules and drivers are ever quarantined, not " + *id);
  }
  auto done = session.client().post(
      std::string(kBusbar) + "/quarantine/" + encoded(*id) + "/release", json::Object());
  if (!done) {
    return done.error();
  }
  session.output().say(*id + " may run again");
  return {};
}

Status completion(Session& session, const Arguments& arguments) {
  auto script = completionScript(session.table(), arguments.text("SHELL"));
  if (!script) {
    return script.error();
  }
  session.output().line(*script);
  return {};
}

Status version(Session& session, const Arguments&) {
  session.output().line("busbar " + std::string(versionText()));
  return {};
}

}  // namespace

void addSiteVerbs(VerbTable& table) {
  table.nouns.push_back({"runners", {"runner"}, "Processes that drivers run in"});
  table.nouns.push_back({"quarantine", {}, "Modules and drivers that crashed too often"});
  table.verbs.insert(table.verbs.end(),
                     {{"runners", "list", "All runners and what they use", {}, {}, runners},
                      {"quarantine",
                       "release",
                       "Let it run again",
                       {{"TARGET", "Id or name of a module or driver"}},
                       {},
                       release},
                      {"", "status", "How the Busbar is doing", {}, {}, status},
                      {"",
                       "log-level",
                       "What busbard logs of itself; with LEVEL, from now on",
                       {{"LEVEL", "trace, debug, info, warn or error", false}},
                       {},
                       logLevel},
                      {"",
                       "completion",
                       "Print a completion script",
                       {{"SHELL", "bash, zsh or fish"}},
                       {},
                       completion},
                      {"", "version", "Version of this program", {}, {}, version}});
}

VerbTable allVerbs() {
  VerbTable table;
  addControlVerbs(table);
  addSystemVerbs(table);
  addModuleVerbs(table);
  addDriverVerbs(table);
  addZoneVerbs(table);
  addSettingVerbs(table);
  addTriggerVerbs(table);
  addTriggerInstanceVerbs(table);
  addKeyVerbs(table);
  addPeopleVerbs(table);
  addTenantVerbs(table);
  addTokenVerbs(table);
  addTransferVerbs(table);
  addAuditVerbs(table);
  addDoctorVerb(table);

  addSiteVerbs(table);
  return table;
}

}  // namespace busbar::cli
