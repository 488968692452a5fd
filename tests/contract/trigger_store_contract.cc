// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/trigger_store_contract.h"

#include <numeric>
#include <utility>

#include "tests/support/fake_trigger_store.h"

namespace busbar {
namespace {

using Numbers = std::vector<int>;
using Firings = std::vector<TriggerFiring>;
using Deliveries = std::vector<TriggerDelivery>;

class FakeTriggerBackend : public TriggerStoreBackend {
 public:
  std::unique_ptr<TriggerStore> open(EventLoop& loop) override {
    return std::make_unique<FakeTriggerStore>(loop, data_);
  }

 private:
  std::shared_ptr<FakeTriggerStore::Data> data_ = std::make_shared<FakeTriggerStore::Data>();
};

INSTANTIATE_TEST_SUITE_P(Fake, TriggerStoreContract, testing::Values([] {
                           return std::unique_ptr<TriggerStoreBackend>(
                               std::make_unique<FakeTriggerBackend>());
                         }));

// From `first` down to `last`.
Numbers down(int first, int last) {
  Numbers out(static_cast<size_t>(first - last + 1));
  std::iota(out.rbegin(), out.rend(), last);
  return out;
}

}  // namespace

TriggerFiring sampleFiring(int n, const std::string& instanceId, bool isOver) {
  return {"fire-" + instanceId + "-" + std::to_string(1000 + n),
          instanceId,
          "trigger-1",
          n,
          isOver,
          "{\"n\":" + std::to_string(n) + "}"};
}

TriggerDelivery sampleDelivery(int n, const std::string& instanceId) {
  return {"dlv-" + instanceId + "-" + std::to_string(1000 + n), instanceId, n,
          "{\"n\":" + std::to_string(n) + "}"};
}

TriggerStoreContract::TriggerStoreContract()
    : loop_(std::move(*EventLoop::create(clock_))), backend_(GetParam()()) {
  reopen();
}

void TriggerStoreContract::reopen() {
  store_.reset();
  store_ = backend_->open(*loop_);
}

Status TriggerStoreContract::apply(std::vector<TriggerWrite> writes) {
  return await<void>(*loop_, [&](auto done) {
    store_->applyTriggers(std::move(writes), soon(), std::move(done));
  });
}

TriggerStore::Loaded TriggerStoreContract::load() {
  auto loaded = await<TriggerStore::Loaded>(
      *loop_, [this](auto done) { store_->loadTriggers(soon(), std::move(done)); });
  EXPECT_TRUE(loaded.ok()) << loaded.error().message;
  return loaded.ok() ? std::move(*loaded) : TriggerStore::Loaded();
}

Numbers TriggerStoreContract::firings(const std::string& instanceId, size_t limit) {
  const auto rows = await<Firings>(
      *loop_, [&](auto done) { store_->listFirings(instanceId, limit, soon(), std::move(done)); });
  EXPECT_TRUE(rows.ok()) << rows.error().message;
  Numbers out;
  for (const TriggerFiring& row : rows.ok() ? *rows : Firings()) {
    out.push_back(static_cast<int>(row.timeMs));
    EXPECT_EQ(row, sampleFiring(out.back(), instanceId, row.isOver));
  }
  return out;
}

Numbers TriggerStoreContract::deliveries(const std::string& instanceId, size_t limit) {
  const auto rows = await<Deliveries>(*loop_, [&](auto done) {
    store_->listDeliveries(instanceId, limit, soon(), std::move(done));
  });
  EXPECT_TRUE(rows.ok()) << rows.error().message;
  Numbers out;
  for (const TriggerDelivery& row : rows.ok() ? *rows : Deliveries()) {
    out.push_back(static_cast<int>(row.timeMs));
    EXPECT_EQ(row, sampleDelivery(out.back(), instanceId));
  }
  return out;
}

TEST_P(TriggerStoreContract, StartsEmpty) {
  EXPECT_TRUE(load().progress.empty());
  EXPECT_TRUE(load().unfinished.empty());
  EXPECT_EQ(firings("trig-1"), Numbers{});
  EXPECT_EQ(deliveries("trig-1"), Numbers{});
}

TEST_P(TriggerStoreContract, WhatIsAcknowledgedOutlivesAReopening) {
  ASSERT_TRUE(apply({TriggerProgress{"trig-1", "{\"a\":1}"}, sampleFiring(1), sampleDelivery(2),
                     sampleFiring(3, "trig-2", false)})
                  .ok());
  reopen();
  const auto loaded = load();
  EXPECT_EQ(loaded.progress, (std::vector<TriggerProgress>{{"trig-1", "{\"a\":1}"}}));
  EXPECT_EQ(loaded.unfinished, (Firings{sampleFiring(3, "trig-2", false)}));
  EXPECT_EQ(firings("trig-1"), Numbers{1});
  EXPECT_EQ(deliveries("trig-1"), Numbers{2});
  EXPECT_EQ(firings("trig-2"), Numbers{3});
}

TEST_P(TriggerStoreContract, EachWriteReplacesWhatHasItsId) {
  ASSERT_TRUE(apply({TriggerProgress{"trig-1", "{}"}, sampleFiring(1, "trig-1", false)}).ok());
  ASSERT_TRUE(apply({TriggerProgress{"trig-1", "{\"b\":2}"}, sampleFiring(1)}).ok());
  const auto loaded = load();
  ASSERT_EQ(loaded.progress.size(), 1u);
  EXPECT_EQ(loaded.progress[0].document, "{\"b\":2}");
  EXPECT_TRUE(loaded.unfinished.empty());
  EXPECT_EQ(firings("trig-1"), Numbers{1});
}

TEST_P(TriggerStoreContract, UnfinishedOnesComeOldestFirst) {
  ASSERT_TRUE(apply({sampleFiring(5, "trig-2", false), sampleFiring(1, "trig-9", false),
                     sampleFiring(3, "trig-1", false), sampleFiring(2)})
                  .ok());
  Numbers times;
  for (const TriggerFiring& firing : load().unfinished) {
    times.push_back(static_cast<int>(firing.timeMs));
  }
  EXPECT_EQ(times, (Numbers{1, 3, 5}));
}

TEST_P(TriggerStoreContract, ListsAreNewestFirstAndLimited) {
  for (int n = 1; n <= 5; ++n) {
    ASSERT_TRUE(apply({sampleFiring(n), sampleDelivery(n), sampleFiring(n, "trig-2")}).ok());
  }
  EXPECT_EQ(firings("trig-1"), down(5, 1));
  EXPECT_EQ(firings("trig-1", 2), down(5, 4));
  EXPECT_EQ(deliveries("trig-1", 3), down(5, 3));
  EXPECT_EQ(firings("trig-1", 0), Numbers{});
}

TEST_P(TriggerStoreContract, KeepsTheNewestOfEachInstance) {
  constexpr int kFirings = static_cast<int>(TriggerStore::kKeptFirings);
  constexpr int kDeliveries = static_cast<int>(TriggerStore::kKeptDeliveries);
  std::vector<TriggerWrite> writes{sampleFiring(1, "trig-2"), sampleDelivery(1, "trig-2")};
  for (int n = 1; n <= kFirings + 7; ++n) {
    writes.emplace_back(sampleFiring(n));
    writes.emplace_back(sampleDelivery(n));
  }
  ASSERT_TRUE(apply(std::move(writes)).ok());
  EXPECT_EQ(firings("trig-1"), down(kFirings + 7, 8));
  EXPECT_EQ(deliveries("trig-1"), down(kFirings + 7, kFirings + 8 - kDeliveries));
  EXPECT_EQ(firings("trig-2"), Numbers{1}) << "others are not touched";
  EXPECT_EQ(deliveries("trig-2"), Numbers{1});
}

TEST_P(TriggerStoreContract, AFiringThatIsNotOverIsNotTrimmed) {
  constexpr int kFirings = static_cast<int>(TriggerStore::kKeptFirings);
  std::vector<TriggerWrite> writes{sampleFiring(1, "trig-1", false)};
  for (int n = 2; n <= kFirings + 10; ++n) {
    writes.emplace_back(sampleFiring(n));
  }
  ASSERT_TRUE(apply(std::move(writes)).ok());
  ASSERT_EQ(load().unfinished.size(), 1u);
  ASSERT_TRUE(apply({sampleFiring(1)}).ok());
  EXPECT_TRUE(load().unfinished.empty());
  EXPECT_EQ(firings("trig-1"), down(kFirings + 10, 11)) << "over, it is as old as it is";
}

TEST_P(TriggerStoreContract, ForgettingTakesEverythingOfOneInstance) {
  ASSERT_TRUE(apply({TriggerProgress{"trig-1", "{}"}, TriggerProgress{"trig-2", "{}"},
                     sampleFiring(1, "trig-1", false), sampleFiring(2), sampleFiring(1, "trig-2"),
                     sampleDelivery(1), sampleDelivery(1, "trig-2")})
                  .ok());
  ASSERT_TRUE(apply({TriggerForget{"trig-1"}, TriggerForget{"trig-none"}}).ok());
  const auto loaded = load();
  ASSERT_EQ(loaded.progress.size(), 1u);
  EXPECT_EQ(loaded.progress[0].instanceId, "trig-2");
  EXPECT_TRUE(loaded.unfinished.empty());
  EXPECT_EQ(firings("trig-1"), Numbers{});
  EXPECT_EQ(deliveries("trig-1"), Numbers{});
  EXPECT_EQ(firings("trig-2"), Numbers{1});
  EXPECT_EQ(deliveries("trig-2"), Numbers{1});
}

TEST_P(TriggerStoreContract, WritesOfOneCallHappenInOrder) {
  ASSERT_TRUE(apply({sampleFiring(1), TriggerForget{"trig-1"}, sampleFiring(2),
                     TriggerProgress{"trig-1", "{}"}})
                  .ok());
  EXPECT_EQ(firings("trig-1"), Numbers{2});
  EXPECT_EQ(load().progress.size(), 1u);
}

TEST_P(TriggerStoreContract, ADeliveryIsFoundByItsId) {
  ASSERT_TRUE(apply({sampleDelivery(1), sampleDelivery(2)}).ok());
  const auto find = [this](const std::string& id) {
    const auto found = await<std::optional<TriggerDelivery>>(
        *loop_, [&](auto done) { store_->findDelivery(id, soon(), std::move(done)); });
    EXPECT_TRUE(found.ok());
    return found.ok() ? *found : std::nullopt;
  };
  EXPECT_EQ(find(sampleDelivery(2).id), sampleDelivery(2));
  EXPECT_EQ(find("dlv-none"), std::nullopt);
}

TEST_P(TriggerStoreContract, ManyCallsAtOnceAreAllAnsweredInOrder) {
  Numbers answered;
  for (int n = 1; n <= 50; ++n) {
    store_->applyTriggers({sampleFiring(n)}, soon(), [&answered, n](Status status) {
      EXPECT_TRUE(status.ok()) << status.error().message;
      answered.push_back(n);
    });
  }
  ASSERT_TRUE(runUntil(*loop_, [&] { return answered.size() == 50; }));
  Numbers up = down(50, 1);
  EXPECT_EQ(answered, Numbers(up.rbegin(), up.rend()));
  EXPECT_EQ(firings("trig-1"), up);
}

TEST_P(TriggerStoreContract, APassedDeadlineIsAnsweredAsSuchAndWritesNothing) {
  const Status late = await<void>(*loop_, [this](auto done) {
    store_->applyTriggers({sampleFiring(1)}, BootClock::now(), std::move(done));
  });
  EXPECT_EQ(late.error().code, ErrorCode::DeadlineExceeded);
  EXPECT_EQ(firings("trig-1"), Numbers{});
  ASSERT_TRUE(apply({sampleFiring(2)}).ok());
  EXPECT_EQ(firings("trig-1"), Numbers{2}) << "nor does it come with the next one";
  const auto read = await<Firings>(*loop_, [this](auto done) {
    store_->listFirings("trig-1", 1, BootClock::now(), std::move(done));
  });
  EXPECT_EQ(read.error().code, ErrorCode::DeadlineExceeded);
}

TEST_P(TriggerStoreContract, NoCompletionRunsAfterTheStoreIsGone) {
  int completions = 0;
  store_->applyTriggers({sampleFiring(1)}, soon(), [&](Status) { ++completions; });
  store_->loadTriggers(soon(), [&](Result<TriggerStore::Loaded>) { ++completions; });
  store_.reset();
  for (int i = 0; i < 10; ++i) {
    loop_->runOnce(Milliseconds(0));
  }
  EXPECT_EQ(completions, 0);
}

}  // namespace busbar
