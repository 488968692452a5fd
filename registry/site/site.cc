// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/site.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <variant>

namespace busbar {
namespace {

// "Display_2" -> {"Display", 2}; without a number at the end, the whole and 1.
std::pair<std::string_view, size_t> splitSlug(std::string_view slug) {
  const size_t underscore = slug.rfind('_');
  if (underscore == std::string_view::npos || underscore == 0) {
    return {slug, 1};
  }
  const std::string_view tail = slug.substr(underscore + 1);
  size_t number = 0;
  const auto [end, error] = std::from_chars(tail.data(), tail.data() + tail.size(), number);
  if (tail.empty() || error != std::errc{} || end != tail.data() + tail.size()) {
    return {slug, 1};
  }
  return {slug.substr(0, underscore), number};
}

}  // namespace

void Site::follow(ConfigStore& store, Instant deadline, Callback<void(Status)> done) {
  store.load(deadline,
             [this, &store, done = std::move(done)](Result<ConfigSnapshot> snapshot) mutable {
               if (!snapshot.ok()) {
                 done(std::move(snapshot).error());
                 return;
               }
               reset(*snapshot);
               store.watch(position_, [this](const ConfigChange& change) { apply(change); });
               done(Status());
             });
}

void Site::reset(const ConfigSnapshot& snapshot) {
  auto listeners = std::move(listeners_);
  std::destroy_at(this);
  std::construct_at(this);
  listeners_ = std::move(listeners);
  for (const model::Record& record : snapshot.records) {
    put({snapshot.position, ConfigWrite::Kind::Insert, record});
  }
  position_ = snapshot.position;
}

void Site::apply(const ConfigChange& change) {
  const auto before = put(change);
  position_ = change.position;
  // A listener may subscribe or unsubscribe: walk what was there at the start.
  const auto listeners = listeners_;
  for (const auto& weak : listeners) {
    if (const auto listener = weak.lock()) {
      (*listener)(change, before.get());
    }
  }
  listeners_.remove_if([](const auto& weak) { return weak.expired(); });
}

std::unique_ptr<model::Record> Site::put(const ConfigChange& change) {
  std::unique_ptr<model::Record> before;
  std::visit(
      [this, &change, &before](const auto& row) {
        auto& table = this->*rows(&row);
        const auto it = table.find(row.id);
        if (it != table.end()) {
          before = std::make_unique<model::Record>(it->second);
          forgetNames(*before);
          index(it->second, false);
        }
        if (change.kind == ConfigWrite::Kind::Erase) {
          if (it != table.end()) {
            table.erase(it);
          }
          return;
        }
        const auto& stored = table.insert_or_assign(row.id, row).first->second;
        index(stored, true);
        forgetNames(change.record);
      },
      change.record);
  return before;
}

Site::Subscription Site::subscribe(Listener listener) {
  Subscription subscription;
  subscription.listener_ = std::make_shared<Listener>(std::move(listener));
  listeners_.push_back(subscription.listener_);
  return subscription;
}

bool Site::contains(model::Table table, std::string_view id) const {
  switch (table) {
    case model::Table::Driver:
      return findDriver(id) != nullptr;
    case model::Table::Module:
      return findModule(id) != nullptr;
    case model::Table::System:
      return findSystem(id) != nullptr;
    case model::Table::Zone:
      return findZone(id) != nullptr;
    case model::Table::Settings:
      return findSettings(id) != nullptr;
    case model::Table::User:
      return findUser(id) != nullptr;
    case model::Table::ApiKey:
      return findApiKey(id) != nullptr;
    case model::Table::Domain:
      return findDomain(id) != nullptr;
    case model::Table::OauthApp:
      return findOauthApp(id) != nullptr;
    case model::Table::Group:
      return findGroup(id) != nullptr;
    case model::Table::GroupUser:
      return findGroupUser(id) != nullptr;
    case model::Table::GroupZone:
      return findGroupZone(id) != nullptr;
    case model::Table::GroupInvitation:
      return findGroupInvitation(id) != nullptr;
    case model::Table::Metadata:
      return findMetadata(id) != nullptr;
    case model::Table::Schema:
      return findSchema(id) != nullptr;
    case model::Table::Trigger:
      return findTrigger(id) != nullptr;
    case model::Table::TriggerInstance:
      return findTriggerInstance(id) != nullptr;
  }
  return false;
}

template <class T>
std::vector<const T*> Site::sorted(const ById<T>& rows) {
  std::vector<const T*> out;
  out.reserve(rows.size());
  for (const auto& [id, row] : rows) {
    out.push_back(&row);
  }
  std::sort(out.begin(), out.end(), [](const T* a, const T* b) { return a->id < b->id; });
  return out;
}
template std::vector<const model::Driver*> Site::sorted(const ById<model::Driver>&);
template std::vector<const model::Module*> Site::sorted(const ById<model::Module>&);
template std::vector<const model::System*> Site::sorted(const ById<model::System>&);
template std::vector<const model::Zone*> Site::sorted(const ById<model::Zone>&);
template std::vector<const model::User*> Site::sorted(const ById<model::User>&);
template std::vector<const model::ApiKey*> Site::sorted(const ById<model::ApiKey>&);
template std::vector<const model::Domain*> Site::sorted(const ById<model::Domain>&);
template std::vector<const model::OauthApp*> Site::sorted(const ById<model::OauthApp>&);
template std::vector<const model::Group*> Site::sorted(const ById<model::Group>&);
template std::vector<const model::GroupUser*> Site::sorted(const ById<model::GroupUser>&);
template std::vector<const model::GroupZone*> Site::sorted(const ById<model::GroupZone>&);
template std::vector<const model::Settings*> Site::sorted(const ById<model::Settings>&);
template std::vector<const model::GroupInvitation*> Site::sorted(
    const ById<model::GroupInvitation>&);
template std::vector<const model::Metadata*> Site::sorted(const ById<model::Metadata>&);
template std::vector<const model::Schema*> Site::sorted(const ById<model::Schema>&);
template std::vector<const model::Trigger*> Site::sorted(const ById<model::Trigger>&);
template std::vector<const model::TriggerInstance*> Site::sorted(
    const ById<model::TriggerInstance>&);

const model::ApiKey* Site::findApiKeyByHash(std::string_view secretHash) const {
  const std::string* id = find(keyByHash_, secretHash);
  return id == nullptr ? nullptr : findApiKey(*id);
}

const model::System* Site::findSystemByEmail(std::string_view lowerEmail) const {
  const Ids& ids = idsIn(systemsByEmail_, lowerEmail);
  return ids.empty() ? nullptr : findSystem(*ids.begin());
}

const Site::Ids& Site::idsIn(const Index& index, std::string_view key) {
  static const Ids kNone;
  const auto it = index.find(key);
  return it == index.end() ? kNone : it->second;
}

const Site::Ids& Site::modulesOfDriver(std::string_view driverId) const {
  return idsIn(modulesByDriver_, driverId);
}
const Site::Ids& Site::systemsOfModule(std::string_view moduleId) const {
  return idsIn(systemsByModule_, moduleId);
}
const Site::Ids& Site::logicModulesOfSystem(std::string_view systemId) const {
  return idsIn(logicBySystem_, systemId);
}
const Site::Ids& Site::systemsOfZone(std::string_view zoneId) const {
  return idsIn(systemsByZone_, zoneId);
}
const Site::Ids& Site::childrenOfZone(std::string_view zoneId) const {
  return idsIn(childrenByZone_, zoneId);
}
const Site::Ids& Site::apiKeysOfUser(std::string_view userId) const {
  return idsIn(keysByUser_, userId);
}

std::vector<const model::Settings*> Site::settingsOf(std::string_view parentId) const {
  std::vector<const model::Settings*> out;
  for (const std::string& id : idsIn(settingsByParent_, parentId)) {
    out.push_back(findSettings(id));
  }
  std::sort(out.begin(), out.end(), [](const model::Settings* a, const model::Settings* b) {
    return std::pair(a->level, std::string_view(a->id)) <
           std::pair(b->level, std::string_view(b->id));
  });
  return out;
}

std::vector<const model::Metadata*> Site::metadataOf(std::string_view parentId) const {
  std::vector<const model::Metadata*> out;
  for (const std::string& id : idsIn(metadataByParent_, parentId)) {
    out.push_back(findMetadata(id));
  }
  std::sort(out.begin(), out.end(),
            [](const model::Metadata* a, const model::Metadata* b) { return a->name < b->name; });
  return out;
}

const model::Metadata* Site::findMetadata(std::string_view parentId, std::string_view name) const {
  for (const std::string& id : idsIn(metadataByParent_, parentId)) {
    if (const model::Metadata* row = findMetadata(id); row->name == name) {
      return row;
    }
  }
  return nullptr;
}

std::string_view Site::resolvedName(const model::Module& mod) const {
  if (mod.customName.find_first_not_of(" \t") != std::string::npos) {
    return mod.customName;
  }
  const model::Driver* driver = findDriver(mod.driverId);
  return driver == nullptr ? std::string_view() : std::string_view(driver->moduleName);
}

const Site::Names* Site::namesOf(std::string_view systemId) const {
  if (const auto cached = names_.find(systemId); cached != names_.end()) {
    return &cached->second;
  }
  const model::System* system = findSystem(systemId);
  if (system == nullptr) {
    return nullptr;
  }
  Names names;
  for (const std::string& moduleId : system->modules) {
    if (const model::Module* mod = findModule(moduleId)) {
      names[std::string(resolvedName(*mod))].push_back(mod);
    }
  }
  return &names_.emplace(system->id, std::move(names)).first->second;
}

const model::Module* Site::resolve(std::string_view systemId, std::string_view slug) const {
  const Names* names = namesOf(systemId);
  if (names == nullptr) {
    return nullptr;
  }
  const auto [name, number] = splitSlug(slug);
  const auto it = names->find(name);
  if (it == names->end() || number < 1 || number > it->second.size()) {
    return nullptr;
  }
  return it->second[number - 1];
}

void Site::link(Index& index, const std::string& key, const std::string& id, bool add) {
  if (key.empty()) {
    return;
  }
  if (add) {
    index[key].insert(id);
    return;
  }
  const auto it = index.find(key);
  if (it != index.end() && it->second.erase(id) > 0 && it->second.empty()) {
    index.erase(it);
  }
}

void Site::index(const model::Module& mod, bool add) {
  link(modulesByDriver_, mod.driverId, mod.id, add);
  link(logicBySystem_, mod.controlSystemId, mod.id, add);
}

void Site::index(const model::System& system, bool add) {
  for (const std::string& moduleId : system.modules) {
    link(systemsByModule_, moduleId, system.id, add);
  }
  for (const std::string& zoneId : system.zones) {
    link(systemsByZone_, zoneId, system.id, add);
  }
  link(systemsByEmail_, system.email, system.id, add);
}

void Site::index(const model::Zone& zone, bool add) {
  link(childrenByZone_, zone.parentId, zone.id, add);
  for (const std::string& triggerId : zone.triggers) {
    link(zonesByTrigger_, triggerId, zone.id, add);
  }
}

void Site::index(const model::Settings& settings, bool add) {
  link(settingsByParent_, settings.parentId, settings.id, add);
}

void Site::index(const model::Metadata& metadata, bool add) {
  link(metadataByParent_, metadata.parentId, metadata.id, add);
}

void Site::index(const model::ApiKey& key, bool add) {
  link(keysByUser_, key.userId, key.id, add);
  linkOne(keyByHash_, key.secretHash, key.id, add);
}

void Site::forgetNames(const model::Record& record) {
  const auto forgetModule = [this](const std::string& moduleId) {
    for (const std::string& systemId : idsIn(systemsByModule_, moduleId)) {
      names_.erase(systemId);
    }
  };
  if (const auto* system = std::get_if<model::System>(&record)) {
    names_.erase(system->id);
  } else if (const auto* mod = std::get_if<model::Module>(&record)) {
    forgetModule(mod->id);
  } else if (const auto* driver = std::get_if<model::Driver>(&record)) {
    for (const std::string& moduleId : idsIn(modulesByDriver_, driver->id)) {
      forgetModule(moduleId);
    }
  }
}

}  // namespace busbar
