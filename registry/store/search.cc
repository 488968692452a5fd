// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/search.h"

#include <utility>

#include "registry/store/config_columns.h"

namespace busbar {
namespace {

bool hasIndex(model::Table table) {
  return table != model::Table::Metadata && table != model::Table::GroupUser &&
         table != model::Table::GroupZone;
}

}  // namespace

Result<std::unique_ptr<Search>> Search::open(EventLoop& loop, const std::string& databasePath) {
  sqlite::OpenOptions options;
  options.path = databasePath;
  options.readOnly = true;
  auto db = sqlite::Database::open(options);
  if (!db.ok()) {
    return std::move(db).error();
  }
  return std::unique_ptr<Search>(new Search(loop, std::move(*db)));
}

Search::Search(EventLoop& loop, std::unique_ptr<sqlite::Database> db)
    : db_(std::move(db)),
      thread_(std::make_unique<StoreThread>(loop, "busbar-search", kMaxWaiting)) {}

Search::~Search() = default;

void Search::find(model::Table table, const SearchQuery& query, Instant deadline, Done done) {
  thread_->call<Hits>(
      deadline, [this, table, match = query.toMatch()] { return findNow(table, match); },
      std::move(done));
}

Result<Search::Hits> Search::findNow(model::Table table, const std::string& match) {
  const std::string index = std::string(sqlTable(table)) + "_search";
  if (!hasIndex(table)) {
    return Error::of(ErrorCode::Unimplemented, index + " is not searched");
  }
  const auto read = [&]() -> Result<Hits> {
    auto position =
        db_->queryInt("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'position'");
    if (!position.ok()) {
      return std::move(position).error();
    }
    if (position_ != *position || rememberedIds_ > kMaxRememberedIds) {
      remembered_.clear();
      rememberedIds_ = 0;
      position_ = *position;
    }
    const std::string key = index + " " + match;
    if (const auto it = remembered_.find(key); it != remembered_.end()) {
      return it->second;
    }
    // A hit in the name counts four times one in the rest.
    auto statement = db_->prepare("SELECT id FROM " + index + " WHERE " + index +
                                  " MATCH ? ORDER BY bm25(" + index + ", 4.0, 1.0), name, id");
    if (!statement.ok()) {
      return std::move(statement).error();
    }
    statement->bind(1, match);
    auto ids = std::make_shared<std::vector<std::string>>();
    while (true) {
      auto row = statement->step();
      if (!row.ok()) {
        return std::move(row).error();
      }
      if (!*row) {
        break;
      }
      ids->push_back(statement->text(0));
    }
    rememberedIds_ += ids->size() + 1;
    return remembered_.emplace(key, std::move(ids)).first->second;
  };
  return db_->transaction(read, sqlite::Database::Access::Read);
}

}  // namespace busbar
