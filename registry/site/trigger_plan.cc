// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/site/trigger_plan.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>

namespace busbar {
namespace {

using Kind = ConfigWrite::Kind;

bool has(const std::vector<std::string>& list, const std::string& id) {
  return std::find(list.begin(), list.end(), id) != list.end();
}

bool concerns(const Site& site, const ConfigWrite& write) {
  if (const auto* system = std::get_if<model::System>(&write.record)) {
    const model::System* before = site.findSystem(system->id);
    return write.kind != Kind::Update || before == nullptr || before->zones != system->zones;
  }
  if (const auto* zone = std::get_if<model::Zone>(&write.record)) {
    const model::Zone* before = site.findZone(zone->id);
    return write.kind != Kind::Update || before == nullptr || before->triggers != zone->triggers;
  }
  if (const auto* instance = std::get_if<model::TriggerInstance>(&write.record)) {
    return write.kind != Kind::Update && !instance->zoneId.empty();
  }
  return std::holds_alternative<model::Trigger>(write.record) && write.kind == Kind::Erase;
}

// The site as it will be after the writes.
class After {
 public:
  After(const Site& site, const std::vector<ConfigWrite>& writes) : site_(site) {
    for (const ConfigWrite& write : writes) {
      written_[model::commonOf(write.record).id] = &write;
      const auto* instance = std::get_if<model::TriggerInstance>(&write.record);
      if (instance != nullptr && write.kind == Kind::Insert) {
        inserted_[instance->systemId].push_back(instance);
      }
    }
  }

  template <class Row>
  const Row* find(const std::string& id) const {
    const auto it = written_.find(id);
    if (it == written_.end()) {
      return site_.findRow<Row>(id);
    }
    return it->second->kind == Kind::Erase ? nullptr : std::get_if<Row>(&it->second->record);
  }

  std::vector<const model::TriggerInstance*> instancesOfSystem(const std::string& systemId) const {
    std::vector<const model::TriggerInstance*> out;
    for (const std::string& id : site_.instancesOfSystem(systemId)) {
      if (const auto* instance = find<model::TriggerInstance>(id)) {
        out.push_back(instance);
      }
    }
    if (const auto it = inserted_.find(systemId); it != inserted_.end()) {
      out.insert(out.end(), it->second.begin(), it->second.end());
    }
    return out;
  }

  bool isInserted(const std::string& id) const {
    const auto it = written_.find(id);
    return it != written_.end() && it->second->kind == Kind::Insert;
  }

 private:
  const Site& site_;
  std::map<std::string, const ConfigWrite*> written_;
  std::map<std::string, std::vector<const model::TriggerInstance*>> inserted_;  // by system
};

std::set<std::string> affectedSystems(const Site& site, const std::vector<ConfigWrite>& writes) {
  std::set<std::string> ids;
  for (const ConfigWrite& write : writes) {
    if (!concerns(site, write)) {
      continue;
    }
    if (const auto* system = std::get_if<model::System>(&write.record)) {
      ids.insert(system->id);
    } else if (const auto* zone = std::get_if<model::Zone>(&write.record)) {
      const Site::Ids& systems = site.systemsOfZone(zone->id);
      ids.insert(systems.begin(), systems.end());
    } else if (const auto* instance = std::get_if<model::TriggerInstance>(&write.record)) {
      ids.insert(instance->systemId);
    }
  }
  return ids;
}

using Pair = std::pair<std::string, std::string>;  // zone, trigger

std::set<Pair> wantedIn(const After& after, const std::string& systemId) {
  std::set<Pair> out;
  const auto* system = after.find<model::System>(systemId);
  if (system == nullptr) {
    return out;
  }
  for (const std::string& zoneId : system->zones) {
    const auto* zone = after.find<model::Zone>(zoneId);
    if (zone == nullptr) {
      continue;
    }
    for (const std::string& triggerId : zone->triggers) {
      if (after.find<model::Trigger>(triggerId) != nullptr) {
        out.emplace(zoneId, triggerId);
      }
    }
  }
  return out;
}

}  // namespace

void completeInstances(const Site& site, std::vector<ConfigWrite>& writes, MakeInstance& make) {
  const After after(site, writes);
  std::vector<ConfigWrite> more;
  for (const std::string& systemId : affectedSystems(site, writes)) {
    std::set<Pair> missing = wantedIn(after, systemId);
    for (const model::TriggerInstance* instance : after.instancesOfSystem(systemId)) {
      const bool isWanted = missing.erase({instance->zoneId, instance->triggerId}) > 0;
      if (!instance->zoneId.empty() && !isWanted && !after.isInserted(instance->id)) {
        more.push_back({Kind::Erase, *instance});
      }
    }
    for (const auto& [zoneId, triggerId] : missing) {
      model::TriggerInstance instance = make();
      instance.triggerId = triggerId;
      instance.systemId = systemId;
      instance.zoneId = zoneId;
      instance.important = after.find<model::Trigger>(triggerId)->important;
      more.push_back({Kind::Insert, std::move(instance)});
    }
  }
  writes.insert(writes.end(), std::make_move_iterator(more.begin()),
                std::make_move_iterator(more.end()));
}

bool concernsInstances(const Site& site, const std::vector<ConfigWrite>& writes) {
  return std::any_of(writes.begin(), writes.end(),
                     [&site](const ConfigWrite& write) { return concerns(site, write); });
}

bool isAskedFor(const Site& site, const model::TriggerInstance& instance) {
  const model::System* system = site.findSystem(instance.systemId);
  const model::Zone* zone = site.findZone(instance.zoneId);
  return system != nullptr && zone != nullptr && has(system->zones, zone->id) &&
         has(zone->triggers, instance.triggerId);
}

}  // namespace busbar
