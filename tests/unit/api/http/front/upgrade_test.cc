// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/http/front/front.h"
#include "tests/support/fake_clock.h"
#include "tests/support/raw_http_client.h"

namespace busbar::http {
namespace {

constexpr std::string_view kRequest =
    "GET /up HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n";

// Another protocol: everything comes back, at most `takes` bytes at a time while the reader is
// slow.
class Echo final : public UpgradeListener {
 public:
  size_t onInput(std::string_view bytes) override {
    ++inputs;
    if (isPaused) {
      return 0;
    }
    received.append(bytes);
    if (bytes == "close") {
      connection.write("bye");
      connection.close();
    } else if (bytes == "cut") {
      connection.cut();
    } else if (connection.write(bytes) == StreamWrite::Behind) {
      isPaused = true;
    }
    return bytes.size();
  }
  void onDrained() override {
    ++drained;
    isPaused = false;
  }
  void onDeadline() override { ++deadlines; }
  void onGoingAway() override {
    ++goingAway;
    connection.close();
  }
  void onClosed(bool cuts) override {
    ++closed;
    wasCut = cuts;
  }

  UpgradedConnection connection;
  std::string received;
  bool isPaused = false;
  bool wasCut = false;
  int inputs = 0;
  int drained = 0;
  int deadlines = 0;
  int goingAway = 0;
  int closed = 0;
};

class UpgradingHandler : public Handler {
 public:
  Admission admit(Request&) override { return {}; }
  void handle(Request& request, Responder responder) override {
    if (request.path() == "/later") {
      held = std::move(responder);
      return;
    }
    if (request.path() == "/bad") {
      echo.connection = responder.upgrade(std::move(Response(101).set("X-Bad", "a\r\nb")), echo);
      return;
    }
    accept(std::move(responder));
  }
  void accept(Responder responder) {
    echo.connection = responder.upgrade(std::move(Response(101).set("Upgrade", "echo")), echo);
  }
  void served(void*, int status, Nanoseconds) override { statuses.push_back(status); }

  Echo echo;
  Responder held;
  std::vector<int> statuses;
};

class UpgradeTest : public testing::Test {
 protected:
  UpgradeTest() : loop_(std::move(EventLoop::create(clock_)).value()) {}
  ~UpgradeTest() override {
    handler_.echo.connection = UpgradedConnection();
    handler_.held = Responder();
  }
  void start() { front_ = std::move(Front::create(*loop_, handler_, options_)).value(); }
  RawHttpClient connect(int receiveBufferBytes = 0) {
    return RawHttpClient(*loop_, front_->port(), receiveBufferBytes);
  }
  void pass(Milliseconds time) {
    clock_.advance(time);
    for (int i = 0; i < 5; ++i) {
      loop_->runOnce(Milliseconds(1));
    }
  }
  bool waitForEnd(RawHttpClient& client) {
    return client.turnUntil([this] { return echo().closed == 1; });
  }
  Echo& echo() { return handler_.echo; }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_;
  FrontOptions options_;
  UpgradingHandler handler_;
  std::unique_ptr<Front> front_;
};

TEST_F(UpgradeTest, HandsTheConnectionOver) {
  start();
  RawHttpClient client = connect();
  client.send(kRequest);
  ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 101 "));
  EXPECT_NE(client.received().find("Connection: Upgrade\r\n"), std::string::npos);
  EXPECT_NE(client.received().find("Upgrade: echo\r\n"), std::string::npos);
  EXPECT_EQ(client.received().find("Content-Length"), std::string::npos);
  client.received().clear();
  client.send("GET is no request any more");
  EXPECT_TRUE(client.readUntilContains("no request any more"));
  EXPECT_EQ(handler_.statuses, std::vector<int>{101});
  EXPECT_EQ(front_->stats().streams, 1U);
}

TEST_F(UpgradeTest, KeepsWhatCameWithTheRequest) {
  start();
  RawHttpClient client = connect();
  client.send(std::string(kRequest) + "early");
  EXPECT_TRUE(client.readUntilContains("early"));
}

TEST_F(UpgradeTest, KeepsWhatCameBeforeALateAnswer) {
  start();
  RawHttpClient client = connect();
  client.send("GET /later HTTP/1.1\r\nHost: a\r\n\r\nearly");
  ASSERT_TRUE(client.turnUntil([this] { return static_cast<bool>(handler_.held); }));
  pass(Milliseconds(1));
  handler_.accept(std::move(handler_.held));
  EXPECT_TRUE(client.readUntilContains("early"));
}

TEST_F(UpgradeTest, SendsTheRestAndEndsWhenClosed) {
  start();
  RawHttpClient client = connect();
  client.send(kRequest);
  ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
  client.send("close");
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(client.received().ends_with("\r\n\r\nbye"));
  EXPECT_TRUE(waitForEnd(client));
  EXPECT_FALSE(echo().wasCut);
  EXPECT_EQ(front_->stats().streams, 0U);
}

TEST_F(UpgradeTest, TellsWhenThePeerLeft) {
  start();
  RawHttpClient client = connect();
  client.send(kRequest);
  ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
  client.close();
  EXPECT_TRUE(waitForEnd(client));
  EXPECT_FALSE(echo().connection.isOpen());
  EXPECT_EQ(echo().connection.write("x"), StreamWrite::Gone);
}

TEST_F(UpgradeTest, CutsWithAReset) {
  start();
  RawHttpClient client = connect();
  client.send(kRequest);
  ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
  client.send("cut");
  EXPECT_TRUE(waitForEnd(client));
  EXPECT_TRUE(echo().wasCut);
  int error = 0;
  socklen_t length = sizeof error;
  EXPECT_EQ(::getsockopt(client.fd(), SOL_SOCKET, SO_ERROR, &error, &length), 0);
  EXPECT_EQ(error, ECONNRESET);
}

TEST_F(UpgradeTest, ReadsNoMoreThanItsListenerTakes) {
  start();
  RawHttpClient client = connect(4096);
  client.send(kRequest);
  ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
  const size_t head = client.received().size();
  const std::string much(20 << 20, 'm');
  std::string_view left = much;
  while (!left.empty() && !echo().isPaused) {
    const ssize_t n = ::send(client.fd(), left.data(), std::min<size_t>(left.size(), 65536), 0);
    left.remove_prefix(n > 0 ? static_cast<size_t>(n) : 0);
    loop_->runOnce(Milliseconds(1));
  }
  ASSERT_TRUE(echo().isPaused) << "the reader was never behind";
  for (int i = 0; i < 20; ++i) {
    loop_->runOnce(Milliseconds(1));
  }
  EXPECT_LE(echo().connection.queuedBytes(), options_.maxQueuedBytes);
  const int inputs = echo().inputs;
  for (int i = 0; i < 20; ++i) {
    loop_->runOnce(Milliseconds(1));
  }
  EXPECT_EQ(echo().inputs, inputs) << "it is asked again and again";
  const size_t wanted = head + much.size() - left.size();
  EXPECT_TRUE(client.readUntil([&](const std::string& all) { return all.size() >= wanted; }));
  EXPECT_GT(echo().drained, 0);
  EXPECT_EQ(client.received().size(), wanted);
}

TEST_F(UpgradeTest, CutsAReaderThatStalls) {
  start();
  RawHttpClient client = connect(4096);
  client.send(kRequest);
  ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
  while (echo().connection.write(std::string(10'000, 'e')) == StreamWrite::Sent) {
    loop_->runOnce(Milliseconds(0));
  }
  pass(Milliseconds(9'000));
  EXPECT_EQ(echo().closed, 0);
  pass(Milliseconds(2'000));
  EXPECT_TRUE(waitForEnd(client));
  EXPECT_TRUE(echo().wasCut);
  EXPECT_EQ(front_->stats().cutReaders, 1U);
}

TEST_F(UpgradeTest, KeepsItsDeadline) {
  start();
  RawHttpClient client = connect();
  client.send(kRequest);
  ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
  pass(Milliseconds(3'600'000));
  EXPECT_EQ(echo().deadlines, 0) << "none was set";
  EXPECT_EQ(echo().closed, 0);
  echo().connection.setDeadline(loop_->now() + Milliseconds(1000));
  pass(Milliseconds(900));
  EXPECT_EQ(echo().deadlines, 0);
  pass(Milliseconds(400));
  pass(Milliseconds(400));
  EXPECT_EQ(echo().deadlines, 1) << "once";
}

TEST_F(UpgradeTest, TellsThatTheServerStops) {
  start();
  RawHttpClient client = connect();
  client.send(kRequest);
  ASSERT_TRUE(client.readUntilContains("\r\n\r\n"));
  bool isDrained = false;
  front_->drain(loop_->now() + Milliseconds(5000), [&isDrained] { isDrained = true; });
  EXPECT_EQ(echo().goingAway, 1);
  EXPECT_TRUE(client.readToEnd());
  client.close();
  RawHttpClient* turner = &client;
  EXPECT_TRUE(turner->turnUntil([&isDrained] { return isDrained; }));
}

TEST_F(UpgradeTest, AnswersAMalformedUpgradeWithAnError) {
  start();
  RawHttpClient client = connect();
  client.send("GET /bad HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(client.received().starts_with("HTTP/1.1 500 "));
  EXPECT_FALSE(echo().connection.isOpen());
  EXPECT_EQ(echo().closed, 0);
}

}  // namespace
}  // namespace busbar::http
