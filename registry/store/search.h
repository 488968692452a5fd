// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "registry/model/records.h"
#include "registry/store/search_query.h"
#include "registry/store/sqlite.h"
#include "registry/store/store_thread.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"

namespace busbar {

// Full-text search over the rows of the configuration database, which SQL triggers keep
// (migrations.cc): ranked by how well a row fits (bm25), where its name counts most. It reads on a
// thread and a read-only connection of its own, so that it never waits for a write. What was found
// is remembered until the configuration changes, which makes the further pages of a list, and the
// words that everybody types, cheap. Sealed texts are in no index. Loop-only.
class Search {
 public:
  struct Hit {
    std::string id;
    double rank;  // less is better; rows that fit alike have the same
  };
  // Best first, equals by id. Shared with the memory of earlier searches; never changes.
  using Hits = std::shared_ptr<const std::vector<Hit>>;
  using Done = Callback<void(Result<Hits>)>;

  // Of a database that ConfigStore has opened before.
  static Result<std::unique_ptr<Search>> open(EventLoop& loop, const std::string& databasePath);
  Search(const Search&) = delete;
  Search& operator=(const Search&) = delete;
  ~Search();

  // All rows of `table` that match, as of a position of the change log that is not before the last
  // acknowledged write. The query has words. DeadlineExceeded; ResourceExhausted, reason
  // queue_full; Unavailable or DataLoss from the disk; Unimplemented for a table without an index.
  void find(model::Table table, const SearchQuery& query, Instant deadline, Done done);

 private:
  static constexpr size_t kMaxWaiting = 512;
  static constexpr size_t kMaxRememberedHits = 200'000;

  Search(EventLoop& loop, std::unique_ptr<sqlite::Database> db);
  Result<Hits> findNow(model::Table table, const std::string& match);
  Result<Hits> readNow(const std::string& index, const std::string& match);

  // These belong to the thread.
  std::unique_ptr<sqlite::Database> db_;
  std::unordered_map<std::string, Hits> remembered_;  // by index and expression
  size_t rememberedHits_ = 0;
  int64_t position_ = -1;                // of the change log, for which `remembered_` holds
  std::unique_ptr<StoreThread> thread_;  // last: joined before the rest goes
};

}  // namespace busbar
