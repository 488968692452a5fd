// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/drivers.h"

#include <memory>

#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/list.h"
#include "api/resources/shapes.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

const model::Driver* findDriver(Context& context, Request& request, Reply& reply) {
  const model::Driver* driver = context.site.findDriver(request.param("id"));
  if (driver == nullptr) {
    reply.fail(notFound("driver", request.param("id")));
  }
  return driver;
}

void listDrivers(Context& context, Request& request, Reply reply) {
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  const Page& wanted = std::get<Page>(page);
  if (const auto bad = findBadFlag(request, {"update_available"})) {
    reply.fail(*bad);
    return;
  }
  std::optional<model::Role> role;
  if (const auto name = request.query("role")) {
    role = model::toRole(*name);
    if (!role) {
      reply.fail(badParameter("role", "must be ssh, device, service, websocket or logic"));
      return;
    }
  }
  const bool onlyOutdated = flagOf(request, "update_available", false);
  sendList<model::Driver>(context, std::move(reply),
                          {"driver", wanted,
                           [role, onlyOutdated](const model::Driver& driver) {
                             return (!role || driver.role == *role) && !onlyOutdated;
                           },
                           [](const model::Driver& row) { return toJson(row); }});
}

// With the manifest, which says what its modules can do.
json::Object withManifest(const model::Driver& driver) {
  json::Object out = toJson(driver);
  if (auto manifest = json::parse(driver.manifest)) {
    out.set("manifest", std::move(*manifest));
  }
  return out;
}

void showDriver(Context& context, Request& request, Reply reply) {
  const model::Driver* driver = findDriver(context, request, reply);
  if (driver == nullptr) {
    return;
  }
  json::Object out = withManifest(*driver);
  if (flagOf(request, "compilation_status", true)) {
    json::Object status;
    status.set("local", true);
    out.set("compilation_status", std::move(status));
  }
  reply.json(200, std::move(out));
}

model::FieldErrors readDriver(BodyReader& body, model::Driver& driver) {
  body.read("name", driver.name);
  body.read("description", driver.description);
  body.read("ignore_connected", driver.ignoreConnected);
  body.read("alert_level", driver.alertLevel);
  std::string isolation = driver.isolation == model::Isolation::Module ? "module" : "driver";
  body.read("isolation", isolation);
  if (isolation != "module" && isolation != "driver") {
    body.fail("isolation", "must be driver or module");
  }
  driver.isolation = isolation == "module" ? model::Isolation::Module : model::Isolation::Driver;
  int role = static_cast<int>(driver.role);
  body.read("role", role);
  if (role != static_cast<int>(driver.role)) {
    body.fail("role", "must not change");
  }
  std::string moduleName = driver.moduleName;
  body.read("module_name", moduleName);
  if (moduleName != driver.moduleName) {
    body.fail("module_name", "must not change: the manifest gives it");
  }
  body.ignore({"id", "created_at", "updated_at", "file_name", "commit", "package_id", "version",
               "digest", "trust", "default_uri", "default_port", "update_available", "update_info",
               "compilation_output", "compilation_status", "json_schema", "repository_id",
               "manifest", "settings"});
  model::FieldErrors errors = body.finish("driver");
  model::normalise(driver);
  for (model::FieldError& error : model::validate(driver)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

void updateDriver(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), body = std::move(*body)]() -> Outcome {
        const model::Driver* present = context.site.findDriver(id);
        if (present == nullptr) {
          return Refusal{notFound("driver", id), {}};
        }
        model::Driver changed = *present;
        BodyReader reader = body;
        const auto errors = readDriver(reader, changed);
        if (!errors.empty()) {
          return invalidFields(errors);
        }
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerRow<model::Driver>(200));
}

void eraseDriver(Context& context, Request& request, Reply reply) {
  eraseRow(context, request, std::move(reply), model::Table::Driver,
           std::string(request.param("id")));
}

// Restarts each running module of the driver; answers when all have answered.
void reload(Context& context, Request& request, Reply reply) {
  const model::Driver* driver = findDriver(context, request, reply);
  if (driver == nullptr) {
    return;
  }
  struct Progress {
    explicit Progress(Reply r) : reply(std::move(r)) {}
    Reply reply;
    size_t total = 0;
    size_t failed = 0;
    std::string firstFailure;
    ~Progress() {
      if (failed == 0) {
        reply.send(http::Response::text(200, "reloaded " + std::to_string(total) + " modules"));
        return;
      }
      Error error = Error::because(ErrorCode::Unavailable, "reload_failed", firstFailure);
      error.httpStatus = failed == total ? 422 : 417;
      reply.fail(error);
    }
  };
  recordAction(context.audit, request, "reload", "driver", driver->id);
  // Shared by the completions; the last one to go answers.
  const auto progress = std::make_shared<Progress>(std::move(reply));
  for (const std::string& moduleId : context.site.modulesOfDriver(driver->id)) {
    const model::Module* mod = context.site.findModule(moduleId);
    if (mod == nullptr || !mod->running) {
      continue;
    }
    ++progress->total;
    context.host.reload(moduleId, [progress, moduleId](const Status& status) {
      if (!status.ok()) {
        ++progress->failed;
        if (progress->firstFailure.empty()) {
          progress->firstFailure = "module " + moduleId + ": " + status.error().message;
        }
      }
    });
  }
}

// An installed driver is a finished library.
void compiled(Context& context, Request& request, Reply reply) {
  if (findDriver(context, request, reply) != nullptr) {
    reply.empty(200);
  }
}

// There is nothing to compile: a driver is installed as a finished library.
void recompile(Context& context, Request& request, Reply reply) {
  if (const model::Driver* driver = findDriver(context, request, reply)) {
    reply.send(http::Response::text(200, driver->name + " is a finished library\n"));
  }
}

// What the manifest says of the driver, for people.
void readme(Context& context, Request& request, Reply reply) {
  const model::Driver* driver = findDriver(context, request, reply);
  if (driver == nullptr) {
    return;
  }
  std::string text =
      "# " + driver->name + "\n\n" + driver->packageId + " " + driver->version + "\n";
  if (!driver->description.empty()) {
    text += "\n" + driver->description + "\n";
  }
  if (const auto manifest = context.manifests.find(driver->id)) {
    text += "\n## Functions\n\n";
    for (const auto& [name, function] : manifest->functions) {
      text += "* `" + name + "` " + function.description + "\n";
    }
  }
  reply.send(http::Response::text(200, std::move(text)));
}

// Only a peer of the control socket can name a folder that means the same to it and to us.
void install(Context& context, Request& request, Reply reply) {
  if (!request.peer().uid) {
    reply.fail(Error::because(ErrorCode::PermissionDenied, "local_only",
                              "a driver's folder is installed over the control socket only: run "
                              "`busbar --data DIR driver install FOLDER` on this machine"));
    return;
  }
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  std::string path;
  body->require("path");
  body->read("path", path);
  auto errors = body->finish("driver installation");
  if (errors.empty() && !path.starts_with('/')) {
    errors.push_back({"path", "must be the full path of a folder"});
  }
  if (!errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  context.install(std::move(path), actorOf(request),
                  [&context, reply = std::move(reply)](Result<InstalledDriver> done) mutable {
                    if (!done) {
                      reply.fail(done.error());
                      return;
                    }
                    json::Object out;
                    if (const auto* driver = context.site.findDriver(done->driverId)) {
                      out = toJson(*driver);
                    }
                    out.set("id", done->driverId);
                    out.set("changed", done->changed);
                    reply.json(done->changed ? 201 : 200, std::move(out));
                  });
}

}  // namespace

void addDriverRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "drivers");
  routes.get("/drivers", Permission::Support, listDrivers);
  routes.get("/drivers/:id", Permission::User, showDriver);
  routes.update("/drivers/:id", Permission::Admin, updateDriver);
  routes.erase("/drivers/:id", Permission::Admin, eraseDriver);
  routes.post("/drivers/:id/reload", Permission::Admin, reload);
  routes.get("/drivers/:id/compiled", Permission::Admin, compiled);
  routes.post("/drivers/:id/recompile", Permission::Admin, recompile);
  routes.get("/drivers/:id/readme", Permission::Support, readme);
  Routes own(router, context, kBusbar, "drivers");
  own.post("/drivers/install", Permission::Admin, install);
}

}  // namespace busbar::api
