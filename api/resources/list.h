// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/resources/context.h"
#include "api/resources/page.h"

// A page of rows, as every index answers it: without `q` sorted by name, then id; with `q` those
// that search finds, best first. Filters apply to both.
namespace busbar::api {

template <class Row>
struct List {
  std::string_view table;  // in Content-Range: "sys"
  Page page;
  Callback<bool(const Row&)> matches;  // outlives the request: captures copies
  Callback<json::Object(const Row&)> render;
};

namespace list_detail {

constexpr Milliseconds kSearchLimit{10'000};

inline std::string_view nameOf(const Site& site, const model::Module& row) {
  return site.resolvedName(row);
}
inline std::string_view nameOf(const Site&, const model::Settings&) {
  return {};
}
template <class Row>
std::string_view nameOf(const Site&, const Row& row) {
  return row.name;
}

// `rows` are those of the whole list, in its order from `offset` to `offset + limit` at least.
template <class Row>
void sendRows(Reply& reply, List<Row>& list, const std::vector<const Row*>& rows) {
  const size_t begin = std::min(list.page.offset, rows.size());
  const size_t end = begin + std::min(list.page.limit, rows.size() - begin);
  json::Array out;
  out.reserve(end - begin);
  for (size_t i = begin; i < end; ++i) {
    out.emplace_back(list.render(*rows[i]));
  }
  auto response = http::Response::json(200, json::Value(std::move(out)));
  setPageHeaders(response, list.table, list.page, end - begin, rows.size());
  reply.send(std::move(response));
}

template <class Row>
void sendAll(const Site& site, Reply& reply, List<Row>& list) {
  std::vector<const Row*> rows = site.all<Row>();
  std::erase_if(rows, [&list](const Row* row) { return !list.matches(*row); });
  const size_t wanted = std::min(list.page.offset + list.page.limit, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(wanted), rows.end(),
                    [&site](const Row* a, const Row* b) {
                      return std::pair(nameOf(site, *a), std::string_view(a->id)) <
                             std::pair(nameOf(site, *b), std::string_view(b->id));
                    });
  sendRows(reply, list, rows);
}

}  // namespace list_detail

template <class Row>
void sendList(Context& context, Reply reply, List<Row> list) {
  if (list.page.search.isAll()) {
    list_detail::sendAll(context.site, reply, list);
    return;
  }
  const SearchQuery query = std::move(list.page.search);
  context.search.find(
      model::tableOf(Row()), query, context.loop.now() + list_detail::kSearchLimit,
      [&site = context.site, reply = std::move(reply),
       list = std::make_unique<List<Row>>(std::move(list))](Result<Search::Hits> hits) mutable {
        if (!hits.ok()) {
          reply.fail(hits.error());
          return;
        }
        std::vector<const Row*> rows;
        rows.reserve((*hits)->size());
        for (const std::string& id : **hits) {
          const Row* row = site.findRow<Row>(id);
          // Written a moment ago, the site may not show it yet.
          if (row != nullptr && list->matches(*row)) {
            rows.push_back(row);
          }
        }
        list_detail::sendRows(reply, *list, rows);
      });
}

}  // namespace busbar::api
