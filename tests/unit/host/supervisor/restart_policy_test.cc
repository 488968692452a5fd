// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/supervisor/restart_policy.h"

#include <gtest/gtest.h>

namespace busbar {
namespace {

using namespace std::chrono_literals;

class RestartPolicyTest : public testing::Test {
 protected:
  RestartPolicy::Crash crash(std::optional<std::string> moduleId, Nanoseconds after = 1s) {
    now_ += after;
    RestartPolicy::Crash c;
    c.group = "g";
    c.at = now_;
    c.readySince = now_ - 1s;
    c.moduleId = std::move(moduleId);
    return c;
  }
  Instant now_{1h};
  RestartPolicy policy_;
};

TEST_F(RestartPolicyTest, WaitsDoubleFrom200MsTo30SWithinTwentyPercent) {
  for (int i = 0; i < 12; ++i) {
    auto c = crash(std::nullopt);
    c.external = false;
    const double expected = std::min(0.2 * (1 << i), 30.0);
    const double got =
        std::chrono::duration<double>(policy_.onCrash(c, static_cast<uint32_t>(i) * 997).delay)
            .count();
    EXPECT_GE(got, expected * 0.799);
    EXPECT_LE(got, expected * 1.201);
  }
}

TEST_F(RestartPolicyTest, TheWaitStartsOverAfterAMinuteHealthy) {
  for (int i = 0; i < 6; ++i) {
    policy_.onCrash(crash(std::nullopt), 0);
  }
  auto c = crash(std::nullopt, 61s);
  c.readySince = c.at - 60s;
  EXPECT_LE(policy_.onCrash(c, 400).delay, 240ms);
}

TEST_F(RestartPolicyTest, TwoCrashesInOneModuleIsolateIt) {
  EXPECT_FALSE(policy_.onCrash(crash("mod-1"), 0).isolate);
  EXPECT_EQ(policy_.onCrash(crash("mod-1"), 0).isolate, "mod-1");
  EXPECT_TRUE(policy_.isolated("mod-1"));
  EXPECT_FALSE(policy_.isolated("mod-2"));
}

TEST_F(RestartPolicyTest, ThreeUnattributedCrashesIsolateEveryModule) {
  EXPECT_FALSE(policy_.onCrash(crash(std::nullopt), 0).isolateAll);
  EXPECT_FALSE(policy_.onCrash(crash(std::nullopt), 0).isolateAll);
  EXPECT_TRUE(policy_.onCrash(crash(std::nullopt), 0).isolateAll);
  EXPECT_TRUE(policy_.isolated("mod-7"));
}

TEST_F(RestartPolicyTest, FiveCrashesInFiveMinutesQuarantineTheModule) {
  for (int i = 0; i < 4; ++i) {
    EXPECT_FALSE(policy_.onCrash(crash("mod-1", 70s), 0).quarantine);
  }
  EXPECT_EQ(policy_.onCrash(crash("mod-1", 1s), 0).quarantine, "mod-1");
}

TEST_F(RestartPolicyTest, OldCrashesDoNotCount) {
  for (int i = 0; i < 20; ++i) {
    EXPECT_FALSE(policy_.onCrash(crash("mod-1", 76s), 0).quarantine) << i;
  }
}

TEST_F(RestartPolicyTest, ForgivenModulesStartFromZero) {
  for (int i = 0; i < 4; ++i) {
    policy_.onCrash(crash("mod-1"), 0);
  }
  policy_.forget("mod-1");
  EXPECT_FALSE(policy_.onCrash(crash("mod-1"), 0).quarantine);
}

TEST_F(RestartPolicyTest, DyingBeforeAnyCreateQuarantinesTheDriver) {
  for (int i = 0; i < 4; ++i) {
    auto c = crash(std::nullopt);
    c.beforeCreate = true;
    EXPECT_FALSE(policy_.onCrash(c, 0).quarantineDriver);
  }
  auto c = crash(std::nullopt);
  c.beforeCreate = true;
  EXPECT_TRUE(policy_.onCrash(c, 0).quarantineDriver);
}

TEST_F(RestartPolicyTest, KillsFromOutsideAreNeitherCountedNorWaitedForLong) {
  for (int i = 0; i < 50; ++i) {
    auto c = crash("mod-1");
    c.external = true;
    const auto decision = policy_.onCrash(c, 400);
    EXPECT_LE(decision.delay, 1s);
    EXPECT_FALSE(decision.quarantine);
    EXPECT_FALSE(decision.isolate);
  }
}

}  // namespace
}  // namespace busbar
