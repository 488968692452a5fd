// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/http_message.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

using namespace std::string_literals;

std::string fieldOf(const HttpRequest& request) {
  const Status status = checkRequest(request);
  return status.ok() ? std::string() : status.error().field;
}

HttpRequest withHeader(std::string name, std::string value) {
  HttpRequest request;
  request.headers.push_back({std::move(name), std::move(value)});
  return request;
}

TEST(HttpMessageTest, HeadersCannotAddLines) {
  for (const std::string& value : {"a\r\nb"s, "a\nb"s, "a\rb"s, "a\0b"s, "a\x1b"s, "a\x7f"s}) {
    EXPECT_EQ(fieldOf(withHeader("X", value)), "headers");
  }
  for (const std::string& name :
       {""s, "a b"s, "a:"s, "a\r\n"s, "a\0"s, "\xc3\xa9"s, "a("s, "a,b"s}) {
    EXPECT_EQ(fieldOf(withHeader(name, "v")), "headers") << name;
  }
  EXPECT_EQ(fieldOf(withHeader("X-Good_1", "tab\tand \xc3\xa9")), "");
}

TEST(HttpMessageTest, HeadersOfTheClientAreNotTheCallers) {
  for (const char* name :
       {"Host", "content-length", "Transfer-Encoding", "Connection", "Keep-Alive", "TE", "Trailer",
        "Upgrade", "Expect", "Accept-Encoding", "Proxy-Connection", "proxy-authorization"}) {
    EXPECT_EQ(fieldOf(withHeader(name, "x")), "headers") << name;
  }
}

TEST(HttpMessageTest, CredentialsComeFromOnePlace) {
  HttpRequest request = withHeader("authorization", "x");
  EXPECT_EQ(fieldOf(request), "");
  request.auth = {HttpAuth::Kind::Basic, "u", "p"};
  EXPECT_EQ(fieldOf(request), "headers");
  request = withHeader("Cookie", "a=b");
  EXPECT_EQ(fieldOf(request), "");
  request.cookies = CookieJar::create();
  EXPECT_EQ(fieldOf(request), "headers");
  request = {};
  request.auth = {HttpAuth::Kind::Basic, "u:v", "p"};
  EXPECT_EQ(fieldOf(request), "auth");
  request.auth = {HttpAuth::Kind::Bearer, "", "a\r\nX: y"};
  EXPECT_EQ(fieldOf(request), "auth");
  request.auth = {HttpAuth::Kind::Bearer, "", ""};
  EXPECT_EQ(fieldOf(request), "auth");
}

TEST(HttpMessageTest, MethodsAreUpperCaseTokensForClients) {
  for (const char* method : {"", "get", "GET ", "GE\rT", "CONNECT", "TRACE"}) {
    HttpRequest request;
    request.method = method;
    EXPECT_EQ(fieldOf(request), "method") << method;
  }
  for (const char* method :
       {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PATCH", "PROPFIND"}) {
    HttpRequest request;
    request.method = method;
    EXPECT_EQ(fieldOf(request), "") << method;
  }
}

TEST(HttpMessageTest, EverythingHasALimit) {
  HttpRequest request;
  request.headers.assign(65, {"A", "b"});
  EXPECT_EQ(fieldOf(request), "headers");
  EXPECT_EQ(fieldOf(withHeader("A", std::string(32 << 10, 'x'))), "headers");
  request = {};
  request.body = "x";
  EXPECT_EQ(fieldOf(request), "body");
  request.method = "POST";
  EXPECT_EQ(fieldOf(request), "");
  request.body.assign((16U << 20) + 1, 'x');
  EXPECT_EQ(fieldOf(request), "body");
  request = {};
  request.timeout = Milliseconds(0);
  EXPECT_EQ(fieldOf(request), "timeout");
  request = {};
  request.maxAnswerBytes = (1U << 30) + 1U;
  EXPECT_EQ(fieldOf(request), "maxAnswerBytes");
  request = {};
  request.maxRedirects = 21;
  EXPECT_EQ(fieldOf(request), "maxRedirects");
}

}  // namespace
}  // namespace busbar
