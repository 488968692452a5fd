// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "sdk/base/net/http_client.h"

#include <atomic>
#include <mutex>

#include <gtest/gtest.h>

#include "tests/support/http_client_fixture.h"
#include "tests/support/raw_http_server.h"
#include "tests/unit/sdk/base/net/gzip_text.h"

namespace busbar::test {
namespace {

using Connection = RawHttpServer::Connection;

class HttpClientTest : public HttpClientFixture {
 protected:
  // Answers each request with what `answer` says, and keeps what came.
  std::unique_ptr<RawHttpServer> serve(std::function<std::string(const std::string&)> answer) {
    return std::make_unique<RawHttpServer>([this, answer](Connection& connection) {
      for (std::string request; !(request = connection.readRequest()).empty();) {
        {
          const std::lock_guard lock(mutex_);
          seen_.push_back(request);
        }
        if (!connection.send(answer(request))) {
          return;
        }
      }
    });
  }
  std::vector<std::string> seen() {
    const std::lock_guard lock(mutex_);
    return seen_;
  }
  static bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
  }
  // What comes of an answer of exactly these bytes, after which the server closes.
  std::string reasonFor(const std::string& bytes, HttpRequest request = {}) {
    const RawHttpServer server([&bytes](Connection& connection) {
      connection.readRequest();
      connection.send(bytes);
    });
    request.url = server.url() + "/?secret=s3cret";
    const auto answer = fetch(profileFor(server.url()), std::move(request));
    if (!answer.ok()) {
      EXPECT_FALSE(has(answer.error().message, "s3cret")) << answer.error().message;
      EXPECT_TRUE(has(answer.error().message, server.url())) << answer.error().message;
    }
    return reasonOf(answer);
  }

  std::mutex mutex_;
  std::vector<std::string> seen_;
};

TEST_F(HttpClientTest, SendsMethodHeadersAndBodyAndGetsTheAnswer) {
  const auto server = serve([](const std::string&) { return okAnswer("hello", "X-A: 1\r\n"); });
  HttpRequest request = get(server->url() + "/p%20q?x=1#fragment");
  request.method = "PATCH";
  request.headers = {{"X-Empty", ""}, {"Content-Type", "text/plain"}};
  request.body = std::string("a\0b", 3);
  const auto answer = fetch(profileFor(server->url()), request);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->status, 200);
  EXPECT_EQ(answer->body, "hello");
  EXPECT_EQ(*findHeader(answer->headers, "x-a"), "1");
  const std::string sent = seen().at(0);
  EXPECT_EQ(sent.substr(0, sent.find('\r')), "PATCH /p%20q?x=1 HTTP/1.1");
  EXPECT_TRUE(has(sent, "X-Empty:\r\n"));
  EXPECT_TRUE(has(sent, "Content-Length: 3\r\n"));
  EXPECT_TRUE(has(sent, "Accept-Encoding: gzip\r\n"));
  EXPECT_TRUE(has(sent, "User-Agent: busbar/"));
  EXPECT_FALSE(has(sent, "Expect"));
  EXPECT_EQ(sent.substr(sent.size() - 3), request.body);
}

TEST_F(HttpClientTest, EveryMethodIsFramedAsItShouldBe) {
  const auto server = serve([](const std::string& request) {
    return request.substr(0, 4) == "HEAD" ? "HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"
                                          : okAnswer("");
  });
  const auto profile = profileFor(server->url());
  for (const char* method : {"GET", "HEAD", "POST", "PUT", "DELETE", "OPTIONS", "PURGE"}) {
    HttpRequest request = get(server->url());
    request.method = method;
    ASSERT_EQ(reasonOf(fetch(profile, request)), "status 200") << method;
    const std::string sent = seen().back();
    const std::string name = method;
    EXPECT_EQ(sent.substr(0, name.size() + 1), name + " ");
    EXPECT_EQ(has(sent, "Content-Length: 0"), name == "POST" || name == "PUT") << method;
    EXPECT_FALSE(has(sent, "Content-Type")) << method;
  }
  EXPECT_EQ(server->connections(), 1);
}

TEST_F(HttpClientTest, CredentialsGoOutAsTheirKindSays) {
  const auto server = serve([](const std::string&) { return okAnswer(""); });
  const auto profile = profileFor(server->url());
  HttpRequest request = get(server->url());
  request.auth = {HttpAuth::Kind::Basic, "Aladdin", "open sesame"};
  ASSERT_TRUE(fetch(profile, request).ok());
  EXPECT_TRUE(has(seen().back(), "Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
  request.auth = {HttpAuth::Kind::Bearer, "", "abc"};
  ASSERT_TRUE(fetch(profile, request).ok());
  EXPECT_TRUE(has(seen().back(), "Authorization: Bearer abc\r\n"));
  request.auth = {};
  ASSERT_TRUE(fetch(profile, request).ok());
  EXPECT_FALSE(has(seen().back(), "Authorization"));
}

TEST_F(HttpClientTest, RedirectsToAnotherOriginLeaveCredentialsAndCookiesBehind) {
  const auto other = serve([](const std::string&) { return okAnswer("there"); });
  const auto server = serve([&](const std::string&) {
    return "HTTP/1.1 307 Go\r\nLocation: " + other->url() + "/x\r\nContent-Length: 4\r\n\r\nbody";
  });
  auto options = optionsFor(server->url());
  allow(options, other->url());
  HttpRequest request = get(server->url());
  request.auth = {HttpAuth::Kind::Bearer, "", "canary"};
  request.headers = {{"Cookie", "canary"}, {"X-API-Key", "canary"}, {"Accept", "text/html"}};
  const auto answer = fetch(HttpProfile::create(options).value(), request);
  ASSERT_TRUE(answer.ok()) << answer.error().message;
  EXPECT_EQ(answer->body, "there");
  EXPECT_EQ(answer->url, other->url() + "/x");
  EXPECT_TRUE(has(seen().at(0), "Bearer canary"));
  EXPECT_FALSE(has(seen().at(1), "canary"));
  EXPECT_TRUE(has(seen().at(1), "Accept: text/html"));
}

TEST_F(HttpClientTest, RedirectsEndAfterTheirNumberAndZeroShowsThem) {
  const auto server = serve([](const std::string&) {
    return "HTTP/1.1 302 Found\r\nLocation: /again\r\nContent-Length: 0\r\n\r\n";
  });
  const auto profile = profileFor(server->url());
  EXPECT_EQ(reasonOf(fetch(profile, get(server->url()))), "http_redirect_refused");
  EXPECT_EQ(seen().size(), 6u);
  HttpRequest request = get(server->url());
  request.maxRedirects = 0;
  EXPECT_EQ(reasonOf(fetch(profile, request)), "status 302");
}

TEST_F(HttpClientTest, AJarKeepsCookiesForItsOwnRequestsOnly) {
  const auto server =
      serve([](const std::string&) { return okAnswer("", "Set-Cookie: a=1; Path=/\r\n"); });
  const auto profile = profileFor(server->url());
  HttpRequest request = get(server->url());
  request.cookies = CookieJar::create();
  ASSERT_TRUE(fetch(profile, request).ok());
  ASSERT_TRUE(fetch(profile, request).ok());
  EXPECT_FALSE(has(seen().at(0), "Cookie:"));
  EXPECT_TRUE(has(seen().at(1), "Cookie: a=1\r\n"));
  ASSERT_TRUE(fetch(profile, get(server->url())).ok());
  request.cookies = CookieJar::create();
  ASSERT_TRUE(fetch(profile, request).ok());
  EXPECT_FALSE(has(seen().at(2), "Cookie:"));
  EXPECT_FALSE(has(seen().at(3), "Cookie:"));
}

TEST_F(HttpClientTest, AJarCannotBeFilledWithoutEnd) {
  std::atomic<int> next{0};
  const auto server = serve([&next](const std::string&) {
    std::string headers;
    for (int i = 0; i < 40; ++i) {
      headers += "Set-Cookie: c" + std::to_string(next++) + "=1\r\n";
    }
    return okAnswer("", headers);
  });
  const auto profile = profileFor(server->url());
  HttpRequest request = get(server->url());
  request.cookies = CookieJar::create();
  EXPECT_EQ(reasonOf(fetch(profile, request)), "status 200");
  EXPECT_EQ(reasonOf(fetch(profile, request)), "status 200");
  EXPECT_EQ(reasonOf(fetch(profile, request)), "http_too_many_cookies");
  EXPECT_EQ(reasonOf(fetch(profile, request)), "status 200");
  EXPECT_FALSE(has(seen().back(), "Cookie:"));
}

TEST_F(HttpClientTest, AnIdempotentRequestIsRepeatedOnceWhenNothingHasCome) {
  const RawHttpServer server([](Connection& connection) { connection.readRequest(); });
  const auto profile = profileFor(server.url());
  EXPECT_EQ(reasonOf(fetch(profile, get(server.url()))), "connection_lost");
  EXPECT_EQ(server.connections(), 2);
  HttpRequest post = get(server.url());
  post.method = "POST";
  EXPECT_EQ(reasonOf(fetch(profile, post)), "connection_lost");
  EXPECT_EQ(server.connections(), 3);
}

// libcurl by itself would send both again, because the connection had been used before.
TEST_F(HttpClientTest, OnAKeptConnectionThatDiesOnlyIdempotentRequestsAreRepeated) {
  std::atomic<int> received{0};
  const RawHttpServer server([&received](Connection& connection) {
    if (!connection.readRequest().empty()) {
      ++received;
      connection.send(okAnswer("first"));
      received += connection.readRequest().empty() ? 0 : 1;
    }
  });
  const auto profile = profileFor(server.url());
  ASSERT_EQ(reasonOf(fetch(profile, get(server.url()))), "status 200");
  EXPECT_EQ(reasonOf(fetch(profile, get(server.url()))), "status 200");
  EXPECT_EQ(received, 3);
  HttpRequest post = get(server.url());
  post.method = "POST";
  EXPECT_EQ(reasonOf(fetch(profile, post)), "connection_lost");
  EXPECT_EQ(received, 4);
}

TEST_F(HttpClientTest, WhatIsNoProperAnswerHasAReason) {
  const std::string kOk = "HTTP/1.1 200 OK\r\n";
  EXPECT_EQ(reasonFor("garbage\r\n\r\n"), "http_bad_answer");
  EXPECT_EQ(reasonFor(kOk + "no colon\r\n\r\n"), "http_bad_answer");
  EXPECT_EQ(reasonFor(kOk + std::string("A: b\0c\r\n\r\n", 10)), "http_bad_answer");
  EXPECT_EQ(reasonFor(kOk + "Content-Length: 10\r\n\r\nhello"), "http_truncated");
  EXPECT_EQ(reasonFor(kOk + "Transfer-Encoding: chunked\r\n\r\n5\r\nhel"), "http_truncated");
  EXPECT_EQ(reasonFor(kOk + "Transfer-Encoding: chunked\r\n\r\nxyz\r\n"), "connection_lost");
  EXPECT_EQ(reasonFor(kOk + "Content-Encoding: br\r\n\r\nxyz"), "http_bad_answer");
  EXPECT_EQ(reasonFor(kOk + "Transfer-Encoding: chunked\r\n\r\n0\r\nTrailer: x\r\n\r\n"),
            "status 200");
}

TEST_F(HttpClientTest, WhatIsTooMuchHasAReason) {
  const std::string kOk = "HTTP/1.1 200 OK\r\n";
  std::string flood = kOk;
  for (int i = 0; i < 5000; ++i) {
    flood += "A: b\r\n";
  }
  EXPECT_EQ(reasonFor(flood + "\r\n"), "http_too_large");
  EXPECT_EQ(reasonFor(kOk + "A: " + std::string(90'000, 'x') + "\r\n\r\n"), "http_too_large");
  EXPECT_EQ(reasonFor(kOk + "\r\n" + std::string(2U << 20, 'x')), "http_too_large");
  const std::string bomb = gzipped(std::string(100U << 20, 'x'));
  HttpRequest request;
  request.maxAnswerBytes = 1U << 30;
  EXPECT_EQ(reasonFor(kOk + "Content-Encoding: gzip\r\n\r\n" + bomb, request), "http_bomb");
  EXPECT_EQ(reasonFor(kOk + "Content-Encoding: gzip\r\n\r\n" + bomb), "http_too_large");
}

TEST_F(HttpClientTest, ResetsRefusalsAndMissingNamesAreToldApart) {
  const RawHttpServer resetting([](Connection& connection) {
    connection.readRequest();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n");
    connection.reset();
  });
  EXPECT_EQ(reasonOf(fetch(resetting.url())), "connection_lost");
  std::string closed;
  {
    closed = RawHttpServer([](Connection&) {}).url();
  }
  EXPECT_EQ(reasonOf(fetch(closed)), "connect_failed");
  const auto nowhere = fetch(HttpProfile::create({}).value(), get("http://nowhere.example/"));
  EXPECT_EQ(reasonOf(nowhere), "dns_failed");
}

TEST_F(HttpClientTest, AHandshakeThatIsNotAnsweredEndsWithTheConnectTimeout) {
  const RawHttpServer server([](Connection& connection) { connection.awaitEnd(); });
  HttpRequest request = get("https://127.0.0.1:" + std::to_string(server.port()));
  request.connectTimeout = Milliseconds(200);
  const auto answer = fetch(profileFor(server.url()), request);
  EXPECT_EQ(reasonOf(answer), "connect_timeout");
  EXPECT_EQ(answer.error().code, ErrorCode::DeadlineExceeded);
}

TEST_F(HttpClientTest, ADripDoesNotOutliveTheDeadline) {
  const RawHttpServer server([](Connection& connection) {
    connection.readRequest();
    connection.send("HTTP/1.1 200 OK\r\n\r\n");
    while (connection.send("x")) {
      std::this_thread::sleep_for(Milliseconds(20));
    }
  });
  HttpRequest request = get(server.url());
  request.timeout = Milliseconds(200);
  const auto begin = clock_.now();
  const auto answer = fetch(profileFor(server.url()), request);
  EXPECT_EQ(reasonOf(answer), "deadline_exceeded");
  EXPECT_EQ(answer.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_LT(clock_.now() - begin, Milliseconds(5'000));
  EXPECT_EQ(client_->figures().active, 0u);
}

TEST_F(HttpClientTest, ConnectionsOfAnOriginAreBoundedTheRestWaitsAndAFullQueueIsAnError) {
  std::atomic<int> together{0};
  std::atomic<int> most{0};
  const RawHttpServer server([&](Connection& connection) {
    while (!connection.readRequest().empty()) {
      most = std::max<int>(most, ++together);
      std::this_thread::sleep_for(Milliseconds(5));
      --together;
      connection.send(okAnswer("x"));
    }
  });
  auto options = optionsFor(server.url());
  options.maxConnectionsPerOrigin = 3;
  options.maxQueued = 20;
  const auto profile = HttpProfile::create(options).value();
  int done = 0;
  int accepted = 0;
  std::string refusal;
  for (int i = 0; i < 40; ++i) {
    const auto id = client_->request(profile, get(server.url()), [&](Result<HttpAnswer> answer) {
      EXPECT_TRUE(answer.ok()) << answer.error().message;
      ++done;
    });
    accepted += id.ok() ? 1 : 0;
    refusal = id.ok() ? refusal : id.error().reason;
  }
  EXPECT_EQ(accepted, 23);
  EXPECT_EQ(refusal, "http_queue_full");
  EXPECT_EQ(client_->figures().queued, 20u);
  EXPECT_TRUE(runUntil(*loop_, [&] { return done == 23; }));
  EXPECT_EQ(most, 3);
  EXPECT_EQ(server.connections(), 3);
}

TEST_F(HttpClientTest, SocketsOfIdleProfilesGiveWayWhenTheLimitIsReached) {
  const auto server = serve([](const std::string&) { return okAnswer("x"); });
  HttpClient::Limits limits;
  limits.maxSockets = 2;
  client_ = std::make_unique<HttpClient>(*loop_, names_, limits);
  for (int i = 0; i < 6; ++i) {
    EXPECT_EQ(reasonOf(fetch(server->url())), "status 200");
    EXPECT_LE(client_->figures().sockets, 2u);
  }
  EXPECT_EQ(server->connections(), 6);
}

TEST_F(HttpClientTest, AnUnusedProfileLosesItsConnections) {
  const auto server = serve([](const std::string&) { return okAnswer("x"); });
  HttpClient::Limits limits;
  limits.keepIdle = Milliseconds(20);
  client_ = std::make_unique<HttpClient>(*loop_, names_, limits);
  EXPECT_EQ(reasonOf(fetch(server->url())), "status 200");
  EXPECT_TRUE(runUntil(*loop_, [&] { return client_->figures().profiles == 0; }));
  EXPECT_EQ(client_->figures().sockets, 0u);
}

TEST_F(HttpClientTest, ACancelledRequestIsSilentWhereverItIs) {
  const RawHttpServer server([](Connection& connection) {
    connection.readRequest();
    connection.awaitEnd();
  });
  auto options = optionsFor(server.url());
  options.maxConnectionsPerOrigin = 1;
  const auto profile = HttpProfile::create(options).value();
  const auto never = [](Result<HttpAnswer>) { ADD_FAILURE() << "it was cancelled"; };
  const auto running = client_->request(profile, get(server.url()), never).value();
  const auto queued = client_->request(profile, get(server.url()), never).value();
  EXPECT_TRUE(runUntil(*loop_, [&] { return server.connections() == 1; }));
  const auto resolving =
      client_->request(HttpProfile::create({}).value(), get("http://a.example/"), never).value();
  client_->cancel(queued);
  client_->cancel(running);
  client_->cancel(resolving);
  client_->cancel(12345);
  EXPECT_EQ(client_->figures().active, 0u);
  EXPECT_EQ(client_->figures().queued, 0u);
  loop_->runOnce(Milliseconds(10));
}

TEST_F(HttpClientTest, TheClientMayBeDestroyedInsideOfACallback) {
  const auto server = serve([](const std::string&) { return okAnswer("x"); });
  const auto profile = profileFor(server->url());
  int calls = 0;
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client_
                    ->request(profile, get(server->url()),
                              [&, text = std::string(100, 'x')](Result<HttpAnswer>) {
                                ++calls;
                                client_.reset();
                                EXPECT_EQ(text.size(), 100u);
                              })
                    .ok());
  }
  EXPECT_TRUE(runUntil(*loop_, [&] { return calls > 0; }));
  loop_->runOnce(Milliseconds(10));
  EXPECT_EQ(calls, 1);
}

TEST_F(HttpClientTest, ACallbackMayAskAgain) {
  const auto server = serve([](const std::string&) { return okAnswer("x"); });
  const auto profile = profileFor(server->url());
  int left = 50;
  std::function<void()> ask = [&] {
    ASSERT_TRUE(client_
                    ->request(profile, get(server->url()),
                              [&](Result<HttpAnswer> answer) {
                                EXPECT_TRUE(answer.ok());
                                if (--left > 0) {
                                  ask();
                                }
                              })
                    .ok());
  };
  ask();
  EXPECT_TRUE(runUntil(*loop_, [&] { return left == 0; }));
  EXPECT_EQ(server->connections(), 1);
}

}  // namespace
}  // namespace busbar::test
