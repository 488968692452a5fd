// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/auth/client_secret.h"
#include "api/docs/docs_files.h"
#include "sdk/base/net/gzip_decoder.h"
#include "tests/support/api_fixture.h"

namespace busbar::docs {
namespace {

using Headers = std::vector<std::pair<std::string, std::string>>;

class DocsRoutes : public ApiFixture {
 protected:
  // Without any credential.
  void begin(http::Request& request, std::string_view target, const Headers& headers) {
    ApiFixture::begin(request, "GET", target, "");
    for (const auto& [name, value] : headers) {
      request.addHeader(name, value);
    }
  }
  // The body is what was streamed.
  Answer get(std::string_view target, const Headers& headers = {}) {
    http::Request request;
    begin(request, target, headers);
    RecordedExchange exchange;
    exchange.send(router_, request);
    Answer answer = take(exchange);
    EXPECT_FALSE(exchange.sink().isStreaming) << target;
    if (!exchange.sink().streamed.empty()) {
      answer.text = exchange.sink().streamed;
    }
    return answer;
  }

  const std::vector<std::string> files_{"/api/docs/docs.css", "/api/docs/docs.js",
                                        "/api/docs/rapidoc.css", "/api/openapi.yaml"};
};

std::string unpacked(std::string_view packed) {
  std::string out;
  GzipDecoder decoder(1U << 24, 2000);
  EXPECT_TRUE(decoder.unpack(packed, out).ok());
  EXPECT_TRUE(decoder.finish().ok());
  return out;
}

TEST_F(DocsRoutes, ThePageIsPlainAndGuarded) {
  const Answer page = get("/api/docs?x=%3Cscript%3E");
  ASSERT_EQ(page.status, 200);
  EXPECT_EQ(page.response.contentType(), "text/html; charset=utf-8");
  const std::string_view policy = page.response.header("Content-Security-Policy");
  for (const char* part : {"default-src 'none'", "script-src 'self';", "connect-src 'self' blob:;",
                           "frame-ancestors 'none'", "base-uri 'none'", "form-action 'none'"}) {
    EXPECT_NE(policy.find(part), std::string::npos) << part;
  }
  EXPECT_EQ(policy.find("unsafe"), policy.find("unsafe-inline'; base-uri")) << "attributes alone";
  EXPECT_EQ(policy.find("http"), std::string::npos);
  EXPECT_EQ(page.response.header("X-Frame-Options"), "DENY");
  EXPECT_EQ(page.response.header("Referrer-Policy"), "same-origin");
  EXPECT_EQ(page.response.header("Cache-Control"), "no-store");
  EXPECT_EQ(page.text.find("://"), std::string::npos) << "nothing is of another host";
  EXPECT_EQ(page.text.find(" style="), std::string::npos);
  EXPECT_EQ(page.text.find("<script>"), std::string::npos);
  EXPECT_EQ(page.text.find("{{"), std::string::npos);
}

TEST_F(DocsRoutes, ThePageKnowsTheApplicationThatStandsForIt) {
  EXPECT_NE(get("/api/docs").text.find("data-client=\"\""), std::string::npos);
  model::OauthApp app = sample::oauthApp(1);
  app.ownerId = sample::id(model::Table::Domain);
  app.redirectUri = "http://busbar.test/api/docs";
  app.uid = auth::clientIdOf(app.redirectUri);
  put(app);
  EXPECT_NE(get("/api/docs").text.find("data-client=\"" + app.uid + "\""), std::string::npos);
}

TEST_F(DocsRoutes, FilesComeCompressedOrNotAsTheClientLikes) {
  for (const std::string& path : files_) {
    const Answer plain = get(path);
    const Answer packed = get(path, {{"Accept-Encoding", "br, gzip"}});
    ASSERT_EQ(plain.status, 200) << path;
    ASSERT_EQ(packed.status, 200) << path;
    EXPECT_EQ(plain.response.header("Content-Encoding"), "") << path;
    EXPECT_EQ(packed.response.header("Content-Encoding"), "gzip") << path;
    EXPECT_EQ(unpacked(packed.text), plain.text) << path;
    for (const Answer* answer : {&plain, &packed}) {
      EXPECT_EQ(answer->response.header("Vary"), "Accept-Encoding") << path;
      EXPECT_EQ(answer->response.header("Cache-Control"), "no-cache") << path;
      EXPECT_NE(answer->response.header("Content-Security-Policy"), "") << path;
      EXPECT_EQ(answer->response.header("ETag"), plain.response.header("ETag")) << path;
    }
    EXPECT_EQ(get(path, {{"Accept-Encoding", "gzip;q=0"}}).text, plain.text) << path;
  }
  EXPECT_TRUE(get("/api/openapi.yaml").text.starts_with("# SPDX-FileCopyrightText"));
  EXPECT_EQ(get("/api/openapi.yaml").response.contentType(), "application/yaml");
  EXPECT_EQ(get("/api/docs/docs.js").response.contentType(), "text/javascript; charset=utf-8");
}

TEST_F(DocsRoutes, AFileThatTheClientHasIsNotSentAgain) {
  std::vector<std::string> tags;
  for (const std::string& path : files_) {
    tags.emplace_back(get(path).response.header("ETag"));
    EXPECT_EQ(tags.back().size(), 20U) << tags.back();
  }
  std::sort(tags.begin(), tags.end());
  EXPECT_EQ(std::unique(tags.begin(), tags.end()), tags.end()) << "each has its own";
  const std::string tag(get("/api/openapi.yaml").response.header("ETag"));
  for (const std::string& known : {tag, "\"other\", " + tag, std::string("*")}) {
    const Answer answer = get("/api/openapi.yaml", {{"If-None-Match", known}});
    EXPECT_EQ(answer.status, 304) << known;
    EXPECT_EQ(answer.text, "");
    EXPECT_EQ(answer.response.header("ETag"), tag);
  }
  EXPECT_EQ(get("/api/openapi.yaml", {{"If-None-Match", "W/\"0123456789abcdef\""}}).status, 200);
}

TEST_F(DocsRoutes, RapiDocComesWithItsLicence) {
  const Answer script = get("/api/docs/rapidoc-min.js");
  if (files::rapidoc().sizeBytes() == 0) {
    EXPECT_EQ(script.status, 404);
    EXPECT_EQ(script.member("reason"), "not_built");
    // There is nothing to show here: the build was asked to leave it out.
    GTEST_SKIP() << "built with BUSBAR_API_DOCS=OFF";
  }
  ASSERT_EQ(script.status, 200);
  EXPECT_EQ(script.text.size(), files::rapidoc().sizeBytes());
  EXPECT_NE(script.text.find("rapi-doc"), std::string::npos);
  EXPECT_EQ(unpacked(get("/api/docs/rapidoc-min.js", {{"Accept-Encoding", "gzip"}}).text),
            script.text);
  const Answer license = get("/api/docs/rapidoc-min.js.LICENSE.txt");
  EXPECT_NE(license.text.find("MIT License"), std::string::npos);
  EXPECT_NE(license.text.find("Mrinmoy Majumdar"), std::string::npos);
}

// The largest text there is, whole and in pieces of what a reader takes.
TEST_F(DocsRoutes, ASlowReaderCostsLittleMemory) {
  const Asset asset = files::description();
  for (const char* coding : {"identity", "gzip"}) {
    http::Request request;
    begin(request, "/api/openapi.yaml", {{"Accept-Encoding", coding}});
    RecordedExchange exchange;
    exchange.sink().isBehind = true;
    exchange.send(router_, request);
    std::string all;
    size_t turns = 0;
    while (exchange.sink().isStreaming && turns < 1000) {
      EXPECT_LT(exchange.sink().streamed.size(), 64U * 1024);
      all += std::exchange(exchange.sink().streamed, {});
      auto drained = std::move(exchange.sink().drained);
      drained();
      if (exchange.sink().isStreaming) {
        exchange.sink().drained = std::move(drained);
      }
      ++turns;
    }
    all += exchange.sink().streamed;
    EXPECT_EQ(coding == std::string("gzip") ? unpacked(all) : all, asset.text()) << coding;
  }
}

TEST_F(DocsRoutes, AReaderThatGoesAwayEndsTheAnswer) {
  http::Request request;
  begin(request, "/api/openapi.yaml", {});
  RecordedExchange exchange;
  exchange.sink().isBehind = true;
  exchange.send(router_, request);
  ASSERT_TRUE(exchange.sink().isStreaming);
  exchange.sink().gone = true;
  auto closed = std::move(exchange.sink().closed);
  closed();
  EXPECT_FALSE(static_cast<bool>(exchange.sink().drained)) << "nothing is kept for it";
}

TEST(Asset, ReadsAcceptEncoding) {
  for (const char* text : {"gzip", "GZIP", "br, gzip;q=0.5", "deflate;q=1 , gzip ; q=0.001", "*",
                           "br;q=1,*;q=0.1", "gzip;q=1,*;q=0"}) {
    EXPECT_TRUE(acceptsGzip(text)) << text;
  }
  for (const char* text : {"", "identity", "gzip;q=0", "gzip; q=0.000", "*;q=0", "*, gzip;q=0",
                           "xgzip", "br", ",,;"}) {
    EXPECT_FALSE(acceptsGzip(text)) << text;
  }
}

}  // namespace
}  // namespace busbar::docs
