// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <unistd.h>

#include <gtest/gtest.h>

#include "host/sandbox/policy.h"
#include "host/sandbox/tiers.h"
#include "host/sandbox/uid_range.h"
#include "host/sandbox/usage.h"
#include "host/sandbox/verify.h"

namespace busbar::sandbox {
namespace {

TEST(RunnerPolicy, NamesTheFieldThatIsOutOfRange) {
  EXPECT_TRUE(checkPolicy({}).ok());
  const auto field = [](auto change) {
    RunnerPolicy policy;
    change(policy);
    const Status checked = checkPolicy(policy);
    return checked.ok() ? std::string() : checked.error().field;
  };
  EXPECT_EQ(field([](RunnerPolicy& p) { p.memoryBytes = 1; }), "memoryBytes");
  EXPECT_EQ(field([](RunnerPolicy& p) { p.cpuPercent = 6401; }), "cpuPercent");
  EXPECT_EQ(field([](RunnerPolicy& p) { p.tasks = 5000; }), "tasks");
  EXPECT_EQ(field([](RunnerPolicy& p) { p.openFiles = 15; }), "openFiles");
  EXPECT_EQ(field([](RunnerPolicy& p) { p.tmpBytes = 1ULL << 31; }), "tmpBytes");
  EXPECT_EQ(field([](RunnerPolicy& p) { p.extraLibraries = {"../x.so"}; }), "extraLibraries");
}

TEST(Tier, NamesGoBothWays) {
  for (const Tier tier : {Tier::SeccompOnly, Tier::NoUserns, Tier::Full}) {
    EXPECT_EQ(tierFromName(toString(tier)).value(), tier);
  }
  EXPECT_EQ(tierFromName("best").error().field, "sandbox.require");
}

TEST(Tier, RequireRefusesLessAndSaysWhy) {
  SandboxFacts facts;
  facts.tier = Tier::NoUserns;
  facts.tierReason = "clone: Operation not permitted";
  EXPECT_TRUE(requireTier(facts, Tier::NoUserns).ok());
  const Status refused = requireTier(facts, Tier::Full);
  ASSERT_FALSE(refused.ok());
  EXPECT_EQ(refused.error().reason, "sandbox_too_weak");
  EXPECT_NE(refused.error().message.find("clone: Operation not permitted"), std::string::npos);
}

TEST(UidRange, StaysWhereItIsWhenAllIdsExist) {
  const UidRange range = fitUids({2'000'000'000, 100}, "         0          0 4294967295\n");
  EXPECT_EQ(range.first, 2'000'000'000U);
  EXPECT_EQ(range.count, 100U);
}

TEST(UidRange, TakesTheTopOfASmallNamespaceAndNeverRoot) {
  const UidRange range = fitUids({2'000'000'000, 10'000}, "0 100000 65536\n");
  EXPECT_EQ(range.first, 55'536U);
  EXPECT_EQ(range.count, 10'000U);
  EXPECT_EQ(fitUids({2'000'000'000, 10}, "0 1000 1\n").count, 0U);
}

TEST(UidPool, HandsOutEachIdOnceUntilItIsReleased) {
  UidPool pool({100, 2});
  EXPECT_EQ(pool.take(), 100U);
  EXPECT_EQ(pool.take(), 101U);
  EXPECT_EQ(pool.take(), std::nullopt);
  pool.release(100);
  pool.release(7);
  EXPECT_EQ(pool.take(), 100U);
}

TEST(Verify, RefusesAProcessOutsideOfTheSandbox) {
  const Status verified = verifyFilters(::getpid());
  ASSERT_FALSE(verified.ok());
  EXPECT_EQ(verified.error().reason, "sandbox_not_entered");
}

TEST(Verify, SaysThatAProcessIsGone) {
  EXPECT_EQ(verifyFilters(0x7ffffff0).error().code, ErrorCode::NotFound);
}

TEST(Usage, MeasuresThisProcess) {
  const auto usage = readProcessUsage(::getpid());
  ASSERT_TRUE(usage.ok());
  EXPECT_GT(usage->rssBytes.value_or(0), 100'000U);
  EXPECT_LE(usage->pssBytes.value_or(1), usage->rssBytes.value_or(0));
  EXPECT_GE(usage->openFiles.value_or(0), 3U);
  EXPECT_EQ(usage->threads, 1U);
  EXPECT_FALSE(readProcessUsage(0x7ffffff0).ok());
}

}  // namespace
}  // namespace busbar::sandbox
