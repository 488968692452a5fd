// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/resources/page.h"

#include <charconv>

#include "api/http/front/target.h"

namespace busbar::api {
namespace {

char toLower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

// Letters, digits, bytes above ASCII, and what e-mail addresses and ids are made of.
bool isWordByte(char c) {
  const auto u = static_cast<unsigned char>(c);
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || u >= 0x80 ||
         c == '@' || c == '.' || c == '-' || c == '_';
}

template <class Visit>
void eachWord(std::string_view text, Visit visit) {
  size_t at = 0;
  while (at < text.size()) {
    while (at < text.size() && !isWordByte(text[at])) {
      ++at;
    }
    size_t end = at;
    while (end < text.size() && isWordByte(text[end])) {
      ++end;
    }
    if (end > at) {
      visit(text.substr(at, end - at), end < text.size() ? text[end] : '\0');
    }
    at = end;
  }
}

bool isEqual(std::string_view word, std::string_view lower) {
  return word.size() == lower.size() && std::equal(word.begin(), word.end(), lower.begin(),
                                                   [](char a, char b) { return toLower(a) == b; });
}

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

}  // namespace

Search::Search(std::string_view q) {
  eachWord(q.substr(0, kMaxBytes), [this](std::string_view word, char next) {
    const bool isOperator = word == "AND" || word == "OR" || word == "NOT";
    if (next == ':' || isOperator || words_.size() == kMaxWords) {
      return;
    }
    std::string lower(word);
    std::transform(lower.begin(), lower.end(), lower.begin(), toLower);
    words_.push_back(std::move(lower));
  });
}

bool Search::matches(std::initializer_list<std::string_view> texts) const {
  if (words_.empty()) {
    return true;
  }
  bool found = false;
  for (const std::string_view text : texts) {
    eachWord(text, [this, &found](std::string_view word, char) {
      const std::string& last = words_.back();
      found = found || isEqual(word.substr(0, last.size()), last) ||
              std::any_of(words_.begin(), words_.end(),
                          [word](const std::string& wanted) { return isEqual(word, wanted); });
    });
  }
  return found;
}

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
  page.search = Search(request.query("q").value_or(""));
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

void setPageHeaders(http::Response& response, const http::Request& request, std::string_view table,
                    const Page& page, size_t shown, size_t total) {
  response.set("X-Total-Count", std::to_string(total));
  response.set("Content-Range", std::string(table) + " " + std::to_string(page.offset) + "-" +
                                    std::to_string(page.offset + shown) + "/" +
                                    std::to_string(total));
  if (shown == 0 || page.offset + shown >= total) {
    return;
  }
  std::string link = "<" + std::string(request.path()) + "?";
  for (size_t i = 0; i < request.target().queryCount(); ++i) {
    const auto& [name, value] = request.target().queryAt(i);
    if (name != "offset" && name != "limit") {
      link += http::encodeComponent(name) + "=" + http::encodeComponent(value) + "&";
    }
  }
  link += "offset=" + std::to_string(page.offset + shown) + "&limit=" + std::to_string(page.limit) +
          ">; rel=\"next\"";
  response.set("Link", std::move(link));
}

}  // namespace busbar::api
