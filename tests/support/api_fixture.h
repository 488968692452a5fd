// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "api/auth/api_key.h"
#include "api/auth/api_key_authenticator.h"
#include "api/auth/local_authenticator.h"
#include "api/resources/api.h"
#include "tests/support/await.h"
#include "tests/support/fake_config_store.h"
#include "tests/support/fake_host_client.h"
#include "tests/support/fake_password_hasher.h"
#include "tests/support/fake_trigger_states.h"
#include "tests/support/openapi_description.h"
#include "tests/support/recording_sink.h"
#include "tests/support/sample_records.h"
#include "tests/support/search_mirror.h"
#include "tests/support/trigger_engine.h"

namespace busbar {

// The whole API over a store in memory and a fake host, without sockets. One domain, and in it one
// user per role, each with a key.
class ApiFixture : public testing::Test {
 protected:
  static constexpr uid_t kOwnUid = 4242;

  struct Answer {
    int status = 0;
    json::Value body;
    std::string text;
    http::Response response{0};
    std::string member(std::string_view name) const {
      const json::Value* value = body.find(name);
      return value == nullptr || value->asString() == nullptr ? std::string() : *value->asString();
    }
  };

  ApiFixture() : loop_(std::move(EventLoop::create(clock_)).value()), store_(*loop_) {
    EXPECT_TRUE(await<void>(*loop_, [this](Callback<void(Status)> done) {
                  site_.follow(store_, clock_.now() + Milliseconds(10'000), std::move(done));
                }).ok());
    put(sample::domain());
    user_ = addKey(model::UserRole::User);
    support_ = addKey(model::UserRole::Support);
    admin_ = addKey(model::UserRole::Admin);
    expired_ = addKey(model::UserRole::Admin, 1);
    api_.addRoutes(router_);
  }

  // Its user is number 100 + keys_; of the default domain when `domainId` is empty.
  std::string addKey(model::UserRole role, int64_t expiresAt = 0,
                     const std::string& domainId = "") {
    ++keys_;
    model::User user = sample::user(100 + keys_, role);
    user.domainId = domainId.empty() ? sample::id(model::Table::Domain) : domainId;
    model::ApiKey key = sample::apiKey(100 + keys_, 100 + keys_);
    key.userId = user.id;
    key.permissions = role;
    key.scopes = {"public"};
    key.expiresAt = expiresAt;
    const auth::NewApiKey made = auth::generateApiKey(key.id);
    key.secretHash = made.secretHash;
    put(user);
    put(key);
    return made.text;
  }

  // A trigger with a webhook in system 1 (sample::system), and the engine at work; returns the
  // instance's id. After a ring it is triggered for so long.
  std::string putDoorBell(int64_t debounceMs = 60'000) {
    model::Trigger trigger;
    trigger.id = sample::id(model::Table::Trigger, 1);
    trigger.name = "Door bell";
    trigger.enableWebhook = true;
    trigger.debounceMs = debounceMs;
    put(trigger);
    doorBell_.id = sample::id(model::Table::TriggerInstance, 1);
    doorBell_.triggerId = trigger.id;
    doorBell_.systemId = sample::id(model::Table::System, 1);
    doorBell_.webhookSecret = "a secret of this test only";
    put(doorBell_);
    triggers_.engine.start([](Status) {});
    turn();
    return doorBell_.id;
  }
  void ringDoorBell() {
    EXPECT_TRUE(triggers_.engine.deliver(doorBell_.id, {}, "delivery").ok());
    turn();
  }
  // Lets everything happen that is due.
  void turn() {
    for (int i = 0; i < 10; ++i) {
      loop_->runOnce(Milliseconds(0));
    }
  }

  void put(model::Record record) {
    auto done = await<std::vector<ConfigChange>>(
        *loop_, [&](Callback<void(Result<std::vector<ConfigChange>>)> finished) {
          store_.apply({{ConfigWrite::Kind::Insert, std::move(record)}}, {},
                       clock_.now() + Milliseconds(10'000), std::move(finished));
        });
    ASSERT_TRUE(done.ok()) << done.error().message << done.error().field;
  }

  // Sends a request and waits for its answer; status 0 when there was none yet.
  Answer call(std::string_view method, std::string_view target, std::string body = {},
              std::string_view key = "admin", bool isLocal = false) {
    http::Request request;
    begin(request, method, target, key, isLocal);
    RecordedExchange exchange;
    exchange.send(router_, request, body);
    if (!waits_) {
      runUntil(*loop_, [&] { return exchange.sink().answers > 0; });
    }
    Answer answer = take(exchange);
    if (answer.status != 0) {
      expectDescribed(method, target, body, answer.response);
    }
    return answer;
  }

  void begin(http::Request& request, std::string_view method, std::string_view target,
             std::string_view key, bool isLocal = false) {
    ASSERT_TRUE(request.setLine(method, target, true).ok()) << target;
    request.addHeader("Host", "busbar.test");
    if (!key.empty() && !isLocal) {
      request.addHeader("X-API-Key", keyText(key));
    }
    http::Peer peer;
    peer.address = isLocal ? "local" : "192.0.2.1";
    if (isLocal) {
      peer.uid = kOwnUid;
    }
    request.setPeer(peer);
    request.setIds("request-1", trace_.begin(), false);
  }

  static Answer take(RecordedExchange& exchange) {
    Answer answer;
    if (exchange.sink().answer) {
      answer.response = *exchange.sink().answer;
      answer.status = answer.response.status();
      answer.text = answer.response.body();
      if (auto parsed = json::parse(answer.text)) {
        answer.body = std::move(*parsed);
      }
    }
    return answer;
  }

  std::string keyText(std::string_view name) const {
    return name == "user"      ? user_
           : name == "support" ? support_
           : name == "admin"   ? admin_
           : name == "expired" ? expired_
                               : std::string(name);
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  Site site_;
  FakeConfigStore store_;
  SearchMirror mirror_{*loop_, site_};
  FakeHostClient host_;
  model::IdGenerator ids_{clock_};
  std::unique_ptr<Logger> log_ = Logger::discarding();
  auth::KeyUsage keyUsage_;
  FakePasswordHasher hasher_{*loop_};
  auth::ApiKeyAuthenticator keyAuthenticator_{clock_,
                                              [this](const std::string& keyId) {
                                                auth::ApiKeyRows rows;
                                                rows.key = site_.findApiKey(keyId);
                                                if (rows.key != nullptr) {
                                                  rows.user = site_.findUser(rows.key->userId);
                                                }
                                                return rows;
                                              },
                                              &keyUsage_};
  auth::LocalAuthenticator authenticator_{keyAuthenticator_, kOwnUid};
  FakeTriggerStates triggerStates_;
  TriggerEngine triggers_{*loop_, site_, host_, store_, ids_, *log_, [](const std::string&) {
                            return std::shared_ptr<const Manifest>();
                          }};
  model::TriggerInstance doorBell_;
  std::vector<std::string> installed_;
  Actor installedBy_;
  std::optional<Error> installFailure_;
  api::Api api_{
      {*loop_,
       site_,
       store_,
       mirror_.search(),
       store_,
       host_,
       ids_,
       *log_,
       [this](std::string folder, Actor actor, Callback<void(Result<api::InstalledDriver>)> done) {
         if (installFailure_) {
           done(*installFailure_);
           return;
         }
         installed_.push_back(std::move(folder));
         installedBy_ = std::move(actor);
         done(api::InstalledDriver{sample::id(model::Table::Driver), true});
       },
       "9.9.9",
       {},
       &hasher_,
       &keyUsage_,
       &triggerStates_,
       &triggers_.engine,
       &triggers_.store}};
  http::Router router_{authenticator_};
  http::TraceIds trace_;
  bool waits_ = false;  // the test answers calls itself
  int keys_ = 0;
  std::string user_;
  std::string support_;
  std::string admin_;
  std::string expired_;
};

}  // namespace busbar
