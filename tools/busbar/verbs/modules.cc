// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <thread>

#include "tools/busbar/confirm.h"
#include "tools/busbar/input.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

constexpr std::string_view kLogicRole = "99";  // openapi.yaml, Driver.role
constexpr int kWaitSeconds = 30;

std::string address(const json::Value& row) {
  if (std::string uri = cellText(row, "uri"); !uri.empty()) {
    return uri;
  }
  const std::string ip = cellText(row, "ip");
  return ip.empty() ? "" : ip + ":" + cellText(row, "port");
}

std::string nameOf(const json::Value& row) {
  std::string name = cellText(row, "custom_name");
  return name.empty() ? cellText(row, "name") : name;
}

const std::vector<Column>& columns() {
  static const std::vector<Column> kColumns{
      {"ID", [](const json::Value& row) { return cellText(row, "id"); }},
      {"NAME", nameOf},
      {"ADDRESS", address},
      {"RUNNING", [](const json::Value& row) { return cellText(row, "running"); }},
      {"CONNECTED", [](const json::Value& row) { return cellText(row, "connected"); }},
      {"STATE", [](const json::Value& row) { return cellText(row, "state"); }}};
  return kColumns;
}

Result<std::string> pathOf(Session& session, const Arguments& arguments) {
  auto id = resolveModule(session.client(), arguments.text("MODULE"));
  return id ? Result<std::string>(kModules + "/" + encoded(*id)) : id;
}

Status listModules(Session& session, const Arguments& arguments) {
  std::string path = kModules + "?complete=true";
  if (arguments.has("system")) {
    auto system = resolveSystem(session.client(), arguments.text("system"));
    if (!system) {
      return system.error();
    }
    path += "&control_system_id=" + encoded(*system);
  }
  if (arguments.has("driver")) {
    auto driver = resolveDriver(session.client(), arguments.text("driver"));
    if (!driver) {
      return driver.error();
    }
    path += "&driver_id=" + encoded(*driver);
  }
  auto rows = session.client().list(path);
  if (!rows) {
    return rows.error();
  }
  session.output().list(*rows, columns());
  return {};
}

Status showModule(Session& session, const Arguments& arguments) {
  auto path = pathOf(session, arguments);
  if (!path) {
    return path.error();
  }
  auto row = session.client().get(*path);
  if (!row) {
    return row.error();
  }
  session.output().object(*row);
  return {};
}

// "host:port" fills ip and port; anything with "://" the uri.
Status applyAddress(const std::string& text, json::Object& body) {
  if (text.find("://") != std::string::npos) {
    body.set("uri", text);
    return {};
  }
  const size_t colon = text.rfind(':');
  const auto port = wordToJson(colon == std::string::npos ? "" : text.substr(colon + 1));
  if (port.asInt() == nullptr) {
    return usageError("--address must be HOST:PORT or a URI, not '" + text + "'");
  }
  body.set("ip", text.substr(0, colon));
  body.set("port", port);
  return {};
}

Result<json::Object> bodyFrom(const Arguments& arguments) {
  auto body = toAssignments(arguments.list("FIELDS"));
  if (body && arguments.has("address")) {
    BUSBAR_TRY(applyAddress(arguments.text("address"), *body));
  }
  if (body && arguments.has("name")) {
    body->set("custom_name", arguments.text("name"));
  }
  return body;
}

Status createModule(Session& session, const Arguments& arguments) {
  auto driver = resolveDriver(session.client(), arguments.text("DRIVER"));
  if (!driver) {
    return driver.error();
  }
  auto body = bodyFrom(arguments);
  if (!body) {
    return body.error();
  }
  body->set("driver_id", *driver);
  std::string system;
  if (arguments.has("system")) {
    auto id = resolveSystem(session.client(), arguments.text("system"));
    if (!id) {
      return id.error();
    }
    system = *id;
    auto about = session.client().get(std::string(kEngine) + "/drivers/" + encoded(*driver));
    if (!about) {
      return about.error();
    }
    if (cellText(*about, "role") == kLogicRole) {  // such a module belongs to its system
      body->set("control_system_id", system);
    }
  }
  auto made = session.client().post(kModules, *body);
  if (!made) {
    return made.error();
  }
  const std::string id = cellText(*made, "id");
  if (!system.empty()) {
    auto added = session.client().put(
        std::string(kEngine) + "/systems/" + encoded(system) + "/module/" + encoded(id),
        json::Object());
    if (!added) {
      return added.error();
    }
  }
  session.output().object(*made);
  return {};
}

Status updateModule(Session& session, const Arguments& arguments) {
  auto path = pathOf(session, arguments);
  if (!path) {
    return path.error();
  }
  auto body = bodyFrom(arguments);
  if (!body) {
    return body.error();
  }
  auto changed = session.client().patch(*path, *body);
  if (!changed) {
    return changed.error();
  }
  session.output().object(*changed);
  return {};
}

Status deleteModule(Session& session, const Arguments& arguments) {
  auto path = pathOf(session, arguments);
  if (!path) {
    return path.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, *path));
  session.output().say("deleted " + arguments.text("MODULE"));
  return {};
}

// Polls until the module's `state` is `wanted`; a failure of the module ends the wait with its
// sentence.
Status waitForState(Session& session, const std::string& path, std::string_view wanted) {
  const int seconds = session.timeoutSeconds().value_or(kWaitSeconds);
  const Instant limit = BootClock::now() + std::chrono::seconds(seconds);
  while (true) {
    auto row = session.client().get(path);
    if (!row) {
      return row.error();
    }
    const std::string state = cellText(*row, "state");
    if (state == wanted) {
      session.output().progress("");
      return {};
    }
    if (state == "failed" || state == "quarantined") {
      session.output().progress("");
      return Error::of(ErrorCode::Internal,
                       "the module is " + state + ": " + cellText(*row, "state_sentence"));
    }
    if (BootClock::now() >= limit) {
      session.output().progress("");
      return Error::of(ErrorCode::DeadlineExceeded,
                       "the module is still " + state + " after " + std::to_string(seconds) + " s");
    }
    session.output().progress("waiting: " + state);
    std::this_thread::sleep_for(Milliseconds(100));
  }
}

Status act(Session& session, const Arguments& arguments, const char* action,
           std::string_view wanted) {
  auto path = pathOf(session, arguments);
  if (!path) {
    return path.error();
  }
  if (auto done = session.client().post(*path + "/" + action, json::Object()); !done) {
    return done.error();
  }
  if (arguments.has("wait")) {
    BUSBAR_TRY(waitForState(session, *path, wanted));
  }
  session.output().say(arguments.text("MODULE") + ": " + action + " done");
  return {};
}

Status startModule(Session& session, const Arguments& arguments) {
  return act(session, arguments, "start", "running");
}

Status stopModule(Session& session, const Arguments& arguments) {
  return act(session, arguments, "stop", "stopped");
}

Status reloadModule(Session& session, const Arguments& arguments) {
  return act(session, arguments, "load", "running");
}

Status execModule(Session& session, const Arguments& arguments) {
  auto path = pathOf(session, arguments);
  if (!path) {
    return path.error();
  }
  auto call = toCallArguments(arguments.list("ARGUMENTS"));
  if (!call) {
    return call.error();
  }
  auto result = session.client().post(
      *path + "/exec/" + encoded(arguments.text("FUNCTION")) + session.callLimit(), *call);
  if (!result) {
    return result.error();
  }
  session.output().value(*result);
  return {};
}

}  // namespace

void addModuleVerbs(VerbTable& table) {
  table.nouns.push_back({"modules", {"module", "mod"}, "Devices and services: running drivers"});
  const Parameter target{"MODULE", "Id, name, or SYSTEM/Name_1"};
  const Parameter fields{"FIELDS", "Further fields, field=value, as the API names them", false,
                         true};
  const Flag wait{"-w,--wait", "Come back when it has happened", "", {}};
  const Flag name{"--name", "Its name in systems, instead of the driver's", "NAME", {}};
  const Flag where{"--address", "HOST:PORT of the device, or a URI", "ADDRESS", {}};
  const Flag system{"--system", "Id or name of a system", "SYSTEM", {}};
  table.verbs.insert(
      table.verbs.end(),
      {{"modules",
        "list",
        "All modules",
        {},
        {system, {"--driver", "Only those of a driver", "DRIVER", {}}},
        listModules},
       {"modules", "show", "One module", {target}, {}, showModule},
       {"modules",
        "create",
        "Make a module of a driver",
        {{"DRIVER", "Id, name or package of a driver"}, fields},
        {name, where, system},
        createModule},
       {"modules",
        "update",
        "Change fields of a module",
        {target, fields},
        {name, where},
        updateModule},
       {"modules", "delete", "Delete a module", {target}, {yesFlag()}, deleteModule},
       {"modules", "start", "Start a module", {target}, {wait}, startModule},
       {"modules", "stop", "Stop a module", {target}, {wait}, stopModule},
       {"modules",
        "reload",
        "Restart a module with its latest settings",
        {target},
        {wait},
        reloadModule},
       {"modules",
        "exec",
        "Call a function of a module",
        {target,
         {"FUNCTION", "Name of the function"},
         {"ARGUMENTS", "JSON, name=value words, or values by position", false, true}},
        {},
        execModule}});
}

}  // namespace busbar::cli
