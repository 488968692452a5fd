// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/redirect.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

class RedirectTest : public testing::Test {
 protected:
  // The reason of the refusal, or nothing; request_ and url_ are changed.
  std::string follow(int status, const std::string& location) {
    HttpHead head;
    head.status = status;
    head.headers = {{"Location", location}};
    const auto profile = HttpProfile::create(options_).value();
    const Status done = applyRedirect(*profile, head, request_, url_);
    return done.ok() ? std::string() : done.error().reason;
  }
  HttpRequest request(const std::string& method) {
    HttpRequest request;
    request.method = method;
    request.body = method == "POST" || method == "PUT" ? "body" : "";
    request.headers = {{"X-API-Key", "k"}, {"Content-Type", "text/plain"}, {"Accept", "text/html"}};
    request.auth = {HttpAuth::Kind::Bearer, "", "token"};
    return request;
  }

  HttpProfileOptions options_;
  HttpRequest request_ = request("GET");
  Url url_ = Url::parse("https://a.example/dir/page").value();
};

TEST_F(RedirectTest, ChangesTheMethodAsRfc9110Says) {
  const std::tuple<int, const char*, const char*> kCases[] = {
      {301, "POST", "GET"},  {302, "POST", "GET"},   {303, "POST", "GET"}, {307, "POST", "POST"},
      {308, "POST", "POST"}, {301, "PUT", "PUT"},    {302, "PUT", "PUT"},  {303, "PUT", "GET"},
      {303, "HEAD", "HEAD"}, {303, "DELETE", "GET"}, {307, "PUT", "PUT"},  {302, "HEAD", "HEAD"},
      {301, "GET", "GET"}};
  for (const auto& [status, from, to] : kCases) {
    request_ = request(from);
    url_ = Url::parse("https://a.example/dir/page").value();
    EXPECT_EQ(follow(status, "other"), "");
    EXPECT_EQ(request_.method, to) << status << " " << from;
    EXPECT_EQ(url_.text(), "https://a.example/dir/other");
    const bool keepsBody =
        request_.method == from && (request_.method == "POST" || request_.method == "PUT");
    EXPECT_EQ(request_.body, keepsBody ? "body" : "") << status << " " << from;
    EXPECT_EQ(findHeader(request_.headers, "content-type") != nullptr, request_.method == from);
  }
}

TEST_F(RedirectTest, KeepsCredentialsWithinTheOrigin) {
  EXPECT_EQ(follow(302, "https://A.example:443/x"), "");
  EXPECT_EQ(request_.auth.secret, "token");
  EXPECT_NE(findHeader(request_.headers, "X-API-Key"), nullptr);
}

TEST_F(RedirectTest, DropsCredentialsAndUnknownHeadersOnTheWayToAnotherOrigin) {
  for (const char* location :
       {"https://b.example/", "https://a.example:444/", "https://www.a.example/"}) {
    request_ = request("GET");
    url_ = Url::parse("https://a.example/").value();
    EXPECT_EQ(follow(302, location), "");
    EXPECT_EQ(request_.auth.kind, HttpAuth::Kind::None);
    EXPECT_EQ(request_.auth.secret, "");
    EXPECT_EQ(findHeader(request_.headers, "X-API-Key"), nullptr);
    EXPECT_NE(findHeader(request_.headers, "Accept"), nullptr);
  }
}

TEST_F(RedirectTest, RefusesWhereItMustNotLead) {
  for (const char* location :
       {"http://a.example/", "http://b.example/", "file:///etc/passwd",
        "gopher://127.0.0.1:6379/_x", "ftp://a.example/", "https://user@a.example/",
        "https://0x7f.1/", "javascript:1", "https://"}) {
    EXPECT_EQ(follow(302, location), "http_redirect_refused") << location;
  }
  for (const char* location :
       {"https://127.0.0.1/", "https://[::1]/", "https://169.254.169.254/latest",
        "https://[::ffff:10.0.0.1]/", "//192.168.1.1/"}) {
    EXPECT_EQ(follow(302, location), "http_blocked_address") << location;
  }
}

TEST_F(RedirectTest, StaysWithinTheAllowedOrigins) {
  options_.origins = {"https://a.example", "https://b.example"};
  EXPECT_EQ(follow(302, "https://c.example/"), "http_redirect_refused");
  EXPECT_EQ(follow(302, "https://b.example:8443/"), "http_redirect_refused");
  EXPECT_EQ(follow(302, "https://b.example/"), "");
}

}  // namespace
}  // namespace busbar
