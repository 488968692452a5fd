// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api/http/front/request.h"
#include "api/http/front/response.h"
#include "api/resources/refusal.h"
#include "registry/store/search_query.h"

namespace busbar::api {

// Which part of a list a client asks for.
struct Page {
  static constexpr size_t kDefaultLimit = 100;
  static constexpr size_t kMaxLimit = 10'000;
  static constexpr size_t kMaxOffset = 1'000'000;

  size_t limit = kDefaultLimit;
  size_t offset = 0;
  SearchQuery search;  // of `q`
  std::string next;    // the path and the query of the list, to which offset and limit are added
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
void setPageHeaders(http::Response& response, std::string_view table, const Page& page,
                    size_t shown, size_t total);
// The same for a list that is always whole.
void setListHeaders(http::Response& response, std::string_view table, size_t count);

}  // namespace busbar::api
