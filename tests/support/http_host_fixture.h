// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/service/http/http_service.h"
#include "tests/support/host_fixture.h"

namespace busbar {

// Answers for each name from a list, the last one for ever; other names do not exist.
class NamedResolver : public Resolver {
 public:
  explicit NamedResolver(EventLoop& loop) : loop_(loop) {}
  void add(const std::string& host, const std::vector<std::string>& addresses) {
    answers_[host].push_back(addresses);
  }
  void resolve(const std::string& host, Done done) override {
    Result<std::vector<IpAddress>> result =
        Error::because(ErrorCode::Unavailable, "dns_failed", "resolve " + host + ": no such name");
    if (const auto known = answers_.find(host); known != answers_.end()) {
      std::vector<IpAddress> addresses;
      for (const std::string& text : known->second.front()) {
        addresses.push_back(*IpAddress::parse(text));
      }
      result = std::move(addresses);
      if (known->second.size() > 1) {
        known->second.pop_front();
      }
    }
    loop_.defer([done = std::move(done), result = std::move(result)]() mutable {
      done(std::move(result));
    });
  }

 private:
  EventLoop& loop_;
  std::map<std::string, std::deque<std::vector<std::string>>> answers_;
};

// A host whose drivers have the HTTP service.
class HttpHostFixture {
 public:
  explicit HttpHostFixture(Launcher* launcher = nullptr)
      : host_(launcher, [this](EventLoop& loop) { return makeServices(loop); }) {
    names().add("localhost", {"127.0.0.1"});
  }
  HttpHostFixture(const HttpHostFixture&) = delete;
  HttpHostFixture& operator=(const HttpHostFixture&) = delete;
  ~HttpHostFixture() {  // what needs the loop goes before it does
    host_.host_.reset();
    around_.reset();
    client_.reset();
  }

  // `connection` is the value of the module's setting "busbar", `settings` what stands beside it.
  std::string addModule(const std::string& id, const std::string& driverId, const std::string& uri,
                        const std::string& connection = "", const std::string& settings = "") {
    host_.addModule(id, driverId, false, "", 0, uri);
    std::string text = connection.empty() ? "" : "\"busbar\":" + connection;
    text += text.empty() || settings.empty() ? settings : "," + settings;
    writeSettings(id, "{" + text + "}");
    model::Module running = *host_.site_.findModule(id);
    running.running = true;
    EXPECT_TRUE(host_.write(ConfigWrite::Kind::Update, running).ok());
    EXPECT_TRUE(host_.waitFor(id, "running")) << host_.host_->health(id).sentence;
    return id;
  }

  HttpService::Surroundings& around() { return *around_; }
  HttpClient& client() { return *client_; }
  NamedResolver& names() {
    BUSBAR_CHECK(names_.has_value());
    return *names_;
  }

 private:
  void writeSettings(const std::string& id, const std::string& text) {
    model::Settings settings;
    settings.id = "sets-" + id;
    settings.parentId = id;
    settings.text = text;
    const Status written = host_.write(ConfigWrite::Kind::Insert, settings);
    EXPECT_TRUE(written.ok()) << written.error().message;
  }
  ServiceProviders makeServices(EventLoop& loop) {
    names_.emplace(loop);
    client_.emplace(loop, *names_);
    around_.emplace(HttpService::Surroundings{loop, *client_, {}});
    ServiceProviders services;
    services.push_back(HttpService::provider(*around_));
    return services;
  }

  std::optional<NamedResolver> names_;
  std::optional<HttpClient> client_;
  std::optional<HttpService::Surroundings> around_;

 public:
  HostFixture host_;  // last: its construction makes the others
};

}  // namespace busbar
