// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
//
// Sandbox tiers below full, on a machine that has full: main() enters a user namespace in which no
// further one can be made, as an ordinary user or as root of it.

#include <sched.h>
#include <unistd.h>

#include <string>
#include <string_view>

#include <gtest/gtest.h>

#include "host/sandbox/small_file.h"
#include "host/sandbox/verify.h"
#include "tests/integration/host/sandbox/sandboxed.h"

namespace busbar::sandbox {
namespace {

class LowerTier : public testing::Test {
 protected:
  void SetUp() override { loop_ = EventLoop::create(clock_).value(); }
  Result<std::unique_ptr<Spawner>> makeSpawner(Tier require) {
    SpawnerOptions options;
    options.runnerPath = builtFile("tests/sandbox_test_runner");
    options.require = require;
    return Spawner::create(*loop_, options);
  }
  static Result<std::unique_ptr<RunnerProcess>> start(EventLoop& loop, Spawner& spawner,
                                                      Tier require) {
    RunnerSpec spec;
    spec.name = "lower";
    spec.policy.require = require;
    return await<std::unique_ptr<RunnerProcess>>(
        loop, [&](Spawner::Done done) { spawner.spawn(std::move(spec), std::move(done)); });
  }
  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
};

TEST_F(LowerTier, IsRefusedUnlessItIsConfigured) {
  const auto spawner = makeSpawner(Tier::Full);
  ASSERT_FALSE(spawner.ok());
  EXPECT_EQ(spawner.error().reason, "sandbox_too_weak");
  EXPECT_NE(spawner.error().message.find("no-userns"), std::string::npos);
}

TEST_F(LowerTier, StartsARunnerBehindTheWallsThatThereAre) {
  auto spawner = makeSpawner(Tier::NoUserns);
  ASSERT_TRUE(spawner.ok()) << spawner.error().message;
  const SandboxFacts& facts = (*spawner)->facts();
  EXPECT_EQ(facts.tier, Tier::NoUserns);
  EXPECT_FALSE(facts.tierReason.empty());
  EXPECT_FALSE(facts.layers.has(Layer::UserNs));
  EXPECT_EQ(facts.layers.has(Layer::MountNs), ::geteuid() == 0);

  auto runner = start(*loop_, **spawner, Tier::NoUserns);
  ASSERT_TRUE(runner.ok()) << runner.error().message;
  EXPECT_EQ((*runner)->tier(), Tier::NoUserns);
  const UniqueFd channel = (*runner)->takeChannel();
  ASSERT_EQ(readUntil(channel.get(), "ready\n"), "ready\n")
      << readUntil((*runner)->takeStderr().get(), "\n");
  EXPECT_TRUE((*runner)->verify().ok()) << (*runner)->verify().error().message;

  const auto strict = start(*loop_, **spawner, Tier::Full);
  ASSERT_FALSE(strict.ok()) << "this runner wants more than there is";
  EXPECT_EQ(strict.error().reason, "sandbox_too_weak");
}

bool leaveUserNamespacesBehind(const std::string& innerId) {
  const std::string uid = std::to_string(::geteuid());
  const std::string gid = std::to_string(::getegid());
  return ::unshare(CLONE_NEWUSER) == 0 && writeSmallFile("/proc/self/setgroups", "deny").ok() &&
         writeSmallFile("/proc/self/uid_map", innerId + " " + uid + " 1").ok() &&
         writeSmallFile("/proc/self/gid_map", innerId + " " + gid + " 1").ok() &&
         writeSmallFile("/proc/sys/user/max_user_namespaces", "0").ok();
}

}  // namespace
}  // namespace busbar::sandbox

int main(int argc, char** argv) {
  ::testing::InitGoogleTest(&argc, argv);
  const bool asRoot = argc > 1 && std::string_view(argv[1]) == "--as-root";
  if (!busbar::sandbox::leaveUserNamespacesBehind(asRoot ? "0" : "1000")) {
    return 2;
  }
  return RUN_ALL_TESTS();
}
