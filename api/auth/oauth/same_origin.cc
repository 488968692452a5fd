// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/same_origin.h"

#include <algorithm>

namespace busbar::oauth {
namespace {

constexpr size_t kMaxBytes = 2000;

bool isPlain(std::string_view text) {
  return std::all_of(text.begin(), text.end(),
                     [](char c) { return c > ' ' && c < 0x7F && c != '\\'; });
}

bool equalsIgnoringCase(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

// What follows "http://" or "https://"; none when it begins otherwise.
std::optional<std::string_view> afterScheme(std::string_view text) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (text.size() >= scheme.size() && equalsIgnoringCase(text.substr(0, scheme.size()), scheme)) {
      return text.substr(scheme.size());
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string> samePath(std::string_view text, std::string_view host) {
  if (text.size() > kMaxBytes || !isPlain(text)) {
    return std::nullopt;
  }
  if (const auto rest = afterScheme(text)) {
    const size_t end = std::min(rest->find_first_of("/?#"), rest->size());
    if (host.empty() || !equalsIgnoringCase(rest->substr(0, end), host)) {
      return std::nullopt;
    }
    text = rest->substr(end);
    if (!text.starts_with('/')) {
      return "/" + std::string(text);
    }
  }
  if (!text.starts_with('/') || text.starts_with("//")) {
    return std::nullopt;
  }
  return std::string(text);
}

bool isCrossSite(const http::Request& request) {
  if (const auto site = request.header("Sec-Fetch-Site")) {
    return *site != "same-origin" && *site != "none";
  }
  if (const auto origin = request.header("Origin")) {
    const auto authority = afterScheme(*origin);
    return !authority || !equalsIgnoringCase(*authority, request.header("Host").value_or(""));
  }
  return false;
}

}  // namespace busbar::oauth
