// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/http/front/front.h"
#include "tests/support/fake_clock.h"
#include "tests/support/raw_http_client.h"

namespace busbar::http {

// Answers by path: /echo the body, /hold keeps the Responder, /drop destroys it, /stream keeps an
// EventStream, /big answers `bigBytes`, everything else its method, path and body length.
class TestHandler : public Handler {
 public:
  Admission admit(Request& request) override {
    ++admitted;
    Admission admission;
    admission.bodyLimitBytes = bodyLimitBytes;
    if (request.path() == "/refuse") {
      admission.refusal = Response::text(401, "no");
    }
    return admission;
  }
  void handle(Request& request, Responder responder) override {
    ++handled;
    lastTraceId = request.trace().traceIdText();
    lastPeer = request.peerAddress();
    lastUid = request.peer().uid;
    const std::string path(request.path());
    if (path == "/hold") {
      held.push_back(std::move(responder));
    } else if (path == "/stream") {
      streams.push_back(
          responder.stream(std::move(Response(200).setBody("text/event-stream", ""))));
    } else if (path == "/echo") {
      responder.send(Response::text(200, request.takeBody()));
    } else if (path == "/big") {
      responder.send(Response::text(200, std::string(bigBytes, 'b')));
    } else if (path == "/bad-header") {
      responder.send(std::move(Response::text(200, "x").set("X-A", "a\r\nX-B: c")));
    } else if (path != "/drop") {
      responder.send(Response::text(200, std::string(request.methodName()) + " " + path + " " +
                                             std::to_string(request.body().size())));
    }
  }

  size_t bodyLimitBytes = 1000;
  size_t bigBytes = 16 << 20;
  int admitted = 0;
  int handled = 0;
  std::string lastTraceId;
  std::string lastPeer;
  std::optional<uid_t> lastUid;
  std::vector<Responder> held;
  std::vector<EventStream> streams;
};

class FrontTest : public testing::Test {
 protected:
  FrontTest() : loop_(std::move(EventLoop::create(clock_)).value()) {}
  ~FrontTest() override {
    handler_.held.clear();
    handler_.streams.clear();
  }

  void start() {
    auto front = Front::create(*loop_, handler_, options_);
    ASSERT_TRUE(front.ok()) << front.error().message;
    front_ = std::move(front).value();
  }
  RawHttpClient connect(int receiveBufferBytes = 0) {
    return RawHttpClient(*loop_, front_->port(), receiveBufferBytes);
  }
  static bool isStatus(const std::string& response, int status) {
    return response.starts_with("HTTP/1.1 " + std::to_string(status) + " ");
  }

  // Lets what is on its way arrive.
  void settle() {
    for (int i = 0; i < 10; ++i) {
      loop_->runOnce(Milliseconds(1));
    }
  }
  // Moves the clock past `limit`, and past the next look at the limits.
  void pass(Milliseconds limit) {
    settle();
    clock_.advance(limit + options_.sweepEvery);
    settle();
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_;
  FrontOptions options_;
  TestHandler handler_;
  std::unique_ptr<Front> front_;
};

inline std::string get(const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}
inline std::string post(const std::string& path, const std::string& body) {
  return "POST " + path + " HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(body.size()) +
         "\r\n\r\n" + body;
}

}  // namespace busbar::http
