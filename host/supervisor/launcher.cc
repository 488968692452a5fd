// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/supervisor/launcher.h"

#include <utility>

namespace busbar {
namespace {

constexpr int kDeadlineFd = 6;  // host/sandbox/README.md "What the runner finds"
constexpr int kLivenessFd = 7;

class SandboxedChild : public RunnerChild {
 public:
  explicit SandboxedChild(std::unique_ptr<sandbox::RunnerProcess> process)
      : process_(std::move(process)) {}
  pid_t pid() const override { return process_->pid(); }
  int pidfd() const override { return process_->pidfd(); }
  UniqueFd takeChannel() override { return process_->takeChannel(); }
  UniqueFd takeStdout() override { return process_->takeStdout(); }
  UniqueFd takeStderr() override { return process_->takeStderr(); }
  std::string tier() const override { return std::string(sandbox::toString(process_->tier())); }
  void kill() override { process_->kill(); }
  Status signal(int signalNumber) override { return process_->signal(signalNumber); }
  std::optional<sandbox::ExitStatus> tryReap() override { return process_->tryReap(); }
  Result<sandbox::RunnerUsage> usage() const override { return process_->usage(); }
  Status verify() const override { return process_->verify(); }

 private:
  std::unique_ptr<sandbox::RunnerProcess> process_;
};

}  // namespace

void SandboxLauncher::launch(LaunchSpec spec, Done done) {
  sandbox::RunnerSpec runner;
  runner.name = std::move(spec.runnerId);
  runner.driverFolder = std::move(spec.driverFolder);
  runner.driverFile = std::move(spec.driverFile);
  runner.policy = std::move(spec.policy);
  runner.fds.push_back({kDeadlineFd, std::move(spec.deadlinePage)});
  runner.fds.push_back({kLivenessFd, std::move(spec.livenessPage)});
  spawner_.spawn(
      std::move(runner),
      [done = std::move(done)](Result<std::unique_ptr<sandbox::RunnerProcess>> process) mutable {
        if (!process) {
          done(std::move(process).error());
          return;
        }
        done(std::unique_ptr<RunnerChild>(std::make_unique<SandboxedChild>(std::move(*process))));
      });
}

}  // namespace busbar
