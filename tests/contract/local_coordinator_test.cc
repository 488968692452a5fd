// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "registry/cluster/local_coordinator.h"

#include "tests/contract/coordinator_contract.h"
#include "tests/support/await.h"
#include "tests/support/fake_config_store.h"

namespace busbar {
namespace {

class LocalBackend : public CoordinatorBackend {
 public:
  std::unique_ptr<Coordinator> make(EventLoop& loop) override {
    store_ = std::make_unique<FakeConfigStore>(loop, data_);
    return std::make_unique<LocalCoordinator>(loop, *store_);
  }

 private:
  std::shared_ptr<FakeConfigStore::Data> data_ = std::make_shared<FakeConfigStore::Data>();
  std::unique_ptr<FakeConfigStore> store_;
};

INSTANTIATE_TEST_SUITE_P(Local, CoordinatorContract, testing::Values([] {
                           return std::unique_ptr<CoordinatorBackend>(
                               std::make_unique<LocalBackend>());
                         }));

class LocalCoordinatorTest : public testing::Test {
 protected:
  Coordinator::Listener listener() {
    Coordinator::Listener out;
    out.granted = [this](const std::string& id, const Epoch& epoch) {
      granted.push_back(id + "@" + epoch);
      if (onGranted) {
        onGranted(id);
      }
    };
    out.revoked = [](const std::string&, Instant) {};
    return out;
  }

  SystemClock clock;
  std::unique_ptr<EventLoop> loop = std::move(*EventLoop::create(clock));
  FakeConfigStore store{*loop};
  std::vector<std::string> granted;
  Callback<void(const std::string&)> onGranted;
};

TEST_F(LocalCoordinatorTest, ProposalsBeforeTheStartAreGrantedAfterIt) {
  LocalCoordinator coordinator(*loop, store);
  coordinator.propose({"a"});
  bool started = false;
  coordinator.start(listener(), [&](Status status) {
    EXPECT_TRUE(status.ok());
    EXPECT_TRUE(granted.empty());
    started = true;
  });
  EXPECT_TRUE(runUntil(*loop, [&] { return started && granted.size() == 1; }));
  EXPECT_EQ(granted[0], "a@00000000000000010000000000000001");
}

TEST_F(LocalCoordinatorTest, WithoutAGenerationItDoesNotStart) {
  store.failWrites(Error::of(ErrorCode::Unavailable, "disk gone"));
  LocalCoordinator coordinator(*loop, store);
  const auto started =
      await<void>(*loop, [&](auto done) { coordinator.start(listener(), std::move(done)); });
  EXPECT_EQ(started.error().code, ErrorCode::Unavailable);
  coordinator.propose({"a"});
  loop->runOnce(Milliseconds(0));
  EXPECT_TRUE(granted.empty());
}

TEST_F(LocalCoordinatorTest, TheListenerMayReleaseAndProposeFromWithin) {
  LocalCoordinator coordinator(*loop, store);
  onGranted = [&](const std::string& id) {
    if (id == "a" && granted.size() == 1) {
      coordinator.released("a");
      coordinator.released("b");  // not granted yet
      coordinator.propose({"a", "c"});
    }
  };
  coordinator.propose({"a", "b"});
  coordinator.start(listener(), [](Status) {});
  EXPECT_TRUE(runUntil(*loop, [&] { return granted.size() == 3; }));
  EXPECT_EQ(granted[0][0], 'a');
  EXPECT_EQ(granted[1][0], 'a');
  EXPECT_EQ(granted[2][0], 'c');
}

TEST(Epoch, IsTheGenerationThenTheClaimInHexOfFixedWidth) {
  EXPECT_EQ(makeEpoch(1, 2), "00000000000000010000000000000002");
  EXPECT_EQ(makeEpoch(~uint64_t{0}, 0xABC), "ffffffffffffffff0000000000000abc");
  EXPECT_LT(makeEpoch(1, ~uint64_t{0}), makeEpoch(2, 1));
}

}  // namespace
}  // namespace busbar
