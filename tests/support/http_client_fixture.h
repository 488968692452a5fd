// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "sdk/base/net/http_client.h"
#include "sdk/base/net/url.h"
#include "tests/support/await.h"

namespace busbar::test {

// Answers from a list, the last one for ever; counts how often it was asked.
class ScriptedResolver : public Resolver {
 public:
  explicit ScriptedResolver(EventLoop& loop) : loop_(loop) {}
  void add(const std::vector<std::string>& addresses) { answers_.push_back(addresses); }
  int asked() const { return asked_; }

  void resolve(const std::string& host, Done done) override {
    ++asked_;
    Result<std::vector<IpAddress>> result =
        Error::because(ErrorCode::Unavailable, "dns_failed", "resolve " + host + ": no such name");
    if (!answers_.empty()) {
      std::vector<IpAddress> addresses;
      for (const std::string& text : answers_.front()) {
        addresses.push_back(*IpAddress::parse(text));
      }
      result = std::move(addresses);
      if (answers_.size() > 1) {
        answers_.pop_front();
      }
    }
    loop_.defer([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }

 private:
  EventLoop& loop_;
  std::deque<std::vector<std::string>> answers_;
  int asked_ = 0;
};

// A client on a loop of its own, and profiles that allow named places on loopback.
class HttpClientFixture : public testing::Test {
 protected:
  // Allows loopback at the port of `url`.
  static HttpProfileOptions optionsFor(const std::string& url) {
    HttpProfileOptions options;
    allow(options, url);
    return options;
  }
  static void allow(HttpProfileOptions& options, const std::string& url) {
    const Url parsed = Url::parse(url).value();
    options.addresses.exceptions.push_back({parsed.host(), parsed.port()});
  }
  static std::shared_ptr<const HttpProfile> profileFor(const std::string& url) {
    return HttpProfile::create(optionsFor(url)).value();
  }
  static HttpRequest get(std::string url) {
    HttpRequest request;
    request.url = std::move(url);
    return request;
  }

  // The answer, or the error that came at once or later.
  Result<HttpAnswer> fetch(const std::shared_ptr<const HttpProfile>& profile, HttpRequest request) {
    return await<HttpAnswer>(*loop_, [&](HttpDone done) {
      auto completion = std::make_shared<HttpDone>(std::move(done));
      const auto id =
          client_->request(profile, std::move(request),
                           [completion](Result<HttpAnswer> r) { (*completion)(std::move(r)); });
      if (!id.ok()) {
        (*completion)(id.error());
      }
    });
  }
  Result<HttpAnswer> fetch(const std::string& url) { return fetch(profileFor(url), get(url)); }
  std::string reasonOf(const Result<HttpAnswer>& answer) {
    return answer.ok() ? "status " + std::to_string(answer->status) : answer.error().reason;
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  ScriptedResolver names_{*loop_};
  std::unique_ptr<HttpClient> client_ = std::make_unique<HttpClient>(*loop_, names_);
};

}  // namespace busbar::test
