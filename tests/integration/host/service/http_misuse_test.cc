// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Drivers that misuse "busbar.http/1", each beside a twin of the same code that does not.
#include <thread>

#include "tests/integration/host/service/http_probe.h"
#include "tests/support/raw_http_server.h"

namespace busbar {
namespace {

using test::okAnswer;
using test::RawHttpServer;

class HttpMisuseTest : public HttpProbeTest {
 protected:
  void SetUp() override {
    // A process each: what happens to one must not happen to the other.
    const std::string probe = driver(model::Isolation::Module);
    fixture_.addModule("mod-bad", probe, server_.url());
    fixture_.addModule("mod-twin", probe, server_.url());
  }
  void twinIsWell() {
    const Outcome got = run("mod-twin", "/");
    EXPECT_EQ(got.end(), "200") << got.error.message;
  }
  bool allIsOver() {
    return runUntil([this] {
      return fixture_.around().figures.open == 0 && fixture_.client().figures().active == 0;
    });
  }

  RawHttpServer server_{[](RawHttpServer::Connection& c) {
    for (std::string request = c.readRequest(); !request.empty(); request = c.readRequest()) {
      if (request.find("GET /never") == 0) {
        c.awaitEnd();
        return;
      }
      if (request.find("GET /endless") == 0) {
        c.send("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        const std::string piece = "10000\r\n" + std::string(0x10000, 'e') + "\r\n";
        while (c.send(piece)) {
        }
        return;
      }
      c.send(okAnswer("fine"));
    }
  }};
};

TEST_F(HttpMisuseTest, AFloodIsHeldToTheLimitAndEveryRequestEnds) {
  const Outcome flood = run("mod-bad", "/", R"("at_once":10000,"total":10000)");
  EXPECT_EQ(flood.number("taken"), 256);
  EXPECT_EQ(flood.number("again"), 10000 - 256);
  EXPECT_EQ(flood.number("answers"), 256);
  const Outcome steady = run("mod-bad", "/", R"("at_once":256,"total":10000)");
  EXPECT_EQ(steady.number("answers"), 10000) << steady.text("code") << steady.error.message;
  twinIsWell();
  EXPECT_TRUE(allIsOver());
}

TEST_F(HttpMisuseTest, ThreeHundredAtOnceThatNobodyAnswers) {
  std::optional<Result<ExecuteReply>> reply;
  ExecuteRequest request;
  request.moduleId = "mod-bad";
  request.function = "run";
  request.args = R"({"url":"/never","at_once":300,"total":300,"timeout_ms":700})";
  request.caller.role = model::UserRole::Support;
  request.deadline = fixture_.host_.clock_.now() + std::chrono::seconds(30);
  fixture_.host_.host_->execute(std::move(request),
                                [&](Result<ExecuteReply> done) { reply.emplace(std::move(done)); });
  ASSERT_TRUE(runUntil([&] { return fixture_.around().figures.open == 256; }));
  twinIsWell();
  ASSERT_TRUE(runUntil([&] { return reply.has_value(); }));
  ASSERT_TRUE(reply->ok()) << reply->error().message;
  Outcome got;
  got.document = json::parse((*reply)->resultJson).value();
  EXPECT_EQ(got.number("taken"), 256);
  EXPECT_EQ(got.number("again"), 44);
  EXPECT_EQ(got.number("failed"), 256);
  EXPECT_EQ(got.text("code"), "deadline_exceeded");
  EXPECT_TRUE(allIsOver());
}

TEST_F(HttpMisuseTest, MalformedMembersAreAnsweredEachByAnEvent) {
  for (const char* more :
       {R"("headers":"[1]")", R"("headers":"{'A':1}")", R"("headers":"{'A b':'c'}")",
        R"("headers":"{'Host':'x'}")", R"("headers":"{'Transfer-Encoding':'chunked'}")",
        R"("headers":"{'A':'b\r\nC: d'}")", R"("auth":"[]")", R"("auth":"{'type':'ntlm'}")",
        R"("auth":"{'type':'basic','username':'a:b','password':'c'}")",
        R"("auth":"{'type':'bearer','token':''}")", R"("method":"get")", R"("method":"CONNECT")",
        R"("max_bytes":1048577)", R"("timeout_ms":600001)", R"("redirects":11)",
        R"("method":"GET","body_bytes":1)"}) {
    const Outcome got = run("mod-bad", "/", more);
    EXPECT_EQ(got.end(), "http_bad_request") << more << got.text("text");
    EXPECT_EQ(got.number("status"), -1) << more;
  }
  // What the runner sees itself never leaves it.
  EXPECT_EQ(run("mod-bad", "/", R"("headers":"{")").number("invalid"), 1);
  EXPECT_EQ(run("mod-bad", "/", R"("flags":4)").number("invalid"), 1);
  EXPECT_EQ(run("mod-bad", "/").end(), "200") << "it goes on";
  EXPECT_EQ(server_.connections(), 1);
}

TEST_F(HttpMisuseTest, ADriverThatNeverTakesItsStreamIsKilledAndNothingStays) {
  std::optional<Result<ExecuteReply>> reply;
  ExecuteRequest request;
  request.moduleId = "mod-bad";
  request.function = "run";
  request.args =
      R"({"url":"/endless","at_once":8,"total":8,"flags":1,"max_bytes":200000000,"delay_us":60000000})";
  request.caller.role = model::UserRole::Support;
  request.deadline = fixture_.host_.clock_.now() + std::chrono::seconds(30);
  fixture_.host_.host_->execute(std::move(request),
                                [&](Result<ExecuteReply> done) { reply.emplace(std::move(done)); });
  ASSERT_TRUE(runUntil([&] { return fixture_.around().figures.bytes > 1'000'000; }));
  EXPECT_LE(fixture_.around().figures.bytes, 8 * HttpService::kWindowBytes);
  twinIsWell();
  ASSERT_TRUE(runUntil([&] { return reply.has_value(); }));
  EXPECT_EQ(reply->error().reason, "driver_crashed");
  EXPECT_TRUE(allIsOver());
  EXPECT_TRUE(fixture_.host_.waitFor("mod-bad", "running"));
  EXPECT_EQ(run("mod-bad", "/").end(), "200");
}

}  // namespace
}  // namespace busbar
