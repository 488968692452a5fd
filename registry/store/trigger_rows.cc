// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/trigger_rows.h"

#include <utility>

namespace busbar {
namespace {

constexpr const char* kPutProgress =
    "INSERT INTO progress (instance_id, document) VALUES (?1, ?2) ON CONFLICT (instance_id) DO "
    "UPDATE SET document = ?2";
constexpr const char* kPutFiring =
    "INSERT OR REPLACE INTO firings (id, instance_id, trigger_id, time_ms, is_over, document) "
    "VALUES (?, ?, ?, ?, ?, ?)";
constexpr const char* kPutDelivery =
    "INSERT OR REPLACE INTO deliveries (id, instance_id, time_ms, document) VALUES (?, ?, ?, ?)";
// What is older than the last one to be kept; nothing when there are not so many.
constexpr const char* kTrimFirings =
    "DELETE FROM firings WHERE instance_id = ?1 AND is_over = 1 AND (time_ms, id) < (SELECT "
    "time_ms, id FROM firings WHERE instance_id = ?1 ORDER BY time_ms DESC, id DESC LIMIT 1 OFFSET "
    "?2)";
constexpr const char* kTrimDeliveries =
    "DELETE FROM deliveries WHERE instance_id = ?1 AND (time_ms, id) < (SELECT time_ms, id FROM "
    "deliveries WHERE instance_id = ?1 ORDER BY time_ms DESC, id DESC LIMIT 1 OFFSET ?2)";

// Every row of a statement whose parameters are bound.
template <class T, class Read>
Result<std::vector<T>> readAll(sqlite::Statement& statement, Read read) {
  std::vector<T> out;
  while (true) {
    auto row = statement.step();
    if (!row.ok()) {
      return std::move(row).error();
    }
    if (!*row) {
      return out;
    }
    out.push_back(read(statement));
  }
}

TriggerProgress progressIn(const sqlite::Statement& row) {
  return {row.text(0), row.text(1)};
}

TriggerFiring firingIn(const sqlite::Statement& row) {
  return {row.text(0), row.text(1), row.text(2), row.integer(3), row.integer(4) != 0, row.text(5)};
}

TriggerDelivery deliveryIn(const sqlite::Statement& row) {
  return {row.text(0), row.text(1), row.integer(2), row.text(3)};
}

}  // namespace

// The statements of one transaction.
struct TriggerRows::Writer {
  sqlite::Database& db;
  std::optional<sqlite::Statement> putProgress{};
  std::optional<sqlite::Statement> putFiring{};
  std::optional<sqlite::Statement> trimFirings{};
  std::optional<sqlite::Statement> putDelivery{};
  std::optional<sqlite::Statement> trimDeliveries{};

  // Prepared on first use.
  Status ready(std::optional<sqlite::Statement>& statement, const char* sql) const {
    if (!statement) {
      auto prepared = db.prepare(sql);
      if (!prepared.ok()) {
        return std::move(prepared).error();
      }
      statement.emplace(std::move(*prepared));
    }
    return {};
  }

  Status operator()(const TriggerProgress& progress) {
    BUSBAR_TRY(ready(putProgress, kPutProgress));
    return putProgress->bind(1, progress.instanceId).bind(2, progress.document).run();
  }

  Status operator()(const TriggerFiring& firing) {
    BUSBAR_TRY(ready(putFiring, kPutFiring));
    BUSBAR_TRY(ready(trimFirings, kTrimFirings));
    BUSBAR_TRY(putFiring->bind(1, firing.id)
                   .bind(2, firing.instanceId)
                   .bind(3, firing.triggerId)
                   .bind(4, firing.timeMs)
                   .bind(5, int64_t{firing.isOver ? 1 : 0})
                   .bind(6, firing.document)
                   .run());
    return trimFirings->bind(1, firing.instanceId)
        .bind(2, static_cast<int64_t>(TriggerStore::kKeptFirings - 1))
        .run();
  }

  Status operator()(const TriggerDelivery& delivery) {
    BUSBAR_TRY(ready(putDelivery, kPutDelivery));
    BUSBAR_TRY(ready(trimDeliveries, kTrimDeliveries));
    BUSBAR_TRY(putDelivery->bind(1, delivery.id)
                   .bind(2, delivery.instanceId)
                   .bind(3, delivery.timeMs)
                   .bind(4, delivery.document)
                   .run());
    return trimDeliveries->bind(1, delivery.instanceId)
        .bind(2, static_cast<int64_t>(TriggerStore::kKeptDeliveries - 1))
        .run();
  }

  Status operator()(const TriggerForget& forget) const {
    for (const char* table : {"progress", "firings", "deliveries"}) {
      auto statement = db.prepare("DELETE FROM " + std::string(table) + " WHERE instance_id = ?");
      if (!statement.ok()) {
        return std::move(statement).error();
      }
      BUSBAR_TRY(statement->bind(1, forget.instanceId).run());
    }
    return {};
  }
};

Result<TriggerStore::Loaded> TriggerRows::load() {
  const auto read = [this]() -> Result<TriggerStore::Loaded> {
    TriggerStore::Loaded out;
    auto progress = db_.prepare("SELECT instance_id, document FROM progress ORDER BY instance_id");
    auto unfinished = db_.prepare(
        "SELECT id, instance_id, trigger_id, time_ms, is_over, document FROM firings WHERE is_over "
        "= 0 ORDER BY time_ms, id");
    for (auto* statement : {&progress, &unfinished}) {
      if (!statement->ok()) {
        return std::move(*statement).error();
      }
    }
    auto rows = readAll<TriggerProgress>(*progress, progressIn);
    if (!rows.ok()) {
      return std::move(rows).error();
    }
    auto firings = readAll<TriggerFiring>(*unfinished, firingIn);
    if (!firings.ok()) {
      return std::move(firings).error();
    }
    return TriggerStore::Loaded{std::move(*rows), std::move(*firings)};
  };
  return db_.transaction(read, sqlite::Database::Access::Read);
}

Status TriggerRows::apply(const std::vector<const std::vector<TriggerWrite>*>& calls) {
  return db_.transaction([&]() -> Status {
    Writer writer{db_};
    for (const std::vector<TriggerWrite>* writes : calls) {
      for (const TriggerWrite& write : *writes) {
        BUSBAR_TRY(std::visit(writer, write));
      }
    }
    return {};
  });
}

Result<std::vector<TriggerFiring>> TriggerRows::firings(const std::string& instanceId,
                                                        size_t limit) {
  auto statement = db_.prepare(
      "SELECT id, instance_id, trigger_id, time_ms, is_over, document FROM firings WHERE "
      "instance_id = ? ORDER BY time_ms DESC, id DESC LIMIT ?");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  statement->bind(1, instanceId).bind(2, static_cast<int64_t>(limit));
  return readAll<TriggerFiring>(*statement, firingIn);
}

Result<std::vector<TriggerDelivery>> TriggerRows::deliveries(const std::string& instanceId,
                                                             size_t limit) {
  auto statement = db_.prepare(
      "SELECT id, instance_id, time_ms, document FROM deliveries WHERE instance_id = ? ORDER BY "
      "time_ms DESC, id DESC LIMIT ?");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  statement->bind(1, instanceId).bind(2, static_cast<int64_t>(limit));
  return readAll<TriggerDelivery>(*statement, deliveryIn);
}

Result<std::optional<TriggerDelivery>> TriggerRows::delivery(const std::string& id) {
  auto statement =
      db_.prepare("SELECT id, instance_id, time_ms, document FROM deliveries WHERE id = ?");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  auto row = statement->bind(1, id).step();
  if (!row.ok()) {
    return std::move(row).error();
  }
  return *row ? std::optional(deliveryIn(*statement)) : std::nullopt;
}

}  // namespace busbar
