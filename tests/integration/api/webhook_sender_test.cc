// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Webhooks by the one HTTP client with the profile that they have, to receivers that misbehave and
// to where nobody meant them to go.
#include "api/triggers/webhook_sender.h"

#include <mutex>

#include <gtest/gtest.h>

#include "api/triggers/action_runner.h"
#include "tests/support/fake_host_client.h"
#include "tests/support/fake_inside.h"
#include "tests/support/http_client_fixture.h"
#include "tests/support/inward_urls.h"
#include "tests/support/raw_http_server.h"

namespace busbar::triggers {
namespace {

using test::okAnswer;
using test::RawHttpServer;

std::string statusAnswer(const std::string& line, const std::string& more = {}) {
  return "HTTP/1.1 " + line + "\r\n" + more + "Content-Length: 0\r\nConnection: close\r\n\r\n";
}

class WebhookSenderTest : public testing::Test {
 protected:
  // Loopback at 127.0.0.1 is allowed, as it would be by the configuration.
  WebhookSenderTest() { allow({"127.0.0.1"}); }

  void allow(const std::vector<const char*>& ranges) {
    std::vector<AddressRange> parsed;
    for (const char* range : ranges) {
      parsed.push_back(*AddressRange::parse(range));
    }
    runner_.reset();
    runner_ = std::make_unique<ActionRunner>(ActionRunner::Surroundings{
        *loop_, host_, *http_, makeWebhookProfile(std::move(parsed), "").value(), nullptr,
        inside_});
  }

  // The last record of a step that calls `url`.
  StepRecord run(const std::string& url, unsigned retries = 0,
                 Milliseconds timeout = Milliseconds(5'000), std::vector<StepRecord> before = {}) {
    auto spec = std::make_shared<Spec>();
    Step step;
    step.key = "steps/0";
    step.what = CallWebhook{"POST", url, {{"X-Room", "4.2"}}, json::Array{1, "{{ trigger.id }}"}};
    step.timeout = timeout;
    step.retry = {retries, Milliseconds(10), Milliseconds(20)};
    spec->begin = {step};
    ActionRunner::Job job;
    job.firingId = "fire-1";
    job.spec = std::move(spec);
    job.signingSecret = "secret";
    job.before = std::move(before);
    job.facts = *json::parse(R"({"trigger":{"id":"trigger-1"}})")->asObject();
    StepRecord last;
    job.record = [&last](const StepRecord& record, Callback<void(Status)> stored) {
      last = record;
      stored(Status());
    };
    bool isOver = false;
    job.done = [&isOver](size_t) { isOver = true; };
    runner_->run(std::move(job));
    EXPECT_TRUE(runUntil(*loop_, [&isOver] { return isOver; }));
    return last;
  }
  static std::string endOf(const StepRecord& record) {
    return (record.state == StepRecord::State::Done ? "done" : record.code) + " after " +
           std::to_string(record.attempts);
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  test::ScriptedResolver names_{*loop_};
  std::unique_ptr<HttpClient> http_ = std::make_unique<HttpClient>(*loop_, names_);
  FakeHostClient host_;
  FakeInside inside_;
  std::unique_ptr<ActionRunner> runner_;
};

// Answers each request with the next of some texts, and keeps the requests.
class Receiver {
 public:
  explicit Receiver(std::vector<std::string> answers)
      : answers_(std::move(answers)), server_([this](RawHttpServer::Connection& connection) {
          const std::string request = connection.readRequest();
          std::string answer;
          {
            const std::lock_guard lock(mutex_);
            answer = answers_[std::min(requests_.size(), answers_.size() - 1)];
            requests_.push_back(request);
          }
          connection.send(answer);
        }) {}
  std::string url() const { return server_.url() + "/hook"; }
  std::vector<std::string> requests() {
    const std::lock_guard lock(mutex_);
    return requests_;
  }

 private:
  std::mutex mutex_;
  const std::vector<std::string> answers_;
  std::vector<std::string> requests_;
  RawHttpServer server_;
};

std::string headerOf(const std::string& request, const std::string& name) {
  const size_t at = request.find("\r\n" + name + ": ");
  if (at == std::string::npos) {
    return "";
  }
  const size_t begin = at + name.size() + 4;
  return request.substr(begin, request.find("\r\n", begin) - begin);
}

TEST_F(WebhookSenderTest, AReceiverThatFailsTwiceGetsTheSameBodySignedAnew) {
  Receiver receiver({statusAnswer("500 Oops"), statusAnswer("503 Busy"), okAnswer("thanks")});
  const StepRecord record = run(receiver.url(), 5);
  EXPECT_EQ(endOf(record), "done after 3");
  EXPECT_EQ(record.answer, R"({"status":200,"body":"thanks"})");
  ASSERT_EQ(receiver.requests().size(), 3U);
  for (const std::string& request : receiver.requests()) {
    EXPECT_EQ(request.substr(0, 10), "POST /hook");
    EXPECT_EQ(request.substr(request.find("\r\n\r\n") + 4), R"([1,"trigger-1"])");
    EXPECT_EQ(headerOf(request, "Content-Type"), "application/json");
    EXPECT_EQ(headerOf(request, "X-Room"), "4.2");
    EXPECT_EQ(headerOf(request, "X-Busbar-Firing"), "fire-1");
    EXPECT_EQ(headerOf(request, "X-Busbar-Step"), "steps/0");
    EXPECT_EQ(headerOf(request, "X-Busbar-Retry"), "");
    const std::string signature = headerOf(request, "X-Busbar-Signature");
    const int64_t time = std::strtoll(signature.c_str() + 2, nullptr, 10);
    EXPECT_LE(std::abs(time - clock_.utcNs() / 1'000'000'000), 30);
    HttpRequest same;
    same.body = R"([1,"trigger-1"])";
    stampWebhook(same, {"secret", "fire-1", "steps/0", time, false});
    EXPECT_EQ(signature, same.headers[0].value);
  }
}

TEST_F(WebhookSenderTest, AfterARestartTheReceiverIsTold) {
  Receiver receiver({okAnswer("")});
  StepRecord before;
  before.key = "steps/0";
  before.attempts = 1;
  EXPECT_EQ(endOf(run(receiver.url(), 0, Milliseconds(5'000), {before})), "done after 2");
  EXPECT_EQ(headerOf(receiver.requests().at(0), "X-Busbar-Retry"), "true");
}

TEST_F(WebhookSenderTest, OnlyWhatMayPassIsRepeated) {
  for (const char* line : {"408 Slow", "425 Early", "429 Many", "500 Oops", "599 What"}) {
    Receiver receiver({statusAnswer(line)});
    EXPECT_EQ(endOf(run(receiver.url(), 1)), "webhook_refused after 2") << line;
  }
  for (const char* line : {"400 Bad", "401 Who", "404 Where", "410 Gone", "422 What"}) {
    Receiver receiver({statusAnswer(line)});
    EXPECT_EQ(endOf(run(receiver.url(), 5)), "webhook_refused after 1") << line;
  }
  EXPECT_EQ(endOf(run("http://127.0.0.1:1/", 1)), "connect_failed after 2");
  EXPECT_EQ(endOf(run("http://nobody.example/", 1)), "dns_failed after 2");
}

TEST_F(WebhookSenderTest, ARedirectIsNotFollowed) {
  RawHttpServer inside([](RawHttpServer::Connection& c) { c.send(okAnswer("inside")); });
  for (const char* line : {"301 M", "302 F", "303 S", "307 T", "308 P"}) {
    Receiver receiver({statusAnswer(line, "Location: " + inside.url() + "/\r\n")});
    const StepRecord record = run(receiver.url(), 5);
    EXPECT_EQ(endOf(record), "webhook_refused after 1") << line;
    EXPECT_NE(record.message.find("redirects are not followed"), std::string::npos);
  }
  EXPECT_EQ(inside.connections(), 0);
}

TEST_F(WebhookSenderTest, AHeadThatDribblesInEndsAtTheTimeOut) {
  RawHttpServer slow([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send("HTTP/1.1 200 OK\r\nX-Slow: ");
    c.awaitEnd();
  });
  EXPECT_EQ(endOf(run(slow.url(), 1, Milliseconds(200))), "deadline_exceeded after 2");
}

TEST_F(WebhookSenderTest, ABodyThatDribblesInDoesNotUndoTheStatus) {
  RawHttpServer slow([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nbegin");
    c.awaitEnd();
  });
  const StepRecord record = run(slow.url(), 3, Milliseconds(200));
  EXPECT_EQ(endOf(record), "done after 1");
  EXPECT_EQ(record.answer, R"({"status":200,"body":"begin"})");
}

TEST_F(WebhookSenderTest, OfAHugeAnswerTheBeginningIsKept) {
  for (const char* status : {"200 OK", "404 No"}) {
    std::atomic<bool> hasEnded{false};
    RawHttpServer huge([&](RawHttpServer::Connection& c) {
      c.readRequest();
      c.send("HTTP/1.1 " + std::string(status) + "\r\nContent-Length: 1000000000000\r\n\r\n");
      const std::string piece(1 << 16, 'x');
      while (c.send(piece)) {
      }
      hasEnded = true;
    });
    const StepRecord record = run(huge.url());
    EXPECT_EQ(endOf(record), status[0] == '2' ? "done after 1" : "webhook_refused after 1");
    EXPECT_LE(record.answer.size(), ActionRunner::kMaxAnswerBytes);
    EXPECT_GT(record.answer.size(), ActionRunner::kMaxAnswerBytes - 64);
    EXPECT_TRUE(runUntil(*loop_, [&hasEnded] { return hasEnded.load(); })) << "not read on";
  }
  RawHttpServer endless([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send("HTTP/1.1 200 OK\r\n");
    while (c.send("X-More: " + std::string(1000, 'x') + "\r\n")) {
    }
  });
  EXPECT_EQ(endOf(run(endless.url())), "http_too_large after 1");
}

TEST_F(WebhookSenderTest, HeadersOfAnAnswerAreNeverKept) {
  Receiver receiver({okAnswer("b", "Set-Cookie: hidden=1\r\nX-Hidden: hidden\r\n")});
  const StepRecord record = run(receiver.url());
  EXPECT_EQ(record.answer.find("hidden"), std::string::npos);
}

class WebhookGuardTest : public WebhookSenderTest {
 protected:
  WebhookGuardTest() { allow({}); }
  // Refused for good: a repeat would be a second try to get inside.
  void expectRefused(const std::string& url) {
    const std::string end = endOf(run(url, 2));
    EXPECT_TRUE(end == "http_blocked_address after 1" || end == "url_refused after 1")
        << url << ": " << end;
  }
  RawHttpServer inside_{[](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send(okAnswer("inside"));
  }};
  std::string port_ = std::to_string(inside_.port());
};

TEST_F(WebhookGuardTest, SixtyWaysInsideAreClosed) {
  names_.add({"169.254.169.254", "127.0.0.1"});
  size_t cases = 0;
  for (const char* url : test::kInwardUrls) {
    expectRefused(test::withPorts(url, inside_.port(), inside_.port()));
    ++cases;
  }
  for (const char* address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1", "::127.0.0.1",
                              "0.0.0.0", "::", "10.0.0.1", "192.168.0.1", "172.16.0.1",
                              "169.254.169.254", "fd00:ec2::254", "fe80::1", "64:ff9b::7f00:1",
                              "2002:7f00:1::", "100.64.0.1", "224.0.0.1", "255.255.255.255"}) {
    test::ScriptedResolver names(*loop_);
    names.add({address});
    runner_.reset();
    http_ = std::make_unique<HttpClient>(*loop_, names);
    allow({});
    expectRefused("http://innocent.example:" + port_ + "/");
    ++cases;
    runner_.reset();
    http_ = std::make_unique<HttpClient>(*loop_, names_);
    allow({});
  }
  EXPECT_GE(cases, 60U);
  EXPECT_EQ(inside_.connections(), 0);
}

TEST_F(WebhookGuardTest, ANameThatIsTurnedInsideBetweenTwoAttemptsGainsNothing) {
  RawHttpServer receiver([](RawHttpServer::Connection& c) {
    c.readRequest();
    c.send(statusAnswer("500 Oops"));
  });
  allow({"127.0.0.1"});
  names_.add({"127.0.0.1"});
  names_.add({"127.0.0.2"});
  const std::string url = "http://rebind.example:" + std::to_string(receiver.port()) + "/";
  EXPECT_EQ(endOf(run(url, 5)), "http_blocked_address after 2");
  EXPECT_EQ(receiver.connections(), 1);
}

TEST_F(WebhookGuardTest, WhatTheConfigurationAllowsIsReachedByAddressAndName) {
  allow({"127.0.0.0/8"});
  names_.add({"10.0.0.1", "127.0.0.1"});
  EXPECT_EQ(endOf(run("http://127.0.0.1:" + port_ + "/")), "done after 1");
  EXPECT_EQ(endOf(run("http://any.example:" + port_ + "/")), "done after 1");
  expectRefused("http://[::1]:" + port_ + "/");
  expectRefused("http://10.0.0.1:" + port_ + "/");
}

TEST_F(WebhookGuardTest, TheEnvironmentCannotBringInAProxy) {
  setenv("http_proxy", inside_.url().c_str(), 1);
  names_.add({"127.0.0.1"});
  expectRefused("http://outside.example:" + port_ + "/");
  unsetenv("http_proxy");
  EXPECT_EQ(inside_.connections(), 0);
}

}  // namespace
}  // namespace busbar::triggers
