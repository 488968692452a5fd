// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/audit_rows.h"

#include <utility>

#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr const char* kColumns =
    "sequence, time_ms, action, record, subject, user_id, credential, peer, trace_id, before, "
    "after, hash";
// The rows whose entries have a group of ?9 in `column`; the migrations have an index for each.
std::string inGroups(const std::string& column) {
  return "SELECT subject FROM audit WHERE record IN ('group_user', 'group_zone', "
         "'group_invitation') AND json_extract(nullif(" +
         column + ", ''), '$.group_id') IN (SELECT value FROM json_each(?9))";
}

std::string listText(const std::vector<std::string>& list) {
  return json::write(json::Array(list.begin(), list.end()));
}

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

// Only what is asked for, so that an index can serve it. ?10 and ?11 are the caller's.
std::string whereOf(const AuditFilter& filter) {
  std::string sql = " FROM audit WHERE TRUE";
  const auto add = [&sql](bool isAsked, const std::string& condition) {
    sql += isAsked ? " AND " + condition : std::string();
  };
  add(filter.sinceMs > 0, "time_ms >= ?1");
  add(filter.untilMs < INT64_MAX, "time_ms < ?2");
  add(filter.afterSequence > 0, "sequence > ?3");
  add(!filter.userId.empty(), "user_id = ?4");
  add(!filter.subject.empty(), "subject = ?5");
  add(!filter.record.empty(), "record = ?6");
  add(!filter.action.empty(), "action = ?7");
  add(!filter.records.empty(), "record IN (SELECT value FROM json_each(?8))");
  add(!filter.about.empty(), "subject IN (SELECT value FROM json_each(?9) UNION " +
                                 inGroups("before") + " UNION " + inGroups("after") + ")");
  return sql;
}

Result<sqlite::Statement> prepare(sqlite::Database& db, const std::string& begin,
                                  const AuditFilter& filter, const std::string& end) {
  auto statement = db.prepare(begin + whereOf(filter) + end + " LIMIT ?10 OFFSET ?11");
  if (statement.ok()) {
    statement->bind(1, filter.sinceMs)
        .bind(2, filter.untilMs)
        .bind(3, filter.afterSequence)
        .bind(4, filter.userId)
        .bind(5, filter.subject)
        .bind(6, filter.record)
        .bind(7, filter.action)
        .bind(8, listText(filter.records))
        .bind(9, listText(filter.about));
  }
  return statement;
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
    auto count = prepare(db_, "SELECT count(*)", filter, "");
    if (!count.ok()) {
      return std::move(count).error();
    }
    auto counted = count->bind(10, 1).bind(11, 0).step();
    if (!counted.ok()) {
      return std::move(counted).error();
    }
    page.total = count->integer(0);
    auto rows = prepare(db_, "SELECT " + std::string(kColumns), filter,
                        std::string(" ORDER BY sequence ") + (filter.oldestFirst ? "ASC" : "DESC"));
    if (!rows.ok()) {
      return std::move(rows).error();
    }
    rows->bind(10, static_cast<int64_t>(filter.limit))
        .bind(11, static_cast<int64_t>(filter.offset));
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
