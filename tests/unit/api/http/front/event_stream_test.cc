// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>

#include <cerrno>

#include <gtest/gtest.h>

#include "tests/unit/api/http/front/front_fixture.h"

namespace busbar::http {
namespace {

class EventStreamTest : public FrontTest {
 protected:
  EventStream& open(RawHttpClient& client, const std::string& request = get("/stream")) {
    EXPECT_TRUE(client.send(request));
    EXPECT_TRUE(client.turnUntil([this] { return handler_.streams.size() == 1; }));
    return handler_.streams.at(0);
  }
  // Whether the kernel has told it that the connection is gone with all that was unsent.
  static bool wasReset(const RawHttpClient& client) {
    int error = 0;
    socklen_t length = sizeof error;
    EXPECT_EQ(::getsockopt(client.fd(), SOL_SOCKET, SO_ERROR, &error, &length), 0);
    return error == ECONNRESET;
  }
};

TEST_F(EventStreamTest, WritesChunksUntilClosed) {
  start();
  RawHttpClient client = connect();
  EventStream& stream = open(client);
  EXPECT_EQ(front_->stats().streams, 1U);
  EXPECT_EQ(stream.write("data: 1\n\n"), StreamWrite::Sent);
  ASSERT_TRUE(client.readUntilContains("9\r\ndata: 1\n\n\r\n"));
  EXPECT_NE(client.received().find("Transfer-Encoding: chunked"), std::string::npos);
  stream.write("data: 2\n\n");
  stream.close();
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(client.received().ends_with("9\r\ndata: 2\n\n\r\n0\r\n\r\n")) << client.received();
  EXPECT_EQ(front_->stats().streams, 0U);
}

TEST_F(EventStreamTest, WritesPlainBytesToHttp10) {
  start();
  RawHttpClient client = connect();
  EventStream& stream = open(client, "GET /stream HTTP/1.0\r\n\r\n");
  stream.write("data: 1\n\n");
  stream.close();
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(client.received().ends_with("\r\n\r\ndata: 1\n\n")) << client.received();
}

TEST_F(EventStreamTest, TellsWhenTheReaderLeft) {
  start();
  RawHttpClient client = connect();
  EventStream& stream = open(client);
  bool closed = false;
  stream.onClosed([this, &closed] {
    closed = true;
    handler_.streams.clear();  // destroys the stream from its own callback
  });
  client.close();
  RawHttpClient other = connect();
  EXPECT_TRUE(other.turnUntil([&closed] { return closed; }));
  EXPECT_EQ(front_->stats().streams, 0U);
}

TEST_F(EventStreamTest, TellsWhenTheReaderIsBehindAndWhenItCaughtUp) {
  start();
  RawHttpClient client = connect(4096);
  EventStream& stream = open(client);
  int drained = 0;
  stream.onDrained([&drained] { ++drained; });
  const std::string event(10'000, 'e');
  StreamWrite last = StreamWrite::Sent;
  for (int i = 0; i < 2000 && last == StreamWrite::Sent; ++i) {
    last = stream.write(event);
    loop_->runOnce(Milliseconds(0));
  }
  ASSERT_EQ(last, StreamWrite::Behind);
  EXPECT_GT(stream.queuedBytes(), 64U * 1024);
  const int before = drained;
  ASSERT_TRUE(client.readUntil([&](const std::string&) { return drained > before; }));
  EXPECT_EQ(stream.queuedBytes(), 0U);
  EXPECT_EQ(stream.write("x"), StreamWrite::Sent);
}

TEST_F(EventStreamTest, CutsAReaderAtTheLimit) {
  options_.maxQueuedBytes = 200'000;
  start();
  RawHttpClient client = connect(4096);
  EventStream& stream = open(client);
  bool closed = false;
  stream.onClosed([&closed] { closed = true; });
  StreamWrite last = StreamWrite::Sent;
  for (int i = 0; i < 5000 && last != StreamWrite::Gone; ++i) {
    last = stream.write(std::string(10'000, 'e'));
    loop_->runOnce(Milliseconds(0));
    EXPECT_LE(stream.queuedBytes(), 200'000U);
  }
  EXPECT_EQ(last, StreamWrite::Gone);
  EXPECT_FALSE(stream.isOpen());
  EXPECT_TRUE(client.turnUntil([&closed] { return closed; }));
  EXPECT_EQ(front_->stats().cutReaders, 1U);
  EXPECT_TRUE(wasReset(client));
}

TEST_F(EventStreamTest, DropsWhatIsUnsentWhenItsOwnerCuts) {
  start();
  RawHttpClient client = connect(4096);
  EventStream& stream = open(client);
  while (stream.write(std::string(10'000, 'e')) == StreamWrite::Sent) {
    loop_->runOnce(Milliseconds(0));
  }
  EXPECT_FALSE(wasReset(client));
  stream.cut();
  EXPECT_FALSE(stream.isOpen());
  EXPECT_TRUE(wasReset(client));
  EXPECT_EQ(front_->stats().streams, 0U);
  EXPECT_EQ(front_->stats().connections, 0U);
  EXPECT_EQ(front_->stats().cutReaders, 1U);
}

TEST_F(EventStreamTest, CutsAReaderThatStalls) {
  start();
  RawHttpClient client = connect(4096);
  EventStream& stream = open(client);
  bool closed = false;
  stream.onClosed([&closed] { closed = true; });
  while (stream.write(std::string(10'000, 'e')) == StreamWrite::Sent) {
    loop_->runOnce(Milliseconds(0));
  }
  pass(options_.writeStallTimeout);
  EXPECT_TRUE(closed);
  EXPECT_EQ(front_->stats().cutReaders, 1U);
  EXPECT_TRUE(wasReset(client));
}

TEST_F(EventStreamTest, LastsAsLongAsItsReader) {
  start();
  RawHttpClient client = connect();
  EventStream& stream = open(client);
  pass(options_.idleTimeout * 10);
  EXPECT_EQ(stream.write("data: 1\n\n"), StreamWrite::Sent);
  EXPECT_TRUE(client.readUntilContains("data: 1"));
}

TEST_F(EventStreamTest, GivesHeadOnlyTheHead) {
  start();
  RawHttpClient client = connect();
  EventStream& stream = open(client, "HEAD /stream HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(stream.write("data: 1\n\n"), StreamWrite::Gone);
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(client.received().ends_with("\r\n\r\n"));
}

TEST_F(EventStreamTest, EndsInOrderWhenTheFrontDrains) {
  start();
  RawHttpClient client = connect();
  EventStream& stream = open(client);
  bool closed = false;
  stream.onClosed([&closed] { closed = true; });
  front_->drain(clock_.now() + Milliseconds(60'000), nullptr);
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(client.received().ends_with("0\r\n\r\n"));
  EXPECT_TRUE(client.turnUntil([&closed] { return closed; }));
}

}  // namespace
}  // namespace busbar::http
