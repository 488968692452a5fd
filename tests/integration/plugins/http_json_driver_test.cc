// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The http_json driver in a real runner, against nginx and servers that look at what they get.
#include <cstdlib>
#include <mutex>
#include <optional>

#include <gtest/gtest.h>

#include "tests/support/http_host_fixture.h"
#include "tests/support/nginx.h"
#include "tests/support/program.h"
#include "tests/support/raw_http_server.h"

namespace busbar {
namespace {

using test::Nginx;
using test::okAnswer;
using test::RawHttpServer;
using test::ReservedPort;

class HttpJsonDriverTest : public testing::Test {
 protected:
  void start(const std::string& uri, const std::string& settings) {
    fixture_.addModule("mod-1", host().addDriver("http_json"), uri, "", settings);
  }
  HostFixture& host() { return fixture_.host_; }
  std::string status(const std::string& key) {
    const auto value = host().host_->stateKey("mod-1", key);
    return value.ok() ? *value : "";
  }
  bool becomes(const std::string& key, const std::string& json) {
    return runUntil(*host().loop_, [&] { return status(key) == json; });
  }
  bool contains(const std::string& key, const std::string& text) {
    return runUntil(*host().loop_, [&] { return status(key).find(text) != std::string::npos; });
  }
  // The result of send(), or its error.
  std::string send(const std::string& args) {
    const auto reply = host().execute("mod-1", "send", args);
    return reply.ok() ? reply->resultJson : "error: " + reply.error().message;
  }

  HttpHostFixture fixture_;
};

constexpr const char* kWeather =
    R"("poll_interval_ms":50,"polls":[{"path":"/weather?key=secret","points":[)"
    R"({"name":"temperature","pointer":"/now/temp_f","type":"number","scale":0.5,"offset":-16},)"
    R"({"name":"rain","pointer":"/now/rain","type":"boolean"},)"
    R"({"name":"place","pointer":"/place"},{"name":"alerts","pointer":"/alerts"},)"
    R"({"name":"gone","pointer":"/nothing"}]}])";

TEST_F(HttpJsonDriverTest, FieldsBecomeStatusAndAnOutageShowsAndEnds) {
  if (!Nginx::isInstalled()) {
    GTEST_SKIP() << "nginx is not installed";
  }
  const ReservedPort port;
  const auto config = [&](const std::string& body) {
    return "server { listen 127.0.0.1:" + std::to_string(uint16_t{port}) +
           "; location / { default_type application/json; return 200 '" + body + "'; } }";
  };
  std::optional<Nginx> nginx(std::in_place);
  nginx->start(config(R"({"place":"Hall","now":{"temp_f":70,"rain":"off"},"alerts":[{"a":1}]})"),
               port);
  start("http://127.0.0.1:" + std::to_string(uint16_t{port}), kWeather);
  EXPECT_TRUE(becomes("temperature", "19"));
  EXPECT_TRUE(becomes("rain", "false"));
  EXPECT_TRUE(becomes("place", "\"Hall\""));
  EXPECT_TRUE(becomes("alerts", R"([{"a":1}])"));
  EXPECT_TRUE(becomes("online", "true"));
  EXPECT_EQ(status("last_error"), "");

  nginx.reset();
  EXPECT_TRUE(becomes("online", "false"));
  EXPECT_TRUE(contains("last_error", "GET /weather: "));
  EXPECT_EQ(status("last_error").find("secret"), std::string::npos);
  EXPECT_EQ(status("place"), "\"Hall\"") << "what was last known stays";

  nginx.emplace();
  nginx->start(config(R"({"place":"Roof","now":{"temp_f":"cold","rain":1}})"), port);
  EXPECT_TRUE(becomes("online", "true"));
  EXPECT_TRUE(becomes("place", "\"Roof\""));
  EXPECT_TRUE(becomes("rain", "true"));
  EXPECT_TRUE(contains("last_error", "point temperature: what stands at /now/temp_f is no number"));
  EXPECT_TRUE(becomes("alerts", "")) << "what is gone is removed";
}

// A server that keeps the last request and answers what it is told.
class HttpJsonCommandTest : public HttpJsonDriverTest {
 protected:
  std::string last() {
    const std::lock_guard lock(mutex_);
    return last_;
  }
  void answerWith(std::string answer) {
    const std::lock_guard lock(mutex_);
    answer_ = std::move(answer);
  }

  std::mutex mutex_;
  std::string last_;
  std::string answer_ = okAnswer(R"({"ok":true,"level":7})");
  RawHttpServer server_{[this](RawHttpServer::Connection& c) {
    for (std::string request = c.readRequest(); !request.empty(); request = c.readRequest()) {
      const std::lock_guard lock(mutex_);
      last_ = request;
      c.send(answer_);
    }
  }};
};

TEST_F(HttpJsonCommandTest, CommandsAreSentWithTheirArgumentsInTheirPlaces) {
  start(server_.url(), R"("headers":{"X-All":"yes"},"commands":[)"
                       R"({"name":"level","method":"PUT","path":"/lamps/{lamp}?by={who}",)"
                       R"("body":"{\"level\":{level},\"note\":\"by {who}\"}",)"
                       R"("points":[{"name":"level","pointer":"/level"}]},)"
                       R"({"name":"off","method":"DELETE","path":"/all"},)"
                       R"({"name":"form","path":"/form","body":"a={a}",)"
                       R"("content_type":"application/x-www-form-urlencoded"}])");
  EXPECT_EQ(send(R"(["level",{"lamp":"hall/1","who":"A \"B\"&c","level":40}])"),
            R"({"ok":true,"level":7})");
  const std::string put = last();
  EXPECT_EQ(put.find("PUT /lamps/hall%2F1?by=A%20%22B%22%26c HTTP/1.1\r\n"), 0U) << put;
  EXPECT_NE(put.find("X-All: yes\r\n"), std::string::npos);
  EXPECT_NE(put.find("Content-Type: application/json\r\n"), std::string::npos);
  EXPECT_NE(put.find("\r\n\r\n{\"level\":40,\"note\":\"by A \\\"B\\\"&c\"}"), std::string::npos)
      << put;
  EXPECT_TRUE(becomes("level", "7"));
  EXPECT_TRUE(becomes("online", "true"));

  EXPECT_EQ(send(R"(["off"])"), R"({"ok":true,"level":7})");
  EXPECT_EQ(last().find("DELETE /all "), 0U);
  answerWith(okAnswer("done"));
  EXPECT_EQ(send(R"(["form",{"a":"1 &2"}])"), "\"done\"");
  EXPECT_NE(last().find("\r\n\r\na=1+%262"), std::string::npos);

  EXPECT_EQ(send(R"(["nothing"])"), "error: there is no command nothing in the settings");
  EXPECT_EQ(send(R"(["form"])"), "error: argument a is missing");
  answerWith("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n");
  EXPECT_EQ(send(R"(["off"])"), "error: command off was answered by 503");
  EXPECT_TRUE(contains("last_error", "command off was answered by 503"));
  EXPECT_EQ(status("online"), "true");
}

TEST_F(HttpJsonCommandTest, EveryKindOfLoginIsSent) {
  const std::string poll = R"(,"poll_interval_ms":0,"polls":[{"path":"/","points":[]}])";
  start(server_.url(), R"("auth":"basic","username":"Aladdin","password":"open sesame")" + poll);
  const auto sees = [this](const std::string& line) {
    return runUntil(*host().loop_, [&] { return last().find(line) != std::string::npos; });
  };
  EXPECT_TRUE(sees("Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"));
  const auto change = [&](const std::string& settings) {
    model::Settings row = *host().site_.findSettings("sets-mod-1");
    row.text = "{" + settings + poll + "}";
    EXPECT_TRUE(host().write(ConfigWrite::Kind::Update, row).ok());
  };
  change(R"("auth":"bearer","token":"abc.def")");
  EXPECT_TRUE(sees("Authorization: Bearer abc.def\r\n"));
  change(R"("auth":"header","auth_header":"X-Api-Key","token":"k-1")");
  EXPECT_TRUE(sees("X-Api-Key: k-1\r\n"));
  change(R"("auth":"none")");
  EXPECT_TRUE(runUntil(*host().loop_, [&] {
    return last().find("Authorization") == std::string::npos &&
           last().find("X-Api-Key") == std::string::npos;
  }));
}

TEST_F(HttpJsonDriverTest, DigestIsAnswered) {
  test::Program server(
      {"/usr/bin/env", "python3",
       std::string(std::getenv("BUSBAR_SOURCE")) + "/tests/integration/sdk/net/auth_server.py",
       "MD5"});
  start("http://" + server.readLine().value_or("127.0.0.1:1"),
        R"("auth":"digest","username":"Mufasa","password":"Circle of Life",)"
        R"("commands":[{"name":"echo","path":"/echo","body":"{\"v\":{v}}"}])");
  EXPECT_EQ(send(R"(["echo",{"v":[1,2]}])"), R"({"v":[1,2]})");
}

TEST_F(HttpJsonCommandTest, PollNowWaitsForItsAnswers) {
  start(server_.url(), R"("poll_interval_ms":0,"polls":[{"path":"/a","points":[)"
                       R"({"name":"level","pointer":"/level"}]},{"path":"/b","points":[]}])");
  ASSERT_TRUE(becomes("level", "7"));
  answerWith(okAnswer(R"({"level":8})"));
  const auto reply = host().execute("mod-1", "poll_now");
  ASSERT_TRUE(reply.ok()) << reply.error().message;
  EXPECT_EQ(reply->resultJson, "1");
  EXPECT_TRUE(becomes("level", "8"));
  answerWith(okAnswer("<html>"));
  const auto failed = host().execute("mod-1", "poll_now");
  ASSERT_FALSE(failed.ok());
  EXPECT_NE(failed.error().message.find(": the answer is no JSON"), std::string::npos);
}

TEST_F(HttpJsonDriverTest, WrongSettingsAreNamedAndTheOldOnesStay) {
  start("http://127.0.0.1:1", R"("polls":[])");
  model::Settings row = *host().site_.findSettings("sets-mod-1");
  row.text = R"({"polls":[{"path":"/a","points":[{"name":"x","pointer":"a"}]}]})";
  ASSERT_TRUE(host().write(ConfigWrite::Kind::Update, row).ok());
  EXPECT_TRUE(runUntil(*host().loop_, [&] {
    return host().host_->health("mod-1").code == "settings_refused";
  })) << host().host_->health("mod-1").sentence;
  EXPECT_NE(host().host_->health("mod-1").sentence.find("point x: a is no JSON Pointer"),
            std::string::npos)
      << host().host_->health("mod-1").sentence;
  EXPECT_TRUE(host().host_->health("mod-1").running);
}

}  // namespace
}  // namespace busbar
