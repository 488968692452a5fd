// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/page.h"

#include <algorithm>
#include <charconv>

#include "api/http/front/target.h"

namespace busbar::api {
namespace {

std::optional<size_t> toCount(std::string_view text, size_t most) {
  const bool isNegative = text.starts_with('-');
  const std::string_view digits = isNegative ? text.substr(1) : text;
  size_t value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (digits.empty() || parsed.ptr != digits.data() + digits.size() ||
      parsed.ec == std::errc::invalid_argument) {
    return std::nullopt;
  }
  if (isNegative) {
    return 0;
  }
  return parsed.ec == std::errc::result_out_of_range ? most : std::min(value, most);
}

std::string nextPrefix(const http::Request& request) {
  std::string link(request.path());
  link += '?';
  for (size_t i = 0; i < request.target().queryCount(); ++i) {
    const auto& [name, value] = request.target().queryAt(i);
    if (name != "offset" && name != "limit") {
      link += http::encodeComponent(name) + "=" + http::encodeComponent(value) + "&";
    }
  }
  return link;
}

}  // namespace

std::variant<Page, Refusal> toPage(const http::Request& request) {
  Page page;
  if (const auto text = request.query("limit")) {
    const auto limit = toCount(*text, Page::kMaxLimit);
    if (!limit) {
      return badParameter("limit", "must be an integer from 0 to 10000");
    }
    page.limit = *limit;
  }
  if (const auto text = request.query("offset")) {
    const auto offset = toCount(*text, Page::kMaxOffset);
    if (!offset) {
      return badParameter("offset", "must be an integer from 0 to 1000000");
    }
    page.offset = *offset;
  }
  page.search = toSearchQuery(request.query("q").value_or(""));
  page.next = nextPrefix(request);
  return page;
}

std::optional<Refusal> findBadFlag(const http::Request& request,
                                   std::initializer_list<std::string_view> names) {
  for (const std::string_view name : names) {
    const auto text = request.query(name);
    if (text && *text != "true" && *text != "false") {
      return badParameter(name, "must be true or false");
    }
  }
  return std::nullopt;
}

bool flagOf(const http::Request& request, std::string_view name, bool absent) {
  const auto text = request.query(name);
  if (!text || (*text != "true" && *text != "false")) {
    return absent;
  }
  return *text == "true";
}

std::vector<std::string> listOf(const http::Request& request, std::string_view name) {
  std::vector<std::string> out;
  std::string_view rest = request.query(name).value_or("");
  while (!rest.empty()) {
    const size_t comma = std::min(rest.find(','), rest.size());
    if (comma > 0) {
      out.emplace_back(rest.substr(0, comma));
    }
    rest.remove_prefix(std::min(comma + 1, rest.size()));
  }
  return out;
}

void setPageHeaders(http::Response& response, std::string_view table, const Page& page,
                    size_t shown, size_t total) {
  response.set("X-Total-Count", std::to_string(total));
  response.set("Content-Range", std::string(table) + " " + std::to_string(page.offset) + "-" +
                                    std::to_string(page.offset + shown) + "/" +
                                    std::to_string(total));
  if (shown == 0 || page.offset + shown >= total) {
    return;
  }
  response.set("Link", "<" + page.next + "offset=" + std::to_string(page.offset + shown) +
                           "&limit=" + std::to_string(page.limit) + ">; rel=\"next\"");
}

void setListHeaders(http::Response& response, std::string_view table, size_t count) {
  Page all;
  all.limit = count;
  setPageHeaders(response, table, all, count, count);
}

}  // namespace busbar::api
