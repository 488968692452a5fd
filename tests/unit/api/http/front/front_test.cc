// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/http/front/front.h"

#include <sys/socket.h>

#include <array>

#include <gtest/gtest.h>

#include "tests/unit/api/http/front/front_fixture.h"

namespace busbar::http {
namespace {

TEST_F(FrontTest, AnswersAndKeepsAlive) {
  start();
  RawHttpClient client = connect();
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(client.send(get("/a?b=c")));
    const std::string response = client.readResponse();
    EXPECT_TRUE(isStatus(response, 200)) << response;
    EXPECT_TRUE(response.ends_with("\r\n\r\nGET /a 0")) << response;
    EXPECT_NE(response.find("\r\nDate: "), std::string::npos);
    EXPECT_NE(response.find("\r\nX-Request-ID: " + handler_.lastTraceId), std::string::npos);
  }
  EXPECT_EQ(front_->stats().accepted, 1U);
  EXPECT_EQ(handler_.lastPeer, "127.0.0.1");
}

TEST_F(FrontTest, AnswersPipelinedRequestsInOrder) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(client.send(post("/echo", "one") + get("/hold") + post("/echo", "two") + get("/x")));
  EXPECT_TRUE(client.readResponse().ends_with("one"));
  ASSERT_EQ(handler_.held.size(), 1U);
  EXPECT_EQ(handler_.handled, 2);  // the third waits
  handler_.held[0].send(Response::text(200, "held"));
  EXPECT_TRUE(client.readResponse().ends_with("held"));
  EXPECT_TRUE(client.readResponse().ends_with("two"));
  EXPECT_TRUE(client.readResponse().ends_with("GET /x 0"));
}

TEST_F(FrontTest, TakesARequestByteByByte) {
  start();
  RawHttpClient client = connect();
  for (const char c : post("/echo", "hello")) {
    ASSERT_TRUE(client.send({&c, 1}));
  }
  EXPECT_TRUE(client.readResponse().ends_with("hello"));
}

TEST_F(FrontTest, DecodesAChunkedBody) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
                  "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n" +
                  get("/next")));
  EXPECT_TRUE(client.readResponse().ends_with("abcde"));
  EXPECT_TRUE(client.readResponse().ends_with("GET /next 0"));
}

TEST_F(FrontTest, SendsNoBodyToHead) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(client.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n" + get("/b")));
  ASSERT_TRUE(client.readUntilContains("GET /b 0"));
  EXPECT_NE(client.received().find("Content-Length: 9\r\n"), std::string::npos);
  EXPECT_EQ(client.received().find("HEAD /a 0"), std::string::npos);
}

TEST_F(FrontTest, SaysContinueOnlyWhenTheBodyIsWanted) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(
      client.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
                  "Expect: 100-continue\r\n\r\n"));
  ASSERT_TRUE(client.readUntilContains("HTTP/1.1 100 Continue\r\n\r\n"));
  client.received().clear();
  ASSERT_TRUE(client.send("abc"));
  EXPECT_TRUE(client.readResponse().ends_with("abc"));

  for (const char* request :
       {"POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 1001\r\nExpect: 100-continue\r\n\r\n",
        "POST /refuse HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n"}) {
    RawHttpClient other = connect();
    ASSERT_TRUE(other.send(request));
    EXPECT_TRUE(other.readToEnd());
    EXPECT_EQ(other.received().find("100 Continue"), std::string::npos);
    EXPECT_TRUE(other.received().starts_with("HTTP/1.1 4")) << other.received();
  }
}

TEST_F(FrontTest, RefusesMalformedRequestsAndCloses) {
  start();
  for (const char* bytes :
       {"GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 5\r\n\r\n",
        "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n",
        "GET /a/../b HTTP/1.1\r\nHost: a\r\n\r\n", "GET / HTTP/1.1\nHost: a\n\n",
        "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n+3\r\nabc\r\n"}) {
    RawHttpClient client = connect();
    ASSERT_TRUE(client.send(std::string(bytes) + get("/smuggled")));
    EXPECT_TRUE(client.readToEnd()) << bytes;
    EXPECT_TRUE(isStatus(client.received(), 400)) << client.received();
    EXPECT_NE(client.received().find("application/problem+json"), std::string::npos);
    EXPECT_EQ(client.received().find("HTTP/1.1", 1), std::string::npos) << client.received();
  }
  EXPECT_EQ(front_->stats().malformed, 5U);
  EXPECT_EQ(handler_.handled, 0);
}

TEST_F(FrontTest, RefusesALongHeadAndALongBody) {
  start();
  RawHttpClient head = connect();
  head.send("GET / HTTP/1.1\r\nHost: a\r\nX: " + std::string(17000, 'x'));
  EXPECT_TRUE(head.readToEnd());
  EXPECT_TRUE(isStatus(head.received(), 431)) << head.received();

  RawHttpClient body = connect();
  body.send(post("/echo", std::string(1001, 'x')));
  EXPECT_TRUE(body.readToEnd());
  EXPECT_TRUE(isStatus(body.received(), 413)) << body.received();

  RawHttpClient chunks = connect();
  chunks.send("POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n400\r\n");
  chunks.send(std::string(1024, 'x') + "\r\n");
  EXPECT_TRUE(chunks.readToEnd());
  EXPECT_TRUE(isStatus(chunks.received(), 413)) << chunks.received();
}

TEST_F(FrontTest, LimitsTheBodiesInMemory) {
  options_.maxBodyBytesInMemory = 700;
  start();
  RawHttpClient first = connect();
  ASSERT_TRUE(first.send(post("/echo", std::string(500, 'x')).substr(0, 500)));
  RawHttpClient second = connect();
  ASSERT_TRUE(second.send(post("/echo", std::string(500, 'x'))));
  EXPECT_TRUE(second.readToEnd());
  EXPECT_TRUE(isStatus(second.received(), 503)) << second.received();
  EXPECT_NE(second.received().find("Retry-After: "), std::string::npos);
  first.close();
  ASSERT_TRUE(second.turnUntil([this] { return front_->stats().bodyBytesInMemory == 0; }));
}

TEST_F(FrontTest, DropsTheShortBodyOfARefusedRequestAndGoesOn) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(client.send(post("/refuse", std::string(900, 'x')) + get("/after")));
  EXPECT_TRUE(isStatus(client.readResponse(), 401));
  EXPECT_TRUE(client.readResponse().ends_with("GET /after 0"));
  EXPECT_EQ(handler_.handled, 1);
}

TEST_F(FrontTest, AnswersFiveHundredWhenTheHandlerDoesNot) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(client.send(get("/drop") + get("/bad-header")));
  EXPECT_TRUE(isStatus(client.readResponse(), 500));
  const std::string response = client.readResponse();
  EXPECT_TRUE(isStatus(response, 500));
  EXPECT_EQ(response.find("X-B"), std::string::npos);
}

TEST_F(FrontTest, EchoesTheRequestIdAndTheTrace) {
  start();
  RawHttpClient client = connect();
  const std::string trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
  ASSERT_TRUE(client.send(get("/a", "X-Request-ID: my-id\r\ntraceparent: " + trace + "\r\n")));
  std::string response = client.readResponse();
  EXPECT_NE(response.find("\r\nX-Request-ID: my-id\r\n"), std::string::npos) << response;
  EXPECT_NE(response.find("\r\ntraceparent: " + trace), std::string::npos) << response;
  EXPECT_EQ(handler_.lastTraceId, "4bf92f3577b34da6a3ce929d0e0e4736");
  ASSERT_TRUE(client.send(get("/a", "X-Request-ID: two words\r\ntraceparent: junk\r\n")));
  response = client.readResponse();
  EXPECT_EQ(response.find("two words"), std::string::npos);
  EXPECT_EQ(response.find("traceparent"), std::string::npos);
}

TEST_F(FrontTest, ServesHttp10) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(client.send("GET /a HTTP/1.0\r\n\r\n"));
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(client.received().ends_with("GET /a 0"));
  RawHttpClient keeps = connect();
  ASSERT_TRUE(keeps.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n"));
  EXPECT_NE(keeps.readResponse().find("Connection: Keep-Alive"), std::string::npos);
  ASSERT_TRUE(keeps.send(get("/b")));
  EXPECT_TRUE(keeps.readResponse().ends_with("GET /b 0"));
}

TEST_F(FrontTest, AnswersAClientThatEndedItsSide) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(client.send(get("/hold")));
  client.endSending();
  ASSERT_TRUE(client.turnUntil([this] { return handler_.held.size() == 1; }));
  handler_.held[0].send(Response::text(200, "late"));
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(client.received().ends_with("late")) << client.received();
}

TEST_F(FrontTest, OutlivesAndIsOutlivedByResponders) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(client.send(get("/hold")));
  ASSERT_TRUE(client.turnUntil([this] { return handler_.held.size() == 1; }));
  EXPECT_FALSE(handler_.held[0].isGone());
  front_.reset();
  EXPECT_TRUE(handler_.held[0].isGone());
  handler_.held[0].send(Response::text(200, "nobody"));
  EXPECT_TRUE(client.readToEnd());
  EXPECT_EQ(client.received(), "");
}

TEST_F(FrontTest, SaysWhenThereAreTooManyConnections) {
  options_.maxConnections = 2;
  start();
  RawHttpClient first = connect();
  RawHttpClient second = connect();
  ASSERT_TRUE(second.turnUntil([this] { return front_->stats().connections == 2; }));
  RawHttpClient third = connect();
  EXPECT_TRUE(third.readToEnd());
  EXPECT_TRUE(isStatus(third.received(), 503)) << third.received();
  EXPECT_NE(third.received().find("Retry-After: "), std::string::npos);
  first.close();
  ASSERT_TRUE(second.turnUntil([this] { return front_->stats().connections < 3; }));
  third.close();
  ASSERT_TRUE(second.turnUntil([this] { return front_->stats().connections == 1; }));
  RawHttpClient fourth = connect();
  ASSERT_TRUE(fourth.send(get("/a")));
  EXPECT_TRUE(isStatus(fourth.readResponse(), 200));
}

TEST_F(FrontTest, SaysWhenThereAreTooManyConnectionsFromOneAddress) {
  options_.maxConnectionsPerAddress = 1;
  start();
  RawHttpClient first = connect();
  ASSERT_TRUE(first.turnUntil([this] { return front_->stats().connections == 1; }));
  RawHttpClient second = connect();
  EXPECT_TRUE(second.readToEnd());
  EXPECT_TRUE(isStatus(second.received(), 429)) << second.received();
}

TEST_F(FrontTest, EndsSlowHeads) {
  start();
  RawHttpClient silent = connect();
  RawHttpClient slow = connect();
  ASSERT_TRUE(slow.send("GET / HTTP/1.1\r\nHo"));
  pass(options_.headTimeout / 2);
  EXPECT_EQ(front_->stats().connections, 2U);
  pass(options_.headTimeout / 2);
  EXPECT_TRUE(silent.readToEnd());
  EXPECT_EQ(silent.received(), "");
  EXPECT_TRUE(slow.readToEnd());
  EXPECT_TRUE(isStatus(slow.received(), 408)) << slow.received();
  EXPECT_EQ(front_->stats().timeouts, 1U);
}

TEST_F(FrontTest, EndsSlowBodies) {
  start();
  RawHttpClient client = connect();
  std::string request = post("/echo", "abc");
  request.pop_back();
  ASSERT_TRUE(client.send(request));
  pass(options_.bodyTimeout - Milliseconds(1000));
  EXPECT_EQ(front_->stats().connections, 1U);
  pass(Milliseconds(1000));
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(isStatus(client.received(), 408)) << client.received();
}

TEST_F(FrontTest, EndsIdleConnectionsButNotBusyOnes) {
  start();
  RawHttpClient idle = connect();
  ASSERT_TRUE(idle.send(get("/a")));
  EXPECT_TRUE(isStatus(idle.readResponse(), 200));
  RawHttpClient busy = connect();
  ASSERT_TRUE(busy.send(get("/hold")));
  pass(options_.idleTimeout);
  EXPECT_TRUE(idle.readToEnd());
  EXPECT_EQ(idle.received(), "");
  ASSERT_EQ(handler_.held.size(), 1U);
  handler_.held[0].send(Response::text(200, "late"));
  EXPECT_TRUE(busy.readResponse().ends_with("late"));
}

// A byte now and then must not buy more time: the limit is for the whole head.
TEST_F(FrontTest, EndsADripWithinTheWholeLimit) {
  start();
  RawHttpClient client = connect();
  int seconds = 0;
  for (; seconds < 30 && front_->stats().timeouts == 0; ++seconds) {
    client.send("a");
    pass(Milliseconds(800));
  }
  EXPECT_LE(seconds, 11);
  EXPECT_TRUE(client.readToEnd());
  EXPECT_TRUE(isStatus(client.received(), 408)) << client.received();
}

// After an error the socket is not kept for ever for a client that does not close its end.
TEST_F(FrontTest, LingersForAWhileOnly) {
  start();
  RawHttpClient client = connect();
  client.send("nonsense\r\n\r\n");
  EXPECT_TRUE(client.readToEnd());
  EXPECT_EQ(front_->stats().connections, 1U);
  pass(options_.lingerTimeout);
  EXPECT_EQ(front_->stats().connections, 0U);
}

TEST_F(FrontTest, CutsAReaderThatTakesNothing) {
  start();
  RawHttpClient client = connect(4096);
  ASSERT_TRUE(client.send(get("/big")));
  pass(options_.writeStallTimeout - Milliseconds(1000));
  EXPECT_EQ(front_->stats().cutReaders, 0U);
  pass(Milliseconds(1000));
  EXPECT_EQ(front_->stats().cutReaders, 1U);
  EXPECT_EQ(front_->stats().connections, 0U);
}

TEST_F(FrontTest, SendsABigAnswerToAReaderThatTakesIt) {
  start();
  RawHttpClient client = connect();
  ASSERT_TRUE(client.send(get("/big")));
  EXPECT_EQ(client.readResponse().substr(0, 12), "HTTP/1.1 200");
  EXPECT_EQ(front_->stats().cutReaders, 0U);
}

// A client that sends requests and reads no answer holds only so much of our memory.
TEST_F(FrontTest, StopsReadingFromAClientThatDoesNotRead) {
  handler_.bigBytes = 100'000;
  start();
  RawHttpClient client = connect(4096);
  std::string requests;
  for (int i = 0; i < 1000; ++i) {
    requests += get("/big");
  }
  ASSERT_TRUE(client.send(requests));
  client.turnUntil([turns = 0]() mutable { return ++turns > 200; });
  EXPECT_LT(handler_.handled, 100);
  const int before = handler_.handled;
  ASSERT_TRUE(client.readUntil([](const std::string& all) { return all.size() > 20'000'000; }));
  EXPECT_GT(handler_.handled, before);
}

TEST_F(FrontTest, SurvivesClientsThatLeave) {
  start();
  for (int i = 0; i < 20; ++i) {
    RawHttpClient client = connect();
    client.send(i % 2 == 0 ? get("/hold") : post("/echo", "abc").substr(0, 20));
  }
  RawHttpClient last = connect();
  ASSERT_TRUE(last.send(get("/a")));
  EXPECT_TRUE(isStatus(last.readResponse(), 200));
  handler_.held.clear();
  last.close();
  EXPECT_TRUE(last.turnUntil([this] { return front_->stats().connections == 0; }));
}

// Slow heads, slow bodies, slow readers and silence on many connections: others do not notice.
TEST_F(FrontTest, ServesOthersDuringAnAttack) {
  handler_.bigBytes = 4 << 20;
  start();
  std::vector<RawHttpClient> attackers;
  for (int i = 0; i < 400; ++i) {
    attackers.emplace_back(*loop_, front_->port(), 4096);
  }
  for (size_t i = 0; i < attackers.size(); ++i) {
    const std::array<std::string, 4> starts{"GET / HTTP/1.1\r\nHost: a\r\nX-", "", get("/big"),
                                            post("/echo", "abcdef").substr(0, 52)};
    attackers[i].send(starts[i % 4]);
  }
  RawHttpClient client = connect();
  for (int i = 0; i < 20; ++i) {
    const Instant begin = BootClock::now();
    for (RawHttpClient& attacker : attackers) {
      ::send(attacker.fd(), "a", 1, MSG_NOSIGNAL);
    }
    ASSERT_TRUE(client.send(get("/a")));
    EXPECT_TRUE(isStatus(client.readResponse(), 200));
    EXPECT_LT(BootClock::now() - begin, Milliseconds(5000));
  }
}

TEST_F(FrontTest, GivesARequestIdToEveryAnswer) {
  start();
  RawHttpClient client = connect();
  client.send("nonsense\r\n\r\n");
  EXPECT_TRUE(client.readToEnd());
  EXPECT_NE(client.received().find("\r\nX-Request-ID: "), std::string::npos);
  EXPECT_NE(client.received().find("\"code\":\"invalid_argument\""), std::string::npos);
}

TEST_F(FrontTest, NamesWhyItCannotListen) {
  start();
  FrontOptions taken;
  taken.port = front_->port();
  const auto second = Front::create(*loop_, handler_, taken);
  ASSERT_FALSE(second.ok());
  EXPECT_EQ(second.error().code, ErrorCode::FailedPrecondition);
  EXPECT_NE(second.error().message.find(std::to_string(taken.port)), std::string::npos);
  FrontOptions wrong;
  wrong.address = "not-an-address";
  const auto third = Front::create(*loop_, handler_, wrong);
  ASSERT_FALSE(third.ok());
  EXPECT_EQ(third.error().code, ErrorCode::InvalidArgument);
}

TEST_F(FrontTest, DrainsWorkAndClosesTheRest) {
  start();
  RawHttpClient idle = connect();
  ASSERT_TRUE(idle.send(get("/a")));
  idle.readResponse();
  RawHttpClient busy = connect();
  ASSERT_TRUE(busy.send(get("/hold")));
  ASSERT_TRUE(busy.turnUntil([this] { return handler_.held.size() == 1; }));
  bool done = false;
  front_->drain(clock_.now() + Milliseconds(60'000), [&done] { done = true; });
  EXPECT_TRUE(idle.readToEnd());
  EXPECT_FALSE(done);
  handler_.held[0].send(Response::text(200, "last"));
  EXPECT_TRUE(busy.readToEnd());
  EXPECT_TRUE(busy.received().ends_with("last"));
  EXPECT_NE(busy.received().find("Connection: Close"), std::string::npos);
  idle.close();
  busy.close();
  EXPECT_TRUE(idle.turnUntil([&done] { return done; }));
}

TEST_F(FrontTest, DrainEndsAtItsDeadline) {
  start();
  RawHttpClient busy = connect();
  ASSERT_TRUE(busy.send(get("/hold")));
  ASSERT_TRUE(busy.turnUntil([this] { return handler_.held.size() == 1; }));
  bool done = false;
  front_->drain(clock_.now() + Milliseconds(3000), [&done] { done = true; });
  pass(Milliseconds(2000));
  EXPECT_FALSE(done);
  pass(Milliseconds(1000));
  EXPECT_TRUE(done);
  EXPECT_TRUE(handler_.held[0].isGone());
}

}  // namespace
}  // namespace busbar::http
