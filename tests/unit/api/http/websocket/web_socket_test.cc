// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/websocket/web_socket.h"

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "tests/support/fake_clock.h"
#include "tests/support/recording_sink.h"
#include "tests/support/websocket_frames.h"

namespace busbar::http {
namespace {

using test::clientFrame;
using test::clientText;

// A socket over a connection that is a recorder.
class WebSocketTest : public testing::Test, public WebSocketListener {
 protected:
  WebSocketTest() : loop_(std::move(EventLoop::create(clock_)).value()), context_(*loop_) {
    EXPECT_TRUE(request_.setLine("GET", "/x", true).ok());
    request_.addHeader("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ==");
    socket_ = std::make_unique<WebSocket>(context_, *this);
    isOpen_ = socket_->open(request_, exchange_.responder());
  }
  ~WebSocketTest() override { socket_.reset(); }

  // As the connection does: what is not used comes again after the reader caught up.
  void receive(const std::string& bytes) {
    unused_ += bytes;
    if (sink().isStreaming) {
      unused_.erase(0, sink().upgraded->onInput(unused_));
    }
  }
  void pass(Milliseconds time) {
    clock_.advance(time);
    loop_->runOnce(Milliseconds(0));
    if (sink().isStreaming && sink().deadline <= loop_->now()) {
      sink().deadline = Instant::max();
      sink().upgraded->onDeadline();
    }
  }
  std::vector<test::ServerFrame> sent() { return test::takeFrames(sink().streamed); }
  // The code of the Close that was sent, if that is all that was.
  unsigned closeCode() {
    const auto frames = sent();
    return frames.size() == 1 && frames[0].opcode == 8 ? frames[0].closeCode() : 0;
  }
  RecordingSink& sink() { return exchange_.sink(); }

  void onTextMessage(std::string_view text) override {
    texts_.emplace_back(text);
    if (text == "close") {
      socket_->close(CloseCode::Normal, "as asked");
    } else if (text == "fill") {
      sink().isBehind = true;
      EXPECT_EQ(socket_->sendText("much"), StreamWrite::Behind);
    }
  }
  void onBinaryMessage(std::string_view bytes) override { binaries_.emplace_back(bytes); }
  void onDrained() override { ++drained_; }
  void onClosed(bool wasCut) override {
    ++closed_;
    wasCut_ = wasCut;
    socket_.reset();
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_;
  WebSocketContext context_;
  RecordedExchange exchange_;
  Request request_;
  std::unique_ptr<WebSocket> socket_;
  std::string unused_;
  std::vector<std::string> texts_;
  std::vector<std::string> binaries_;
  int drained_ = 0;
  int closed_ = 0;
  bool wasCut_ = false;
  bool isOpen_ = false;
};

TEST_F(WebSocketTest, SwitchesProtocolsAndCarriesMessages) {
  ASSERT_TRUE(isOpen_);
  EXPECT_EQ(sink().answer->status(), 101);
  EXPECT_EQ(sink().answer->header("Sec-WebSocket-Accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  receive(clientText("one") + clientFrame(2, "two"));
  EXPECT_EQ(texts_, std::vector<std::string>{"one"});
  EXPECT_EQ(binaries_, std::vector<std::string>{"two"});
  EXPECT_EQ(socket_->sendText("three"), StreamWrite::Sent);
  const auto frames = sent();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].payload, "three");
  EXPECT_EQ(context_.messagesIn, 2U);
  EXPECT_EQ(context_.messagesOut, 1U);
}

TEST_F(WebSocketTest, IsNotOpenWhenTheClientIsGone) {
  RecordedExchange other;
  other.sink().gone = true;
  WebSocket late(context_, *this);
  EXPECT_FALSE(late.open(request_, other.responder()));
  EXPECT_EQ(late.sendText("x"), StreamWrite::Gone);
}

TEST_F(WebSocketTest, AnswersTheLastOfPingsThatCameTogether) {
  receive(clientFrame(9, "a") + clientFrame(9, "b") + clientFrame(10, "not asked"));
  const auto frames = sent();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].opcode, 10U);
  EXPECT_EQ(frames[0].payload, "b");
}

TEST_F(WebSocketTest, EndsAFloodOfPings) {
  for (int i = 0; i < 500; ++i) {
    receive(clientFrame(9, "a"));
  }
  EXPECT_EQ(sent().size(), 500U);
  receive(clientFrame(9, "a"));
  EXPECT_EQ(closeCode(), 1008U);
  EXPECT_FALSE(sink().isStreaming);
  EXPECT_EQ(context_.refused, 1U);
}

TEST_F(WebSocketTest, TakesAsManyPingsAgainInTheNextSecond) {
  for (int i = 0; i < 1000; ++i) {
    receive(clientFrame(9, ""));
    if (i == 499) {
      pass(Milliseconds(1000));
    }
  }
  EXPECT_TRUE(socket_->isOpen());
}

TEST_F(WebSocketTest, ReturnsThePeersClose) {
  receive(test::clientClose(4000, "bye") + clientText("late"));
  EXPECT_EQ(closeCode(), 4000U);
  EXPECT_FALSE(sink().isStreaming);
  EXPECT_FALSE(sink().wasCut);
  EXPECT_TRUE(texts_.empty());
  EXPECT_EQ(socket_->sendText("x"), StreamWrite::Gone);
  sink().tellClosed();
  EXPECT_EQ(closed_, 1);
  EXPECT_FALSE(wasCut_);
}

TEST_F(WebSocketTest, ReturnsACloseWithoutCode) {
  receive(clientFrame(8, ""));
  const auto frames = sent();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].payload, "");
}

TEST_F(WebSocketTest, WaitsForTheAnswerToItsOwnClose) {
  receive(clientText("close") + clientText("ignored") + clientFrame(9, "ignored"));
  EXPECT_EQ(closeCode(), 1000U);
  EXPECT_TRUE(sink().isStreaming);
  EXPECT_EQ(texts_.size(), 1U);
  receive(test::clientClose(1000));
  EXPECT_FALSE(sink().isStreaming);
  EXPECT_TRUE(sent().empty());
}

TEST_F(WebSocketTest, WaitsForThatAnswerNotForever) {
  socket_->close(CloseCode::Normal, "");
  pass(Milliseconds(4900));
  EXPECT_TRUE(sink().isStreaming);
  pass(Milliseconds(200));
  EXPECT_FALSE(sink().isStreaming);
  EXPECT_FALSE(sink().wasCut);
}

TEST_F(WebSocketTest, SaysWhyItGivesUpOnBrokenFrames) {
  receive(clientFrame(3, ""));
  EXPECT_EQ(closeCode(), 1002U);
  EXPECT_FALSE(sink().isStreaming);
}

TEST_F(WebSocketTest, ReadsNoFurtherWhileItsPeerIsBehind) {
  receive(clientText("fill") + clientText("after"));
  EXPECT_EQ(texts_, std::vector<std::string>{"fill"});
  receive(clientText("more"));
  EXPECT_EQ(texts_.size(), 1U);
  sink().catchUp();
  EXPECT_EQ(drained_, 1);
  receive("");
  EXPECT_EQ(texts_, (std::vector<std::string>{"fill", "after", "more"}));
}

TEST_F(WebSocketTest, AsksASilentPeerForASignOfLife) {
  pass(Milliseconds(29'900));
  EXPECT_TRUE(sent().empty());
  pass(Milliseconds(200));
  auto frames = sent();
  ASSERT_EQ(frames.size(), 1U);
  EXPECT_EQ(frames[0].opcode, 9U);
  receive(clientFrame(10, ""));
  pass(Milliseconds(30'000));
  EXPECT_EQ(sent().size(), 1U) << "asked again after another 30 s";
  pass(Milliseconds(30'100));
  EXPECT_TRUE(sink().wasCut);
  sink().tellClosed();
  EXPECT_TRUE(wasCut_);
}

TEST_F(WebSocketTest, GivesAMessageItsTimeAndNoMore) {
  const std::string slow = clientText(std::string(100, 'x'));
  for (size_t i = 0; i < 3; ++i) {
    receive(slow.substr(i, 1));
    pass(Milliseconds(10'050));
  }
  EXPECT_EQ(closeCode(), 1008U);
}

TEST_F(WebSocketTest, CountsTimeForEachMessageAnew) {
  const std::string text = clientText("abc");
  std::string stream = text.substr(0, 4);
  for (int i = 0; i < 10; ++i) {
    receive(stream);
    stream = text.substr(4) + text.substr(0, 4);  // never at rest between messages
    pass(Milliseconds(10'000));
    ASSERT_TRUE(socket_->isOpen()) << i;
  }
  EXPECT_EQ(texts_.size(), 9U);
}

TEST_F(WebSocketTest, SaysGoodbyeWhenTheServerStops) {
  sink().upgraded->onGoingAway();
  EXPECT_EQ(closeCode(), 1001U);
  EXPECT_TRUE(sink().isStreaming);
  pass(Milliseconds(1100));
  EXPECT_FALSE(sink().isStreaming);
}

TEST_F(WebSocketTest, TellsItsOwnerNothingAfterItsEnd) {
  socket_.reset();
  EXPECT_EQ(sink().upgraded, nullptr);
  EXPECT_FALSE(sink().isStreaming);
  EXPECT_EQ(closed_, 0);
}

}  // namespace
}  // namespace busbar::http
