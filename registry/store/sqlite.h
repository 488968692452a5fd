// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "sdk/base/result.h"

struct sqlite3;
struct sqlite3_stmt;

// The one adapter over libsqlite3. Errors carry a reason: disk_full (ResourceExhausted), io_error,
// database_busy, no_memory (Unavailable), database_damaged (DataLoss); a taken unique column is
// AlreadyExists with the column as field, a broken reference InvalidArgument.
namespace busbar::sqlite {

// A prepared statement. Must not outlive its database. Thread-compatible.
class Statement {
 public:
  // Parameters count from 1, columns from 0. Text is copied.
  Statement& bind(int parameter, std::string_view text);
  Statement& bind(int parameter, int64_t number);
  Statement& bindNull(int parameter);

  // True while there is a row.
  Result<bool> step();
  // Steps to the end and makes the statement ready for other values.
  Status run();

  std::string text(int column) const;
  int64_t integer(int column) const;
  double real(int column) const;

 private:
  friend class Database;
  struct Finalize {
    void operator()(sqlite3_stmt* statement) const;
  };
  Statement(sqlite3* db, sqlite3_stmt* statement) : db_(db), statement_(statement) {}

  sqlite3* db_;
  std::unique_ptr<sqlite3_stmt, Finalize> statement_;
  int bindError_ = 0;  // of the first bind that failed; step() reports it
};

struct OpenOptions {
  std::string path;  // created with mode 0600 when absent
  std::string vfs;   // empty: SQLite's own
  bool fullSync =
      true;  // synchronous=FULL; else NORMAL, which may lose the last commits with the power
  bool readOnly = false;  // of a file in WAL mode, which another connection has made
};

// One connection in WAL mode with foreign keys on. Blocks; keep it off event loops.
// Thread-compatible.
class Database {
 public:
  // `check` runs before anything is written to the file, and may refuse it.
  static Result<std::unique_ptr<Database>> open(const OpenOptions& options,
                                                Status (*check)(Database&) = nullptr);
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;
  ~Database() = default;

  Result<Statement> prepare(std::string_view sql);
  // Any number of statements without parameters or rows.
  Status exec(const std::string& sql);
  // The first column of the first row; 0 when there is none.
  Result<int64_t> queryInt(std::string_view sql);

  enum class Access { Write, Read };
  // Runs `body` in one transaction (with the write lock from its start, when it writes): committed
  // when it returns ok, rolled back otherwise. A failed commit is rolled back and its error
  // returned.
  template <class F>
  auto transaction(F body, Access access = Access::Write) -> decltype(body()) {
    BUSBAR_TRY(exec(access == Access::Write ? "BEGIN IMMEDIATE" : "BEGIN"));
    auto result = body();
    if (!result.ok()) {
      rollback();
      return result;
    }
    if (Status committed = exec("COMMIT"); !committed.ok()) {
      rollback();
      return std::move(committed).error();
    }
    return result;
  }

 private:
  struct Close {
    void operator()(sqlite3* db) const;
  };
  explicit Database(sqlite3* db) : db_(db) {}
  void rollback();

  std::unique_ptr<sqlite3, Close> db_;
};

}  // namespace busbar::sqlite
