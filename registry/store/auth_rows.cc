// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/auth_rows.h"

#include <string>
#include <utility>

namespace busbar {
namespace {

// So that a sealed key cannot be put in the place of another one.
std::string contextOf(const std::string& id) {
  return id + "|signing_key";
}

}  // namespace

Result<std::vector<AuthRecord>> AuthRows::load(int64_t now) {
  auto statement = db_.prepare(
      "SELECT kind, id, expires_at, document FROM auth_records WHERE expires_at > ? "
      "ORDER BY kind, id");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  statement->bind(1, now);
  std::vector<AuthRecord> records;
  while (true) {
    auto row = statement->step();
    if (!row.ok()) {
      return std::move(row).error();
    }
    if (!*row) {
      return records;
    }
    const std::string kind = statement->text(0);
    std::string id = statement->text(1);
    std::string text = statement->text(3);
    if (kind == kindOf(SigningKeyRecord())) {
      auto plain = box_.unseal(text, contextOf(id));
      if (!plain.ok()) {
        return std::move(plain).error();
      }
      text = std::move(*plain);
    }
    const auto document = json::parse(text);
    auto record = authRecordFrom(kind, std::move(id), statement->integer(2),
                                 document.ok() ? *document : json::Value());
    if (!record.ok()) {
      return std::move(record).error();
    }
    records.push_back(std::move(*record));
  }
}

Status AuthRows::apply(const std::vector<AuthWrite>& writes) {
  return db_.transaction([&]() -> Status {
    for (const AuthWrite& write : writes) {
      BUSBAR_TRY(write.kind == AuthWrite::Kind::Put ? put(write.record) : erase(write.record));
    }
    return {};
  });
}

Status AuthRows::put(const AuthRecord& record) {
  const AuthCommon& common = commonOf(record);
  std::string text = json::write(json::Value(toDocument(record)));
  if (std::holds_alternative<SigningKeyRecord>(record)) {
    auto sealed = box_.seal(text, contextOf(common.id));
    if (!sealed.ok()) {
      return std::move(sealed).error();
    }
    text = std::move(*sealed);
  }
  auto statement = db_.prepare(
      "INSERT INTO auth_records (kind, id, expires_at, document) VALUES (?, ?, ?, ?) "
      "ON CONFLICT (kind, id) DO UPDATE SET expires_at = excluded.expires_at, document = "
      "excluded.document");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  return statement->bind(1, kindOf(record))
      .bind(2, common.id)
      .bind(3, common.expiresAt)
      .bind(4, text)
      .run();
}

Status AuthRows::erase(const AuthRecord& record) {
  auto statement = db_.prepare("DELETE FROM auth_records WHERE kind = ? AND id = ?");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  return statement->bind(1, kindOf(record)).bind(2, commonOf(record).id).run();
}

Result<int64_t> AuthRows::purge(int64_t now) {
  return db_.transaction([&]() -> Result<int64_t> {
    auto statement = db_.prepare("DELETE FROM auth_records WHERE expires_at <= ?");
    if (!statement.ok()) {
      return std::move(statement).error();
    }
    BUSBAR_TRY(statement->bind(1, now).run());
    return db_.queryInt("SELECT changes()");
  });
}

}  // namespace busbar
