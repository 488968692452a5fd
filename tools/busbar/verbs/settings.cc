// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <array>

#include "sdk/base/merge_patch.h"
#include "tools/busbar/confirm.h"
#include "tools/busbar/input.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

const std::string kSettings = std::string(kEngine) + "/settings";
// By encryption level.
constexpr std::array<std::string_view, 4> kLevels{"none", "support", "admin", "never-display"};

int64_t levelFrom(const Arguments& arguments) {
  for (size_t i = 0; i < kLevels.size(); ++i) {
    if (arguments.text("level") == kLevels[i]) {
      return static_cast<int64_t>(i);
    }
  }
  return 0;
}

std::string levelName(const json::Value& row) {
  const json::Value* level = row.find("encryption_level");
  const int64_t* number = level == nullptr ? nullptr : level->asInt();
  return number != nullptr && *number >= 0 && *number < 4
             ? std::string(kLevels[static_cast<size_t>(*number)])
             : "?";
}

Result<json::Array> documentsOf(Session& session, const std::string& reference) {
  auto parent = resolveAny(session.client(), reference);
  if (!parent) {
    return parent.error();
  }
  auto rows = session.client().get(kSettings + "?parent_id=" + encoded(*parent));
  if (!rows) {
    return rows.error();
  }
  if (rows->asArray() == nullptr) {
    return Error::of(ErrorCode::Internal, "the server answered with no list of settings");
  }
  return *rows->asArray();
}

// The document of a level; null when there is none.
Result<json::Value> documentAt(Session& session, const std::string& reference, int64_t level) {
  auto rows = documentsOf(session, reference);
  if (!rows) {
    return rows.error();
  }
  for (const json::Value& row : *rows) {
    const json::Value* own = row.find("encryption_level");
    if (own != nullptr && own->asInt() != nullptr && *own->asInt() == level) {
      return row;
    }
  }
  return json::Value();
}

Status getSettings(Session& session, const Arguments& arguments) {
  auto rows = documentsOf(session, arguments.text("PARENT"));
  if (!rows) {
    return rows.error();
  }
  if (!session.output().isForPeople()) {
    session.output().list(*rows, {});
    return {};
  }
  if (rows->empty()) {
    session.output().say("no settings");
  }
  for (const json::Value& row : *rows) {
    session.output().say("# " + cellText(row, "id") + ", level " + levelName(row));
    session.output().line(cellText(row, "settings_string"));
  }
  return {};
}

Status store(Session& session, const std::string& reference, int64_t level,
             const json::Value& present, const std::string& text) {
  json::Object body;
  body.set("settings_string", text);
  Result<json::Value> stored = json::Value();
  if (present.isNull()) {
    auto parent = resolveAny(session.client(), reference);
    if (!parent) {
      return parent.error();
    }
    body.set("parent_id", *parent);
    body.set("encryption_level", level);
    stored = session.client().post(kSettings, body);
  } else {
    stored = session.client().patch(kSettings + "/" + encoded(cellText(present, "id")), body);
  }
  if (!stored) {
    return stored.error();
  }
  if (session.output().isForPeople()) {
    session.output().line(cellText(*stored, "settings_string"));
  } else {
    session.output().object(*stored);
  }
  return {};
}

Status setSettings(Session& session, const Arguments& arguments) {
  auto changes = toAssignments(arguments.list("VALUES"));
  if (!changes) {
    return changes.error();
  }
  const int64_t level = levelFrom(arguments);
  auto present = documentAt(session, arguments.text("PARENT"), level);
  if (!present) {
    return present.error();
  }
  json::Value document = json::Object();
  if (!present->isNull()) {
    auto parsed = json::parse(cellText(*present, "settings_string"));
    if (!parsed || parsed->asObject() == nullptr) {
      return Error::of(ErrorCode::FailedPrecondition,
                       "the present settings are not JSON, so single values cannot be set\nreplace "
                       "the whole with: busbar settings edit PARENT --file FILE");
    }
    document = *parsed;
  }
  json::mergePatch(document, *changes);
  return store(session, arguments.text("PARENT"), level, *present, json::writePretty(document));
}

Status editSettings(Session& session, const Arguments& arguments) {
  if (!arguments.has("file")) {
    return usageError("give --file FILE with the new document; - reads it from stdin");
  }
  auto text = readInput(arguments.text("file"));
  if (!text) {
    return text.error();
  }
  const int64_t level = levelFrom(arguments);
  auto present = documentAt(session, arguments.text("PARENT"), level);
  if (!present) {
    return present.error();
  }
  return store(session, arguments.text("PARENT"), level, *present, *text);
}

Status settingsHistory(Session& session, const Arguments& arguments) {
  std::string id = arguments.text("PARENT");
  if (!id.starts_with("sets-")) {
    auto present = documentAt(session, id, levelFrom(arguments));
    if (!present) {
      return present.error();
    }
    if (present->isNull()) {
      return Error::of(ErrorCode::NotFound, "'" + id + "' has no settings at this level");
    }
    id = cellText(*present, "id");
  }
  auto rows = session.client().get(kSettings + "/" + encoded(id) + "/history");
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      rows->asArray() == nullptr ? json::Array() : *rows->asArray(),
      {{"CHANGED", [](const json::Value& row) { return cellText(row, "updated_at"); }},
       {"BY", [](const json::Value& row) { return cellText(row, "modified_by_id"); }},
       {"SETTINGS", [](const json::Value& row) { return cellText(row, "settings_string"); }}});
  return {};
}

Status deleteSettings(Session& session, const Arguments& arguments) {
  auto present = documentAt(session, arguments.text("PARENT"), levelFrom(arguments));
  if (!present) {
    return present.error();
  }
  if (present->isNull()) {
    return Error::of(ErrorCode::NotFound,
                     "'" + arguments.text("PARENT") + "' has no settings at this level");
  }
  return eraseAfterAsking(session, arguments, kSettings + "/" + encoded(cellText(*present, "id")));
}

}  // namespace

void addSettingVerbs(VerbTable& table) {
  table.nouns.push_back(
      {"settings", {"setting"}, "Configuration of drivers, modules, systems and zones"});
  const Parameter parent{"PARENT", "Id or name of what they belong to"};
  const Flag level{"--level",
                   "Who may read them (default none: everybody)",
                   "LEVEL",
                   {kLevels.begin(), kLevels.end()}};
  table.verbs.insert(
      table.verbs.end(),
      {{"settings",
        "get",
        "Settings of a driver, module, system or zone",
        {parent},
        {},
        getSettings},
       {"settings",
        "set",
        "Change single values; null removes one",
        {parent, {"VALUES", "poll_ms=500, or a.b=1 for {\"a\":{\"b\":1}}", true, true}},
        {level},
        setSettings},
       {"settings",
        "edit",
        "Replace a whole document, JSON or YAML",
        {parent},
        {level, {"--file", "The new document; - is stdin", "FILE", {}}},
        editSettings},
       {"settings", "history", "Earlier versions", {parent}, {level}, settingsHistory},
       {"settings", "delete", "Delete a document", {parent}, {level, yesFlag()}, deleteSettings}});
}

}  // namespace busbar::cli
