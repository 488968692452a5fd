// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/http/request_reader.h"

#include <gtest/gtest.h>

#include <busbar/driver.h>

namespace busbar {
namespace {

wire::HttpRequest get(std::string_view url) {
  wire::HttpRequest m;
  m.head.token = 1;
  m.method = "GET";
  m.url = url;
  return m;
}

TEST(RequestReader, FillsTheDefaultsOfTheAbi) {
  const auto request = readHttpRequest(get("/status?x=1"), "http://198.51.100.7:81");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->url, "http://198.51.100.7:81/status?x=1");
  EXPECT_EQ(request->timeout, Milliseconds(10'000));
  EXPECT_EQ(request->maxAnswerBytes, 1U << 20U);
  EXPECT_EQ(request->maxRedirects, 0);
  EXPECT_EQ(request->auth.kind, HttpAuth::Kind::None);
}

TEST(RequestReader, TakesEveryMember) {
  wire::HttpRequest m = get("https://other.example/a");
  m.method = "POST";
  m.headers = R"({"X":"y"})";
  m.auth = R"({"type":"digest","username":"u","password":"p"})";
  m.body = "body";
  m.flags = BUSBAR_HTTP_STREAM;
  m.timeoutMs = 600'000;
  m.maxBytes = 256U << 20U;
  m.maxRedirects = 10;
  const auto request = readHttpRequest(m, "");
  ASSERT_TRUE(request.ok());
  EXPECT_EQ(request->url, "https://other.example/a");
  EXPECT_EQ(request->method, "POST");
  EXPECT_EQ(request->headers, (HttpHeaders{{"X", "y"}}));
  EXPECT_EQ(request->auth.kind, HttpAuth::Kind::Digest);
  EXPECT_EQ(request->auth.user, "u");
  EXPECT_EQ(request->auth.secret, "p");
  EXPECT_EQ(request->body, "body");
  EXPECT_EQ(request->timeout, Milliseconds(600'000));
  EXPECT_EQ(request->maxAnswerBytes, 256U << 20U);
  EXPECT_EQ(request->maxRedirects, 10);
}

TEST(RequestReader, APathNeverBecomesAnotherHost) {
  EXPECT_EQ(readHttpRequest(get("//evil.example/x"), "http://own.example")->url,
            "http://own.example//evil.example/x");
  const auto lost = readHttpRequest(get("/x"), "");
  ASSERT_FALSE(lost.ok());
  EXPECT_EQ(lost.error().reason, "http_no_address");
}

struct BadCase {
  const char* field;
  uint32_t flags = 0, timeoutMs = 0, maxBytes = 0, maxRedirects = 0;
  const char* headers = "";
  const char* auth = "";
  size_t bodyBytes = 0;
};

TEST(RequestReader, RefusesWhatBreaksTheAbi) {
  const BadCase cases[] = {
      {.field = "flags", .flags = 4},
      {.field = "timeout_ms", .timeoutMs = 600'001},
      {.field = "max_bytes", .maxBytes = (1U << 20U) + 1},
      {.field = "max_bytes", .flags = BUSBAR_HTTP_STREAM, .maxBytes = (256U << 20U) + 1},
      {.field = "max_redirects", .maxRedirects = 11},
      {.field = "body", .bodyBytes = (1U << 20U) + 1},
      {.field = "headers", .headers = "[1]"},
      {.field = "auth", .auth = "x"},
      {.field = "auth", .auth = "[]"},
      {.field = "auth", .auth = "{}"},
      {.field = "auth", .auth = R"({"type":1})"},
      {.field = "auth", .auth = R"({"type":"ntlm","username":"u","password":"p"})"},
      {.field = "auth", .auth = R"({"type":"basic","username":"u"})"},
      {.field = "auth", .auth = R"({"type":"basic","username":"u","password":1})"},
      {.field = "auth", .auth = R"({"type":"basic","username":"u","password":"p","x":1})"},
      {.field = "auth", .auth = R"({"type":"digest","username":"u","token":"p"})"},
      {.field = "auth", .auth = R"({"type":"bearer"})"},
      {.field = "auth", .auth = R"({"type":"bearer","token":"t","username":"u"})"},
  };
  for (const BadCase& each : cases) {
    const std::string body(each.bodyBytes, 'b');
    wire::HttpRequest m = get("/");
    m.flags = each.flags;
    m.timeoutMs = each.timeoutMs;
    m.maxBytes = each.maxBytes;
    m.maxRedirects = each.maxRedirects;
    m.headers = each.headers;
    m.auth = each.auth;
    m.body = body;
    const auto request = readHttpRequest(m, "http://own.example");
    ASSERT_FALSE(request.ok()) << each.field << each.headers << each.auth;
    EXPECT_EQ(request.error().code, ErrorCode::InvalidArgument);
    EXPECT_EQ(request.error().field, each.field) << each.auth;
  }
}

TEST(RequestReader, ErrorsHoldNoCredentials) {
  wire::HttpRequest m = get("/");
  m.auth = R"({"type":"basic","username":"hunter","password":"hunter2","x":"hunter3"})";
  const auto request = readHttpRequest(m, "http://own.example");
  ASSERT_FALSE(request.ok());
  EXPECT_EQ(request.error().message.find("hunter"), std::string::npos);
}

}  // namespace
}  // namespace busbar
