// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <gtest/gtest.h>

#include "host/sandbox/spawner.h"
#include "tests/support/host_fixture.h"

namespace busbar {
namespace {

// The fixture makes its loop itself and the spawner needs it, so the launcher comes later.
class LateLauncher : public Launcher {
 public:
  void launch(LaunchSpec spec, Done done) override {
    real_->launch(std::move(spec), std::move(done));
  }
  void become(sandbox::Spawner& spawner) { real_ = std::make_unique<SandboxLauncher>(spawner); }

 private:
  std::unique_ptr<SandboxLauncher> real_;
};

// The whole host with the product's runner behind every wall.
class SandboxedHostTest : public testing::Test {
 protected:
  void SetUp() override {
    sandbox::SpawnerOptions options;
    options.runnerPath = std::string(std::getenv("BUSBAR_BUILD")) + "/bin/busbar-runner";
    auto spawner = sandbox::Spawner::create(*host_.loop_, options);
    ASSERT_TRUE(spawner.ok()) << spawner.error().message;
    spawner_ = std::move(*spawner);
    launcher_.become(*spawner_);
    driver_ = host_.addDriver("echo");
    host_.addModule("mod-1", driver_);
    ASSERT_TRUE(host_.waitFor("mod-1", "running")) << host_.host_->health("mod-1").sentence;
  }
  // Runners end with the spawner, and it must not post to a loop that is gone.
  void TearDown() override { spawner_.reset(); }

  LateLauncher launcher_;
  HostFixture host_{&launcher_};
  std::unique_ptr<sandbox::Spawner> spawner_;
  std::string driver_;
};

TEST_F(SandboxedHostTest, ADriverServesCallsBehindEveryWall) {
  EXPECT_EQ(host_.execute("mod-1", "echo", R"([{"a":[1,2,"x"]}])")->resultJson,
            R"({"a":[1,2,"x"]})");
  EXPECT_EQ(host_.execute("mod-1", "sleep", "[20]").ok(), true);
  ASSERT_TRUE(host_.execute("mod-1", "set", R"(["power",true])").ok());
  EXPECT_EQ(*host_.host_->stateKey("mod-1", "power"), "true");
}

TEST_F(SandboxedHostTest, ACrashIsNamedAndTheModuleComesBack) {
  EXPECT_EQ(host_.execute("mod-1", "crash").error().reason, "driver_crashed");
  ASSERT_TRUE(host_.waitFor("mod-1", "running"));
  const auto reports = host_.host_->exitReports("mod-1");
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].cause, "signal SIGSEGV");
  EXPECT_FALSE(reports[0].backtrace.empty());
  EXPECT_EQ(host_.execute("mod-1", "echo", "[2]")->resultJson, "2");
}

}  // namespace
}  // namespace busbar
