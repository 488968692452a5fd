// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The HTTP client against Debian's nginx.
#include <algorithm>

#include <gtest/gtest.h>

#include "tests/support/http_client_fixture.h"
#include "tests/support/nginx.h"
#include "tests/support/program.h"

namespace busbar::test {
namespace {

class HttpClientNginxTest : public HttpClientFixture {
 protected:
  void SetUp() override {
    if (!Nginx::isInstalled()) {
      GTEST_SKIP() << "nginx is not installed";
    }
    nginx_.write("big.txt", std::string(3U << 20, 'x'));
    nginx_.write("page.txt", text());
    const auto hash = Program::run({"/usr/bin/openssl", "passwd", "-apr1", "open sesame"});
    nginx_.write("users", "aladdin:" + hash.out);
    nginx_.start(config(), port_);
  }
  static std::string text() {
    std::string text;
    for (int i = 0; i < 5000; ++i) {
      text += "line " + std::to_string(i) + " of a page that packs well\n";
    }
    return text;
  }
  std::string config() const {
    const std::string root = nginx_.write("marker", "");
    const std::string folder = root.substr(0, root.rfind('/'));
    return "server { listen 127.0.0.1:" + std::to_string(uint16_t{port_}) + "; root " + folder +
           "; gzip on; gzip_types text/plain; default_type text/plain; gzip_min_length 10;\n"
           "location /basic { auth_basic it; auth_basic_user_file " +
           folder + "/users; alias " + folder +
           "/page.txt; }\n"
           "location /relative { return 302 page.txt; }\n"
           "location /post { return 303 /page.txt; }\n"
           "location /loop { return 301 /loop; }\n"
           "location /outside { return 302 https://elsewhere.example/; }\n"
           "location /metadata { return 302 http://169.254.169.254/latest/meta-data/; }\n"
           "location /slow { limit_rate 1000; alias " +
           folder +
           "/big.txt; }\n"
           "location /missing { return 404 'nothing here'; } }\n";
  }
  std::string at(const std::string& path) const { return base_ + path; }

  const ReservedPort port_;
  std::string base_ = "http://127.0.0.1:" + std::to_string(uint16_t{port_});
  Nginx nginx_;
  std::shared_ptr<const HttpProfile> profile_ = profileFor(base_);
};

TEST_F(HttpClientNginxTest, KeepsOneConnectionForManyRequests) {
  for (int i = 0; i < 20; ++i) {
    ASSERT_EQ(reasonOf(fetch(profile_, get(at("/missing")))), "status 404");
  }
  EXPECT_TRUE(runUntil(*loop_, [&] {
    const std::string log = nginx_.accessLog();
    return std::count(log.begin(), log.end(), '\n') == 20;
  }));
  EXPECT_NE(nginx_.accessLog().find("requests=20"), std::string::npos) << nginx_.accessLog();
  EXPECT_EQ(client_->figures().sockets, 1u);
}

TEST_F(HttpClientNginxTest, EveryStatusIsAnAnswerWithItsBody) {
  const auto answer = fetch(profile_, get(at("/missing")));
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 404);
  EXPECT_EQ(answer->body, "nothing here");
}

TEST_F(HttpClientNginxTest, UnpacksGzip) {
  const auto packed = fetch(profile_, get(at("/page.txt")));
  ASSERT_TRUE(packed.ok()) << packed.error().message;
  EXPECT_EQ(packed->body, text());
  EXPECT_EQ(findHeader(packed->headers, "Content-Encoding"), nullptr);
  EXPECT_NE(findHeader(packed->headers, "ETag"), nullptr);
  HttpRequest plain = get(at("/page.txt"));
  plain.acceptGzip = false;
  const auto answer = fetch(profile_, plain);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->body, text());
  EXPECT_EQ(*findHeader(answer->headers, "Content-Length"), std::to_string(text().size()));
}

TEST_F(HttpClientNginxTest, AnAnswerOverTheLimitIsRefusedHoweverItComes) {
  HttpRequest request = get(at("/big.txt"));
  EXPECT_EQ(reasonOf(fetch(profile_, request)), "http_too_large");  // packed: three megabytes of x
  request.maxAnswerBytes = 16U << 20;
  EXPECT_EQ(reasonOf(fetch(profile_, request)), "http_bomb");
  request.maxRatio = 2000;
  const auto answer = fetch(profile_, request);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body.size(), 3U << 20);
  request.acceptGzip = false;
  request.maxAnswerBytes = 1U << 20;
  EXPECT_EQ(reasonOf(fetch(profile_, request)), "http_too_large");
}

TEST_F(HttpClientNginxTest, BasicAuthenticationOpensTheDoor) {
  HttpRequest request = get(at("/basic"));
  EXPECT_EQ(reasonOf(fetch(profile_, request)), "status 401");
  request.auth = {HttpAuth::Kind::Basic, "aladdin", "wrong"};
  EXPECT_EQ(reasonOf(fetch(profile_, request)), "status 401");
  request.auth.secret = "open sesame";
  const auto answer = fetch(profile_, request);
  ASSERT_TRUE(answer.ok());
  EXPECT_EQ(answer->status, 200);
}

TEST_F(HttpClientNginxTest, FollowsRedirectsThatAreAllowed) {
  const auto relative = fetch(profile_, get(at("/relative")));
  ASSERT_TRUE(relative.ok()) << relative.error().message;
  EXPECT_EQ(relative->body, text());
  EXPECT_EQ(relative->url, at("/page.txt"));
  HttpRequest post = get(at("/post"));
  post.method = "POST";
  post.body = "a=b";
  const auto seeOther = fetch(profile_, post);
  ASSERT_TRUE(seeOther.ok());
  EXPECT_EQ(seeOther->status, 200);
  EXPECT_NE(nginx_.accessLog().find("POST /post"), std::string::npos);
}

TEST_F(HttpClientNginxTest, RefusesRedirectsThatAreNot) {
  EXPECT_EQ(reasonOf(fetch(profile_, get(at("/loop")))), "http_redirect_refused");
  EXPECT_EQ(reasonOf(fetch(profile_, get(at("/metadata")))), "http_blocked_address");
  auto options = optionsFor(base_);
  options.origins = {base_};
  const auto strict = HttpProfile::create(options).value();
  EXPECT_EQ(reasonOf(fetch(strict, get(at("/outside")))), "http_redirect_refused");
  EXPECT_EQ(reasonOf(fetch(strict, get(at("/relative")))), "status 200");
  EXPECT_EQ(names_.asked(), 0);
}

TEST_F(HttpClientNginxTest, ASlowAnswerEndsAtTheDeadline) {
  HttpRequest request = get(at("/slow"));
  request.timeout = Milliseconds(300);
  request.maxAnswerBytes = 16U << 20;
  request.acceptGzip = false;
  EXPECT_EQ(reasonOf(fetch(profile_, request)), "deadline_exceeded");
  EXPECT_EQ(client_->figures().active, 0u);
}

// What is refused while 64 requests are on their way harms none of them.
TEST_F(HttpClientNginxTest, ManyRequestsAtOnceEachGetTheirOwnAnswer) {
  auto options = optionsFor(base_);
  options.maxConnectionsPerOrigin = 64;
  options.maxConnections = 64;
  options.maxQueued = 1000;
  const auto profile = HttpProfile::create(options).value();
  int good = 0;
  int missing = 0;
  int bad = 0;
  for (int i = 0; i < 300; ++i) {
    const char* path = i % 3 == 0 ? "/page.txt" : i % 3 == 1 ? "/missing" : "/big.txt";
    ASSERT_TRUE(client_
                    ->request(profile, get(at(path)),
                              [&](Result<HttpAnswer> answer) {
                                bad += answer.ok() ? 0 : 1;
                                good += answer.ok() && answer->body == text() ? 1 : 0;
                                missing += answer.ok() && answer->status == 404 ? 1 : 0;
                              })
                    .ok());
  }
  EXPECT_TRUE(runUntil(*loop_, [&] { return good + missing + bad == 300; }));
  EXPECT_EQ(good, 100);
  EXPECT_EQ(missing, 100);
  EXPECT_EQ(bad, 100);
}

}  // namespace
}  // namespace busbar::test
