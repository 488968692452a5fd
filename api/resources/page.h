// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api/http/front/request.h"
#include "api/http/front/response.h"
#include "api/resources/refusal.h"
#include "sdk/base/json.h"

namespace busbar::api {

// Free-text search, as every index takes it in `q`: words are OR-ed, whole, the last one also as a
// prefix; field prefixes, operators and wildcards are dropped; no words match everything. It never
// fails: a search box must not. Value type.
class Search {
 public:
  static constexpr size_t kMaxBytes = 512;
  static constexpr size_t kMaxWords = 16;

  explicit Search(std::string_view q);
  bool isEmpty() const { return words_.empty(); }
  bool matches(std::initializer_list<std::string_view> texts) const;

 private:
  std::vector<std::string> words_;  // lower case
};

// Which part of a list a client asks for.
struct Page {
  static constexpr size_t kDefaultLimit = 100;
  static constexpr size_t kMaxLimit = 10'000;
  static constexpr size_t kMaxOffset = 1'000'000;

  size_t limit = kDefaultLimit;
  size_t offset = 0;
  Search search{""};
};
// `limit` and `offset` are clamped; what is no integer is refused.
std::variant<Page, Refusal> toPage(const http::Request& request);

// The first of `names` that is given, but neither true nor false.
std::optional<Refusal> findBadFlag(const http::Request& request,
                                   std::initializer_list<std::string_view> names);
// A query parameter that is true or false; `absent` when it is not there or is neither.
bool flagOf(const http::Request& request, std::string_view name, bool absent);
// The entries of a comma list; empty when absent.
std::vector<std::string> listOf(const http::Request& request, std::string_view name);

// X-Total-Count, Content-Range and, when rows are left, Link with the same query at the next
// offset.
void setPageHeaders(http::Response& response, const http::Request& request, std::string_view table,
                    const Page& page, size_t shown, size_t total);

// A page of rows: sorted by name, then id, which every list promises.
template <class Row, class Render>
http::Response pageOf(const http::Request& request, std::string_view table, const Page& page,
                      std::vector<const Row*> rows, Render render) {
  std::sort(rows.begin(), rows.end(), [](const Row* a, const Row* b) {
    return std::pair(std::string_view(a->name), std::string_view(a->id)) <
           std::pair(std::string_view(b->name), std::string_view(b->id));
  });
  const size_t begin = std::min(page.offset, rows.size());
  const size_t end = std::min(begin + page.limit, rows.size());
  json::Array out;
  for (size_t i = begin; i < end; ++i) {
    out.emplace_back(render(*rows[i]));
  }
  auto response = http::Response::json(200, json::Value(std::move(out)));
  setPageHeaders(response, request, table, page, end - begin, rows.size());
  return response;
}

}  // namespace busbar::api
