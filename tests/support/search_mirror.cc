// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/support/search_mirror.h"

#include <string>

#include "registry/model/record_json.h"
#include "registry/store/config_columns.h"
#include "registry/store/migrations.h"
#include "sdk/base/json.h"

namespace busbar {

SearchMirror::SearchMirror(EventLoop& loop, Site& site) {
  const std::string path = dir_.file("mirror.db");
  db_ = std::move(*sqlite::Database::open({path, "", false}));
  BUSBAR_CHECK(db_->exec("PRAGMA synchronous=OFF").ok() && migrate(*db_, configSchema()).ok() &&
               db_->exec("PRAGMA foreign_keys=OFF").ok());
  search_ = std::move(*Search::open(loop, path));
  subscription_ = site.subscribe([this](const ConfigChange& change, auto) { write(change); });
}

void SearchMirror::write(const ConfigChange& change) {
  const model::Table table = model::tableOf(change.record);
  const model::Common& common = model::commonOf(change.record);
  auto gone = db_->prepare("DELETE FROM " + std::string(sqlTable(table)) + " WHERE id = ?");
  BUSBAR_CHECK(gone.ok() && gone->bind(1, common.id).run().ok());
  auto position = db_->prepare("UPDATE meta SET value = value + 1 WHERE name = 'position'");
  BUSBAR_CHECK(position.ok() && position->run().ok());
  if (change.kind == ConfigWrite::Kind::Erase) {
    return;
  }
  const Columns columns = columnsOf(change.record);
  auto row = db_->prepare(insertSql(table, columns));
  BUSBAR_CHECK(row.ok());
  row->bind(1, common.id).bind(2, common.revision);
  row->bind(3, json::write(model::toDocument(change.record)));
  int parameter = 4;
  for (const Column& column : columns) {
    if (const auto* text = std::get_if<std::string>(&column.value)) {
      row->bind(parameter, *text);
    } else if (const auto* number = std::get_if<int64_t>(&column.value)) {
      row->bind(parameter, *number);
    }
    ++parameter;
  }
  BUSBAR_CHECK(row->run().ok());
}

}  // namespace busbar
