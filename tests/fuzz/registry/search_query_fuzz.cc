// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstdint>
#include <cstdlib>
#include <string>

#include <sqlite3.h>

#include "registry/store/search_query.h"

namespace {

// An index like those of the configuration database.
sqlite3* openIndex() {
  sqlite3* db = nullptr;
  const char* sql =
      "CREATE VIRTUAL TABLE x USING fts5 (name, text, tokenize = 'unicode61 remove_diacritics 2');"
      "INSERT INTO x VALUES ('room one', 'bob@example.com')";
  if (sqlite3_open(":memory:", &db) != SQLITE_OK ||
      sqlite3_exec(db, sql, nullptr, nullptr, nullptr) != SQLITE_OK) {
    std::abort();
  }
  return db;
}

}  // namespace

// Whatever somebody types, the words are within their bounds and SQLite takes the expression.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  static sqlite3* const db = openIndex();
  const auto query =
      busbar::toSearchQuery(std::string_view(reinterpret_cast<const char*>(data), size));
  if (query.words.size() > busbar::SearchQuery::kMaxWords) {
    std::abort();
  }
  if (query.isAll()) {
    return 0;
  }
  const std::string match = query.toMatch();
  sqlite3_stmt* statement = nullptr;
  if (sqlite3_prepare_v2(db, "SELECT rowid FROM x WHERE x MATCH ?", -1, &statement, nullptr) !=
      SQLITE_OK) {
    std::abort();
  }
  sqlite3_bind_text(statement, 1, match.data(), static_cast<int>(match.size()), SQLITE_TRANSIENT);
  int rc = SQLITE_ROW;
  while (rc == SQLITE_ROW) {
    rc = sqlite3_step(statement);
  }
  sqlite3_finalize(statement);
  if (rc != SQLITE_DONE) {
    std::abort();
  }
  return 0;
}
