// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/store/search.h"

#include <algorithm>
#include <tuple>
#include <utility>

#include "registry/store/config_columns.h"

namespace busbar {
namespace {

bool hasIndex(model::Table table) {
  return table != model::Table::Metadata && table != model::Table::GroupUser &&
         table != model::Table::GroupZone && table != model::Table::GroupInvitation &&
         table != model::Table::TriggerInstance;
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
  const auto find = [&]() -> Result<Hits> {
    auto position =
        db_->queryInt("SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'position'");
    if (!position.ok()) {
      return std::move(position).error();
    }
    if (position_ != *position || rememberedHits_ > kMaxRememberedHits) {
      remembered_.clear();
      rememberedHits_ = 0;
      position_ = *position;
    }
    const std::string key = index + " " + match;
    if (const auto it = remembered_.find(key); it != remembered_.end()) {
      return it->second;
    }
    auto hits = readNow(index, match);
    if (hits.ok()) {
      rememberedHits_ += (*hits)->size() + 1;
      remembered_.emplace(key, *hits);
    }
    return hits;
  };
  return db_->transaction(find, sqlite::Database::Access::Read);
}

// Ids come from the narrow table of numbers: reading them, or names to sort by, from the index
// would load the texts of every hit.
Result<Search::Hits> Search::readNow(const std::string& index, const std::string& match) {
  // A hit in the name counts four times one in the rest.
  auto statement =
      db_->prepare("SELECT search_rows.id, bm25(" + index + ", 4.0, 1.0) FROM " + index +
                   " JOIN search_rows ON number = " + index + ".rowid WHERE " + index + " MATCH ?");
  if (!statement.ok()) {
    return std::move(statement).error();
  }
  statement->bind(1, match);
  auto hits = std::make_shared<std::vector<Hit>>();
  while (true) {
    auto row = statement->step();
    if (!row.ok()) {
      return std::move(row).error();
    }
    if (!*row) {
      break;
    }
    hits->push_back({statement->text(0), statement->real(1)});
  }
  std::sort(hits->begin(), hits->end(), [](const Hit& a, const Hit& b) {
    return std::tie(a.rank, a.id) < std::tie(b.rank, b.id);
  });
  return Hits(std::move(hits));
}

}  // namespace busbar
