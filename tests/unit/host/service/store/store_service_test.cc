// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/service/store/store_service.h"

#include <memory>
#include <utility>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/fake_config_store.h"
#include "tests/support/recording_service_client.h"
#include "tests/support/sample_records.h"

namespace busbar {
namespace {

// Holds each call back until the test lets it go on.
class HeldStore final : public ModuleStore {
 public:
  explicit HeldStore(ModuleStore& store) : store_(store) {}

  void get(std::string id, std::string key, Instant deadline,
           Done<std::optional<std::string>> done) override {
    hold([this, id, key, deadline, done = std::move(done)]() mutable {
      store_.get(id, key, deadline, std::move(done));
    });
  }
  void set(std::string id, std::string key, std::string value, Instant deadline,
           Done<void> done) override {
    hold([this, id, key, value, deadline, done = std::move(done)]() mutable {
      store_.set(id, key, value, deadline, std::move(done));
    });
  }
  void remove(std::string id, std::string key, Instant deadline, Done<void> done) override {
    hold([this, id, key, deadline, done = std::move(done)]() mutable {
      store_.remove(id, key, deadline, std::move(done));
    });
  }
  void list(std::string id, std::string prefix, Instant deadline,
            Done<std::vector<std::string>> done) override {
    hold([this, id, prefix, deadline, done = std::move(done)]() mutable {
      store_.list(id, prefix, deadline, std::move(done));
    });
  }

  void letGo() {
    isHolding_ = false;
    for (auto& call : std::exchange(held_, {})) {
      call();
    }
  }
  size_t held() const { return held_.size(); }
  void holdBack() { isHolding_ = true; }

 private:
  void hold(Callback<void()> call) {
    if (isHolding_) {
      held_.push_back(std::move(call));
    } else {
      call();
    }
  }
  ModuleStore& store_;
  bool isHolding_ = false;
  std::vector<Callback<void()>> held_;
};

class StoreServiceTest : public testing::Test {
 protected:
  StoreServiceTest() {
    client_.moduleId_ = sample::id(model::Table::Module, 1);
    for (int n = 1; n <= 30; ++n) {
      insert(sample::mod(n));
    }
  }
  void insert(model::Record record) {
    if (std::get_if<model::Module>(&record) != nullptr && !hasDriver_) {
      hasDriver_ = true;
      insert(sample::driver());
    }
    std::vector<ConfigWrite> writes;
    writes.push_back({ConfigWrite::Kind::Insert, std::move(record)});
    EXPECT_TRUE(await<std::vector<ConfigChange>>(*loop_, [&](auto done) {
                  config_.apply(std::move(writes), {}, Instant::max(), std::move(done));
                }).ok());
  }
  bool ask(Service& service, uint64_t token, uint32_t operation, std::string_view key,
           std::string_view value = {}, uint64_t parent = 0, int64_t deadlineNs = INT64_MAX) {
    wire::StoreRequest m;
    m.head = {token, parent, deadlineNs};
    m.operation = operation;
    m.key = key;
    m.value = value;
    std::string frame;
    wire::encode(frame, 1, m);
    std::string why;
    return service.request(
        {wire::Type::StoreRequest, 0, 1, std::string_view(frame).substr(wire::kHeaderBytes)}, why);
  }
  bool ask(uint64_t token, uint32_t operation, std::string_view key, std::string_view value = {},
           uint64_t parent = 0, int64_t deadlineNs = INT64_MAX) {
    return ask(*service_, token, operation, key, value, parent, deadlineNs);
  }
  // After so many events.
  const RecordingServiceClient::Event& last(size_t count) {
    EXPECT_TRUE(runUntil(*loop_, [&] { return client_.events_.size() >= count; }));
    EXPECT_EQ(client_.events_.size(), count);
    return client_.events_.back();
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = std::move(*EventLoop::create(clock_));
  FakeConfigStore config_{*loop_};
  HeldStore store_{config_};
  bool hasDriver_ = false;
  ServiceProvider provider_ = storeProvider(*loop_, store_);
  RecordingServiceClient client_;
  std::unique_ptr<Service> service_ = provider_.make(client_);
};

TEST_F(StoreServiceTest, AnswersEachRequestInOrder) {
  ASSERT_TRUE(ask(1, BUSBAR_STORE_SET, "a", R"({"x":1})"));
  ASSERT_TRUE(ask(2, BUSBAR_STORE_SET, "b\"", "2"));
  ASSERT_TRUE(ask(3, BUSBAR_STORE_GET, "a"));
  ASSERT_TRUE(ask(4, BUSBAR_STORE_LIST, ""));
  ASSERT_TRUE(ask(5, BUSBAR_STORE_REMOVE, "a"));
  ASSERT_TRUE(ask(6, BUSBAR_STORE_GET, "a"));
  ASSERT_TRUE(ask(7, BUSBAR_STORE_LIST, "c"));
  last(7);
  const char* docs[] = {"", "", R"({"x":1})", R"(["a","b\""])", "", "", "[]"};
  for (size_t i = 0; i < 7; ++i) {
    const auto& event = client_.events_[i];
    EXPECT_EQ(event.type, BUSBAR_EV_STORE);
    EXPECT_EQ(event.token, i + 1);
    EXPECT_TRUE(event.ends);
    EXPECT_EQ(event.status, BUSBAR_OK) << event.message;
    EXPECT_EQ(event.doc, docs[i]);
  }
}

TEST_F(StoreServiceTest, NamesWhatIsWrongInItsTurn) {
  ASSERT_TRUE(ask(1, BUSBAR_STORE_SET, "a", "1"));
  ASSERT_TRUE(ask(2, BUSBAR_STORE_SET, "", "1"));
  ASSERT_TRUE(ask(3, BUSBAR_STORE_GET, "\xFF"));
  ASSERT_TRUE(ask(4, BUSBAR_STORE_SET, "a", "{"));
  ASSERT_TRUE(ask(5, BUSBAR_STORE_SET, "a", ""));
  ASSERT_TRUE(ask(6, BUSBAR_STORE_SET, "a", '"' + std::string(65'536, 'v') + '"'));
  ASSERT_TRUE(ask(7, BUSBAR_STORE_LIST, std::string(129, 'k')));
  last(7);
  for (size_t i = 1; i < 7; ++i) {
    EXPECT_EQ(client_.events_[i].token, i + 1);
    EXPECT_EQ(client_.events_[i].status, BUSBAR_E_INVALID);
    EXPECT_TRUE(client_.events_[i].ends);
    const bool ofValue = i >= 3 && i <= 5;
    EXPECT_NE(client_.events_[i].message.find(ofValue ? "the value" : "the key"), std::string::npos)
        << client_.events_[i].message;
  }
}

TEST_F(StoreServiceTest, MalformedFramesBreakTheProtocol) {
  std::string why;
  EXPECT_FALSE(service_->request({wire::Type::StoreRequest, 0, 1, "x"}, why));
  EXPECT_EQ(why, "malformed store_request frame");
  EXPECT_FALSE(ask(1, 0, "a"));
  EXPECT_FALSE(ask(1, BUSBAR_STORE_LIST + 1, "a"));
}

TEST_F(StoreServiceTest, TheStoresErrorsBecomeStatuses) {
  for (int n = 0; n < 256; ++n) {
    ASSERT_TRUE(ask(1, BUSBAR_STORE_SET, "k" + std::to_string(n), "1"));
    last(static_cast<size_t>(n) + 1);
  }
  client_.events_.clear();
  ask(2, BUSBAR_STORE_SET, "more", "1");
  EXPECT_EQ(last(1).status, BUSBAR_E_AGAIN);
  EXPECT_EQ(last(1).code, "store_quota");
  config_.failWrites(Error::because(ErrorCode::Unavailable, "io_error", "the disk"));
  ask(3, BUSBAR_STORE_SET, "k1", "1");
  EXPECT_EQ(last(2).status, BUSBAR_E_OFFLINE);
  client_.moduleId_ = "mod-nobody";
  config_.failWrites(std::nullopt);
  ask(4, BUSBAR_STORE_SET, "k1", "1");
  EXPECT_EQ(last(3).status, BUSBAR_E_NOTFOUND);
}

TEST_F(StoreServiceTest, AFloodIsRefusedBeyondItsBoundAndTheRestIsDone) {
  store_.holdBack();
  for (uint64_t token = 1; token <= 1000; ++token) {
    ASSERT_TRUE(ask(token, BUSBAR_STORE_SET, "a", std::to_string(token)));
  }
  const size_t taken = StoreService::kMaxWaiting + 1;  // one is under way
  EXPECT_EQ(store_.held(), 1U);
  EXPECT_EQ(client_.events_.size(), 1000 - taken);
  for (const auto& event : client_.events_) {
    EXPECT_EQ(event.status, BUSBAR_E_AGAIN);
    EXPECT_EQ(event.code, "store_busy");
  }
  client_.events_.clear();
  store_.letGo();
  last(taken);
  ask(2000, BUSBAR_STORE_GET, "a");
  EXPECT_EQ(last(taken + 1).doc, std::to_string(taken));
}

TEST_F(StoreServiceTest, WhatWaitsIsBoundedInBytesToo) {
  store_.holdBack();
  const std::string large = '"' + std::string(60'000, 'v') + '"';
  for (uint64_t token = 1; token <= 100; ++token) {
    ASSERT_TRUE(ask(token, BUSBAR_STORE_SET, "a", large));
  }
  const size_t taken = StoreService::kMaxWaitingBytes / (large.size() + 1) + 1;
  EXPECT_EQ(client_.events_.size(), 100 - taken);
  client_.events_.clear();
  store_.letGo();
  last(taken);
}

TEST_F(StoreServiceTest, ModulesTakeTurnsAndFewAtOnce) {
  std::vector<std::unique_ptr<RecordingServiceClient>> clients;
  std::vector<std::unique_ptr<Service>> services;
  for (int n = 1; n <= 30; ++n) {
    clients.push_back(std::make_unique<RecordingServiceClient>());
    clients.back()->moduleId_ = sample::id(model::Table::Module, n);
    services.push_back(provider_.make(*clients.back()));
  }
  store_.holdBack();
  for (uint64_t token = 1; token <= 100; ++token) {
    ask(*services[0], token, BUSBAR_STORE_SET, "a", "1");
  }
  for (size_t n = 1; n < services.size(); ++n) {
    ask(*services[n], 1, BUSBAR_STORE_SET, "a", "1");
  }
  EXPECT_EQ(store_.held(), StoreTurns::kAtOnce);
  store_.letGo();
  ASSERT_TRUE(runUntil(*loop_, [&] { return !clients.back()->events_.empty(); }));
  EXPECT_LT(clients[0]->events_.size(), 20U) << "who floods waits behind the others";
  ASSERT_TRUE(runUntil(*loop_, [&] { return clients[0]->events_.size() == 100; }));
}

TEST_F(StoreServiceTest, WhatIsReleasedIsNotAnswered) {
  store_.holdBack();
  ask(1, BUSBAR_STORE_SET, "a", "1");
  ask(2, BUSBAR_STORE_SET, "a", "2");
  ask(3, BUSBAR_STORE_GET, "a");
  service_->release(1);  // under way: it happens
  service_->release(2);  // it does not
  service_->release(99);
  store_.letGo();
  EXPECT_EQ(last(1).token, 3U);
  EXPECT_EQ(last(1).doc, "1");
}

TEST_F(StoreServiceTest, WhatWaitsTooLongTimesOut) {
  store_.holdBack();
  client_.openCall_ = 7;
  const auto soon = clock_.now() + Milliseconds(100);
  ask(1, BUSBAR_STORE_SET, "a", "1");
  ask(2, BUSBAR_STORE_SET, "a", "2", 7, soon.time_since_epoch().count());
  ask(3, BUSBAR_STORE_SET, "a", "3");
  clock_.advance(Milliseconds(200));
  EXPECT_EQ(last(1).token, 2U);
  EXPECT_EQ(last(1).status, BUSBAR_E_TIMEOUT);
  clock_.advance(StoreService::kTimeLimit);
  EXPECT_EQ(last(2).token, 3U);
  EXPECT_EQ(last(2).status, BUSBAR_E_TIMEOUT);
  store_.letGo();
  EXPECT_EQ(last(3).token, 1U);
  EXPECT_EQ(last(3).status, BUSBAR_E_TIMEOUT);
}

TEST_F(StoreServiceTest, NothingHappensForACallThatHasEnded) {
  client_.openCall_ = 8;
  ask(1, BUSBAR_STORE_SET, "a", "1", 7);
  EXPECT_EQ(last(1).status, BUSBAR_E_CANCELLED);
  ask(2, BUSBAR_STORE_GET, "a");
  EXPECT_EQ(last(2).doc, "");
}

TEST_F(StoreServiceTest, AModuleThatStopsGivesItsTurnBack) {
  store_.holdBack();
  std::vector<std::unique_ptr<Service>> services;
  for (int n = 0; n < 20; ++n) {
    services.push_back(provider_.make(client_));
    ask(*services.back(), 1, BUSBAR_STORE_SET, "a", "1");
    ask(*services.back(), 2, BUSBAR_STORE_SET, "a", "2");
  }
  services.clear();
  store_.letGo();
  for (uint64_t token = 1; token <= 20; ++token) {
    ask(token, BUSBAR_STORE_GET, "a");
    EXPECT_EQ(last(token).token, token) << "nobody else was answered";
  }
}

}  // namespace
}  // namespace busbar
