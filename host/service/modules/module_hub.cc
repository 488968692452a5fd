// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/modules/module_hub.h"

#include <algorithm>
#include <map>
#include <utility>
#include <variant>

namespace busbar {

bool isInterface(std::string_view target) {
  return target.find('/') != std::string_view::npos;
}

bool implements(const SystemMember& member, std::string_view interface) {
  return std::find(member.interfaces.begin(), member.interfaces.end(), interface) !=
         member.interfaces.end();
}

ModuleHub::ModuleHub(Context context) : context_(std::move(context)) {}

ModuleHub::~ModuleHub() {
  *alive_ = false;
}

void ModuleHub::follow(const std::string& systemId, Follower& follower) {
  followers_[systemId].push_back(&follower);
  if (subscription_ == nullptr) {
    subscription_ = context_.host.subscribe([this](const HostEvent& event) { onEvent(event); });
  }
}

void ModuleHub::unfollow(const std::string& systemId, Follower& follower) {
  const auto it = followers_.find(systemId);
  if (it == followers_.end()) {
    return;
  }
  std::erase(it->second, &follower);
  if (it->second.empty()) {
    followers_.erase(it);
  }
  if (followers_.empty()) {
    subscription_.reset();
  }
}

void ModuleHub::watch(const std::string& moduleId, const std::string& key, Watcher& watcher) {
  watchers_[moduleId][key].push_back(&watcher);
}

void ModuleHub::unwatch(const std::string& moduleId, const std::string& key, Watcher& watcher) {
  const auto moduleKeys = watchers_.find(moduleId);
  if (moduleKeys == watchers_.end()) {
    return;
  }
  const auto keyWatchers = moduleKeys->second.find(key);
  if (keyWatchers == moduleKeys->second.end()) {
    return;
  }
  std::erase(keyWatchers->second, &watcher);
  if (keyWatchers->second.empty()) {
    moduleKeys->second.erase(keyWatchers);
  }
  if (moduleKeys->second.empty()) {
    watchers_.erase(moduleKeys);
  }
}

SystemMembers ModuleHub::membersOf(std::string_view systemId) {
  SystemMembers members;
  const Site& site = context_.site;
  const model::System* system = site.findSystem(systemId);
  if (system == nullptr) {
    return members;
  }
  std::map<std::string_view, size_t> numbers;
  for (const std::string& moduleId : system->modules) {
    const model::Module* mod = site.findModule(moduleId);
    const model::Driver* driver = mod != nullptr ? site.findDriver(mod->driverId) : nullptr;
    if (driver == nullptr) {
      continue;
    }
    const std::string_view name = site.resolvedName(*mod);
    members.push_back({std::string(name) + "_" + std::to_string(++numbers[name]), moduleId,
                       context_.interfacesOf(*driver)});
  }
  return members;
}

void ModuleHub::onEvent(const HostEvent& event) {
  if (event.kind == HostEvent::Kind::State) {
    onState(event);
  } else if (event.kind == HostEvent::Kind::Module) {
    touchSystemsOf(event.moduleId);
  }
}

void ModuleHub::onState(const HostEvent& event) {
  const auto moduleKeys = watchers_.find(event.moduleId);
  if (moduleKeys == watchers_.end()) {
    return;
  }
  const auto keyWatchers = moduleKeys->second.find(event.state->key);
  if (keyWatchers == moduleKeys->second.end()) {
    return;
  }
  for (Watcher* watcher : keyWatchers->second) {
    watcher->valueChanged(*event.state, event.conflates);
  }
}

void ModuleHub::siteChanged(const ConfigChange& change) {
  if (followers_.empty()) {
    return;
  }
  if (const auto* system = std::get_if<model::System>(&change.record)) {
    touch(system->id);
  } else if (const auto* mod = std::get_if<model::Module>(&change.record)) {
    touchSystemsOf(mod->id);
  } else if (const auto* driver = std::get_if<model::Driver>(&change.record)) {
    for (const std::string& moduleId : context_.site.modulesOfDriver(driver->id)) {
      touchSystemsOf(moduleId);
    }
  }
}

void ModuleHub::touchSystemsOf(std::string_view moduleId) {
  for (const std::string& systemId : context_.site.systemsOfModule(moduleId)) {
    touch(systemId);
  }
}

void ModuleHub::touch(const std::string& systemId) {
  if (!followers_.contains(systemId)) {
    return;
  }
  if (touched_.empty()) {
    context_.loop.defer([this, alive = alive_] {
      if (*alive) {
        tellFollowers();
      }
    });
  }
  touched_.insert(systemId);
}

void ModuleHub::tellFollowers() {
  for (const std::string& systemId : std::exchange(touched_, {})) {
    const auto it = followers_.find(systemId);
    if (it != followers_.end()) {
      for (Follower* follower : std::vector<Follower*>(it->second)) {
        follower->systemChanged();
      }
    }
  }
}

}  // namespace busbar
