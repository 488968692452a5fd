// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/settings.h"

#include <algorithm>
#include <charconv>

#include "api/resources/answer_row.h"
#include "api/resources/body_reader.h"
#include "api/resources/erasure.h"
#include "api/resources/grant_check.h"
#include "api/resources/list.h"
#include "api/resources/settings_check.h"
#include "api/resources/shapes.h"
#include "registry/settings/merge.h"
#include "registry/settings/settings_text.h"
#include "registry/site/cascade.h"

namespace busbar::api {
namespace {

using auth::Permission;
using http::Request;

constexpr size_t kDefaultVersions = 15;
constexpr size_t kMaxSettingsVersions = 100;
constexpr Milliseconds kSettingsReadLimit{10'000};

// The modules whose settings a document of this parent is part of.
std::vector<const model::Module*> modulesOf(const Site& site, const std::string& parentId) {
  std::vector<const model::Module*> out;
  const auto add = [&](const Site::Ids& ids) {
    for (const std::string& id : ids) {
      if (const model::Module* mod = site.findModule(id)) {
        out.push_back(mod);
      }
    }
  };
  if (const model::Module* mod = site.findModule(parentId)) {
    out.push_back(mod);
  } else if (site.findDriver(parentId) != nullptr) {
    add(site.modulesOfDriver(parentId));
  } else if (site.findSystem(parentId) != nullptr) {
    add(site.logicModulesOfSystem(parentId));
  } else if (site.findZone(parentId) != nullptr) {
    for (const std::string& systemId : site.systemsOfZone(parentId)) {
      add(site.logicModulesOfSystem(systemId));
    }
  }
  return out;
}

// What the module would get with `changed` in the place of the stored document of its id.
std::vector<const model::Settings*> chainWith(const Site& site, const model::Module& mod,
                                              const model::Settings& changed) {
  std::vector<const model::Settings*> chain = settingsChain(site, mod);
  for (const model::Settings*& row : chain) {
    if (row->id == changed.id) {
      row = &changed;
      return chain;
    }
  }
  // A new document comes after those of its parent that are of its level or below.
  auto at = chain.end();
  for (auto it = chain.begin(); it != chain.end(); ++it) {
    if ((*it)->parentId == changed.parentId && (*it)->level <= changed.level) {
      at = it + 1;
    }
  }
  if (at == chain.end() && site.findDriver(changed.parentId) != nullptr) {
    at = chain.begin();
  } else if (at == chain.end() && changed.parentId != mod.id) {
    at = std::find_if(chain.begin(), chain.end(),
                      [&mod](const model::Settings* row) { return row->parentId == mod.id; });
  }
  chain.insert(at, &changed);
  return chain;
}

// A module whose settings are good must not become bad; one that is bad already may stay so while
// its documents are written one by one.
model::FieldErrors checkSchemas(Context& context, const model::Settings& changed) {
  for (const model::Module* mod : modulesOf(context.site, changed.parentId)) {
    const auto manifest = context.manifests.find(mod->driverId);
    if (!manifest) {
      continue;
    }
    const Status after = checkSettingsOf(*manifest, chainWith(context.site, *mod, changed));
    if (after.ok()) {
      continue;
    }
    const Status before = checkSettingsOf(*manifest, settingsChain(context.site, *mod));
    if (before.ok() || before.error().message != after.error().message ||
        before.error().field != after.error().field) {
      return {{after.error().field.empty() ? "settings_string" : after.error().field,
               after.error().message + " (module " + mod->id + ")"}};
    }
  }
  return {};
}

model::FieldErrors readSettings(BodyReader& body, model::Settings& settings) {
  int level = static_cast<int>(settings.level);
  body.read("settings_string", settings.text);
  body.read("encryption_level", level);
  if (level < 0 || level > static_cast<int>(model::EncryptionLevel::NeverDisplay)) {
    body.fail("encryption_level", "must be 0 to 3");
  } else {
    settings.level = static_cast<model::EncryptionLevel>(level);
  }
  body.ignore({"id", "created_at", "updated_at", "version", "parent_type", "keys", "settings_id",
               "modified_by_id", "is_hidden"});
  model::FieldErrors errors = body.finish("settings document");
  for (model::FieldError& error : model::validate(settings)) {
    errors.push_back(std::move(error));
  }
  if (!errors.empty()) {
    return errors;
  }
  auto values = parseSettings(settings.text);
  if (!values) {
    return {{"settings_string", values.error().message}};
  }
  settings.keys.clear();
  for (const auto& [key, value] : *values) {
    settings.keys.push_back(key);
  }
  return {};
}

Refusal levelTooHigh() {
  return {Error::because(ErrorCode::PermissionDenied, "not_allowed",
                         "only an admin may write settings above encryption_level 0"),
          {}};
}

bool parentExists(const Site& site, const std::string& id) {
  return site.findDriver(id) != nullptr || site.findModule(id) != nullptr ||
         site.findSystem(id) != nullptr || site.findZone(id) != nullptr;
}

void listSettings(Context& context, Request& request, Reply reply) {
  json::Array out;
  const auto parents = listOf(request, "parent_id");
  if (parents.empty() && !request.principal().isSupport()) {
    reply.fail(Error::because(ErrorCode::PermissionDenied, "not_allowed",
                              "give parent_id: all settings are listed for support only"));
    return;
  }
  if (!parents.empty()) {
    const GrantCheck check(context, request);
    for (const std::string& parentId : parents) {
      if (!check.isReader(zonesOfParent(context.site, parentId))) {
        continue;
      }
      auto rows = context.site.settingsOf(parentId);
      std::reverse(rows.begin(), rows.end());  // highest level first
      for (const model::Settings* row : rows) {
        out.emplace_back(toJson(*row, request.principal()));
      }
    }
    const size_t count = out.size();
    auto response = http::Response::json(200, json::Value(std::move(out)));
    setListHeaders(response, "sets", count);
    reply.send(std::move(response));
    return;
  }
  auto page = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&page)) {
    reply.fail(*refusal);
    return;
  }
  sendList<model::Settings>(
      context, std::move(reply),
      {"sets", std::get<Page>(page), [](const model::Settings&) { return true; },
       [](const model::Settings& row) {
         const auth::Principal nobody;  // a list of all is never decrypted
         return toJson(row, nobody);
       }});
}

// Those of what the named document belongs to.
std::vector<std::string> zonesOfSettings(Context& context, const Request& request) {
  const model::Settings* row = context.site.findSettings(request.param("id"));
  return row == nullptr ? std::vector<std::string>() : zonesOfParent(context.site, row->parentId);
}

// Those of what a new document shall belong to.
std::vector<std::string> zonesOfSettingsInBody(Context& context, const Request& request) {
  auto body = BodyReader::parse(request.body());
  std::string parentId;
  if (body) {
    body->read("parent_id", parentId);
  }
  return zonesOfParent(context.site, parentId);
}

void showSettings(Context& context, Request& request, Reply reply) {
  const model::Settings* row = context.site.findSettings(request.param("id"));
  if (!GrantCheck(context, request).isReader(zonesOfSettings(context, request))) {
    reply.fail(notGranted(Permission::ZoneRead));
    return;
  }
  if (row == nullptr) {
    reply.fail(notFound("settings document", request.param("id")));
    return;
  }
  reply.json(200, toJson(*row, request.principal()));
}

void createSettings(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  model::Settings settings;
  body->require("parent_id");
  body->read("parent_id", settings.parentId);
  auto errors = readSettings(*body, settings);
  if (errors.empty() && !parentExists(context.site, settings.parentId)) {
    errors.push_back({"parent_id", "names nothing that exists"});
  }
  settings.id = context.ids.next(model::Table::Settings);
  if (errors.empty()) {
    errors = checkSchemas(context, settings);
  }
  if (!errors.empty()) {
    reply.fail(invalidFields(errors));
    return;
  }
  if (settings.level != model::EncryptionLevel::None && !request.principal().isAdmin()) {
    reply.fail(levelTooHigh());
    return;
  }
  settings.modifiedById = request.principal().userId;
  context.writer.run(
      std::move(reply), actorOf(request),
      [settings]() -> Outcome {
        return ConfigWriter::Writes{{ConfigWrite::Kind::Insert, settings}};
      },
      answerRow<model::Settings>(201, request.principal()));
}

void updateSettings(Context& context, Request& request, Reply reply) {
  auto body = BodyReader::parse(request.body());
  if (!body) {
    reply.fail(body.error());
    return;
  }
  context.writer.run(
      std::move(reply), actorOf(request),
      [&context, id = std::string(request.param("id")), body = std::move(*body),
       writer = request.principal()]() -> Outcome {
        const model::Settings* present = context.site.findSettings(id);
        if (present == nullptr) {
          return Refusal{notFound("settings document", id), {}};
        }
        model::Settings changed = *present;
        BodyReader reader = body;
        reader.read("parent_id", changed.parentId);
        if (changed.parentId != present->parentId) {
          reader.fail("parent_id", "must not change");
          changed.parentId = present->parentId;
        }
        auto errors = readSettings(reader, changed);
        if (errors.empty()) {
          errors = checkSchemas(context, changed);
        }
        if (!errors.empty()) {
          return invalidFields(errors);
        }
        const bool isRaised = changed.level != model::EncryptionLevel::None ||
                              present->level != model::EncryptionLevel::None;
        if (isRaised && !writer.isAdmin()) {
          return levelTooHigh();
        }
        changed.modifiedById = writer.userId;
        return ConfigWriter::Writes{{ConfigWrite::Kind::Update, std::move(changed)}};
      },
      answerRow<model::Settings>(200, request.principal()));
}

void eraseSettings(Context& context, Request& request, Reply reply) {
  eraseRows(context, request, std::move(reply),
            [&context, id = std::string(request.param("id")),
             isAdmin = request.principal().isAdmin()]() -> Outcome {
              const model::Settings* present = context.site.findSettings(id);
              if (present == nullptr) {
                return Refusal{notFound("settings document", id), {}};
              }
              if (present->level != model::EncryptionLevel::None && !isAdmin) {
                return levelTooHigh();
              }
              auto planned = planErase(context.site, model::Table::Settings, id);
              if (!planned) {
                return Refusal{planned.error(), {}};
              }
              return std::move(*planned);
            });
}

void settingsHistory(Context& context, Request& request, Reply reply) {
  auto parsed = toPage(request);
  if (const Refusal* refusal = std::get_if<Refusal>(&parsed)) {
    reply.fail(*refusal);
    return;
  }
  Page page = std::get<Page>(parsed);
  page.limit =
      request.query("limit") ? std::min(page.limit, kMaxSettingsVersions) : kDefaultVersions;
  const std::string id(request.param("id"));
  if (context.site.findSettings(id) == nullptr) {
    reply.fail(notFound("settings document", id));
    return;
  }
  context.store.settingsHistory(id, context.loop.now() + kSettingsReadLimit,
                                [id, page, reader = request.principal(), reply = std::move(reply)](
                                    Result<std::vector<model::Settings>> versions) mutable {
                                  if (!versions) {
                                    reply.fail(versions.error());
                                    return;
                                  }
                                  json::Array out;
                                  const size_t begin = std::min(page.offset, versions->size());
                                  const size_t end = std::min(begin + page.limit, versions->size());
                                  for (size_t i = begin; i < end; ++i) {
                                    json::Object row = toJson((*versions)[i], reader);
                                    row.set("settings_id", id);
                                    out.emplace_back(std::move(row));
                                  }
                                  auto response =
                                      http::Response::json(200, json::Value(std::move(out)));
                                  response.set("X-Total-Count", std::to_string(versions->size()));
                                  reply.send(std::move(response));
                                });
}

}  // namespace

void addSettingsRoutes(http::Router& router, Context& context) {
  Routes routes(router, context, kEngine, "settings");
  routes.get("/settings", Permission::ZoneRead, listSettings);
  routes.post("/settings", Permission::ZoneUpdate, createSettings, zonesOfSettingsInBody);
  routes.get("/settings/:id", Permission::ZoneRead, showSettings);
  routes.update("/settings/:id", Permission::ZoneUpdate, updateSettings, zonesOfSettings);
  routes.erase("/settings/:id", Permission::ZoneUpdate, eraseSettings, zonesOfSettings);
  routes.get("/settings/:id/history", Permission::Admin, settingsHistory);
}

}  // namespace busbar::api
