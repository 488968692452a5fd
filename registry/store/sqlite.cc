// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/sqlite.h"

#include <fcntl.h>

#include <cerrno>

#include <sqlite3.h>

#include "sdk/base/unique_fd.h"

namespace busbar::sqlite {
namespace {

constexpr int kBusyTimeoutMs = 5'000;

// "UNIQUE constraint failed: settings.parent_id, settings.level" -> "parent_id".
std::string columnIn(std::string_view message) {
  const size_t dot = message.find('.', message.find(": "));
  if (dot == std::string_view::npos) {
    return {};
  }
  const std::string_view column = message.substr(dot + 1);
  return std::string(column.substr(0, column.find(',')));
}

bool isSpaceErrno(int errnum) {
  return errnum == ENOSPC || errnum == EDQUOT;
}

// A failed fsync is never "disk full": what reached the disk is then unknown.
bool isSync(int extended) {
  return extended == SQLITE_IOERR_FSYNC || extended == SQLITE_IOERR_DIR_FSYNC;
}

Error toError(sqlite3* db, int extended) {
  const int primary = extended & 0xFF;
  const std::string said = db != nullptr ? sqlite3_errmsg(db) : sqlite3_errstr(extended);
  const std::string message = "database: " + said;
  switch (primary) {
    case SQLITE_CONSTRAINT: {
      const bool taken =
          extended == SQLITE_CONSTRAINT_UNIQUE || extended == SQLITE_CONSTRAINT_PRIMARYKEY;
      return Error::at(taken ? ErrorCode::AlreadyExists : ErrorCode::InvalidArgument,
                       columnIn(said), message);
    }
    case SQLITE_FULL:
      return Error::because(ErrorCode::ResourceExhausted, "disk_full", message);
    case SQLITE_IOERR:
      if (db != nullptr && !isSync(extended) && isSpaceErrno(sqlite3_system_errno(db))) {
        return Error::because(ErrorCode::ResourceExhausted, "disk_full", message);
      }
      return Error::because(ErrorCode::Unavailable, "io_error",
                            message + " (" + std::to_string(extended) + ")");
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return Error::because(ErrorCode::Unavailable, "io_error", message);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Error::because(ErrorCode::Unavailable, "database_busy", message);
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return Error::because(ErrorCode::DataLoss, "database_damaged", message);
    case SQLITE_NOMEM:
      return Error::because(ErrorCode::Unavailable, "no_memory", message);
    case SQLITE_TOOBIG:
      return Error::of(ErrorCode::ResourceExhausted, message);
    default:
      return Error::of(ErrorCode::Internal, message);
  }
}

// SQLite would create the file readable for all; its -wal and -shm take the mode of the file.
Status createPrivate(const std::string& path) {
  const UniqueFd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600));
  if (!fd) {
    return Error::fromErrno(errno, "open " + path);
  }
  return {};
}

Status useWal(Database& db) {
  auto pragma = db.prepare("PRAGMA journal_mode=WAL");
  if (!pragma.ok()) {
    return std::move(pragma).error();
  }
  auto row = pragma->step();
  if (!row.ok()) {
    return std::move(row).error();
  }
  if (pragma->text(0) != "wal") {
    return Error::of(ErrorCode::FailedPrecondition,
                     "database: its file system has no write-ahead log");
  }
  return {};
}

}  // namespace

void Statement::Finalize::operator()(sqlite3_stmt* statement) const {
  sqlite3_finalize(statement);
}

Statement& Statement::bind(int parameter, std::string_view text) {
  const int rc = sqlite3_bind_text64(statement_.get(), parameter, text.data(), text.size(),
                                     SQLITE_TRANSIENT, SQLITE_UTF8);
  bindError_ = bindError_ == SQLITE_OK ? rc : bindError_;
  return *this;
}

Statement& Statement::bind(int parameter, int64_t number) {
  const int rc = sqlite3_bind_int64(statement_.get(), parameter, number);
  bindError_ = bindError_ == SQLITE_OK ? rc : bindError_;
  return *this;
}

Statement& Statement::bindNull(int parameter) {
  const int rc = sqlite3_bind_null(statement_.get(), parameter);
  bindError_ = bindError_ == SQLITE_OK ? rc : bindError_;
  return *this;
}

Result<bool> Statement::step() {
  if (bindError_ != SQLITE_OK) {
    return toError(db_, bindError_);
  }
  const int rc = sqlite3_step(statement_.get());
  if (rc == SQLITE_ROW) {
    return true;
  }
  if (rc == SQLITE_DONE) {
    return false;
  }
  return toError(db_, sqlite3_extended_errcode(db_));
}

Status Statement::run() {
  while (true) {
    auto row = step();
    if (!row.ok()) {
      sqlite3_reset(statement_.get());
      return std::move(row).error();
    }
    if (!*row) {
      sqlite3_reset(statement_.get());
      return {};
    }
  }
}

std::string Statement::text(int column) const {
  const unsigned char* text = sqlite3_column_text(statement_.get(), column);
  const int bytes = sqlite3_column_bytes(statement_.get(), column);
  return text == nullptr ? std::string() : std::string(text, text + bytes);
}

int64_t Statement::integer(int column) const {
  return sqlite3_column_int64(statement_.get(), column);
}

double Statement::real(int column) const {
  return sqlite3_column_double(statement_.get(), column);
}

void Database::Close::operator()(sqlite3* db) const {
  sqlite3_close_v2(db);
}

Result<std::unique_ptr<Database>> Database::open(const OpenOptions& options,
                                                 Status (*check)(Database&)) {
  if (!options.readOnly) {
    BUSBAR_TRY(createPrivate(options.path));
  }
  sqlite3* raw = nullptr;
  const int access = options.readOnly ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
  const int rc = sqlite3_open_v2(options.path.c_str(), &raw,
                                 access | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
                                 options.vfs.empty() ? nullptr : options.vfs.c_str());
  std::unique_ptr<Database> db(new Database(raw));
  if (rc != SQLITE_OK) {
    Error error = toError(raw, rc);
    error.message = "open " + options.path + ": " + error.message;
    return error;
  }
  sqlite3_busy_timeout(raw, kBusyTimeoutMs);
  if (check != nullptr) {
    BUSBAR_TRY(check(*db));
  }
  // A failing statement must not be read by its text alone: double quotes are names only.
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
  sqlite3_db_config(raw, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
  if (options.readOnly) {
    return db;
  }
  BUSBAR_TRY(useWal(*db));
  BUSBAR_TRY(db->exec(options.fullSync ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL"));
  BUSBAR_TRY(db->exec("PRAGMA foreign_keys=ON"));
  return db;
}

Result<Statement> Database::prepare(std::string_view sql) {
  sqlite3_stmt* statement = nullptr;
  const int rc =
      sqlite3_prepare_v2(db_.get(), sql.data(), static_cast<int>(sql.size()), &statement, nullptr);
  if (rc != SQLITE_OK) {
    return toError(db_.get(), rc);
  }
  return Statement(db_.get(), statement);
}

Status Database::exec(const std::string& sql) {
  const int rc = sqlite3_exec(db_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (rc != SQLITE_OK) {
    return toError(db_.get(), rc);
  }
  return {};
}

Result<int64_t> Database::queryInt(std::string_view sql) {
  auto statement = prepare(sql);
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  auto row = statement->step();
  if (!row.ok()) {
    return std::move(row).error();
  }
  return *row ? statement->integer(0) : 0;
}

void Database::rollback() {
  // Some errors have rolled back already; what ROLLBACK itself says changes nothing.
  if (sqlite3_get_autocommit(db_.get()) == 0) {
    sqlite3_exec(db_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
  }
}

}  // namespace busbar::sqlite
