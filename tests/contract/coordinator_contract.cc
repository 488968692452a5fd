// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/contract/coordinator_contract.h"

#include <algorithm>
#include <utility>

#include "tests/support/await.h"

namespace busbar {

using Strings = std::vector<std::string>;

CoordinatorContract::CoordinatorContract()
    : loop_(std::move(*EventLoop::create(clock_))), backend_(GetParam()()) {
  restart();
}

void CoordinatorContract::restart() {
  coordinator_.reset();
  coordinator_ = backend_->make(*loop_);
  const auto started = await<void>(*loop_, [this](auto done) {
    Coordinator::Listener listener;
    listener.granted = [this](const std::string& moduleId, const Epoch& epoch) {
      heard_.push_back("+" + moduleId);
      epochs_.push_back(epoch);
    };
    listener.revoked = [this](const std::string& moduleId, Instant) {
      heard_.push_back("-" + moduleId);
    };
    coordinator_->start(std::move(listener), std::move(done));
  });
  EXPECT_TRUE(started.ok()) << started.error().message;
}

Strings CoordinatorContract::heard(size_t count) {
  EXPECT_TRUE(runUntil(*loop_, [&] { return heard_.size() >= count; }));
  std::sort(heard_.begin(), heard_.end());
  return std::exchange(heard_, {});
}

void CoordinatorContract::expectSilence() {
  for (int i = 0; i < 20; ++i) {
    loop_->runOnce(Milliseconds(1));
  }
  EXPECT_EQ(heard_, Strings{});
}

TEST_P(CoordinatorContract, GrantsWhatIsProposedOnceAndNotBeforeReturning) {
  coordinator_->propose({"a", "b"});
  EXPECT_TRUE(heard_.empty());
  EXPECT_EQ(heard(2), (Strings{"+a", "+b"}));
  coordinator_->propose({"b", "a", "a"});
  expectSilence();
}

TEST_P(CoordinatorContract, RevokesWhatIsNoLongerProposed) {
  coordinator_->propose({"a", "b"});
  heard(2);
  coordinator_->propose({"b", "c"});
  EXPECT_EQ(heard(2), (Strings{"+c", "-a"}));
  coordinator_->released("a");
  coordinator_->released("never granted");
  expectSilence();
}

TEST_P(CoordinatorContract, AModuleBackInTheListIsGrantedOnlyAfterItsRelease) {
  coordinator_->propose({"a"});
  heard(1);
  coordinator_->propose({});
  EXPECT_EQ(heard(1), Strings{"-a"});
  coordinator_->propose({"a"});
  expectSilence();
  coordinator_->released("a");
  EXPECT_EQ(heard(1), Strings{"+a"});
}

TEST_P(CoordinatorContract, AModuleThatComesAndGoesWhileStoppingIsNotGranted) {
  coordinator_->propose({"a"});
  heard(1);
  coordinator_->propose({});
  heard(1);
  coordinator_->propose({"a"});
  expectSilence();
  coordinator_->propose({});
  expectSilence();
  coordinator_->released("a");
  expectSilence();
  coordinator_->propose({"a"});
  EXPECT_EQ(heard(1), Strings{"+a"});
}

TEST_P(CoordinatorContract, OneReleasedAndDroppedAtOnceIsNeitherGrantedNorRevoked) {
  coordinator_->propose({"a"});
  heard(1);
  coordinator_->propose({});
  heard(1);
  coordinator_->propose({"a"});
  expectSilence();
  coordinator_->released("a");
  coordinator_->propose({});
  expectSilence();
}

TEST_P(CoordinatorContract, EpochsHaveOneWidthAndRiseWithEveryGrantAlsoOverARestart) {
  coordinator_->propose({"a"});
  heard(1);
  coordinator_->propose({});
  heard(1);
  coordinator_->released("a");
  coordinator_->propose({"a"});
  heard(1);
  restart();
  coordinator_->propose({"a"});
  EXPECT_EQ(heard(1), Strings{"+a"}) << "a new process owns nothing";
  ASSERT_EQ(epochs_.size(), 3u);
  for (size_t i = 0; i < epochs_.size(); ++i) {
    EXPECT_EQ(epochs_[i].size(), 32u);
    EXPECT_EQ(epochs_[i].find_first_not_of("0123456789abcdef"), std::string::npos);
    EXPECT_TRUE(i == 0 || epochs_[i - 1] < epochs_[i]);
  }
}

TEST_P(CoordinatorContract, ALoneHostHoldsItsLeaseAndEverySingleton) {
  EXPECT_GT(coordinator_->leaseDeadline(), BootClock::now());
  EXPECT_TRUE(coordinator_->isElected("triggers"));
}

TEST_P(CoordinatorContract, NothingIsHeardAfterItIsGone) {
  coordinator_->propose({"a"});
  coordinator_.reset();
  expectSilence();
}

}  // namespace busbar
