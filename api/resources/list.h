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
inline std::string_view nameOf(const Site& site, const model::TriggerInstance& row) {
  const model::Trigger* trigger = site.findTrigger(row.triggerId);
  return trigger == nullptr ? std::string_view() : std::string_view(trigger->name);
}
template <class Row>
std::string_view nameOf(const Site&, const Row& row) {
  return row.name;
}

template <class Row>
struct Found {
  const Row* row;
  double rank;  // less is better
};

// Puts the rows of the page in their places: by rank, then by name and id.
template <class Row>
void sortPage(const Site& site, const Page& page, std::vector<Found<Row>>& rows) {
  const size_t wanted = std::min(page.offset + page.limit, rows.size());
  std::partial_sort(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(wanted), rows.end(),
                    [&site](const Found<Row>& a, const Found<Row>& b) {
                      if (a.rank != b.rank) {
                        return a.rank < b.rank;
                      }
                      return std::pair(nameOf(site, *a.row), std::string_view(a.row->id)) <
                             std::pair(nameOf(site, *b.row), std::string_view(b.row->id));
                    });
}

// `rows` are those that the list has in all, in any order.
template <class Row>
void sendRows(const Site& site, Reply& reply, List<Row>& list, std::vector<Found<Row>> rows) {
  sortPage(site, list.page, rows);
  const size_t begin = std::min(list.page.offset, rows.size());
  const size_t end = begin + std::min(list.page.limit, rows.size() - begin);
  json::Array out;
  out.reserve(end - begin);
  for (size_t i = begin; i < end; ++i) {
    out.emplace_back(list.render(*rows[i].row));
  }
  auto response = http::Response::json(200, json::Value(std::move(out)));
  setPageHeaders(response, list.table, list.page, end - begin, rows.size());
  reply.send(std::move(response));
}

}  // namespace list_detail

template <class Row>
void sendList(Context& context, Reply reply, List<Row> list) {
  using list_detail::Found;
  if (list.page.search.isAll()) {
    std::vector<Found<Row>> rows;
    for (const Row* row : context.site.all<Row>()) {
      if (list.matches(*row)) {
        rows.push_back({row, 0});
      }
    }
    list_detail::sendRows(context.site, reply, list, std::move(rows));
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
        std::vector<Found<Row>> rows;
        rows.reserve((*hits)->size());
        for (const Search::Hit& hit : **hits) {
          const Row* row = site.findRow<Row>(hit.id);
          // Written a moment ago, the site may not show it yet.
          if (row != nullptr && list->matches(*row)) {
            rows.push_back({row, hit.rank});
          }
        }
        list_detail::sendRows(site, reply, *list, std::move(rows));
      });
}

}  // namespace busbar::api
