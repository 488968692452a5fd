// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/configuration_document.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <type_traits>
#include <utility>

#include "registry/model/ids.h"
#include "registry/model/record_json.h"
#include "registry/model/validate.h"
#include "registry/settings/settings_text.h"
#include "registry/site/cascade.h"

namespace busbar::api {
namespace {

using model::Record;
using model::Table;

constexpr std::string_view kFormat = "busbar.configuration/1";
constexpr size_t kMaxFailures = 20;

struct List {
  std::string_view name;
  Table table;
};
// What refers comes after what it refers to, for readers; the store does not mind.
constexpr List kLists[] = {{"drivers", Table::Driver},    {"zones", Table::Zone},
                           {"systems", Table::System},    {"modules", Table::Module},
                           {"settings", Table::Settings}, {"schemas", Table::Schema},
                           {"metadata", Table::Metadata}, {"users", Table::User}};

// Kept by the store, or telling of the past.
bool isOwn(std::string_view member) {
  for (const char* name : {"revision", "created_at", "updated_at", "modified_by_id", "keys",
                           "login_count", "last_login", "logged_out_at", "deleted"}) {
    if (member == name) {
      return true;
    }
  }
  return false;
}

bool isHidden(const Record& record) {
  const auto* settings = std::get_if<model::Settings>(&record);
  return settings != nullptr && settings->level != model::EncryptionLevel::None;
}

bool isSecret(std::string_view member, const Record& record) {
  return (isHidden(record) && member == "settings_string") ||
         member.find("password") != std::string_view::npos ||
         member.find("secret") != std::string_view::npos;
}

json::Object shown(const Record& record) {
  json::Object out;
  for (const auto& [member, value] : model::toDocument(record)) {
    if (!isOwn(member) && !isSecret(member, record) && member != "manifest" &&
        !(member == "version" && model::tableOf(record) == Table::System)) {
      out.set(member, value);
    }
  }
  return out;
}

json::Array rowsOf(const Site& site, Table table) {
  json::Array out;
  const auto append = [&]<class Row>(const Row&) {
    for (const Row* row : site.all<Row>()) {
      json::Object object = shown(*row);
      if constexpr (std::is_same_v<Row, model::User>) {
        // The default domain has another id on another machine.
        if (site.domainIdOf(*row) == site.domainIdOf("")) {
          object.set("authority_id", "");
        }
      }
      out.emplace_back(std::move(object));
    }
  };
  std::visit(append, model::emptyRecord(table));
  return out;
}

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
  const json::Object document = model::toDocument(record);
  const json::Value* name = document.find("name");
  return name == nullptr || name->asString() == nullptr ? std::string() : *name->asString();
}

class Planner {
 public:
  Planner(const Site& site, const std::string& userId) : site_(site), userId_(userId) {}

  void add(const List& list, const json::Array& rows) {
    size_t at = 0;
    for (const json::Value& row : rows) {
      where_ = "/" + std::string(list.name) + "/" + std::to_string(at++);
      addRow(list.table, row);
    }
  }

  // Erases what the lists did not name.
  void prune(const std::vector<List>& lists) {
    std::set<std::string> erased;
    for (const List& list : lists) {
      if (list.table == Table::Driver || list.table == Table::User) {
        continue;  // libraries and people do not go with a file
      }
      for (const json::Value& row : rowsOf(site_, list.table)) {
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
    checkAdmins();
    if (!failures_.empty()) {
      return invalidFields(failures_);
    }
    for (auto& [id, write] : byId_) {
      plan_.writes.push_back(std::move(write));
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
    const std::string& id = *idValue->asString();
    if (!named_.insert(id).second) {
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
    check(*wanted, present ? &*present : nullptr);
    note(std::move(*wanted), present);
  }

  // The row as the document wants it: what is present, with the document's members on top.
  std::optional<Record> overlay(Table table, const json::Value& row,
                                const std::optional<Record>& present) {
    json::Object merged = model::toDocument(present ? *present : model::emptyRecord(table));
    for (const auto& [member, value] : *row.asObject()) {
      if (isOwn(member) || (member == "version" && table == Table::System)) {
        continue;
      }
      if (!merged.contains(member) || member == "password_hash") {
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
    if (!present && isHidden(*record) && row.find("settings_string") == nullptr) {
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
      const auto* before = present == nullptr ? nullptr : std::get_if<model::User>(present);
      if (site_.domainIdOf(*user) == site_.domainIdOf("")) {
        user->domainId = before == nullptr ? std::string(site_.domainIdOf("")) : before->domainId;
      }
      model::normalise(*user);
      judge(model::validate(*user));
      if (before != nullptr && before->id == userId_ && before->role != user->role) {
        fail("role", "must not change for the user who applies the document");
      }
    } else {
      std::visit([this](auto& row) { checkPlain(row); }, record);
    }
  }

  template <class R>
  void checkPlain(R& row) {
    if constexpr (std::is_same_v<R, model::System> || std::is_same_v<R, model::Zone> ||
                  std::is_same_v<R, model::Metadata> || std::is_same_v<R, model::Schema>) {
      model::normalise(row);
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
        if (!isOwn(member) && *before.find(member) != value) {
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

  // A domain that has an admin keeps one.
  void checkAdmins() {
    for (const model::Domain* domain : site_.domains()) {
      bool had = false;
      bool has = false;
      for (const model::User* user : site_.usersOfDomain(domain->id)) {
        const auto write = byId_.find(user->id);
        const auto* wanted =
            write == byId_.end() ? user : std::get_if<model::User>(&write->second.record);
        had |= user->role == model::UserRole::Admin && !user->deleted;
        has |= wanted->role == model::UserRole::Admin && !wanted->deleted &&
               site_.domainIdOf(*wanted) == domain->id;
      }
      if (had && !has) {
        where_ = "/users";
        fail("", "must leave domain " + domain->id + " an admin");
      }
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
  const std::string& userId_;
  std::string where_;
  std::set<std::string> named_;
  std::set<std::string> shrunk_;
  std::map<std::string, ConfigWrite> byId_;
  model::FieldErrors failures_;
  ConfigurationPlan plan_;
};

}  // namespace

json::Object configurationDocument(const Site& site) {
  json::Object out;
  out.set("format", kFormat);
  out.set("position", static_cast<int64_t>(site.position()));
  out.set(
      "notes",
      json::Array{
          "settings above encryption_level 0 come without settings_string: what is stored stays "
          "when this is applied, and a new row needs the text written in",
          "API keys and passwords are not in here: keys are shown once, when they are made",
          "domains, applications and groups are not in here; users without authority_id are of the "
          "default domain",
          "drivers are named, not contained: they must be installed where this is applied"});
  for (const List& list : kLists) {
    out.set(list.name, rowsOf(site, list.table));
  }
  return out;
}

std::variant<ConfigurationPlan, Refusal> planConfiguration(const Site& site,
                                                           const json::Value& document, bool prune,
                                                           const std::string& userId) {
  const json::Object* object = document.asObject();
  const json::Value* format = document.find("format");
  if (object == nullptr || format == nullptr || *format != json::Value(kFormat)) {
    return invalidField("format", "must be " + std::string(kFormat));
  }
  Planner planner(site, userId);
  std::vector<List> lists;
  for (const auto& [member, value] : *object) {
    const auto* list = std::find_if(std::begin(kLists), std::end(kLists),
                                    [&](const List& l) { return l.name == member; });
    if (list == std::end(kLists)) {
      if (member != "format" && member != "position" && member != "notes") {
        return invalidField(member.substr(0, 64), "is not a member of a configuration");
      }
      continue;
    }
    if (value.asArray() == nullptr) {
      return invalidField(member, "must be a list");
    }
    planner.add(*list, *value.asArray());
    lists.push_back(*list);
  }
  if (prune) {
    planner.prune(lists);
  }
  return planner.take();
}

}  // namespace busbar::api
