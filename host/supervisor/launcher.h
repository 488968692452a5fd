// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>

#include "host/sandbox/spawner.h"
#include "sdk/base/callback.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"

namespace busbar {

// What to start: one driver in one runner.
struct LaunchSpec {
  std::string runnerId;      // [a-z0-9-], unique among live ones
  std::string driverFolder;  // absolute, holds the library
  std::string driverFile;    // plain file name
  sandbox::RunnerPolicy policy;
  UniqueFd deadlinePage;  // read-only sealed memfd
  UniqueFd livenessPage;  // sealed memfd
};

// One started runner process. Destroying it kills it; nothing is left behind. Loop-only.
class RunnerChild {
 public:
  virtual ~RunnerChild() = default;
  virtual pid_t pid() const = 0;
  virtual int pidfd() const = 0;  // readable when the process has ended
  virtual UniqueFd takeChannel() = 0;
  virtual UniqueFd takeStdout() = 0;
  virtual UniqueFd takeStderr() = 0;
  virtual std::string tier() const = 0;
  virtual void kill() = 0;
  virtual Status signal(int signalNumber) = 0;
  virtual std::optional<sandbox::ExitStatus> tryReap() = 0;
  virtual Result<sandbox::RunnerUsage> usage() const = 0;
  // Ok when every thread of the runner carries the filters; before that no secret goes there.
  virtual Status verify() const = 0;
};

// Starts runners. Implemented by the sandbox and by the tests' own launcher. Loop-only.
class Launcher {
 public:
  using Done = Callback<void(Result<std::unique_ptr<RunnerChild>>)>;
  virtual ~Launcher() = default;
  virtual void launch(LaunchSpec spec, Done done) = 0;  // `done` is called later, on the loop
};

// The sandbox as a launcher. `spawner` must outlive it and its children.
class SandboxLauncher : public Launcher {
 public:
  explicit SandboxLauncher(sandbox::Spawner& spawner) : spawner_(spawner) {}
  void launch(LaunchSpec spec, Done done) override;

 private:
  sandbox::Spawner& spawner_;
};

}  // namespace busbar
