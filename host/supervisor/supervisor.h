// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/client/host_client.h"
#include "host/module/module.h"
#include "host/supervisor/launcher.h"
#include "host/supervisor/restart_policy.h"
#include "host/supervisor/runner.h"
#include "sdk/base/log.h"

namespace busbar {

// Gives each module a runner: one per driver, or one of its own where the manifest, the admin or a
// crash says so. Starts, watches, limits and restarts runners and keeps their exit reports.
// Loop-only.
class Supervisor final : private Runner::Owner {
 public:
  struct Options {
    std::string hostVersion;
    // The folder of an installed driver; checks on a pool thread that the library still has its
    // digest.
    std::function<Result<std::string>(const model::Driver&)> locate;
    sandbox::Tier requireTier = sandbox::Tier::Full;
    uint32_t logBytesPerSecond = 1U << 20U;
  };
  struct Context {
    EventLoop& loop;
    WorkerPool& pool;
    Launcher& launcher;
    CallTable& calls;
    Logger& log;
  };

  Supervisor(const Context& context, Options options);
  Supervisor(const Supervisor&) = delete;
  Supervisor& operator=(const Supervisor&) = delete;
  ~Supervisor() override;

  // Module::runnerReady follows, now or later; again after each crash until detach().
  void attach(Module& mod);
  void detach(Module& mod);

  std::vector<RunnerInfo> runners() const;
  // Newest first, at most 20 kept for a driver. Those of a module are the ones that it is blamed
  // for, and the ones of its driver that nobody is.
  std::vector<ExitReport> exitReports(std::string_view moduleOrDriverId) const;
  // Lifts the quarantine of a driver; false when there was none.
  bool releaseDriver(const std::string& driverId);
  // Forgets a module's crashes.
  void forgiveModule(const Module& mod);
  Status killRunner(const Module& mod);
  // Asks every runner to end; `done` is called when none is left, at the latest after `limit`.
  void stopAll(Milliseconds limit, Callback<void()> done);
  uint64_t restarts() const { return restarts_; }

 private:
  struct Group;
  struct DriverEntry {
    RestartPolicy policy;
    std::deque<ExitReport> reports;
    bool quarantined = false;
    std::string quarantineCode;
    std::string quarantineSentence;
  };

  Group& groupFor(Module& mod);
  Group* groupOf(const Module& mod) const;
  Group* groupOf(const Runner& runner) const;
  void start(Group& group);
  void launch(Group& group, std::string folder);
  void give(Group& group, Module& mod);
  void arm(Group& group, Nanoseconds delay, EventLoop::Task task);
  void maybeEnd(Group& group);
  void decide(Group& group, const ExitReport& report, Module* culprit,
              const std::vector<Module*>& members);
  void move(Module& mod);
  sandbox::RunnerPolicy policyFor(const DriverSpec& spec, size_t modules) const;
  uint32_t random();

  void runnerReady(Runner& runner) override;
  bool runnerFrame(Runner& runner, const wire::Frame& frame, std::string& why) override;
  void runnerPrinted(Runner& runner, LogLine line) override;
  void runnerEnded(Runner& runner, ExitReport report) override;

  Context context_;
  const Options options_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // guards results of the pool
  std::map<std::string, std::unique_ptr<Group>> groups_;        // by "driver" or "driver/module"
  std::map<std::string, DriverEntry, std::less<>> drivers_;
  std::unordered_map<const Module*, Group*> groupOf_;
  std::unordered_map<const Runner*, Group*> byRunner_;
  uint64_t nextRunner_ = 1;
  uint64_t restarts_ = 0;
  uint32_t random_;
  Callback<void()> stopped_;
  TimerId stopTimer_ = 0;
};

}  // namespace busbar
