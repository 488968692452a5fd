// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/confirm.h"
#include "tools/busbar/input.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

const std::vector<Column>& systemColumns() {
  static const std::vector<Column> kColumns{
      {"ID", [](const json::Value& row) { return cellText(row, "id"); }},
      {"NAME", [](const json::Value& row) { return cellText(row, "name"); }},
      {"MODULES",
       [](const json::Value& row) {
         const json::Value* modules = row.find("modules");
         const json::Array* list = modules == nullptr ? nullptr : modules->asArray();
         return std::to_string(list == nullptr ? 0 : list->size());
       }},
      {"DESCRIPTION", [](const json::Value& row) { return cellText(row, "description"); }}};
  return kColumns;
}

Status listSystems(Session& session, const Arguments& arguments) {
  std::string path = kSystems;
  if (arguments.has("zone")) {
    auto zone = resolveZone(session.client(), arguments.text("zone"));
    if (!zone) {
      return zone.error();
    }
    path += "?zone_id=" + encoded(*zone);
  }
  auto rows = session.client().list(path);
  if (!rows) {
    return rows.error();
  }
  session.output().list(*rows, systemColumns());
  return {};
}

// The modules under the names that they have in the system.
Status showModules(Session& session, const std::string& systemId) {
  auto slots = modulesOfSystem(session.client(), systemId);
  if (!slots) {
    return slots.error();
  }
  json::Array rows;
  for (const auto& [name, moduleId] : *slots) {
    auto row = session.client().get(std::string(kEngine) + "/modules/" + encoded(moduleId));
    if (!row) {
      return row.error();
    }
    row->asObject()->set("slug", name);
    rows.push_back(std::move(*row));
  }
  if (rows.empty()) {
    return {};
  }
  session.output().line("");
  session.output().list(
      rows, {{"MODULE", [](const json::Value& row) { return cellText(row, "slug"); }},
             {"STATE", [](const json::Value& row) { return cellText(row, "state"); }},
             {"CONNECTED", [](const json::Value& row) { return cellText(row, "connected"); }},
             {"ID", [](const json::Value& row) { return cellText(row, "id"); }}});
  return {};
}

Status showSystem(Session& session, const Arguments& arguments) {
  auto id = resolveSystem(session.client(), arguments.text("SYSTEM"));
  if (!id) {
    return id.error();
  }
  auto system = session.client().get(kSystems + "/" + encoded(*id));
  if (!system) {
    return system.error();
  }
  session.output().object(*system);
  if (!session.output().isForPeople()) {
    return {};
  }
  return showModules(session, *id);
}

Result<json::Array> resolveZones(Session& session, const std::string& list) {
  json::Array zones;
  for (size_t begin = 0; begin < list.size();) {
    const size_t end = std::min(list.find(',', begin), list.size());
    auto zone = resolveZone(session.client(), list.substr(begin, end - begin));
    if (!zone) {
      return zone.error();
    }
    zones.emplace_back(*zone);
    begin = end + 1;
  }
  return zones;
}

Status createSystem(Session& session, const Arguments& arguments) {
  auto body = toAssignments(arguments.list("FIELDS"));
  if (!body) {
    return body.error();
  }
  body->set("name", arguments.text("NAME"));
  if (arguments.has("zones")) {
    auto zones = resolveZones(session, arguments.text("zones"));
    if (!zones) {
      return zones.error();
    }
    body->set("zones", *zones);
  }
  auto made = session.client().post(kSystems, *body);
  if (!made) {
    return made.error();
  }
  session.output().object(*made);
  return {};
}

// Changes fields of a system on top of its present version; somebody else's change in between is a
// conflict, not lost.
Status patchSystem(Session& session, const std::string& id, const json::Object& changes) {
  const std::string path = kSystems + "/" + encoded(id);
  auto present = session.client().get(path);
  if (!present) {
    return present.error();
  }
  auto changed =
      session.client().patch(path + "?version=" + cellText(*present, "version"), changes);
  if (!changed) {
    return changed.error();
  }
  session.output().object(*changed);
  return {};
}

Status updateSystem(Session& session, const Arguments& arguments) {
  auto id = resolveSystem(session.client(), arguments.text("SYSTEM"));
  if (!id) {
    return id.error();
  }
  auto changes = toAssignments(arguments.list("FIELDS"));
  if (!changes) {
    return changes.error();
  }
  if (arguments.has("zones")) {
    auto zones = resolveZones(session, arguments.text("zones"));
    if (!zones) {
      return zones.error();
    }
    changes->set("zones", *zones);
  }
  return patchSystem(session, *id, *changes);
}

Status deleteSystem(Session& session, const Arguments& arguments) {
  auto id = resolveSystem(session.client(), arguments.text("SYSTEM"));
  if (!id) {
    return id.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, kSystems + "/" + encoded(*id)));
  session.output().say("deleted " + *id);
  return {};
}

Result<std::string> membershipPath(Session& session, const Arguments& arguments) {
  auto system = resolveSystem(session.client(), arguments.text("SYSTEM"));
  if (!system) {
    return system.error();
  }
  auto moduleId = resolveModule(session.client(), arguments.text("MODULE"));
  if (!moduleId) {
    return moduleId.error();
  }
  return kSystems + "/" + encoded(*system) + "/module/" + encoded(*moduleId);
}

Status addModule(Session& session, const Arguments& arguments) {
  auto path = membershipPath(session, arguments);
  if (!path) {
    return path.error();
  }
  auto done = session.client().put(*path, json::Object());
  if (!done) {
    return done.error();
  }
  session.output().say(arguments.text("MODULE") + " is now in " + arguments.text("SYSTEM"));
  return {};
}

// What goes with it, a module that is in no other system, is shown before.
Status removeModule(Session& session, const Arguments& arguments) {
  auto path = membershipPath(session, arguments);
  if (!path) {
    return path.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, *path));
  session.output().say(arguments.text("MODULE") + " is no longer in " + arguments.text("SYSTEM"));
  return {};
}

Status runAll(Session& session, const Arguments& arguments, const char* action) {
  auto id = resolveSystem(session.client(), arguments.text("SYSTEM"));
  if (!id) {
    return id.error();
  }
  auto done = session.client().post(kSystems + "/" + encoded(*id) + "/" + action, json::Object());
  if (!done) {
    return done.error();
  }
  session.output().say("told the modules of " + *id + " to " + action);
  return {};
}

Status startSystem(Session& session, const Arguments& arguments) {
  return runAll(session, arguments, "start");
}

Status stopSystem(Session& session, const Arguments& arguments) {
  return runAll(session, arguments, "stop");
}

Status listFunctions(Session& session, const Arguments& arguments) {
  auto id = resolveSystem(session.client(), arguments.text("SYSTEM"));
  if (!id) {
    return id.error();
  }
  auto functions = session.client().get(kSystems + "/" + encoded(*id) + "/functions/" +
                                        encoded(arguments.text("MODULE")));
  if (!functions) {
    return functions.error();
  }
  if (!session.output().isForPeople() || functions->asObject() == nullptr) {
    session.output().value(*functions);
    return {};
  }
  json::Array rows;
  for (const auto& [name, description] : *functions->asObject()) {
    auto& row = *rows.emplace_back(json::Object()).asObject();
    row.set("id", name);
    std::string order;
    const json::Value* names = description.find("order");
    for (const json::Value& argument :
         names != nullptr && names->asArray() != nullptr ? *names->asArray() : json::Array()) {
      order += (order.empty() ? "" : " ") + (argument.asString() ? *argument.asString() : "");
    }
    row.set("order", order);
  }
  session.output().list(
      rows, {{"FUNCTION", [](const json::Value& row) { return cellText(row, "id"); }},
             {"ARGUMENTS", [](const json::Value& row) { return cellText(row, "order"); }}});
  return {};
}

}  // namespace

void addSystemVerbs(VerbTable& table) {
  table.nouns.push_back({"systems", {"system", "sys"}, "Rooms: modules that belong together"});
  const Parameter system{"SYSTEM", "Id or name of a system"};
  const Parameter member{"MODULE", "Id or name of a module"};
  const Parameter fields{"FIELDS", "Further fields, field=value, as the API names them", false,
                         true};
  const Flag zones{"--zones", "Ids or names of its zones, with commas between", "ZONES", {}};
  table.verbs.insert(
      table.verbs.end(),
      {{"systems",
        "list",
        "All systems",
        {},
        {{"--zone", "Only those of a zone", "ZONE", {}}},
        listSystems},
       {"systems", "show", "One system and its modules", {system}, {}, showSystem},
       {"systems",
        "create",
        "Make a system",
        {{"NAME", "Its name"}, fields},
        {zones},
        createSystem},
       {"systems", "update", "Change fields of a system", {system, fields}, {zones}, updateSystem},
       {"systems",
        "delete",
        "Delete a system, with the modules that are only in it",
        {system},
        {yesFlag()},
        deleteSystem},
       {"systems", "add", "Put a module into a system", {system, member}, {}, addModule},
       {"systems",
        "remove",
        "Take a module out of a system",
        {system, member},
        {yesFlag()},
        removeModule},
       {"systems", "start", "Start all modules of a system", {system}, {}, startSystem},
       {"systems", "stop", "Stop all modules of a system", {system}, {}, stopSystem},
       {"systems",
        "functions",
        "What a module of a system can do",
        {system, {"MODULE", "Its name in the system, Display_1"}},
        {},
        listFunctions}});
}

}  // namespace busbar::cli
