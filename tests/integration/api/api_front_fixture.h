// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "api/auth/api_key.h"
#include "api/auth/api_key_authenticator.h"
#include "api/auth/local_authenticator.h"
#include "api/http/front/front.h"
#include "api/resources/api.h"
#include "registry/store/sqlite_config_store.h"
#include "tests/support/await.h"
#include "tests/support/fake_host_client.h"
#include "tests/support/raw_http_client.h"
#include "tests/support/sample_records.h"
#include "tests/support/temp_dir.h"

namespace busbar {

// The API as busbard runs it, with SQLite and real sockets; only the host is a fake.
class ApiFront : public testing::Test {
 protected:
  ApiFront() : loop_(std::move(EventLoop::create(clock_)).value()) {
    SqliteConfigStore::Options options;
    options.databasePath = folder_.path() + "/config.db";
    options.keyPath = folder_.path() + "/secret.key";
    auto store = SqliteConfigStore::open(*loop_, std::move(options));
    EXPECT_TRUE(store.ok());
    store_ = std::move(*store);
    search_ = std::move(*Search::open(*loop_, folder_.path() + "/config.db"));
    EXPECT_TRUE(await<void>(*loop_, [this](Callback<void(Status)> done) {
                  site_.follow(*store_, clock_.now() + Milliseconds(10'000), std::move(done));
                }).ok());
    api_ = std::make_unique<api::Api>(
        api::Api::Parts{*loop_, site_, *store_, *search_, *store_, host_, ids_, *log_,
                        [](std::string, Actor, Callback<void(Result<api::InstalledDriver>)> done) {
                          done(Error::of(ErrorCode::InvalidArgument, "no driver here"));
                        },
                        "9.9.9"});
    api_->addRoutes(router_);
    front_ = std::move(http::Front::create(*loop_, router_, {})).value();
    http::FrontOptions local;
    local.unixPath = folder_.path() + "/control.sock";
    control_ = std::move(http::Front::create(*loop_, router_, local)).value();
    api_->metrics().addFront("tcp", [this] { return front_->stats(); });
  }

  std::string request(const std::string& line, const std::string& body,
                      const std::string& key = {}) {
    return line + " HTTP/1.1\r\nHost: a\r\n" + (key.empty() ? "" : "X-API-Key: " + key + "\r\n") +
           "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  }

  // One request over the control socket, by a blocking client on the loop's thread.
  std::string local(const std::string& text) {
    const UniqueFd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    const std::string path = folder_.path() + "/control.sock";
    path.copy(address.sun_path, sizeof address.sun_path - 1);
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
    EXPECT_EQ(::send(fd.get(), text.data(), text.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(text.size()));
    std::string out;
    EXPECT_TRUE(runUntil(*loop_, [&] {
      char buffer[4096];
      const ssize_t n = ::recv(fd.get(), buffer, sizeof buffer, 0);
      if (n > 0) {
        out.append(buffer, static_cast<size_t>(n));
      }
      return out.ends_with("}");
    }));
    return out;
  }

  std::string makeKey(const std::string& role) {
    const std::string answer = local(request(
        "POST /api/engine/v2/api_keys", R"({"name":"k )" + role + R"(","role":")" + role + "\"}"));
    const auto body = json::parse(answer.substr(answer.find("\r\n\r\n") + 4));
    EXPECT_TRUE(body.ok()) << answer;
    return body.ok() ? *body->find("x_api_key")->asString() : std::string();
  }

  SystemClock clock_;
  test::TempDir folder_;
  std::unique_ptr<EventLoop> loop_;
  Site site_;
  std::unique_ptr<SqliteConfigStore> store_;
  std::unique_ptr<Search> search_;
  FakeHostClient host_;
  model::IdGenerator ids_{clock_};
  std::unique_ptr<Logger> log_ = Logger::discarding();
  auth::ApiKeyAuthenticator keys_{clock_, [this](const std::string& keyId) {
                                    auth::ApiKeyRows rows;
                                    rows.key = site_.findApiKey(keyId);
                                    if (rows.key != nullptr) {
                                      rows.user = site_.findUser(rows.key->userId);
                                    }
                                    return rows;
                                  }};
  auth::LocalAuthenticator authenticator_{keys_, ::geteuid()};
  http::Router router_{authenticator_};
  std::unique_ptr<api::Api> api_;
  std::unique_ptr<http::Front> front_;
  std::unique_ptr<http::Front> control_;
};

}  // namespace busbar
