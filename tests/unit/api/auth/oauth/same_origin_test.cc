// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/auth/oauth/same_origin.h"

#include <gtest/gtest.h>

namespace busbar::oauth {
namespace {

struct Case {
  const char* text;
  const char* path;  // null: refused
};

// S6: where a browser may be sent.
const Case kCases[] = {
    {"/", "/"},
    {"/app/", "/app/"},
    {"/app/#/systems", "/app/#/systems"},
    {"/app?x=https://evil.test/", "/app?x=https://evil.test/"},
    {"/@evil.test", "/@evil.test"},
    {"/%2fevil.test", "/%2fevil.test"},
    {"/%5cevil.test", "/%5cevil.test"},
    {"/a:b", "/a:b"},
    {"https://busbar.test:8443/app/?a=b#c", "/app/?a=b#c"},
    {"http://busbar.test:8443/app", "/app"},
    {"HTTPS://BUSBAR.test:8443/app", "/app"},
    {"https://busbar.test:8443", "/"},
    {"https://busbar.test:8443?a=b", "/?a=b"},
    {"https://busbar.test:8443#a", "/#a"},
    {"https://busbar.test:8443//evil.test", nullptr},
    {"", nullptr},
    {"app", nullptr},
    {"//evil.test", nullptr},
    {"///evil.test", nullptr},
    {"////evil.test", nullptr},
    {"/\\evil.test", nullptr},
    {"\\\\evil.test", nullptr},
    {"\\/evil.test", nullptr},
    {"/app\\..\\x", nullptr},
    {"https:evil.test", nullptr},
    {"https:/evil.test", nullptr},
    {"https:///evil.test", nullptr},
    {"http:\\\\evil.test", nullptr},
    {"https://evil.test/", nullptr},
    {"https://evil.test:8443/", nullptr},
    {"https://busbar.test/", nullptr},  // another port
    {"https://busbar.test:8443@evil.test/", nullptr},
    {"https://busbar.test:8443:x@evil.test/", nullptr},
    {"https://evil.test@busbar.test:8443/", nullptr},
    {"https://busbar.test:8443.evil.test/", nullptr},
    {"https://evil.test#@busbar.test:8443/", nullptr},
    {"https://evil.test\\@busbar.test:8443/", nullptr},
    {"javascript:alert(1)", nullptr},
    {"data:text/html,x", nullptr},
    {"ftp://busbar.test:8443/", nullptr},
    {"/\tevil.test", nullptr},
    {"\t//evil.test", nullptr},
    {"/\n/evil.test", nullptr},
    {"/\r\nSet-Cookie: a=b", nullptr},
    {" //evil.test", nullptr},
    {" /app", nullptr},
    {"/a b", nullptr},
    {"/\u3002evil.test", nullptr},
    {"/\uFF0Fevil.test", nullptr},
    {"\uFF0F\uFF0Fevil.test", nullptr},
    {"/\x7F", nullptr},
    {"//busbar.test:8443/app", nullptr},
};

TEST(SameOrigin, LetsThroughPathsOfThisOriginAlone) {
  EXPECT_GE(std::size(kCases), 40U);
  for (const Case& each : kCases) {
    const auto path = samePath(each.text, "busbar.test:8443");
    EXPECT_EQ(path.has_value(), each.path != nullptr) << each.text;
    if (path && each.path != nullptr) {
      EXPECT_EQ(*path, each.path) << each.text;
    }
  }
  EXPECT_FALSE(samePath(std::string_view("/a\0b", 4), "busbar.test"));
  EXPECT_FALSE(samePath("/" + std::string(2000, 'a'), "busbar.test"));
  EXPECT_FALSE(samePath("https:///x", ""));
}

bool isRefused(std::vector<std::pair<std::string, std::string>> headers) {
  http::Request request;
  EXPECT_TRUE(request.setLine("POST", "/auth/signin", true).ok());
  request.addHeader("Host", "busbar.test:8443");
  for (const auto& [name, value] : headers) {
    request.addHeader(name, value);
  }
  return isCrossSite(request);
}

TEST(SameOrigin, BelievesTheBrowserAboutOtherSites) {
  EXPECT_FALSE(isRefused({}));
  EXPECT_FALSE(isRefused({{"Sec-Fetch-Site", "same-origin"}}));
  EXPECT_FALSE(isRefused({{"Sec-Fetch-Site", "none"}}));
  EXPECT_TRUE(isRefused({{"Sec-Fetch-Site", "cross-site"}}));
  EXPECT_TRUE(isRefused({{"Sec-Fetch-Site", "same-site"}}));
  EXPECT_TRUE(isRefused({{"Sec-Fetch-Site", "?"}}));
  EXPECT_FALSE(isRefused({{"Origin", "https://busbar.test:8443"}}));
  for (const char* origin : {"https://evil.test", "null", "", "https://busbar.test",
                             "https://busbar.test:8443.evil.test", "https://busbar.test:8443/"}) {
    EXPECT_TRUE(isRefused({{"Origin", origin}})) << origin;
  }
  EXPECT_TRUE(
      isRefused({{"Sec-Fetch-Site", "cross-site"}, {"Origin", "https://busbar.test:8443"}}));
}

}  // namespace
}  // namespace busbar::oauth
