// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/redirect.h"

#include <algorithm>

namespace busbar {
namespace {

constexpr std::string_view kHarmless[] = {"accept",           "accept-language", "content-type",
                                          "content-language", "user-agent",      "traceparent"};

Error refused(const Url& from, const std::string& why) {
  return Error::because(ErrorCode::PermissionDenied, "http_redirect_refused",
                        from.origin() + " redirects, and that is refused: " + why);
}

template <size_t kSize>
bool isOneOf(const std::string_view (&names)[kSize], const HttpHeader& header) {
  return std::any_of(std::begin(names), std::end(names),
                     [&](std::string_view name) { return sameHeaderName(header.name, name); });
}

void becomeGet(HttpRequest& request) {
  constexpr std::string_view kOfTheBody[] = {"content-type", "content-language"};
  request.method = "GET";
  request.body.clear();
  std::erase_if(request.headers, [&](const auto& header) { return isOneOf(kOfTheBody, header); });
}

}  // namespace

Status applyRedirect(const HttpProfile& profile, const HttpHead& head, HttpRequest& request,
                     Url& url) {
  const std::string* location = findHeader(head.headers, "Location");
  const auto next = url.resolve(location == nullptr ? std::string_view() : *location);
  if (!next) {
    return refused(url, next.error().message);
  }
  if (url.isHttps() && !next->isHttps()) {
    return refused(url, "it leads from https to http");
  }
  if (const Status allowed = profile.allows(*next); !allowed.ok()) {
    return allowed.error().reason == "http_blocked_address" ? allowed.error()
                                                            : refused(url, allowed.error().message);
  }
  const bool isPost = request.method == "POST";
  if ((head.status == 303 && request.method != "HEAD") ||
      ((head.status == 301 || head.status == 302) && isPost)) {
    becomeGet(request);
  }
  if (next->origin() != url.origin()) {
    request.auth = {};
    std::erase_if(request.headers,
                  [](const HttpHeader& header) { return !isOneOf(kHarmless, header); });
  }
  url = *next;
  return {};
}

}  // namespace busbar
