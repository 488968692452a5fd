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

const std::string kZones = std::string(kEngine) + "/zones";

Status listZones(Session& session, const Arguments&) {
  auto rows = session.client().list(kZones);
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      *rows, {{"ID", [](const json::Value& row) { return cellText(row, "id"); }},
              {"NAME", [](const json::Value& row) { return cellText(row, "name"); }},
              {"TAGS",
               [](const json::Value& row) {
                 std::string out;
                 const json::Value* tags = row.find("tags");
                 for (const json::Value& tag : tags != nullptr && tags->asArray() != nullptr
                                                   ? *tags->asArray()
                                                   : json::Array()) {
                   out += (out.empty() ? "" : ", ") + (tag.asString() ? *tag.asString() : "");
                 }
                 return out;
               }},
              {"PARENT", [](const json::Value& row) { return cellText(row, "parent_id"); }}});
  return {};
}

Status showZone(Session& session, const Arguments& arguments) {
  auto id = resolveZone(session.client(), arguments.text("ZONE"));
  if (!id) {
    return id.error();
  }
  auto zone = session.client().get(kZones + "/" + encoded(*id));
  if (!zone) {
    return zone.error();
  }
  session.output().object(*zone);
  return {};
}

Result<json::Object> bodyFrom(Session& session, const Arguments& arguments) {
  auto body = toAssignments(arguments.list("FIELDS"));
  if (!body) {
    return body;
  }
  if (arguments.has("parent")) {
    auto parent = resolveZone(session.client(), arguments.text("parent"));
    if (!parent) {
      return parent.error();
    }
    body->set("parent_id", *parent);
  }
  if (arguments.has("tags")) {
    json::Array tags;
    const std::string list = arguments.text("tags");
    for (size_t begin = 0; begin < list.size();) {
      const size_t end = std::min(list.find(',', begin), list.size());
      tags.emplace_back(list.substr(begin, end - begin));
      begin = end + 1;
    }
    body->set("tags", std::move(tags));
  }
  return body;
}

Status createZone(Session& session, const Arguments& arguments) {
  auto body = bodyFrom(session, arguments);
  if (!body) {
    return body.error();
  }
  body->set("name", arguments.text("NAME"));
  auto made = session.client().post(kZones, *body);
  if (!made) {
    return made.error();
  }
  session.output().object(*made);
  return {};
}

Status updateZone(Session& session, const Arguments& arguments) {
  auto id = resolveZone(session.client(), arguments.text("ZONE"));
  if (!id) {
    return id.error();
  }
  auto body = bodyFrom(session, arguments);
  if (!body) {
    return body.error();
  }
  auto changed = session.client().patch(kZones + "/" + encoded(*id), *body);
  if (!changed) {
    return changed.error();
  }
  session.output().object(*changed);
  return {};
}

Status deleteZone(Session& session, const Arguments& arguments) {
  auto id = resolveZone(session.client(), arguments.text("ZONE"));
  if (!id) {
    return id.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, kZones + "/" + encoded(*id)));
  session.output().say("deleted " + *id);
  return {};
}

}  // namespace

void addZoneVerbs(VerbTable& table) {
  table.nouns.push_back({"zones", {"zone"}, "Groups of systems: buildings, levels"});
  const Parameter zone{"ZONE", "Id or name of a zone"};
  const Parameter fields{"FIELDS", "Further fields, field=value, as the API names them", false,
                         true};
  const Flag parent{"--parent", "Zone that it lies in", "ZONE", {}};
  const Flag tags{"--tags", "Tags, with commas between", "TAGS", {}};
  table.verbs.insert(
      table.verbs.end(),
      {{"zones", "list", "All zones", {}, {}, listZones},
       {"zones", "show", "One zone", {zone}, {}, showZone},
       {"zones",
        "create",
        "Make a zone",
        {{"NAME", "Its name"}, fields},
        {parent, tags},
        createZone},
       {"zones", "update", "Change fields of a zone", {zone, fields}, {parent, tags}, updateZone},
       {"zones", "delete", "Delete a zone and those in it", {zone}, {yesFlag()}, deleteZone}});
}

}  // namespace busbar::cli
