// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "registry/model/records.h"

// Which members of a record are columns of its table, what it refers to, and what refers to it.
// Pure.
namespace busbar {

struct Column {
  const char* name;
  std::variant<std::monostate, std::string, int64_t> value;  // monostate: NULL
};
using Columns = std::vector<Column>;

// A member that names another row.
struct Reference {
  const char* field;  // REST name
  model::Table table;
  std::string id;
};

// A place from where rows of a table may be named; `sql` asks for one by id.
struct Referrer {
  const char* field;
  model::Table table;
  const char* sql;
};

// "drivers", "modules", …
std::string_view sqlTable(model::Table table);
// Besides id, revision and document, which every table has.
Columns columnsOf(const model::Record& record);
// Parameters: id, revision, document, then the columns in order.
std::string insertSql(model::Table table, const Columns& columns);
std::string updateSql(model::Table table, const Columns& columns);
std::vector<Reference> referencesOf(const model::Record& record);
std::span<const Referrer> referrersOf(model::Table table);

}  // namespace busbar
