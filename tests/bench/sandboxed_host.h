// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include "host/sandbox/spawner.h"
#include "tests/support/host_fixture.h"

namespace busbar::bench {

// Fixtures find runner and drivers by the build's folder, two above the running program.
inline void findBuild() {
  const auto build = std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path();
  setenv("BUSBAR_BUILD", build.c_str(), 0);
}

inline void require(bool holds, const std::string& what) {
  if (!holds) {
    std::fprintf(stderr, "bench: %s\n", what.c_str());
    std::exit(1);
  }
}

// The whole host with the product's runner behind every layer of the sandbox.
class SandboxedHost {
 public:
  // `services` as for HostFixture.
  explicit SandboxedHost(Callback<ServiceProviders(EventLoop&)> services = nullptr)
      : fixture_(&launcher_, std::move(services)) {
    sandbox::SpawnerOptions options;
    options.runnerPath = std::string(std::getenv("BUSBAR_BUILD")) + "/bin/busbar-runner";
    auto spawner = sandbox::Spawner::create(*fixture_.loop_, options);
    require(spawner.ok(), spawner.ok() ? "" : spawner.error().message);
    spawner_ = std::move(*spawner);
    launcher_.become(*spawner_);
  }

  HostFixture& fixture() { return fixture_; }
  LocalHost& host() { return *fixture_.host_; }
  EventLoop& loop() { return *fixture_.loop_; }
  Launcher& launcher() { return launcher_; }

 private:
  // The fixture makes the loop and the spawner needs it, so the real launcher comes later.
  class LateLauncher : public Launcher {
   public:
    void launch(LaunchSpec spec, Done done) override {
      real_->launch(std::move(spec), std::move(done));
    }
    void become(sandbox::Spawner& spawner) { real_ = std::make_unique<SandboxLauncher>(spawner); }

   private:
    std::unique_ptr<SandboxLauncher> real_;
  };

  LateLauncher launcher_;
  HostFixture fixture_;
  std::unique_ptr<sandbox::Spawner> spawner_;  // goes first: it posts to the fixture's loop
};

}  // namespace busbar::bench
