// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/configuration_outcome.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <variant>

#include "api/resources/settings_check.h"
#include "registry/settings/merge.h"
#include "registry/site/cascade.h"
#include "registry/site/trigger_plan.h"
#include "registry/store/config_columns.h"

namespace busbar::api {
namespace {

class OutcomeCheck {
 public:
  OutcomeCheck(const Site& before, DriverManifests& manifests,
               const std::vector<const ConfigWrite*>& writes)
      : before_(before), manifests_(manifests), writes_(writes) {
    ConfigSnapshot snapshot{before.position(), {}};
    const auto copy = [&]<class Row>(const Row&) {
      for (const Row* row : before.all<Row>()) {
        snapshot.records.emplace_back(*row);
      }
    };
    for (size_t table = 0; table < std::variant_size_v<model::Record>; ++table) {
      std::visit(copy, model::emptyRecord(static_cast<model::Table>(table)));
    }
    after_.reset(snapshot);
    for (const ConfigWrite* write : writes) {
      after_.apply({before.position() + 1, write->kind, write->record});
      byId_[model::commonOf(write->record).id] = write;
    }
  }

  std::vector<OutcomeFault> take() {
    for (const ConfigWrite* write : writes_) {
      if (write->kind != ConfigWrite::Kind::Erase) {
        checkReferences(write->record);
      }
    }
    if (faults_.empty()) {
      for (const ConfigWrite* write : writes_) {
        std::visit([this](const auto& row) { checkRow(row); }, write->record);
      }
      checkSettings();
      checkAdmins();
    }
    return std::move(faults_);
  }

 private:
  void fail(const std::string& id, std::string field, std::string reason) {
    if (blamed_.insert(id).second) {
      faults_.push_back({id, std::move(field), std::move(reason)});
    }
  }

  void checkReferences(const model::Record& record) {
    for (const Reference& reference : referencesOf(record)) {
      if (!after_.contains(reference.table, reference.id)) {
        fail(model::commonOf(record).id, reference.field, "names no row: " + reference.id);
      }
    }
  }

  template <class Row>
  void checkRow(const Row&) {}

  void checkRow(const model::Group& written) {
    const model::Group* group = after_.findGroup(written.id);
    if (group == nullptr || group->parentId.empty()) {
      return;
    }
    if (after_.findGroup(group->parentId)->domainId != group->domainId) {
      fail(group->id, "parent_id", "must be a group of the same domain");
    }
    std::unordered_set<std::string_view> passed{group->id};
    for (const model::Group* up = group; !up->parentId.empty();) {
      up = after_.findGroup(up->parentId);
      if (!passed.insert(up->id).second) {
        fail(group->id, "parent_id", "must not lie in the group itself");
        return;
      }
    }
  }

  void checkRow(const model::GroupUser& written) {
    const model::GroupUser* membership = after_.findGroupUser(written.id);
    if (membership != nullptr && after_.domainIdOf(*after_.findUser(membership->userId)) !=
                                     after_.findGroup(membership->groupId)->domainId) {
      fail(membership->id, "user_id", "must be a user of the group's domain");
    }
  }

  void checkRow(const model::TriggerInstance& written) {
    const model::TriggerInstance* instance = after_.findTriggerInstance(written.id);
    if (instance != nullptr && !instance->zoneId.empty() && !isAskedFor(after_, *instance)) {
      fail(instance->id, "zone_id",
           "must be a zone that has the system in it and the trigger in its list");
    }
  }

  // The written document of the chain, else the module, its system or its driver: what made it so.
  std::string blameFor(const model::Module& mod, const std::vector<const model::Settings*>& chain) {
    for (auto it = chain.rbegin(); it != chain.rend(); ++it) {
      if (byId_.contains((*it)->id)) {
        return (*it)->id;
      }
    }
    return byId_.contains(mod.id) ? mod.id : mod.controlSystemId;
  }

  void checkSettings() {
    for (const model::Module* mod : after_.all<model::Module>()) {
      const auto manifest = manifests_.find(mod->driverId);
      const model::Module* then = before_.findModule(mod->id);
      const auto chain = settingsChain(after_, *mod);
      const auto had =
          then == nullptr ? std::vector<const model::Settings*>() : settingsChain(before_, *then);
      const bool isSame =
          then != nullptr && then->driverId == mod->driverId &&
          std::equal(chain.begin(), chain.end(), had.begin(), had.end(),
                     [](const auto* a, const auto* b) { return a->text == b->text; });
      if (manifest == nullptr || isSame) {
        continue;
      }
      const Status now = checkSettingsOf(*manifest, chain);
      // A module that is new may still lack settings that are required.
      if (now.ok() || (then == nullptr && chain.empty()) ||
          (then != nullptr && isAlike(now, checkSettingsOf(*manifest, had)))) {
        continue;
      }
      fail(blameFor(*mod, chain),
           now.error().field.empty() ? "settings_string" : now.error().field.substr(1),
           now.error().message + " (module " + mod->id + ")");
    }
  }

  static bool isAlike(const Status& a, const Status& b) {
    return !b.ok() && a.error().message == b.error().message && a.error().field == b.error().field;
  }

  void checkAdmins() {
    for (const model::Domain* domain : before_.domains()) {
      if (hasAdmin(before_, domain->id) && !hasAdmin(after_, domain->id)) {
        fail("", "users", "must leave domain " + domain->id + " an admin");
      }
    }
  }

  const Site& before_;
  DriverManifests& manifests_;
  const std::vector<const ConfigWrite*>& writes_;
  Site after_;
  std::unordered_map<std::string_view, const ConfigWrite*> byId_;
  std::unordered_set<std::string> blamed_;
  std::vector<OutcomeFault> faults_;
};

}  // namespace

std::vector<OutcomeFault> outcomeFaults(const Site& site, DriverManifests& manifests,
                                        const std::vector<const ConfigWrite*>& writes) {
  return OutcomeCheck(site, manifests, writes).take();
}

}  // namespace busbar::api
