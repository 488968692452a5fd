// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdio>

#include "tools/busbar/clock_text.h"
#include "tools/busbar/exit_code.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

const std::string kAudit = std::string(kBusbar) + "/audit";
constexpr const char* kFilters[] = {"user", "type", "id", "action", "since", "until", "after"};

std::vector<Flag> filterFlags() {
  return {{"--user", "Only what this user did", "USER_ID", {}},
          {"--type", "Only what was done to such things: module, system, …", "TYPE", {}},
          {"--id", "Only what was done to this one", "ID", {}},
          {"--action", "Only create, update, delete, exec, sign_in, …", "ACTION", {}},
          {"--since", "Not before, in milliseconds since 1970", "TIME", {}},
          {"--until", "Before, in milliseconds since 1970", "TIME", {}},
          {"--after", "Only after this sequence", "SEQUENCE", {}}};
}

std::string queryOf(const Arguments& arguments) {
  std::string query;
  for (const std::string name : kFilters) {
    if (arguments.has(name)) {
      query += "&" + (name == "user" ? std::string("user_id") : name) + "=" +
               encoded(arguments.text(name));
    }
  }
  return query;
}

Status listEntries(Session& session, const Arguments& arguments) {
  const std::string limit = arguments.has("limit") ? arguments.text("limit") : "50";
  auto rows = session.client().get(kAudit + "?limit=" + encoded(limit) + queryOf(arguments));
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      rows->asArray() == nullptr ? json::Array() : *rows->asArray(),
      {{"SEQUENCE", [](const json::Value& row) { return cellText(row, "sequence"); }},
       {"TIME", [](const json::Value& row) { return dateAndClockText(cellText(row, "time")); }},
       {"ACTION", [](const json::Value& row) { return cellText(row, "action"); }},
       {"TYPE", [](const json::Value& row) { return cellText(row, "type"); }},
       {"ID", [](const json::Value& row) { return cellText(row, "id"); }},
       {"USER", [](const json::Value& row) { return cellText(row, "user_id"); }},
       {"FROM", [](const json::Value& row) { return cellText(row, "peer"); }},
       {"AFTER", [](const json::Value& row) { return cellText(row, "after"); }}});
  return {};
}

// The sequence that the last line of an answer begins with, as the next `after`.
Result<std::string> lastSequence(const std::string& lines) {
  const size_t begin = lines.rfind('\n', lines.size() - 2);
  auto last =
      json::parse(std::string_view(lines).substr(begin == std::string::npos ? 0 : begin + 1));
  const json::Value* sequence = last ? last->find("sequence") : nullptr;
  if (sequence == nullptr || sequence->asInt() == nullptr) {
    return Error::of(ErrorCode::Internal, "the server sent a line that is no entry");
  }
  return std::to_string(*sequence->asInt());
}

Status exportEntries(Session& session, const Arguments& arguments) {
  std::string query = queryOf(arguments);
  std::string after;
  while (true) {
    auto reply = session.client().send(
        "GET", kAudit + "/export?limit=10000" + query + (after.empty() ? "" : "&after=" + after),
        {});
    if (!reply) {
      return reply.error();
    }
    if (reply->status >= 400) {
      return errorOf(*reply);
    }
    if (reply->body.size() < 2) {
      return {};
    }
    std::fwrite(reply->body.data(), 1, reply->body.size(), stdout);
    auto last = lastSequence(reply->body);
    if (!last) {
      return last.error();
    }
    after = *last;
    if (const size_t given = query.find("&after="); given != std::string::npos) {
      query.erase(given, query.find('&', given + 1) - given);
    }
  }
}

Status verifyEntries(Session& session, const Arguments&) {
  auto verdict = session.client().get(kAudit + "/verify");
  if (!verdict) {
    return verdict.error();
  }
  session.output().object(*verdict);
  if (cellText(*verdict, "sound") == "yes") {
    return {};
  }
  return Error::because(ErrorCode::DataLoss, "findings",
                        "the audit log is not as it was written, from entry " +
                            cellText(*verdict, "broken_at") +
                            " on: " + cellText(*verdict, "problem"));
}

}  // namespace

void addAuditVerbs(VerbTable& table) {
  table.nouns.push_back({"audit", {}, "Who did what to what"});
  std::vector<Flag> listFlags = filterFlags();
  listFlags.push_back({"-n,--limit", "At most this many (default 50)", "COUNT", {}});
  table.verbs.insert(
      table.verbs.end(),
      {{"audit", "list", "What was done, newest first", {}, listFlags, listEntries},
       {"audit",
        "export",
        "All of it, oldest first, a JSON object a line",
        {},
        filterFlags(),
        exportEntries},
       {"audit", "verify", "Check that nothing was changed or taken out", {}, {}, verifyEntries}});
}

}  // namespace busbar::cli
