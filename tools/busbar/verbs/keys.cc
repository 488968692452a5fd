// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/clock_text.h"
#include "tools/busbar/confirm.h"
#include "tools/busbar/exit_code.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

const std::string kKeys = std::string(kEngine) + "/api_keys";

std::string expiry(const json::Value& row) {
  const std::string at = cellText(row, "expires_at");
  return at.empty() || at == "0" ? "never" : dateAndClockText(at);
}

Status createKey(Session& session, const Arguments& arguments) {
  json::Object body;
  body.set("name", arguments.text("NAME"));
  body.set("permissions", arguments.has("role") ? arguments.text("role") : "user");
  if (arguments.has("description")) {
    body.set("description", arguments.text("description"));
  }
  auto made = session.client().post(kKeys, body);
  if (!made) {
    return made.error();
  }
  const std::string key = cellText(*made, "x_api_key");
  if (key.empty()) {
    return Error::of(ErrorCode::Internal, "the server made the key but did not show it");
  }
  if (session.output().isForPeople()) {
    session.output().line(key);
    session.output().say("keep it safe: it is shown only now");
  } else {
    session.output().object(*made);
  }
  return {};
}

Status listKeys(Session& session, const Arguments&) {
  auto rows = session.client().list(kKeys);
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      *rows, {{"ID", [](const json::Value& row) { return cellText(row, "id"); }},
              {"NAME", [](const json::Value& row) { return cellText(row, "name"); }},
              {"ROLE", [](const json::Value& row) { return cellText(row, "permissions"); }},
              {"EXPIRES", expiry}});
  return {};
}

Status deleteKey(Session& session, const Arguments& arguments) {
  auto rows = session.client().list(kKeys);
  if (!rows) {
    return rows.error();
  }
  auto id = pickByName(*rows, "key", arguments.text("KEY"), {"id", "name"});
  if (!id) {
    return id.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, kKeys + "/" + encoded(*id)));
  session.output().say("deleted " + *id + "; what used it is signed out");
  return {};
}

}  // namespace

void addKeyVerbs(VerbTable& table) {
  table.nouns.push_back({"keys", {"key"}, "API keys: who may use the API"});
  table.verbs.insert(
      table.verbs.end(),
      {{"keys",
        "create",
        "Make a key and print it",
        {{"NAME", "What or whom it is for"}},
        {{"--role", "What it may do (default user)", "ROLE", {"user", "support", "admin"}},
         {"--description", "A note", "TEXT", {}}},
        createKey},
       {"keys", "list", "All keys, without their secrets", {}, {}, listKeys},
       {"keys", "delete", "Delete a key", {{"KEY", "Its id or name"}}, {yesFlag()}, deleteKey}});
}

}  // namespace busbar::cli
