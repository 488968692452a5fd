// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/control/variable_table.h"

#include <algorithm>
#include <utility>
#include <variant>

namespace busbar::api {
namespace {

constexpr std::string_view kConnected = "connected";

// Module ids hold no newline.
void statusKey(std::string& out, std::string_view moduleId, std::string_view name) {
  out.assign(moduleId).append("\n").append(name);
}

void eraseFrom(std::unordered_map<std::string, std::vector<Variable*>>& index,
               const std::string& key, Variable* variable) {
  const auto it = index.find(key);
  if (it != index.end() && std::erase(it->second, variable) > 0 && it->second.empty()) {
    index.erase(it);
  }
}

}  // namespace

Variable* VariableTable::find(const std::string& meta) const {
  const auto it = byMeta_.find(meta);
  return it == byMeta_.end() ? nullptr : it->second.get();
}

void VariableTable::attach(Binding& binding, const Command& command, const std::string& meta) {
  auto& slot = byMeta_[meta];
  if (!slot) {
    slot = std::make_unique<Variable>();
    slot->meta = meta;
    slot->systemId = command.systemId;
    slot->slug = command.mod + "_" + std::to_string(command.index);
    slot->name = command.name;
    slot->isProtected = command.isProtected();
    slot->isTrigger = command.mod == kTriggerMod;
    slot->moduleId = lookUp(*slot);
    addMeaning(*slot);
    bySystem_[slot->systemId].push_back(slot.get());
  }
  binding.variable = slot.get();
  binding.place = slot->watchers.size();
  slot->watchers.push_back(&binding);
  ++bindings_;
}

void VariableTable::detach(Binding& binding) {
  Variable& variable = *std::exchange(binding.variable, nullptr);
  variable.watchers[binding.place] = variable.watchers.back();
  variable.watchers[binding.place]->place = binding.place;
  variable.watchers.pop_back();
  --bindings_;
  if (variable.watchers.empty()) {
    removeMeaning(variable);
    eraseFrom(bySystem_, variable.systemId, &variable);
    byMeta_.erase(byMeta_.find(variable.meta));
  }
}

const std::vector<Variable*>& VariableTable::meaning(std::string_view moduleId,
                                                     std::string_view name) {
  static const std::vector<Variable*> kNone;
  statusKey(key_, moduleId, name);
  const auto it = byStatus_.find(key_);
  return it == byStatus_.end() ? kNone : it->second;
}

std::string VariableTable::valueOf(Variable& variable) {
  if (variable.moduleId.empty()) {
    return {};
  }
  if (variable.isTrigger) {
    const auto state = triggers_ == nullptr ? std::nullopt : triggers_->stateOf(variable.name);
    return state ? state->json : std::string();
  }
  auto value = host_.stateKey(variable.moduleId, variable.name);
  if (value.ok() && !value->empty()) {
    return std::move(*value);
  }
  if (variable.name != kConnected) {
    return {};
  }
  variable.connected = host_.health(variable.moduleId).connected;
  return *variable.connected ? "true" : "false";
}

std::string VariableTable::lookUp(const Variable& variable) const {
  if (variable.isTrigger) {
    const model::TriggerInstance* instance = site_.findTriggerInstance(variable.name);
    return instance == nullptr || instance->systemId != variable.systemId ? std::string()
                                                                          : instance->id;
  }
  const model::Module* mod = site_.resolve(variable.systemId, variable.slug);
  return mod == nullptr ? std::string() : mod->id;
}

void VariableTable::addMeaning(Variable& variable) {
  if (!variable.moduleId.empty()) {
    statusKey(key_, variable.moduleId, variable.name);
    byStatus_[key_].push_back(&variable);
  }
}

void VariableTable::removeMeaning(Variable& variable) {
  if (!variable.moduleId.empty()) {
    statusKey(key_, variable.moduleId, variable.name);
    eraseFrom(byStatus_, key_, &variable);
  }
}

bool VariableTable::touches(const ConfigChange& change) const {
  return !byMeta_.empty() && (std::holds_alternative<model::System>(change.record) ||
                              std::holds_alternative<model::Module>(change.record) ||
                              std::holds_alternative<model::Driver>(change.record) ||
                              std::holds_alternative<model::TriggerInstance>(change.record));
}

void VariableTable::touchModule(std::string_view moduleId) {
  const Site::Ids& systems = site_.systemsOfModule(moduleId);
  touched_.insert(systems.begin(), systems.end());
}

void VariableTable::touch(const ConfigChange& change) {
  if (const auto* system = std::get_if<model::System>(&change.record)) {
    touched_.insert(system->id);
  } else if (const auto* mod = std::get_if<model::Module>(&change.record)) {
    touchModule(mod->id);
  } else if (const auto* instance = std::get_if<model::TriggerInstance>(&change.record)) {
    touched_.insert(instance->systemId);
  } else if (const auto* driver = std::get_if<model::Driver>(&change.record)) {
    for (const std::string& id : site_.modulesOfDriver(driver->id)) {
      touchModule(id);
    }
  }
}

std::vector<VariableTable::Moved> VariableTable::remap() {
  std::vector<Moved> moved;
  for (const std::string& systemId : std::exchange(touched_, {})) {
    const auto it = bySystem_.find(systemId);
    if (it == bySystem_.end()) {
      continue;
    }
    for (Variable* variable : it->second) {
      std::string now = lookUp(*variable);
      if (now == variable->moduleId) {
        continue;
      }
      moved.push_back({variable, !variable->moduleId.empty()});
      removeMeaning(*variable);
      variable->moduleId = std::move(now);
      variable->connected.reset();
      addMeaning(*variable);
    }
  }
  return moved;
}

}  // namespace busbar::api
