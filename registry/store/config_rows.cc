// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/config_rows.h"

#include "registry/store/audit_rows.h"
#include "registry/store/config_columns.h"
#include "registry/store/sealed_document.h"

namespace busbar {
namespace {

using model::Record;
using model::Table;

constexpr int kKeptVersions = 20;

// The table that keeps earlier versions of a row.
struct Versions {
  const char* add;
  const char* trim;
  const char* clear;
};
constexpr Versions kSettingsVersions{
    "INSERT INTO settings_versions (settings_id, revision, document) VALUES (?, ?, ?)",
    "DELETE FROM settings_versions WHERE settings_id = ? AND revision <= ?",
    "DELETE FROM settings_versions WHERE settings_id = ?"};
constexpr Versions kMetadataVersions{
    "INSERT INTO metadata_versions (metadata_id, revision, document) VALUES (?, ?, ?)",
    "DELETE FROM metadata_versions WHERE metadata_id = ? AND revision <= ?",
    "DELETE FROM metadata_versions WHERE metadata_id = ?"};

using MemberTable = ConfigRows::MemberTable;
constexpr MemberTable kSystemModules{
    "DELETE FROM system_modules WHERE system_id = ?",
    "INSERT OR IGNORE INTO system_modules (system_id, module_id) VALUES (?, ?)"};
constexpr MemberTable kSystemZones{
    "DELETE FROM system_zones WHERE system_id = ?",
    "INSERT OR IGNORE INTO system_zones (system_id, zone_id) VALUES (?, ?)"};
constexpr MemberTable kZoneTriggers{
    "DELETE FROM zone_triggers WHERE zone_id = ?",
    "INSERT OR IGNORE INTO zone_triggers (zone_id, trigger_id) VALUES (?, ?)"};

// nullptr when none are kept.
const Versions* versionsOf(Table table) {
  return table == Table::Settings   ? &kSettingsVersions
         : table == Table::Metadata ? &kMetadataVersions
                                    : nullptr;
}

std::string nameOf(Table table, std::string_view id) {
  return std::string(model::toString(table)) + " " + std::string(id);
}

}  // namespace

Result<uint64_t> ConfigRows::meta(const char* name) {
  auto statement = db_.prepare("SELECT CAST(value AS INTEGER) FROM meta WHERE name = ?");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  auto row = statement->bind(1, name).step();
  if (!row.ok()) {
    return std::move(row).error();
  }
  if (!*row) {
    return Error::of(ErrorCode::DataLoss, std::string("database: no ") + name);
  }
  return static_cast<uint64_t>(statement->integer(0));
}

Status ConfigRows::setMeta(const char* name, std::string_view value) {
  auto statement = db_.prepare("UPDATE meta SET value = ?2 WHERE name = ?1");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  return statement->bind(1, name).bind(2, value).run();
}

Status ConfigRows::checkKey() {
  std::string stored;
  {
    auto statement = db_.prepare("SELECT value FROM meta WHERE name = 'key_id'");
    if (!statement.ok()) {
      return std::move(statement).error();
    }
    auto row = statement->step();
    if (!row.ok()) {
      return std::move(row).error();
    }
    stored = *row ? statement->text(0) : "";
  }
  if (stored.empty()) {
    return setMeta("key_id", box_.keyId());
  }
  if (stored != box_.keyId()) {
    return Error::because(
        ErrorCode::FailedPrecondition, "wrong_key",
        "the database was encrypted with key " + stored + ", the key file holds " + box_.keyId());
  }
  return {};
}

Result<ConfigSnapshot> ConfigRows::load() {
  const auto read = [this]() -> Result<ConfigSnapshot> {
    ConfigSnapshot snapshot;
    auto position = meta("position");
    if (!position.ok()) {
      return std::move(position).error();
    }
    snapshot.position = *position;
    for (size_t i = 0; i < std::variant_size_v<Record>; ++i) {
      const auto table = static_cast<Table>(i);
      auto statement =
          db_.prepare("SELECT document FROM " + std::string(sqlTable(table)) + " ORDER BY id");
      if (!statement.ok()) {
        return std::move(statement).error();
      }
      while (true) {
        auto row = statement->step();
        if (!row.ok()) {
          return std::move(row).error();
        }
        if (!*row) {
          break;
        }
        auto record = openDocument(box_, table, statement->text(0));
        if (!record.ok()) {
          return std::move(record).error();
        }
        snapshot.records.push_back(std::move(*record));
      }
    }
    return snapshot;
  };
  return db_.transaction(read, sqlite::Database::Access::Read);
}

Result<std::vector<ConfigChange>> ConfigRows::apply(const std::vector<ConfigWrite>& writes,
                                                    const Actor& actor, Milliseconds now,
                                                    uint64_t keep) {
  const int64_t seconds = std::chrono::duration_cast<std::chrono::seconds>(now).count();
  return db_.transaction([&]() -> Result<std::vector<ConfigChange>> {
    auto last = meta("position");
    if (!last.ok()) {
      return std::move(last).error();
    }
    const uint64_t position = *last + 1;
    std::vector<ConfigChange> changes;
    changes.reserve(writes.size());
    AuditRows audit(db_);
    for (const ConfigWrite& write : writes) {
      auto applied = applyOne(write, seconds);
      if (!applied.ok()) {
        return std::move(applied).error();
      }
      applied->change.position = position;
      BUSBAR_TRY(appendLog(applied->change, changes.size(), actor, seconds));
      const auto* before = applied->before ? &*applied->before : nullptr;
      BUSBAR_TRY(audit.append(auditEntryOf(applied->change, before, actor, now)));
      changes.push_back(std::move(applied->change));
    }
    for (const ConfigChange& change : changes) {
      BUSBAR_TRY(checkReferences(change));
    }
    BUSBAR_TRY(setMeta("position", std::to_string(position)));
    if (keep != 0 && position > keep) {
      auto trim = db_.prepare("DELETE FROM change_log WHERE position <= ?");
      if (!trim.ok()) {
        return std::move(trim).error();
      }
      BUSBAR_TRY(trim->bind(1, static_cast<int64_t>(position - keep)).run());
    }
    return changes;
  });
}

Result<ConfigRows::Applied> ConfigRows::applyOne(const ConfigWrite& write, int64_t now) {
  if (write.kind == ConfigWrite::Kind::Update) {
    return update(write.record, now);
  }
  auto stored = write.kind == ConfigWrite::Kind::Insert
                    ? insert(write.record, now)
                    : erase(model::tableOf(write.record), model::commonOf(write.record).id);
  if (!stored.ok()) {
    return std::move(stored).error();
  }
  return Applied{{0, write.kind, std::move(*stored)}, std::nullopt};
}

Result<Record> ConfigRows::insert(Record record, int64_t now) {
  model::Common& common = model::commonOf(record);
  auto taken =
      exists("SELECT 1 FROM " + std::string(sqlTable(model::tableOf(record))) + " WHERE id = ?",
             common.id);
  if (!taken.ok()) {
    return std::move(taken).error();
  }
  if (*taken) {
    return Error::at(ErrorCode::AlreadyExists, "id",
                     nameOf(model::tableOf(record), common.id) + " exists already");
  }
  common.revision = 1;
  common.createdAt = now;
  common.updatedAt = now;
  BUSBAR_TRY(putRow(record, true));
  return record;
}

Result<ConfigRows::Applied> ConfigRows::update(Record record, int64_t now) {
  auto old = getRow(model::tableOf(record), model::commonOf(record).id);
  if (!old.ok()) {
    return std::move(old).error();
  }
  const model::Common& before = model::commonOf(*old);
  model::Common& common = model::commonOf(record);
  if (common.revision != before.revision) {
    return Error::because(
        ErrorCode::Aborted, "revision_conflict",
        nameOf(model::tableOf(record), common.id) + " was changed by someone else");
  }
  common.revision = before.revision + 1;
  common.createdAt = before.createdAt;
  common.updatedAt = now;
  if (versionsOf(model::tableOf(record)) != nullptr) {
    BUSBAR_TRY(keepVersion(*old));
  }
  BUSBAR_TRY(putRow(record, false));
  return Applied{{0, ConfigWrite::Kind::Update, std::move(record)}, std::move(*old)};
}

Result<Record> ConfigRows::erase(Table table, const std::string& id) {
  auto old = getRow(table, id);
  if (!old.ok()) {
    return old;
  }
  if (table == Table::System) {
    BUSBAR_TRY(runFor(kSystemModules.clear, id));
    BUSBAR_TRY(runFor(kSystemZones.clear, id));
  } else if (table == Table::Zone) {
    BUSBAR_TRY(runFor(kZoneTriggers.clear, id));
  } else if (const Versions* versions = versionsOf(table)) {
    BUSBAR_TRY(runFor(versions->clear, id));
  }
  BUSBAR_TRY(runFor("DELETE FROM " + std::string(sqlTable(table)) + " WHERE id = ?", id));
  return old;
}

Result<Record> ConfigRows::getRow(Table table, const std::string& id) {
  auto statement =
      db_.prepare("SELECT document FROM " + std::string(sqlTable(table)) + " WHERE id = ?");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  auto row = statement->bind(1, id).step();
  if (!row.ok()) {
    return std::move(row).error();
  }
  if (!*row) {
    return Error::of(ErrorCode::NotFound, nameOf(table, id) + " does not exist");
  }
  return openDocument(box_, table, statement->text(0));
}

Status ConfigRows::putRow(const Record& record, bool isNew) {
  auto document = sealDocument(box_, record);
  if (!document.ok()) {
    return std::move(document).error();
  }
  const Columns columns = columnsOf(record);
  const Table table = model::tableOf(record);
  auto statement = db_.prepare(isNew ? insertSql(table, columns) : updateSql(table, columns));
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  const model::Common& common = model::commonOf(record);
  statement->bind(1, common.id).bind(2, common.revision).bind(3, *document);
  for (size_t i = 0; i < columns.size(); ++i) {
    const int parameter = static_cast<int>(i) + 4;
    if (const auto* text = std::get_if<std::string>(&columns[i].value)) {
      statement->bind(parameter, *text);
    } else if (const auto* number = std::get_if<int64_t>(&columns[i].value)) {
      statement->bind(parameter, *number);
    } else {
      statement->bindNull(parameter);
    }
  }
  Status written = statement->run();
  if (!written.ok() && written.error().code == ErrorCode::AlreadyExists) {
    const std::string field = written.error().field;
    return Error::at(ErrorCode::AlreadyExists, field,
                     nameOf(table, common.id) + ": its " + field + " is already taken");
  }
  BUSBAR_TRY(std::move(written));
  if (const auto* system = std::get_if<model::System>(&record)) {
    BUSBAR_TRY(putMembers(kSystemModules, system->id, system->modules));
    return putMembers(kSystemZones, system->id, system->zones);
  }
  if (const auto* zone = std::get_if<model::Zone>(&record)) {
    return putMembers(kZoneTriggers, zone->id, zone->triggers);
  }
  return {};
}

// A list of a row again as rows, which is where the references in it are checked.
Status ConfigRows::putMembers(const MemberTable& table, const std::string& owner,
                              const std::vector<std::string>& ids) {
  BUSBAR_TRY(runFor(table.clear, owner));
  auto add = db_.prepare(table.add);
  if (!add.ok()) {
    return std::move(add).error();
  }
  for (const std::string& id : ids) {
    BUSBAR_TRY(add->bind(1, owner).bind(2, id).run());
  }
  return {};
}

Status ConfigRows::runFor(std::string_view sql, const std::string& id) {
  auto statement = db_.prepare(sql);
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  return statement->bind(1, id).run();
}

Status ConfigRows::keepVersion(const Record& old) {
  const Versions& versions = *versionsOf(model::tableOf(old));
  const model::Common& common = model::commonOf(old);
  auto document = sealDocument(box_, old);
  if (!document.ok()) {
    return std::move(document).error();
  }
  auto add = db_.prepare(versions.add);
  if (!add.ok()) {
    return std::move(add).error();
  }
  BUSBAR_TRY(add->bind(1, common.id).bind(2, common.revision).bind(3, *document).run());
  auto trim = db_.prepare(versions.trim);
  if (!trim.ok()) {
    return std::move(trim).error();
  }
  return trim->bind(1, common.id).bind(2, common.revision - kKeptVersions).run();
}

Result<std::vector<model::Settings>> ConfigRows::settingsHistory(const std::string& settingsId) {
  if (auto row = getRow(Table::Settings, settingsId); !row.ok()) {
    return std::move(row).error();
  }
  return readVersions<model::Settings>(
      "SELECT document FROM settings_versions WHERE settings_id = ? ORDER BY revision DESC",
      settingsId);
}

Result<std::vector<model::Metadata>> ConfigRows::metadataHistory(const std::string& parentId) {
  return readVersions<model::Metadata>(
      "SELECT v.document FROM metadata_versions v JOIN metadata m ON m.id = v.metadata_id "
      "WHERE m.parent_id = ? ORDER BY m.name, v.revision DESC",
      parentId);
}

template <class T>
Result<std::vector<T>> ConfigRows::readVersions(std::string_view sql, const std::string& id) {
  auto statement = db_.prepare(sql);
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  statement->bind(1, id);
  std::vector<T> out;
  while (true) {
    auto row = statement->step();
    if (!row.ok()) {
      return std::move(row).error();
    }
    if (!*row) {
      return out;
    }
    auto record = openDocument(box_, model::tableOf(T()), statement->text(0));
    if (!record.ok()) {
      return std::move(record).error();
    }
    out.push_back(std::get<T>(std::move(*record)));
  }
}

Status ConfigRows::appendLog(const ConfigChange& change, size_t ordinal, const Actor& actor,
                             int64_t now) {
  auto document = sealDocument(box_, change.record);
  if (!document.ok()) {
    return std::move(document).error();
  }
  auto statement = db_.prepare(
      "INSERT INTO change_log (position, ordinal, kind, record, row_id, user_id, trace_id, "
      "changed_at, "
      "document) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  return statement->bind(1, static_cast<int64_t>(change.position))
      .bind(2, static_cast<int64_t>(ordinal))
      .bind(3, static_cast<int64_t>(change.kind))
      .bind(4, model::toString(model::tableOf(change.record)))
      .bind(5, model::commonOf(change.record).id)
      .bind(6, actor.userId)
      .bind(7, actor.traceId)
      .bind(8, now)
      .bind(9, *document)
      .run();
}

Result<std::vector<ConfigChange>> ConfigRows::changesAfter(uint64_t position) {
  auto statement = db_.prepare(
      "SELECT position, kind, record, document FROM change_log WHERE position > ? ORDER BY "
      "position, ordinal");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  statement->bind(1, static_cast<int64_t>(position));
  std::vector<ConfigChange> out;
  while (true) {
    auto row = statement->step();
    if (!row.ok()) {
      return std::move(row).error();
    }
    if (!*row) {
      return out;
    }
    const auto table = model::toTable(statement->text(2));
    const int64_t kind = statement->integer(1);
    if (!table || kind < 0 || kind > static_cast<int64_t>(ConfigWrite::Kind::Erase)) {
      return Error::of(ErrorCode::DataLoss, "change log: unknown entry");
    }
    auto record = openDocument(box_, *table, statement->text(3));
    if (!record.ok()) {
      return std::move(record).error();
    }
    out.push_back({static_cast<uint64_t>(statement->integer(0)),
                   static_cast<ConfigWrite::Kind>(kind), std::move(*record)});
  }
}

Result<uint64_t> ConfigRows::nextGeneration() {
  return db_.transaction([this]() -> Result<uint64_t> {
    auto generation = meta("generation");
    if (generation.ok()) {
      ++*generation;
      BUSBAR_TRY(setMeta("generation", std::to_string(*generation)));
    }
    return generation;
  });
}

Result<bool> ConfigRows::exists(std::string_view sql, const std::string& id) {
  auto statement = db_.prepare(sql);
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  return statement->bind(1, id).step();
}

// Looked at after all writes of the transaction. The database's own foreign keys say the same at
// commit, but cannot name the member.
Status ConfigRows::checkReferences(const ConfigChange& change) {
  const Table table = model::tableOf(change.record);
  const std::string& id = model::commonOf(change.record).id;
  if (change.kind == ConfigWrite::Kind::Erase) {
    return checkUnreferenced(table, id);
  }
  for (const Reference& reference : referencesOf(change.record)) {
    auto found = exists("SELECT 1 FROM " + std::string(sqlTable(reference.table)) + " WHERE id = ?",
                        reference.id);
    if (!found.ok()) {
      return std::move(found).error();
    }
    if (!*found) {
      return Error::at(
          ErrorCode::InvalidArgument, reference.field,
          nameOf(table, id) + ": " + nameOf(reference.table, reference.id) + " does not exist");
    }
  }
  return {};
}

Status ConfigRows::checkUnreferenced(Table table, const std::string& id) {
  // Erased and inserted again in one transaction: nothing points at nothing.
  auto back = exists("SELECT 1 FROM " + std::string(sqlTable(table)) + " WHERE id = ?", id);
  if (!back.ok()) {
    return std::move(back).error();
  }
  if (*back) {
    return {};
  }
  for (const Referrer& referrer : referrersOf(table)) {
    auto found = exists(referrer.sql, id);
    if (!found.ok()) {
      return std::move(found).error();
    }
    if (*found) {
      return Error::at(ErrorCode::InvalidArgument, referrer.field,
                       nameOf(table, id) + " is still the " + referrer.field + " of a " +
                           std::string(model::toString(referrer.table)));
    }
  }
  return {};
}

}  // namespace busbar
