// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <atomic>
#include <mutex>

#include <gtest/gtest.h>

#include "tests/support/http_client_fixture.h"
#include "tests/support/raw_http_server.h"
#include "tests/unit/sdk/base/net/gzip_text.h"

namespace busbar::test {
namespace {

using Connection = RawHttpServer::Connection;

class HttpStreamTest : public HttpClientFixture {
 protected:
  HttpRequestId start(const std::string& url, HttpRequest request = {}) {
    request.url = url;
    HttpStream stream;
    stream.head = [this](HttpHead head) { head_ = std::move(head); };
    stream.body = [this](std::string_view piece) {
      ++pieces_;
      body_.append(piece);
      if (onPiece_) {
        onPiece_();
      }
    };
    stream.end = [this](Status status) {
      EXPECT_FALSE(ended_) << "ended twice";
      ended_ = true;
      status_ = std::move(status);
    };
    return id_ = client_->stream(profileFor(url), std::move(request), std::move(stream)).value();
  }
  bool untilEnd() {
    return runUntil(*loop_, [this] { return ended_; });
  }

  HttpHead head_;
  std::string body_;
  int pieces_ = 0;
  bool ended_ = false;
  Status status_;
  std::function<void()> onPiece_;
  HttpRequestId id_ = 0;
};

constexpr size_t kBigBytes = 32U << 20;

// Sends a big answer and counts what the client's side has taken.
RawHttpServer::Script bigAnswer(std::atomic<size_t>& sent) {
  return [&sent](Connection& connection) {
    connection.readRequest();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(kBigBytes) + "\r\n\r\n");
    const std::string block(64U << 10, 'x');
    while (sent < kBigBytes && connection.send(block)) {
      sent += block.size();
    }
  };
}

TEST_F(HttpStreamTest, GivesTheHeadBeforeTheBodyIsThere) {
  std::mutex gate;
  gate.lock();
  const RawHttpServer server([&gate](Connection& connection) {
    connection.readRequest();
    connection.send("HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 4\r\n\r\n");
    const std::lock_guard wait(gate);
    connection.send("late");
  });
  start(server.url());
  EXPECT_TRUE(runUntil(*loop_, [this] { return head_.status == 200; }));
  EXPECT_EQ(*findHeader(head_.headers, "X-A"), "b");
  EXPECT_FALSE(ended_);
  gate.unlock();
  EXPECT_TRUE(untilEnd());
  EXPECT_TRUE(status_.ok());
  EXPECT_EQ(body_, "late");
}

TEST_F(HttpStreamTest, LargeAnswersComeInPiecesUpToTheLimitOfTheRequest) {
  std::atomic<size_t> sent{0};
  const RawHttpServer server(bigAnswer(sent));
  HttpRequest request;
  request.maxAnswerBytes = kBigBytes;
  start(server.url(), request);
  EXPECT_TRUE(untilEnd());
  EXPECT_TRUE(status_.ok()) << status_.error().message;
  EXPECT_EQ(body_.size(), kBigBytes);
  EXPECT_GT(pieces_, 10);
}

TEST_F(HttpStreamTest, APausedReaderMakesTheServerWait) {
  std::atomic<size_t> sent{0};
  const RawHttpServer server(bigAnswer(sent));
  HttpRequest request;
  request.maxAnswerBytes = kBigBytes;
  start(server.url(), request);
  onPiece_ = [this] { client_->pause(id_); };
  EXPECT_TRUE(runUntil(*loop_, [this] { return pieces_ == 1; }));
  size_t last = 0;
  // Until the buffers of client and kernel are full and nothing moves any more.
  for (int still = 0; still < 20; still = sent == last ? still + 1 : 0) {
    last = sent;
    loop_->runOnce(Milliseconds(10));
  }
  EXPECT_LT(sent, kBigBytes);
  EXPECT_EQ(pieces_, 1);
  EXPECT_FALSE(ended_);
  onPiece_ = nullptr;
  client_->resume(id_);
  EXPECT_TRUE(untilEnd());
  EXPECT_TRUE(status_.ok()) << status_.error().message;
  EXPECT_EQ(body_.size(), kBigBytes);
}

TEST_F(HttpStreamTest, ThePausesEndWithTheDeadline) {
  const RawHttpServer server([](Connection& connection) {
    connection.readRequest();
    connection.send(okAnswer("hello"));
    connection.awaitEnd();
  });
  HttpRequest request;
  request.timeout = Milliseconds(300);
  start(server.url(), request);
  client_->pause(id_);
  EXPECT_TRUE(untilEnd());
  EXPECT_EQ(status_.error().reason, "deadline_exceeded");
}

TEST_F(HttpStreamTest, PackedAnswersAreUnpackedOnTheWay) {
  std::string text;
  for (int i = 0; i < 200'000; ++i) {
    text += std::to_string(i * 7919);
  }
  const RawHttpServer server([packed = gzipped(text)](Connection& connection) {
    connection.readRequest();
    connection.send(okAnswer(packed, "Content-Encoding: gzip\r\n"));
  });
  HttpRequest request;
  request.maxAnswerBytes = 16U << 20;
  start(server.url(), request);
  EXPECT_TRUE(untilEnd());
  EXPECT_TRUE(status_.ok());
  EXPECT_EQ(body_, text);
}

TEST_F(HttpStreamTest, AnErrorInTheMiddleComesAfterWhatWasThere) {
  const RawHttpServer server([](Connection& connection) {
    connection.readRequest();
    connection.send("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  });
  start(server.url());
  EXPECT_TRUE(untilEnd());
  EXPECT_EQ(status_.error().reason, "http_truncated");
  EXPECT_EQ(body_, "hello");
}

TEST_F(HttpStreamTest, AReaderMayCancelOrDestroyTheClientInTheMiddle) {
  std::atomic<size_t> sent{0};
  const RawHttpServer server(bigAnswer(sent));
  HttpRequest request;
  request.maxAnswerBytes = kBigBytes;
  onPiece_ = [this] { client_->cancel(id_); };
  start(server.url(), request);
  EXPECT_TRUE(runUntil(*loop_, [this] { return pieces_ == 1; }));
  EXPECT_EQ(client_->figures().active, 0u);
  onPiece_ = [this] { client_.reset(); };
  start(server.url(), request);
  EXPECT_TRUE(runUntil(*loop_, [this] { return pieces_ == 2; }));
  loop_->runOnce(Milliseconds(10));
  EXPECT_EQ(pieces_, 2);
  EXPECT_FALSE(ended_);
}

}  // namespace
}  // namespace busbar::test
