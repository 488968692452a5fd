// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <filesystem>

#include "tools/busbar/confirm.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

const std::string kDrivers = std::string(kEngine) + "/drivers";

Status installDriver(Session& session, const Arguments& arguments) {
  if (!session.client().connection().serverUrl.empty()) {
    return usageError(
        "a driver's folder is installed on the machine of the Busbar: give --data, not --server");
  }
  std::error_code failed;
  const auto folder = std::filesystem::canonical(arguments.text("DIR"), failed);
  if (failed || !std::filesystem::is_directory(folder, failed)) {
    return usageError("'" + arguments.text("DIR") + "' is no folder of this machine");
  }
  json::Object body;
  body.set("path", folder.string());
  session.output().progress("checking and copying " + folder.filename().string());
  auto made = session.client().post(std::string(kBusbar) + "/drivers/install", body);
  session.output().progress("");
  if (!made) {
    return made.error();
  }
  if (session.output().isForPeople()) {
    session.output().line(cellText(*made, "id"));
  } else {
    session.output().object(*made);
  }
  return {};
}

Status listDrivers(Session& session, const Arguments&) {
  auto rows = session.client().list(kDrivers);
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      *rows, {{"ID", [](const json::Value& row) { return cellText(row, "id"); }},
              {"NAME", [](const json::Value& row) { return cellText(row, "name"); }},
              {"VERSION", [](const json::Value& row) { return cellText(row, "version"); }},
              {"TRUST", [](const json::Value& row) { return cellText(row, "trust"); }},
              {"PACKAGE", [](const json::Value& row) { return cellText(row, "package_id"); }}});
  return {};
}

Status showDriver(Session& session, const Arguments& arguments) {
  auto id = resolveDriver(session.client(), arguments.text("DRIVER"));
  if (!id) {
    return id.error();
  }
  auto driver = session.client().get(kDrivers + "/" + encoded(*id));
  if (!driver) {
    return driver.error();
  }
  session.output().object(*driver);
  return {};
}

Status deleteDriver(Session& session, const Arguments& arguments) {
  auto id = resolveDriver(session.client(), arguments.text("DRIVER"));
  if (!id) {
    return id.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, kDrivers + "/" + encoded(*id)));
  session.output().say("deleted " + *id + " and its modules");
  return {};
}

}  // namespace

void addDriverVerbs(VerbTable& table) {
  table.nouns.push_back({"drivers", {"driver"}, "Code for one kind of device or service"});
  const Parameter driver{"DRIVER", "Id, name or package of a driver"};
  table.verbs.insert(table.verbs.end(),
                     {{"drivers",
                       "install",
                       "Install a built driver's folder; prints its id",
                       {{"DIR", "Folder with manifest.json and the shared library"}},
                       {},
                       installDriver},
                      {"drivers", "list", "All drivers", {}, {}, listDrivers},
                      {"drivers", "show", "One driver", {driver}, {}, showDriver},
                      {"drivers",
                       "delete",
                       "Delete a driver and all its modules",
                       {driver},
                       {yesFlag()},
                       deleteDriver}});
}

}  // namespace busbar::cli
