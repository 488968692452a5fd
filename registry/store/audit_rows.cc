// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/audit_rows.h"

#include <utility>

namespace busbar {
namespace {

constexpr const char* kColumns =
    "sequence, time_ms, action, record, subject, user_id, credential, peer, trace_id, before, "
    "after, hash";
// ?1 since, ?2 until, ?3 after, ?4 user, ?5 subject, ?6 record, ?7 action.
constexpr const char* kWhere =
    " FROM audit WHERE time_ms >= ?1 AND time_ms < ?2 AND sequence > ?3 AND (?4 = '' OR user_id = "
    "?4) AND (?5 = '' OR subject = ?5) AND (?6 = '' OR record = ?6) AND (?7 = '' OR action = ?7)";

AuditEntry readEntry(const sqlite::Statement& row) {
  AuditEntry entry;
  entry.sequence = row.integer(0);
  entry.timeMs = row.integer(1);
  std::string* const texts[] = {&entry.action,     &entry.record, &entry.subject, &entry.userId,
                                &entry.credential, &entry.peer,   &entry.traceId, &entry.before,
                                &entry.after,      &entry.hash};
  int column = 2;
  for (std::string* text : texts) {
    *text = row.text(column++);
  }
  return entry;
}

void bindFilter(sqlite::Statement& statement, const AuditFilter& filter) {
  statement.bind(1, filter.sinceMs)
      .bind(2, filter.untilMs)
      .bind(3, filter.afterSequence)
      .bind(4, filter.userId)
      .bind(5, filter.subject)
      .bind(6, filter.record)
      .bind(7, filter.action);
}

AuditVerdict& breaks(AuditVerdict& verdict, int64_t sequence, std::string problem) {
  verdict.brokenAt = sequence;
  verdict.problem = std::move(problem);
  return verdict;
}

}  // namespace

Result<AuditRows::End> AuditRows::end(const char* name) {
  auto statement = db_.prepare("SELECT sequence, hash FROM audit_ends WHERE name = ?");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  auto row = statement->bind(1, name).step();
  if (!row.ok()) {
    return std::move(row).error();
  }
  if (!*row) {
    return Error::of(ErrorCode::DataLoss, std::string("audit log: its ") + name + " is missing");
  }
  return End{statement->integer(0), statement->text(1)};
}

Status AuditRows::setEnd(const char* name, int64_t sequence, const std::string& hash) {
  auto statement = db_.prepare("UPDATE audit_ends SET sequence = ?2, hash = ?3 WHERE name = ?1");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  return statement->bind(1, name).bind(2, sequence).bind(3, hash).run();
}

Status AuditRows::append(AuditEntry entry) {
  const auto head = end("head");
  if (!head.ok()) {
    return head.error();
  }
  entry.sequence = head->sequence + 1;
  entry.hash = auditHash(head->hash, entry);
  auto statement = db_.prepare("INSERT INTO audit (" + std::string(kColumns) +
                               ") VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  statement->bind(1, entry.sequence).bind(2, entry.timeMs);
  int parameter = 3;
  for (const std::string* text :
       {&entry.action, &entry.record, &entry.subject, &entry.userId, &entry.credential, &entry.peer,
        &entry.traceId, &entry.before, &entry.after, &entry.hash}) {
    statement->bind(parameter++, *text);
  }
  BUSBAR_TRY(statement->run());
  return setEnd("head", entry.sequence, entry.hash);
}

Status AuditRows::appendAll(const std::vector<AuditEntry>& entries) {
  return db_.transaction([&]() -> Status {
    for (const AuditEntry& entry : entries) {
      BUSBAR_TRY(append(entry));
    }
    return {};
  });
}

Result<AuditPage> AuditRows::list(const AuditFilter& filter) {
  const auto read = [&]() -> Result<AuditPage> {
    AuditPage page;
    auto count = db_.prepare(std::string("SELECT count(*)") + kWhere);
    if (!count.ok()) {
      return std::move(count).error();
    }
    bindFilter(*count, filter);
    auto counted = count->step();
    if (!counted.ok()) {
      return std::move(counted).error();
    }
    page.total = count->integer(0);
    auto rows = db_.prepare("SELECT " + std::string(kColumns) + kWhere + " ORDER BY sequence " +
                            (filter.oldestFirst ? "ASC" : "DESC") + " LIMIT ?8 OFFSET ?9");
    if (!rows.ok()) {
      return std::move(rows).error();
    }
    bindFilter(*rows, filter);
    rows->bind(8, static_cast<int64_t>(filter.limit)).bind(9, static_cast<int64_t>(filter.offset));
    while (true) {
      auto row = rows->step();
      if (!row.ok()) {
        return std::move(row).error();
      }
      if (!*row) {
        return page;
      }
      page.entries.push_back(readEntry(*rows));
    }
  };
  return db_.transaction(read, sqlite::Database::Access::Read);
}

Result<AuditVerdict> AuditRows::verify() {
  const auto walk = [this]() -> Result<AuditVerdict> {
    auto anchor = end("anchor");
    auto head = end("head");
    if (!anchor.ok() || !head.ok()) {
      return anchor.ok() ? std::move(head).error() : std::move(anchor).error();
    }
    AuditVerdict verdict;
    verdict.last = anchor->sequence;
    verdict.lastHash = anchor->hash;
    auto rows = db_.prepare("SELECT " + std::string(kColumns) + " FROM audit ORDER BY sequence");
    if (!rows.ok()) {
      return std::move(rows).error();
    }
    while (true) {
      auto row = rows->step();
      if (!row.ok()) {
        return std::move(row).error();
      }
      if (!*row) {
        break;
      }
      const AuditEntry entry = readEntry(*rows);
      if (entry.sequence != verdict.last + 1) {
        return breaks(verdict, verdict.last + 1, "entries are missing");
      }
      if (auditHash(verdict.lastHash, entry) != entry.hash) {
        return breaks(verdict, entry.sequence, "the entry, or the one before it, was changed");
      }
      verdict.first = verdict.entries == 0 ? entry.sequence : verdict.first;
      ++verdict.entries;
      verdict.last = entry.sequence;
      verdict.lastHash = entry.hash;
    }
    if (head->sequence != verdict.last || head->hash != verdict.lastHash) {
      return breaks(verdict, verdict.last + 1, "the end of the log was cut off or changed");
    }
    return verdict;
  };
  return db_.transaction(walk, sqlite::Database::Access::Read);
}

Result<int64_t> AuditRows::trim(int64_t beforeMs) {
  return db_.transaction([&]() -> Result<int64_t> {
    // Up to the first entry that is young enough, so that the chain stays whole when the clock has
    // been put back meanwhile.
    auto last = db_.prepare(
        "SELECT sequence, hash FROM audit WHERE sequence < coalesce((SELECT min(sequence) FROM "
        "audit WHERE time_ms >= ?), 9223372036854775807) ORDER BY sequence DESC LIMIT 1");
    if (!last.ok()) {
      return std::move(last).error();
    }
    auto row = last->bind(1, beforeMs).step();
    if (!row.ok()) {
      return std::move(row).error();
    }
    if (!*row) {
      return int64_t{0};
    }
    const int64_t newest = last->integer(0);
    BUSBAR_TRY(setEnd("anchor", newest, last->text(1)));
    auto count =
        db_.queryInt("SELECT count(*) FROM audit WHERE sequence <= " + std::to_string(newest));
    if (!count.ok()) {
      return count;
    }
    BUSBAR_TRY(db_.exec("DELETE FROM audit WHERE sequence <= " + std::to_string(newest)));
    return count;
  });
}

}  // namespace busbar
