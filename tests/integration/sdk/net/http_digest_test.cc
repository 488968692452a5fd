// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Digest authentication and proxies, against a small server whose digests are made by Python's
// hashlib, not by the code that is tested.
#include <cstdlib>

#include <gtest/gtest.h>

#include "tests/support/http_client_fixture.h"
#include "tests/support/nginx.h"
#include "tests/support/program.h"

namespace busbar::test {
namespace {

class HttpDigestTest : public HttpClientFixture {
 protected:
  std::string start(const std::string& kind) {
    const std::string script =
        std::string(getenv("BUSBAR_SOURCE")) + "/tests/integration/sdk/net/auth_server.py";
    server_.emplace(std::vector<std::string>{"/usr/bin/env", "python3", script, kind});
    return "http://" + server_->readLine().value_or("127.0.0.1:1");
  }

  std::optional<Program> server_;
};

TEST_F(HttpDigestTest, AnswersTheChallengeAndSendsTheBodyOnce) {
  for (const char* algorithm : {"MD5", "SHA-256"}) {
    const std::string url = start(algorithm);
    HttpRequest request = get(url + "/dir/index.html?x=1");
    request.method = "POST";
    request.body = "the body";
    request.auth = {HttpAuth::Kind::Digest, "Mufasa", "Circle of Life"};
    const auto answer = fetch(profileFor(url), request);
    ASSERT_TRUE(answer.ok()) << answer.error().message;
    EXPECT_EQ(answer->status, 200) << algorithm;
    EXPECT_EQ(answer->body, "the body");
    EXPECT_EQ(findHeader(answer->headers, "WWW-Authenticate"), nullptr);
  }
}

TEST_F(HttpDigestTest, AWrongPasswordIsA401WithItsBody) {
  const std::string url = start("MD5");
  HttpRequest request = get(url);
  request.auth = {HttpAuth::Kind::Digest, "Mufasa", "wrong"};
  const auto answer = fetch(profileFor(url), request);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 401);
  EXPECT_EQ(answer->body, "who are you?");
}

TEST_F(HttpDigestTest, AProxyGetsItsOwnCredentialsAndTheOriginItsOwn) {
  const std::string url = start("proxy");
  const Url at = Url::parse(url).value();
  HttpProfileOptions options;
  options.proxy = HttpProxyOptions{at.host(), at.port(), "proxy user", "proxy password"};
  HttpRequest request = get("http://origin.example/path");
  request.auth = {HttpAuth::Kind::Bearer, "", "token"};
  const auto answer = fetch(HttpProfile::create(options).value(), request);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body,
            "GET http://origin.example/path origin.example "
            "Basic cHJveHkgdXNlcjpwcm94eSBwYXNzd29yZA== Bearer token");
  EXPECT_EQ(names_.asked(), 0);
}

TEST_F(HttpDigestTest, ThroughATunnelTheProxySeesNothingOfTheOrigin) {
  const std::string url = start("proxy");
  const Url at = Url::parse(url).value();
  HttpProfileOptions options;
  options.proxy = HttpProxyOptions{at.host(), at.port(), "", ""};
  const auto profile = HttpProfile::create(options).value();
  HttpRequest request = get("https://origin.example/path");
  request.auth = {HttpAuth::Kind::Bearer, "", "token"};
  EXPECT_FALSE(
      fetch(profile, request).ok());  // the server refuses to CONNECT, and tells what it saw
  const auto seen = fetch(profile, get("http://origin.example/last"));
  ASSERT_TRUE(seen.ok()) << seen.error().message;
  EXPECT_EQ(seen->body, "CONNECT origin.example:443 origin.example:443 None None");
}

}  // namespace
}  // namespace busbar::test
