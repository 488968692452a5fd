// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/configuration_plan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "api/auth/client_secret.h"
#include "api/resources/config_writer.h"
#include "api/resources/configuration_document.h"
#include "api/resources/configuration_outcome.h"
#include "api/triggers/action_check.h"
#include "api/triggers/spec.h"
#include "registry/model/ids.h"
#include "registry/model/record_json.h"
#include "registry/model/validate.h"
#include "registry/settings/settings_text.h"
#include "registry/site/cascade.h"
#include "registry/site/trigger_plan.h"

namespace busbar::api {
namespace {

using model::Record;
using model::Table;

constexpr size_t kMaxFailures = 20;

std::optional<Record> findRow(const Site& site, Table table, const std::string& id) {
  const auto look = [&]<class Row>(const Row&) -> std::optional<Record> {
    const Row* row = site.findRow<Row>(id);
    return row == nullptr ? std::nullopt : std::optional<Record>(*row);
  };
  return std::visit(look, model::emptyRecord(table));
}

std::string nameOf(const Site& site, const Record& record) {
  if (const auto* mod = std::get_if<model::Module>(&record)) {
    return std::string(site.resolvedName(*mod));
  }
  if (const auto* instance = std::get_if<model::TriggerInstance>(&record)) {
    const model::Trigger* trigger = site.findTrigger(instance->triggerId);
    return trigger == nullptr ? std::string() : trigger->name;
  }
  const json::Object document = model::toDocument(record);
  const json::Value* name = document.find("name");
  return name == nullptr || name->asString() == nullptr ? std::string() : *name->asString();
}

class Planner {
 public:
  Planner(const Site& site, DriverManifests& manifests, model::IdGenerator& ids,
          const std::string& userId)
      : site_(site), manifests_(manifests), ids_(ids), userId_(userId) {}

  void add(const ConfigurationList& list, const json::Array& rows) {
    size_t at = 0;
    for (const json::Value& row : rows) {
      where_ = "/" + std::string(list.name) + "/" + std::to_string(at++);
      addRow(list.table, row);
    }
  }

  // Erases what the lists did not name.
  void prune(const std::vector<ConfigurationList>& lists) {
    std::set<std::string> erased;
    for (const ConfigurationList& list : lists) {
      if (list.table == Table::Driver || list.table == Table::User || list.table == Table::Domain) {
        continue;  // libraries and people do not go with a file
      }
      for (const json::Value& row : configurationRows(site_, list.table)) {
        const std::string& id = *row.find("id")->asString();
        if (!named_.contains(id)) {
          eraseRow(list.table, id, erased);
        }
      }
    }
    for (const std::string& id : shrunk_) {
      shrink(id, erased);
    }
  }

  std::variant<ConfigurationPlan, Refusal> take() {
    if (failures_.empty()) {
      for (auto& [id, write] : byId_) {
        plan_.writes.push_back(std::move(write));
      }
      addInstances();
      checkOutcome();
    }
    if (!failures_.empty()) {
      return invalidFields(failures_);
    }
    return std::move(plan_);
  }

 private:
  void fail(const std::string& member, std::string reason) {
    if (failures_.size() < kMaxFailures) {
      failures_.push_back({where_ + (member.empty() ? "" : "/" + member), std::move(reason)});
    }
  }

  void addRow(Table table, const json::Value& row) {
    const json::Value* idValue = row.find("id");
    if (idValue == nullptr || idValue->asString() == nullptr ||
        !model::isId(table, *idValue->asString())) {
      fail("id", "must be an id of the form " + std::string(model::idPrefix(table)) + "…");
      return;
    }
    const std::string id = idHere(table, *idValue->asString(), row);
    if (!named_.emplace(id, where_).second) {
      fail("id", "must not stand in the document twice");
      return;
    }
    const auto present = findRow(site_, table, id);
    if (table == Table::Driver) {
      if (!present) {
        fail("id", "names a driver that is not installed here; install it first");
      }
      return;
    }
    auto wanted = overlay(table, row, present);
    if (!wanted) {
      return;
    }
    std::visit([&id](auto& record) { record.id = id; }, *wanted);
    check(*wanted, present ? &*present : nullptr);
    note(std::move(*wanted), present);
  }

  // A domain that is here already has its id, whatever the document calls it; so has the instance
  // of a trigger that a zone made.
  std::string idHere(Table table, const std::string& id, const json::Value& row) {
    if (table == Table::TriggerInstance) {
      return instanceHere(id, row);
    }
    const json::Value* host = row.find("domain");
    if (table != Table::Domain || site_.findDomain(id) != nullptr || host == nullptr ||
        host->asString() == nullptr) {
      return id;
    }
    const model::Domain* here = site_.findDomainByHost(model::hostOf(*host->asString()));
    if (here == nullptr) {
      return id;
    }
    domainsHere_[id] = here->id;
    return here->id;
  }

  std::string instanceHere(const std::string& id, const json::Value& row) const {
    const auto textOf = [&row](const char* member) {
      const json::Value* value = row.find(member);
      return value == nullptr || value->asString() == nullptr ? std::string() : *value->asString();
    };
    const std::string zoneId = textOf("zone_id");
    if (zoneId.empty() || site_.findTriggerInstance(id) != nullptr) {
      return id;
    }
    for (const std::string& hereId : site_.instancesOfZone(zoneId)) {
      const model::TriggerInstance& here = *site_.findTriggerInstance(hereId);
      if (here.triggerId == textOf("trigger_id") && here.systemId == textOf("control_system_id")) {
        return hereId;
      }
    }
    return id;
  }

  // What the document says of a domain, as an id of this site; `before` is what the row has.
  std::string domainHere(const std::string& id, const std::string& before) const {
    const auto it = domainsHere_.find(id);
    const std::string& here = it == domainsHere_.end() ? id : it->second;
    const std::string_view main = site_.domainIdOf("");
    if (site_.domainIdOf(here) != main) {
      return here;
    }
    return site_.domainIdOf(before) == main && !before.empty() ? before : std::string(main);
  }

  // The row as the document wants it: what is present, with the document's members on top.
  std::optional<Record> overlay(Table table, const json::Value& row,
                                const std::optional<Record>& present) {
    json::Object merged = model::toDocument(present ? *present : model::emptyRecord(table));
    for (const auto& [member, value] : *row.asObject()) {
      if (isConfigurationOwn(member, table)) {
        continue;
      }
      if (!merged.contains(member) || member == "password_hash" || member == "secret_hash" ||
          member == "webhook_secret") {
        fail(member.substr(0, 64), "is not a member of a " + std::string(model::toString(table)));
        return std::nullopt;
      }
      merged.set(member, value);
    }
    auto record = model::fromDocument(table, json::Value(std::move(merged)));
    if (!record) {
      fail(record.error().field, record.error().message);
      return std::nullopt;
    }
    if (!present && isConfigurationSecret("settings_string", *record) &&
        row.find("settings_string") == nullptr) {
      fail("settings_string", "is not in an export: write it, the row is new here");
    }
    return std::move(*record);
  }

  void judge(const model::FieldErrors& errors) {
    for (const model::FieldError& error : errors) {
      fail(error.field, error.reason);
    }
  }

  void check(Record& record, const Record* present) {
    if (auto* mod = std::get_if<model::Module>(&record)) {
      const model::Driver* driver = site_.findDriver(mod->driverId);
      if (driver == nullptr) {
        fail("driver_id", "names a driver that is not installed here");
        return;
      }
      model::normalise(*mod, *driver);
      judge(model::validate(*mod, *driver));
    } else if (auto* settings = std::get_if<model::Settings>(&record)) {
      judge(model::validate(*settings));
      auto values = parseSettings(settings->text);
      if (!values) {
        fail("settings_string", values.error().message);
        return;
      }
      settings->keys.clear();
      for (const auto& [key, value] : *values) {
        settings->keys.push_back(key);
      }
    } else if (auto* user = std::get_if<model::User>(&record)) {
      checkUser(*user, present == nullptr ? nullptr : std::get_if<model::User>(present));
    } else if (auto* app = std::get_if<model::OauthApp>(&record)) {
      app->ownerId = domainHere(app->ownerId, "");
      if (app->secretHash.empty()) {
        app->secretHash = auth::generateClientSecret().secretHash;  // which nobody knows
      }
      checkPlain(*app);
    } else if (auto* group = std::get_if<model::Group>(&record)) {
      group->domainId = domainHere(group->domainId, "");
      checkPlain(*group);
    } else if (auto* trigger = std::get_if<model::Trigger>(&record)) {
      checkPlain(*trigger);
      for (model::FieldError& error : triggers::readCheckedSpec(*trigger).errors) {
        std::replace(error.field.begin(), error.field.end(), '.', '/');
        fail(error.field, error.reason);
      }
    } else if (auto* instance = std::get_if<model::TriggerInstance>(&record)) {
      checkInstance(*instance,
                    present == nullptr ? nullptr : std::get_if<model::TriggerInstance>(present));
    } else {
      std::visit([this](auto& row) { checkPlain(row); }, record);
    }
  }

  void checkUser(model::User& user, const model::User* before) {
    user.domainId = domainHere(user.domainId, before == nullptr ? "" : before->domainId);
    if (before != nullptr && before->domainId.empty() &&
        site_.domainIdOf(user) == site_.domainIdOf("")) {
      user.domainId.clear();
    }
    model::normalise(user);
    judge(model::validate(user));
    if (before == nullptr) {
      return;
    }
    // Deleting and reviving end or open credentials, which have routes of their own.
    user.deleted = before->deleted;
    if (before->id == userId_ && before->role != user.role) {
      fail("role", "must not change for the user who applies the document");
    }
  }

  void checkInstance(model::TriggerInstance& instance, const model::TriggerInstance* before) {
    if (instance.webhookSecret.empty()) {
      instance.webhookSecret = newWebhookSecret();
    }
    if (before != nullptr &&
        (before->triggerId != instance.triggerId || before->systemId != instance.systemId ||
         before->zoneId != instance.zoneId)) {
      fail("", "must keep its trigger, system and zone: make a new instance");
    }
    checkPlain(instance);
  }

  template <class R>
  void checkPlain(R& row) {
    if constexpr (requires { model::normalise(row); }) {
      model::normalise(row);
    }
    if constexpr (requires { model::validate(row); }) {
      judge(model::validate(row));
    }
  }

  void note(Record wanted, const std::optional<Record>& present) {
    const Table table = model::tableOf(wanted);
    const std::string id = model::commonOf(wanted).id;
    PlannedChange change{"create", table, id, nameOf(site_, wanted), {}};
    if (present) {
      change.action = "update";
      const json::Object before = model::toDocument(*present);
      for (const auto& [member, value] : model::toDocument(wanted)) {
        if (!isConfigurationOwn(member, table) && *before.find(member) != value) {
          change.members.push_back(member);
        }
      }
      if (change.members.empty()) {
        return;
      }
    }
    if (auto* system = std::get_if<model::System>(&wanted); system != nullptr && present) {
      ++system->version;
    } else if (auto* settings = std::get_if<model::Settings>(&wanted)) {
      settings->modifiedById = userId_;
    } else if (auto* metadata = std::get_if<model::Metadata>(&wanted)) {
      metadata->modifiedById = userId_;
    }
    plan_.changes.push_back(std::move(change));
    const auto kind = present ? ConfigWrite::Kind::Update : ConfigWrite::Kind::Insert;
    byId_.insert_or_assign(id, ConfigWrite{kind, std::move(wanted)});
  }

  // Those that zones ask for, and no longer ask for.
  void addInstances() {
    const size_t before = plan_.writes.size();
    MakeInstance make = [this] { return newTriggerInstance(ids_); };
    completeInstances(site_, plan_.writes, make);
    for (size_t at = before; at < plan_.writes.size(); ++at) {
      const ConfigWrite& write = plan_.writes[at];
      plan_.changes.push_back({write.kind == ConfigWrite::Kind::Erase ? "delete" : "create",
                               Table::TriggerInstance,
                               model::commonOf(write.record).id,
                               nameOf(site_, write.record),
                               {}});
    }
  }

  void checkOutcome() {
    std::vector<const ConfigWrite*> writes;
    for (const ConfigWrite& write : plan_.writes) {
      writes.push_back(&write);
    }
    for (const OutcomeFault& fault : outcomeFaults(site_, manifests_, writes)) {
      const auto it = named_.find(fault.id);
      where_ = it == named_.end() ? "" : it->second;
      fail(fault.field, fault.reason);
    }
  }

  void eraseRow(Table table, const std::string& id, std::set<std::string>& erased) {
    auto writes = planErase(site_, table, id);
    if (!writes) {
      return;
    }
    for (ConfigWrite& write : *writes) {
      const std::string rowId = model::commonOf(write.record).id;
      if (write.kind != ConfigWrite::Kind::Erase) {
        shrunk_.insert(rowId);
        continue;
      }
      if (!erased.insert(rowId).second) {
        continue;
      }
      if (named_.contains(rowId)) {
        where_ = "";
        fail("", rowId + " would go with " + id + ", which the document does not name");
      }
      plan_.changes.push_back(
          {"delete", model::tableOf(write.record), rowId, nameOf(site_, write.record), {}});
      byId_.insert_or_assign(rowId, std::move(write));
    }
  }

  // What stays of a row that loses what goes; one that the document names is as that says.
  void shrink(const std::string& id, const std::set<std::string>& erased) {
    if (byId_.contains(id)) {
      return;
    }
    const auto isErased = [&erased](const std::string& other) { return erased.contains(other); };
    std::optional<Record> left;
    if (const model::System* present = site_.findSystem(id)) {
      model::System system = *present;
      std::erase_if(system.modules, isErased);
      std::erase_if(system.zones, isErased);
      ++system.version;
      left = std::move(system);
    } else if (const model::Zone* place = site_.findZone(id)) {
      model::Zone zone = *place;
      std::erase_if(zone.triggers, isErased);
      left = std::move(zone);
    } else if (const model::Metadata* named = site_.findMetadata(id)) {
      model::Metadata metadata = *named;
      metadata.schemaId.clear();
      left = std::move(metadata);
    }
    if (left) {
      plan_.changes.push_back({"update", model::tableOf(*left), id, nameOf(site_, *left), {}});
      byId_.insert_or_assign(id, ConfigWrite{ConfigWrite::Kind::Update, std::move(*left)});
    }
  }

  const Site& site_;
  DriverManifests& manifests_;
  model::IdGenerator& ids_;
  const std::string& userId_;
  std::string where_;
  std::unordered_map<std::string, std::string> named_;        // id -> JSON pointer
  std::unordered_map<std::string, std::string> domainsHere_;  // id in the document -> id here
  std::set<std::string> shrunk_;
  std::map<std::string, ConfigWrite> byId_;
  model::FieldErrors failures_;
  ConfigurationPlan plan_;
};

}  // namespace

std::variant<ConfigurationPlan, Refusal> planConfiguration(const Site& site,
                                                           DriverManifests& manifests,
                                                           model::IdGenerator& ids,
                                                           const json::Value& document, bool prune,
                                                           const std::string& userId) {
  const json::Object* object = document.asObject();
  const json::Value* format = document.find("format");
  if (object == nullptr || format == nullptr || *format != json::Value(kConfigurationFormat)) {
    return invalidField("format", "must be " + std::string(kConfigurationFormat));
  }
  const auto known = configurationLists();
  for (const auto& [member, value] : *object) {
    const bool isList = std::any_of(known.begin(), known.end(),
                                    [&](const auto& list) { return list.name == member; });
    if (!isList && member != "format" && member != "position" && member != "notes") {
      return invalidField(member.substr(0, 64), "is not a member of a configuration");
    }
    if (isList && value.asArray() == nullptr) {
      return invalidField(member, "must be a list");
    }
  }
  Planner planner(site, manifests, ids, userId);
  std::vector<ConfigurationList> lists;
  for (const ConfigurationList& list : known) {
    if (const json::Value* rows = document.find(list.name)) {
      planner.add(list, *rows->asArray());
      lists.push_back(list);
    }
  }
  if (prune) {
    planner.prune(lists);
  }
  return planner.take();
}

}  // namespace busbar::api
