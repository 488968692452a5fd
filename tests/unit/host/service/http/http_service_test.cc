// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/http/http_service.h"

#include <algorithm>
#include <atomic>
#include <optional>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "tests/support/http_client_fixture.h"
#include "tests/support/raw_http_server.h"
#include "tests/support/recording_service_client.h"

namespace busbar {
namespace {

using test::okAnswer;
using test::RawHttpServer;

class HttpServiceTest : public test::HttpClientFixture {
 protected:
  void TearDown() override { service_.reset(); }

  HttpService& service() {
    if (!service_) {
      service_.emplace(around_, mod_);
    }
    return *service_;
  }
  bool ask(const wire::HttpRequest& m) {
    std::string bytes;
    wire::encode(bytes, 1, m);
    return give(wire::Type::HttpRequest, bytes);
  }
  bool ask(uint64_t token, std::string_view url, uint32_t flags = 0) {
    wire::HttpRequest m;
    m.head.token = token;
    m.method = "GET";
    m.url = url;
    m.flags = flags;
    m.maxBytes = (flags & BUSBAR_HTTP_STREAM) != 0 ? 64U << 20U : 0;
    return ask(m);
  }
  bool take(uint64_t token, uint32_t count) {
    std::string bytes;
    wire::encode(bytes, 1, wire::HttpTaken{token, count});
    return give(wire::Type::HttpTaken, bytes);
  }
  bool give(wire::Type type, std::string_view bytes) {
    wire::Frame frame;
    frame.type = type;
    frame.payload = bytes.substr(wire::kHeaderBytes);
    return service().request(frame, why_);
  }
  // What ended the token: "200", or the code of its error; "nothing" after ten seconds.
  std::string endOf(uint64_t token) {
    std::string end = "nothing";
    runUntil(*loop_, [&] {
      for (const auto& part : mod_.parts_) {
        if (part.token == token && (part.flags & BUSBAR_HTTP_END) != 0) {
          end = "end";
        }
      }
      for (const auto& event : mod_.events_) {
        if (event.token == token && event.ends) {
          end = event.code;
        }
      }
      return end != "nothing";
    });
    return end;
  }
  size_t bytesOf(uint64_t token) const {
    size_t bytes = 0;
    for (const auto& part : mod_.parts_) {
      bytes += part.token == token ? part.bytes.size() : 0;
    }
    return bytes;
  }
  void turn(int times = 30) {
    for (int i = 0; i < times; ++i) {
      loop_->runOnce(Milliseconds(5));
    }
  }

  RecordingServiceClient mod_;
  HttpService::Surroundings around_{*loop_, *client_, {}};
  std::optional<HttpService> service_;
  std::string why_;
};

TEST_F(HttpServiceTest, AWholeAnswerIsOnePart) {
  RawHttpServer server([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send(okAnswer("hello", "X-A: 1\r\nx-a: 2\r\n"));
  });
  mod_.uri_ = server.url();
  ASSERT_TRUE(ask(7, "/status?x=1"));
  ASSERT_EQ(endOf(7), "end");
  ASSERT_EQ(mod_.parts_.size(), 1U);
  const auto& part = mod_.parts_[0];
  EXPECT_EQ(part.flags, BUSBAR_HTTP_HEAD | BUSBAR_HTTP_END);
  EXPECT_EQ(part.status, 200U);
  EXPECT_EQ(part.bytes, "hello");
  EXPECT_EQ(part.url, server.url() + "/status?x=1");
  EXPECT_NE(part.headers.find(R"("x-a":["1","2"])"), std::string::npos) << part.headers;
  EXPECT_EQ(around_.figures.requests, 1U);
  EXPECT_EQ(around_.figures.failures, 0U);
  EXPECT_EQ(around_.figures.bytes, 5U);
  EXPECT_EQ(around_.figures.open, 0U);
}

TEST_F(HttpServiceTest, EveryFailureIsAnEventWithItsCode) {
  mod_.uri_ = "http://127.0.0.1:1";
  ask(1, "http://127.0.0.1:2/");
  EXPECT_EQ(endOf(1), "http_origin_not_allowed");
  EXPECT_EQ(mod_.events_.back().status, BUSBAR_E_DENIED);
  EXPECT_EQ(mod_.events_.back().type, BUSBAR_EV_HTTP);
  ask(2, "/");
  EXPECT_EQ(endOf(2), "connect_failed");
  EXPECT_EQ(mod_.events_.back().status, BUSBAR_E_OFFLINE);
  wire::HttpRequest m;
  m.head.token = 3;
  m.method = "get";
  m.url = "/";
  ask(m);
  EXPECT_EQ(endOf(3), "http_bad_request");
  EXPECT_EQ(mod_.events_.back().status, BUSBAR_E_INVALID);
  m.head.token = 4;
  m.method = "GET";
  m.headers = "[]";
  ask(m);
  EXPECT_EQ(endOf(4), "http_bad_request");
  EXPECT_EQ(around_.figures.failures, 4U);
}

TEST_F(HttpServiceTest, WithoutAnOriginAllIsDenied) {
  ask(1, "http://example.org/");
  EXPECT_EQ(endOf(1), "http_origin_not_allowed");
  ask(2, "/");
  EXPECT_EQ(endOf(2), "http_no_address");
  ASSERT_EQ(mod_.log_.size(), 1U);
}

TEST_F(HttpServiceTest, ADeadlineThatHasPassedIsATimeout) {
  mod_.uri_ = "http://127.0.0.1:1";
  mod_.openCall_ = 9;
  wire::HttpRequest m;
  m.head = {1, 9, 5};
  m.method = "GET";
  m.url = "/";
  ask(m);
  EXPECT_EQ(endOf(1), "deadline_exceeded");
  EXPECT_EQ(mod_.events_.back().status, BUSBAR_E_TIMEOUT);
  m.head = {2, 9, INT64_MIN};
  ask(m);
  EXPECT_EQ(endOf(2), "deadline_exceeded");
}

TEST_F(HttpServiceTest, TheParentsDeadlineEndsARequest) {
  RawHttpServer server([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.awaitEnd();
  });
  mod_.uri_ = server.url();
  mod_.openCall_ = 9;
  wire::HttpRequest m;
  m.head = {1, 9, (clock_.now() + Milliseconds(80)).time_since_epoch().count()};
  m.method = "GET";
  m.url = "/";
  ask(m);
  EXPECT_EQ(endOf(1), "deadline_exceeded");
}

TEST_F(HttpServiceTest, OnBehalfOfACallThatHasEndedNothingHappens) {
  RawHttpServer server([](RawHttpServer::Connection& c) { c.readRequest(); });
  mod_.uri_ = server.url();
  wire::HttpRequest m;
  m.head.token = 1;
  m.head.parentCall = 8;
  m.method = "GET";
  m.url = "/";
  EXPECT_TRUE(ask(m));
  turn(5);
  EXPECT_EQ(server.connections(), 0);
  EXPECT_TRUE(mod_.events_.empty());
}

TEST_F(HttpServiceTest, BrokenFramesAreProtocolErrors) {
  mod_.uri_ = "http://127.0.0.1:1";
  std::string bytes;
  wire::HttpRequest m;
  m.head.token = 1;
  m.method = "GET";
  m.url = "/";
  wire::encode(bytes, 1, m);
  EXPECT_FALSE(give(wire::Type::HttpRequest, std::string_view(bytes).substr(0, bytes.size() - 1)));
  EXPECT_FALSE(ask(0, "/"));
  EXPECT_TRUE(ask(1, "/"));
  EXPECT_FALSE(ask(1, "/"));
  EXPECT_NE(why_.find("in use"), std::string::npos);
  EXPECT_TRUE(take(99, 5));  // it crossed the end
  EXPECT_FALSE(take(1, 5));
}

TEST_F(HttpServiceTest, OnlySoManyAreOpen) {
  RawHttpServer server([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.awaitEnd();
  });
  mod_.uri_ = server.url();
  for (uint64_t token = 1; token <= HttpService::kMaxRequests + 1; ++token) {
    EXPECT_TRUE(ask(token, "/"));
  }
  EXPECT_EQ(endOf(HttpService::kMaxRequests + 1), "http_queue_full");
  EXPECT_EQ(mod_.events_.back().status, BUSBAR_E_AGAIN);
  EXPECT_EQ(mod_.events_.size(), 1U);
}

TEST_F(HttpServiceTest, AReleasedRequestIsNotHeardOfAgain) {
  RawHttpServer server([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.awaitEnd();
  });
  mod_.uri_ = server.url();
  ask(1, "/");
  ASSERT_TRUE(runUntil(*loop_, [&] { return server.connections() == 1; }));
  service().release(1);
  service().release(77);
  EXPECT_EQ(around_.figures.open, 0U);
  EXPECT_EQ(client_->figures().active, 0U);
  EXPECT_TRUE(ask(1, "/")) << "the token is free again";
}

TEST_F(HttpServiceTest, WithTheModuleGoesAllThatItAsked) {
  RawHttpServer server([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.awaitEnd();
  });
  mod_.uri_ = server.url();
  ask(1, "/");
  ask(2, "/", BUSBAR_HTTP_STREAM);
  turn(3);
  service_.reset();
  EXPECT_EQ(client_->figures().active, 0U);
  EXPECT_EQ(around_.figures.open, 0U);
  turn(3);
  EXPECT_TRUE(mod_.events_.empty());
}

TEST_F(HttpServiceTest, CookiesAreTheModulesUnlessItSaysOtherwise) {
  std::atomic<int> withCookie{0};
  RawHttpServer server([&](RawHttpServer::Connection& c) {
    for (std::string request = c.readRequest(); !request.empty(); request = c.readRequest()) {
      withCookie += request.find("Cookie: id=7") != std::string::npos ? 1 : 0;
      c.send(okAnswer("x", "Set-Cookie: id=7\r\n"));
    }
  });
  mod_.uri_ = server.url();
  for (uint64_t token = 1; token <= 3; ++token) {
    ask(token, "/", token == 3 ? BUSBAR_HTTP_NO_COOKIES : 0);
    ASSERT_EQ(endOf(token), "end");
  }
  EXPECT_EQ(withCookie, 1);
}

TEST_F(HttpServiceTest, AnAnswerThatNobodyTakesFails) {
  RawHttpServer server([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send(okAnswer("x"));
  });
  mod_.uri_ = server.url();
  mod_.unsent_ = HttpService::kMaxUnsent + 1;
  ask(1, "/");
  EXPECT_EQ(endOf(1), "http_not_taken");
}

class HttpServiceStreamTest : public HttpServiceTest {
 protected:
  static constexpr size_t kSize = 3U << 20U;
  RawHttpServer server_{[this](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kSize) + "\r\n\r\n");
    const std::string piece(64U << 10U, 'p');
    for (size_t sent = 0; sent < kSize && c.send(piece); sent += piece.size()) {
      served_ += piece.size();
    }
  }};
  std::atomic<size_t> served_{0};
};

TEST_F(HttpServiceStreamTest, ADriverThatTakesGetsAll) {
  mod_.uri_ = server_.url();
  ask(1, "/", BUSBAR_HTTP_STREAM);
  size_t seen = 0;
  ASSERT_TRUE(runUntil(*loop_, [&] {
    for (; seen < mod_.parts_.size(); ++seen) {
      const auto& part = mod_.parts_[seen];
      EXPECT_EQ((part.flags & BUSBAR_HTTP_HEAD) != 0, seen == 0);
      EXPECT_LE(part.bytes.size(), HttpService::kPartBytes);
      if (!part.bytes.empty()) {
        EXPECT_TRUE(take(1, static_cast<uint32_t>(part.bytes.size())));
      }
    }
    return !mod_.parts_.empty() && (mod_.parts_.back().flags & BUSBAR_HTTP_END) != 0;
  }));
  EXPECT_EQ(bytesOf(1), kSize);
  EXPECT_EQ(around_.figures.bytes, kSize);
}

TEST_F(HttpServiceStreamTest, ADriverThatTakesNothingHoldsItsServerUp) {
  mod_.uri_ = server_.url();
  ask(1, "/", BUSBAR_HTTP_STREAM);
  ASSERT_TRUE(runUntil(*loop_, [&] { return bytesOf(1) >= HttpService::kWindowBytes; }));
  turn();
  EXPECT_EQ(bytesOf(1), HttpService::kWindowBytes);
  EXPECT_TRUE(take(1, 1000));
  turn();
  EXPECT_EQ(bytesOf(1), HttpService::kWindowBytes + 1000);
  EXPECT_FALSE(take(1, HttpService::kWindowBytes + 1)) << "more than was sent";
}

TEST_F(HttpServiceStreamTest, AFullRunnerHoldsStreamsUpUntilItHasRead) {
  mod_.uri_ = server_.url();
  mod_.unsent_ = HttpService::kMaxUnsentStream + 1;
  ask(1, "/", BUSBAR_HTTP_STREAM);
  ASSERT_TRUE(runUntil(*loop_, [&] { return !mod_.parts_.empty(); }));
  turn();
  EXPECT_EQ(bytesOf(1), 0U);
  mod_.unsent_ = 0;
  EXPECT_TRUE(runUntil(*loop_, [&] { return bytesOf(1) == HttpService::kWindowBytes; }));
}

TEST_F(HttpServiceStreamTest, AStreamThatBreaksSaysSo) {
  RawHttpServer server([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nabc");
  });
  mod_.uri_ = server.url();
  ask(1, "/", BUSBAR_HTTP_STREAM);
  EXPECT_EQ(endOf(1), "http_truncated");
  EXPECT_EQ(bytesOf(1), 3U);
}

TEST_F(HttpServiceTest, NewOriginsHoldFromNowOn) {
  mod_.uri_ = "http://127.0.0.1:1";
  ask(1, "http://127.0.0.1:9/");
  EXPECT_EQ(endOf(1), "http_origin_not_allowed");
  mod_.connection_.httpOrigins = {"http://127.0.0.1:9"};
  ask(2, "http://127.0.0.1:9/");
  EXPECT_EQ(endOf(2), "http_origin_not_allowed") << "nobody has said that anything changed";
  service().configured();
  ask(3, "http://127.0.0.1:9/");
  EXPECT_EQ(endOf(3), "http_blocked_address") << "allowed by name, and loopback";
}

TEST_F(HttpServiceTest, TrustWithoutProofIsLogged) {
  mod_.uri_ = "https://127.0.0.1:1";
  mod_.connection_.tls.verify = TlsVerify::None;
  service();
  ASSERT_EQ(mod_.log_.size(), 1U);
  EXPECT_NE(mod_.log_[0].find("does not verify"), std::string::npos);
}

}  // namespace
}  // namespace busbar
