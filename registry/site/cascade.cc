// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/cascade.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "registry/site/trigger_plan.h"

namespace busbar {
namespace {

using model::Table;

Error notFound(Table table, std::string_view id) {
  return Error::of(ErrorCode::NotFound,
                   std::string(model::toString(table)) + " " + std::string(id) + " does not exist");
}

// Collects what goes and which systems change, then writes it out in an order that never leaves a
// row pointing at nothing.
class Plan {
 public:
  explicit Plan(const Site& site) : site_(site) {}

  void eraseDriver(const model::Driver& driver) {
    erased_.insert(driver.id);
    for (const std::string& moduleId : site_.modulesOfDriver(driver.id)) {
      eraseModule(*site_.findModule(moduleId));
    }
    settingsOf(driver.id);
    rows_.emplace_back(driver);
  }

  void eraseModule(const model::Module& mod) {
    if (!erased_.insert(mod.id).second) {
      return;
    }
    for (const std::string& systemId : site_.systemsOfModule(mod.id)) {
      if (!erased_.contains(systemId)) {
        leave(systemId, mod);
      }
    }
    settingsOf(mod.id);
    rows_.emplace_back(mod);
  }

  void eraseSystem(const model::System& system) {
    erased_.insert(system.id);
    for (const std::string& moduleId : system.modules) {
      const model::Module* mod = site_.findModule(moduleId);
      if (mod != nullptr && site_.systemsOfModule(moduleId).size() == 1) {
        eraseModule(*mod);
      }
    }
    // A logic module belongs to its system even when it is not, or not only, in that system's list.
    for (const std::string& moduleId : site_.logicModulesOfSystem(system.id)) {
      eraseModule(*site_.findModule(moduleId));
    }
    for (const std::string& triggerId : site_.triggersOfSystem(system.id)) {
      eraseTrigger(*site_.findTrigger(triggerId));
    }
    eraseInstances(site_.instancesOfSystem(system.id));
    settingsOf(system.id);
    metadataOf(system.id);
    rows_.emplace_back(system);
  }

  void eraseZone(const model::Zone& zone) {
    if (!erased_.insert(zone.id).second) {
      return;
    }
    for (const std::string& childId : site_.childrenOfZone(zone.id)) {
      eraseZone(*site_.findZone(childId));
    }
    for (const std::string& systemId : site_.systemsOfZone(zone.id)) {
      std::erase(changed(systemId).zones, zone.id);
    }
    settingsOf(zone.id);
    for (const model::GroupZone* grant : site_.groupsOfZone(zone.id)) {
      rows_.emplace_back(*grant);
    }
    eraseInstances(site_.instancesOfZone(zone.id));
    metadataOf(zone.id);
    rows_.emplace_back(zone);
  }

  void eraseTrigger(const model::Trigger& trigger) {
    eraseInstances(site_.instancesOfTrigger(trigger.id));
    for (const std::string& zoneId : site_.zonesOfTrigger(trigger.id)) {
      const auto [it, isNew] = zones_.try_emplace(zoneId, *site_.findZone(zoneId));
      std::erase(it->second.triggers, trigger.id);
    }
    rows_.emplace_back(trigger);
  }

  void eraseInstances(const Site::Ids& ids) {
    for (const std::string& id : ids) {
      if (erased_.insert(id).second) {
        rows_.emplace_back(*site_.findTriggerInstance(id));
      }
    }
  }

  void eraseUser(const model::User& user) {
    for (const std::string& keyId : site_.apiKeysOfUser(user.id)) {
      rows_.emplace_back(*site_.findApiKey(keyId));
    }
    for (const model::GroupUser* membership : site_.groupsOfUser(user.id)) {
      eraseOnce(*membership);
    }
    metadataOf(user.id);
    rows_.emplace_back(user);
  }

  void eraseGroup(const model::Group& group) {
    if (!erased_.insert(group.id).second) {
      return;
    }
    for (const std::string& childId : site_.childrenOfGroup(group.id)) {
      eraseGroup(*site_.findGroup(childId));
    }
    for (const model::GroupUser* membership : site_.usersOfGroup(group.id)) {
      eraseOnce(*membership);
    }
    for (const model::GroupZone* grant : site_.zonesOfGroup(group.id)) {
      rows_.emplace_back(*grant);
    }
    for (const model::GroupInvitation* invitation : site_.invitationsOfGroup(group.id)) {
      rows_.emplace_back(*invitation);
    }
    rows_.emplace_back(group);
  }

  void eraseDomain(const model::Domain& domain) {
    for (const model::User* user : site_.usersOfDomain(domain.id)) {
      eraseUser(*user);
    }
    for (const std::string& groupId : site_.groupsOfDomain(domain.id)) {
      eraseGroup(*site_.findGroup(groupId));
    }
    for (const std::string& appId : site_.appsOfDomain(domain.id)) {
      rows_.emplace_back(*site_.findOauthApp(appId));
    }
    rows_.emplace_back(domain);
  }

  // For what goes with either of two others.
  void eraseOnce(const model::GroupUser& membership) {
    if (erased_.insert(membership.id).second) {
      rows_.emplace_back(membership);
    }
  }

  void eraseSchema(const model::Schema& schema) {
    for (const model::Metadata* metadata : site_.metadata()) {
      if (metadata->schemaId == schema.id) {
        model::Metadata changed = *metadata;
        changed.schemaId.clear();
        updates_.emplace_back(std::move(changed));
      }
    }
    rows_.emplace_back(schema);
  }

  void eraseAlone(model::Record record) { rows_.push_back(std::move(record)); }

  // Takes the module out of the system's list; its name leaves the features when it was the last so
  // named.
  void leave(const std::string& systemId, const model::Module& mod) {
    model::System& system = changed(systemId);
    std::erase(system.modules, mod.id);
    const std::string_view name = site_.resolvedName(mod);
    const bool stays = std::any_of(system.modules.begin(), system.modules.end(),
                                   [this, name](const std::string& otherId) {
                                     const model::Module* other = site_.findModule(otherId);
                                     return other != nullptr && site_.resolvedName(*other) == name;
                                   });
    if (!stays) {
      std::erase(system.features, name);
    }
  }

  std::vector<ConfigWrite> take() {
    std::vector<ConfigWrite> writes;
    for (auto& [id, system] : systems_) {
      writes.push_back({ConfigWrite::Kind::Update, std::move(system)});
    }
    for (auto& [id, zone] : zones_) {
      writes.push_back({ConfigWrite::Kind::Update, std::move(zone)});
    }
    for (model::Record& row : updates_) {
      writes.push_back({ConfigWrite::Kind::Update, std::move(row)});
    }
    for (model::Record& row : rows_) {
      writes.push_back({ConfigWrite::Kind::Erase, std::move(row)});
    }
    return writes;
  }

 private:
  // The working copy of a system, with its version raised once.
  model::System& changed(const std::string& systemId) {
    const auto it = systems_.find(systemId);
    if (it != systems_.end()) {
      return it->second;
    }
    model::System& copy = systems_[systemId];
    copy = *site_.findSystem(systemId);
    ++copy.version;
    return copy;
  }

  void settingsOf(std::string_view parentId) {
    for (const model::Settings* settings : site_.settingsOf(parentId)) {
      rows_.emplace_back(*settings);
    }
  }

  void metadataOf(std::string_view parentId) {
    for (const model::Metadata* metadata : site_.metadataOf(parentId)) {
      rows_.emplace_back(*metadata);
    }
  }

  const Site& site_;
  std::map<std::string, model::System> systems_;
  std::map<std::string, model::Zone> zones_;  // that lose a trigger
  std::vector<model::Record> updates_;
  std::vector<model::Record> rows_;
  std::set<std::string> erased_;
};

bool isAdmin(const model::User* user) {
  return user->role == model::UserRole::Admin && !user->deleted;
}

Status mayErase(const Site& site, const model::Domain& domain) {
  if (site.defaultDomain()->id == domain.id) {
    return Error::because(ErrorCode::FailedPrecondition, "last_domain",
                          "domain " + domain.id + " is the default domain and cannot be deleted");
  }
  const auto domains = site.domains();
  const bool othersHave =
      std::any_of(domains.begin(), domains.end(), [&](const model::Domain* other) {
        return other->id != domain.id && hasAdmin(site, other->id);
      });
  if (hasAdmin(site, domain.id) && !othersHave) {
    return Error::because(ErrorCode::FailedPrecondition, "last_domain",
                          "domain " + domain.id + " has the only admins and cannot be deleted");
  }
  return {};
}

}  // namespace

bool hasAdmin(const Site& site) {
  const auto users = site.users();
  return std::any_of(users.begin(), users.end(), isAdmin);
}

bool hasAdmin(const Site& site, std::string_view domainId) {
  const auto users = site.usersOfDomain(domainId);
  return std::any_of(users.begin(), users.end(), isAdmin);
}

bool isLastAdmin(const Site& site, const model::User& user) {
  const auto users = site.usersOfDomain(site.domainIdOf(user));
  return isAdmin(&user) && std::count_if(users.begin(), users.end(), isAdmin) == 1;
}

Result<std::vector<ConfigWrite>> planErase(const Site& site, Table table, std::string_view id) {
  if (!site.contains(table, id)) {
    return notFound(table, id);
  }
  Plan plan(site);
  switch (table) {
    case Table::Driver:
      plan.eraseDriver(*site.findDriver(id));
      break;
    case Table::Module:
      plan.eraseModule(*site.findModule(id));
      break;
    case Table::System:
      plan.eraseSystem(*site.findSystem(id));
      break;
    case Table::Zone:
      plan.eraseZone(*site.findZone(id));
      break;
    case Table::User: {
      const model::User& user = *site.findUser(id);
      if (isLastAdmin(site, user)) {
        return Error::because(ErrorCode::FailedPrecondition, "last_admin",
                              "user " + user.id + " is the last admin and cannot be deleted");
      }
      plan.eraseUser(user);
      break;
    }
    case Table::Settings:
      plan.eraseAlone(*site.findSettings(id));
      break;
    case Table::ApiKey:
      plan.eraseAlone(*site.findApiKey(id));
      break;
    case Table::Domain: {
      const model::Domain& domain = *site.findDomain(id);
      BUSBAR_TRY(mayErase(site, domain));
      plan.eraseDomain(domain);
      break;
    }
    case Table::OauthApp:
      plan.eraseAlone(*site.findOauthApp(id));
      break;
    case Table::Group:
      plan.eraseGroup(*site.findGroup(id));
      break;
    case Table::GroupUser:
      plan.eraseAlone(*site.findGroupUser(id));
      break;
    case Table::GroupZone:
      plan.eraseAlone(*site.findGroupZone(id));
      break;
    case Table::GroupInvitation:
      plan.eraseAlone(*site.findGroupInvitation(id));
      break;
    case Table::Metadata:
      plan.eraseAlone(*site.findMetadata(id));
      break;
    case Table::Schema:
      plan.eraseSchema(*site.findSchema(id));
      break;
    case Table::Trigger:
      plan.eraseTrigger(*site.findTrigger(id));
      break;
    case Table::TriggerInstance: {
      const model::TriggerInstance& instance = *site.findTriggerInstance(id);
      if (isAskedFor(site, instance)) {
        return Error::because(ErrorCode::FailedPrecondition, "made_by_zone",
                              "zone " + instance.zoneId + " gives " + instance.triggerId +
                                  " to each of its systems: disable " + instance.id +
                                  ", or take the trigger out of the zone");
      }
      plan.eraseAlone(instance);
      break;
    }
  }
  return plan.take();
}

Result<std::vector<ConfigWrite>> planRemoveModule(const Site& site, std::string_view systemId,
                                                  std::string_view moduleId) {
  const model::System* system = site.findSystem(systemId);
  if (system == nullptr) {
    return notFound(Table::System, systemId);
  }
  const model::Module* mod = site.findModule(moduleId);
  if (mod == nullptr || std::find(system->modules.begin(), system->modules.end(), moduleId) ==
                            system->modules.end()) {
    return Error::of(ErrorCode::NotFound,
                     "module " + std::string(moduleId) + " is not in system " + system->id);
  }
  Plan plan(site);
  if (site.systemsOfModule(moduleId).size() == 1) {
    plan.eraseModule(*mod);
  } else {
    plan.leave(system->id, *mod);
  }
  return plan.take();
}

Result<std::vector<ConfigWrite>> planInsertModule(const Site& site, model::Module mod) {
  std::vector<ConfigWrite> writes;
  if (!mod.controlSystemId.empty()) {
    const model::System* system = site.findSystem(mod.controlSystemId);
    if (system == nullptr) {
      return Error::at(ErrorCode::InvalidArgument, "control_system_id",
                       "system " + mod.controlSystemId + " does not exist");
    }
    model::System joined = *system;
    joined.modules.push_back(mod.id);
    ++joined.version;
    writes.push_back({ConfigWrite::Kind::Update, std::move(joined)});
  }
  writes.insert(writes.begin(), {ConfigWrite::Kind::Insert, std::move(mod)});
  return writes;
}

}  // namespace busbar
