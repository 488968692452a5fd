// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/supervisor/supervisor.h"

#include <algorithm>
#include <utility>

#include <busbar/driver.h>

namespace busbar {
namespace {

constexpr size_t kReportsKept = 20;
constexpr Milliseconds kLinger{500};  // a module that restarts finds its runner still there
constexpr Milliseconds kShutdownLimit{1'000};
constexpr std::string_view kRefused = "driver_refused: ";

}  // namespace

// The modules that share one runner, and that runner if there is one.
struct Supervisor::Group {
  std::string key;
  std::shared_ptr<const DriverSpec> spec;  // shared with the modules
  std::string isolatedModule;              // empty: serves all of the driver
  std::vector<Module*> members;
  std::unique_ptr<Runner> runner;
  std::unordered_map<uint64_t, Module*> instances;
  uint32_t nextInstance = 1;
  std::vector<uint32_t> freeSlots;
  uint32_t nextSlot = 0;
  std::map<const Module*, uint32_t> slots;
  Instant readySince{};
  int64_t startedUtcNs = 0;
  uint32_t restarts = 0;
  bool locating = false;
  bool ending = false;  // shut down on purpose
  TimerId timer = 0;    // relaunch or linger
  std::optional<ExitReport> lastExit;
};

Supervisor::Supervisor(const Context& context, Options options)
    : context_(context),
      options_(std::move(options)),
      random_(static_cast<uint32_t>(context.loop.now().time_since_epoch().count()) | 1U) {}

Supervisor::~Supervisor() {
  *alive_ = false;
  context_.loop.cancel(stopTimer_);
  for (auto& [key, group] : groups_) {
    context_.loop.cancel(group->timer);
  }
}

uint32_t Supervisor::random() {
  random_ ^= random_ << 13U;  // xorshift32, Marsaglia 2003: jitter needs no more
  random_ ^= random_ >> 17U;
  random_ ^= random_ << 5U;
  return random_;
}

Supervisor::Group& Supervisor::groupFor(Module& mod) {
  const DriverSpec& spec = mod.spec();
  const std::string& driverId = spec.driver().id;
  const bool own = spec.driver().isolation == model::Isolation::Module ||
                   spec.manifest().isolation == Manifest::Isolation::Module ||
                   drivers_[driverId].policy.isolated(mod.id());
  // The digest is part of the key: a new version never joins an old process.
  std::string key = driverId + "@" + spec.driver().digest.substr(0, 12);
  if (own) {
    key += "/" + mod.id();
  }
  auto& slot = groups_[key];
  if (!slot) {
    slot = std::make_unique<Group>();
    slot->key = key;
    slot->isolatedModule = own ? mod.id() : "";
  }
  slot->spec = mod.config().spec;
  return *slot;
}

Supervisor::Group* Supervisor::groupOf(const Module& mod) const {
  const auto it = groupOf_.find(&mod);
  return it == groupOf_.end() ? nullptr : it->second;
}

Supervisor::Group* Supervisor::groupOf(const Runner& runner) const {
  const auto it = byRunner_.find(&runner);
  return it == byRunner_.end() ? nullptr : it->second;
}

void Supervisor::attach(Module& mod) {
  DriverEntry& driver = drivers_[mod.spec().driver().id];
  if (driver.quarantined) {
    mod.quarantine(driver.quarantineCode, driver.quarantineSentence);
    return;
  }
  Group& wanted = groupFor(mod);
  if (Group* present = groupOf(mod); present != nullptr && present != &wanted) {
    detach(mod);
  }
  if (groupOf(mod) == nullptr) {
    wanted.members.push_back(&mod);
    groupOf_[&mod] = &wanted;
  }
  if (wanted.runner && wanted.runner->state() == Runner::State::Ready && !wanted.ending) {
    give(wanted, mod);
  } else if (!wanted.runner && wanted.timer == 0) {
    start(wanted);
  } else if (!wanted.runner) {
    return;  // backing off; give() follows when the runner is ready
  }
}

void Supervisor::give(Group& group, Module& mod) {
  std::erase_if(group.instances, [&](const auto& entry) { return entry.second == &mod; });
  auto slot = group.slots.find(&mod);
  if (slot == group.slots.end()) {
    if (group.freeSlots.empty() && group.nextSlot >= RunnerPages::kSlots) {
      mod.quarantine(
          "quarantined",
          "The runner of this driver serves 4096 modules already. Set the driver's isolation "
          "to module.");
      return;
    }
    uint32_t number = 0;
    if (group.freeSlots.empty()) {
      number = group.nextSlot++;
    } else {
      number = group.freeSlots.back();
      group.freeSlots.pop_back();
    }
    slot = group.slots.emplace(&mod, number).first;
  }
  const uint32_t instance = group.nextInstance++;
  group.instances[instance] = &mod;
  if (group.timer != 0 && !group.ending) {
    context_.loop.cancel(std::exchange(group.timer, 0));
  }
  mod.runnerReady(*group.runner, instance, slot->second);
}

void Supervisor::detach(Module& mod) {
  Group* group = groupOf(mod);
  if (group == nullptr) {
    return;
  }
  groupOf_.erase(&mod);
  std::erase(group->members, &mod);
  std::erase_if(group->instances, [&](const auto& entry) { return entry.second == &mod; });
  if (const auto slot = group->slots.find(&mod); slot != group->slots.end()) {
    group->freeSlots.push_back(slot->second);
    group->slots.erase(slot);
  }
  maybeEnd(*group);
}

// One timer a group: a second one would outlive the group that the first one ends.
void Supervisor::arm(Group& group, Nanoseconds delay, EventLoop::Task task) {
  context_.loop.cancel(group.timer);
  group.timer = context_.loop.runAfter(delay, [&group, task = std::move(task)]() mutable {
    group.timer = 0;
    task();
  });
}

void Supervisor::maybeEnd(Group& group) {
  if (!group.members.empty() || group.ending) {
    return;
  }
  arm(group, kLinger, [this, &group] {
    if (!group.members.empty()) {
      if (!group.runner) {
        start(group);
      }
      return;
    }
    if (group.runner) {
      group.ending = true;
      group.runner->shutdown(kShutdownLimit);
    } else if (!group.locating) {
      const std::string key = group.key;
      groups_.erase(key);
    }
  });
}

void Supervisor::start(Group& group) {
  if (group.locating) {
    return;
  }
  group.locating = true;
  const Status queued = context_.pool.run(
      [this, alive = alive_, key = group.key, spec = group.spec, &loop = context_.loop]() mutable {
        auto folder = options_.locate(spec->driver());
        loop.post([this, alive = std::move(alive), key = std::move(key),
                   folder = std::move(folder)]() mutable {
          if (!*alive) {
            return;
          }
          const auto it = groups_.find(key);
          if (it == groups_.end()) {
            return;
          }
          it->second->locating = false;
          if (folder.ok()) {
            launch(*it->second, std::move(*folder));
            return;
          }
          const std::string reason = folder.error().reason;
          const std::string sentence = folder.error().message;
          const std::vector<Module*> members = it->second->members;
          for (Module* mod : members) {
            mod->quarantine(reason, sentence);
          }
        });
      });
  if (!queued.ok()) {
    group.locating = false;
    arm(group, Milliseconds(200), [this, &group] { start(group); });
  }
}

sandbox::RunnerPolicy Supervisor::policyFor(const DriverSpec& spec, size_t modules) const {
  const Manifest::Limits& limits = spec.manifest().limits;
  sandbox::RunnerPolicy policy;
  policy.memoryBytes = uint64_t{limits.memoryMb} << 20U;
  policy.tasks = std::clamp<uint32_t>(2 + limits.threads, 2, 4096);
  const size_t links = spec.manifest().links.size() * std::max<size_t>(modules, 64);
  policy.openFiles = static_cast<uint32_t>(std::clamp<size_t>(64 + links + limits.fds, 64, 65536));
  policy.require = options_.requireTier;
  return policy;
}

void Supervisor::launch(Group& group, std::string folder) {
  if (group.members.empty()) {
    maybeEnd(group);
    return;
  }
  Runner::Limits limits;
  limits.strandHard = group.spec->manifest().limits.strand;
  limits.logBytesPerSecond = options_.logBytesPerSecond;
  Runner::Owner& self = *this;
  group.runner = std::make_unique<Runner>(context_.loop, self,
                                          "runner-" + std::to_string(nextRunner_++), limits);
  group.startedUtcNs = context_.loop.clock().utcNs();
  group.readySince = {};
  group.ending = false;
  group.nextInstance = 1;
  group.instances.clear();
  byRunner_[group.runner.get()] = &group;
  LaunchSpec spec;
  spec.driverFolder = std::move(folder);
  spec.driverFile = group.spec->driver().fileName;
  // Modules that come later find room: a runner is sized for what its driver has now, doubled.
  spec.policy = policyFor(*group.spec, group.isolatedModule.empty() ? group.members.size() * 2 : 1);
  group.runner->launch(context_.launcher, std::move(spec), options_.hostVersion);
}

void Supervisor::runnerReady(Runner& runner) {
  Group* group = groupOf(runner);
  group->readySince = context_.loop.now();
  const std::vector<Module*> members = group->members;
  for (Module* mod : members) {
    if (mod->state() == ModuleState::Placed) {
      give(*group, *mod);
    }
  }
}

bool Supervisor::runnerFrame(Runner& runner, const wire::Frame& frame, std::string& why) {
  const bool byCall = frame.type == wire::Type::Complete || frame.type == wire::Type::Progress;
  if (byCall) {
    Module* mod = context_.calls.moduleOf(frame.id);
    if (mod == nullptr) {
      return true;  // answered after its deadline or its cancellation
    }
    if (mod->runner() != &runner) {
      why = "it answers a call of another runner";
      return false;
    }
    return mod->frame(frame, why);
  }
  if (frame.id == 0 && frame.type == wire::Type::Log) {
    wire::Log m;
    if (!wire::decode(frame.payload, m)) {
      why = "malformed log frame";
      return false;
    }
    LogLine line;
    line.utcNs = m.timeNs;
    line.level = (m.flags & wire::kLogFromChecks) != 0 ? 6 : std::min<int>(m.level, 4);
    std::string quoted;
    json::appendString(quoted, m.message.substr(0, 2000));
    line.message = *json::parse(quoted)->asString();
    runnerPrinted(runner, std::move(line));
    return true;
  }
  const Group* group = groupOf(runner);
  const auto it = group->instances.find(frame.id);
  if (it == group->instances.end()) {
    // What a module said last may arrive after it was given up.
    const bool past = frame.id != 0 && frame.id < group->nextInstance;
    why = "it names instance " + std::to_string(frame.id) + ", which never existed";
    return past;
  }
  return it->second->frame(frame, why);
}

void Supervisor::runnerPrinted(Runner& runner, LogLine line) {
  const Group* group = groupOf(runner);
  context_.log.write({LogLevel::Info,
                      "driver",
                      line.message,
                      {{"driver", group->spec->driver().id}, {"runner", runner.id()}},
                      {},
                      line.utcNs});
  if (group->members.size() == 1) {
    group->members.front()->addLog(std::move(line));
  }
}

void Supervisor::runnerEnded(Runner& runner, ExitReport report) {
  Group& group = *groupOf(runner);
  byRunner_.erase(&runner);
  const std::vector<Module*> members = group.members;
  Module* culprit = nullptr;
  if (const auto it = group.instances.find(runner.culpritInstance());
      it != group.instances.end() && runner.culpritInstance() != 0) {
    culprit = it->second;
  }
  report.driverId = group.spec->driver().id;
  report.moduleId = culprit != nullptr ? culprit->id() : group.isolatedModule;
  // The runner is in a call of ours further up: it goes at the end of the turn.
  context_.loop.post([old = std::move(group.runner)] {});
  group.instances.clear();
  const bool onPurpose = group.ending && report.cause == "shutdown";
  group.ending = false;
  if (!onPurpose && !stopped_) {
    decide(group, report, culprit, members);
  }
  for (Module* mod : members) {
    mod->runnerLost(report, mod == culprit);
  }
  if (stopped_ && byRunner_.empty()) {
    context_.loop.cancel(std::exchange(stopTimer_, 0));
    std::exchange(stopped_, nullptr)();
    return;
  }
  if (onPurpose && !group.members.empty() && group.timer == 0) {
    start(group);
  }
  maybeEnd(group);
}

void Supervisor::decide(Group& group, const ExitReport& report, Module* culprit,
                        const std::vector<Module*>& members) {
  DriverEntry& driver = drivers_[report.driverId];
  driver.reports.push_front(report);
  if (driver.reports.size() > kReportsKept) {
    driver.reports.pop_back();
  }
  group.lastExit = report;
  ++group.restarts;
  ++restarts_;
  RestartPolicy::Crash crash;
  crash.group = group.key;
  crash.at = context_.loop.now();
  crash.readySince = group.readySince;
  crash.inShared = group.isolatedModule.empty();
  crash.beforeCreate = group.readySince == Instant{};
  crash.external = report.cause.starts_with("signal 9") || report.cause == "killed_by_admin";
  if (culprit != nullptr) {
    crash.moduleId = culprit->id();
  } else if (!group.isolatedModule.empty()) {
    crash.moduleId = group.isolatedModule;
  }
  const RestartPolicy::Decision decision = driver.policy.onCrash(crash, random());
  context_.log.warn("supervisor", "a runner ended: " + report.cause,
                    {{"driver", report.driverId},
                     {"runner", report.runnerId},
                     {"module", report.moduleId},
                     {"last_call", report.lastCall},
                     {"next_start_ms", decision.delay / Milliseconds(1)}});
  if (report.cause.starts_with(kRefused)) {
    // It says so itself; trying again would change nothing.
    driver.quarantined = true;
    driver.quarantineCode = "driver_refused";
    driver.quarantineSentence =
        "The driver cannot be loaded: " + report.cause.substr(kRefused.size()) +
        ". Install another version of it.";
  } else if (decision.quarantineDriver) {
    driver.quarantined = true;
    driver.quarantineCode = "quarantined";
    driver.quarantineSentence =
        "The driver ended five times in five minutes before any module was created (last: " +
        report.cause + "). Install another version, or release it.";
  }
  arm(group, decision.delay, [this, &group] {
    if (!group.members.empty() && !group.runner) {
      start(group);
    }
  });
  // Modules hear of their loss first (runnerEnded), then of a quarantine or a runner of their own.
  context_.loop.post([this, alive = alive_, decision, members, cause = report.cause,
                      driverId = report.driverId] {
    if (!*alive) {
      return;
    }
    for (Module* mod : members) {
      if (!groupOf_.contains(mod)) {
        continue;
      }
      if (drivers_[driverId].quarantined) {
        mod->quarantine(drivers_[driverId].quarantineCode, drivers_[driverId].quarantineSentence);
      } else if (decision.quarantine == mod->id()) {
        mod->quarantine(
            "quarantined",
            "The driver's process ended five times in five minutes in this module (last: " + cause +
                "). Change its settings, or release it.");
      } else if (decision.isolateAll || decision.isolate == mod->id()) {
        move(*mod);
      }
    }
  });
}

// To a runner of its own, after its present one has ended.
void Supervisor::move(Module& mod) {
  detach(mod);
  if (mod.state() == ModuleState::Placed) {
    attach(mod);
  }
}

std::vector<RunnerInfo> Supervisor::runners() const {
  std::vector<RunnerInfo> all;
  for (const auto& [key, group] : groups_) {
    RunnerInfo info;
    info.driverId = group->spec->driver().id;
    info.modules = group->members.size();
    info.restarts = group->restarts;
    info.lastExit = group->lastExit;
    info.startedUtcNs = group->startedUtcNs;
    const auto driver = drivers_.find(info.driverId);
    if (!group->runner) {
      info.state =
          driver != drivers_.end() && driver->second.quarantined ? "quarantined" : "backing_off";
      all.push_back(std::move(info));
      continue;
    }
    info.id = group->runner->id();
    info.pid = group->runner->pid();
    info.tier = group->runner->tier();
    info.state = group->runner->state() == Runner::State::Ready ? "ready" : "starting";
    if (const auto usage = group->runner->usage(); usage.ok()) {
      info.cpuSeconds = usage->cpuSeconds.value_or(0);
      info.pssBytes = static_cast<int64_t>(usage->pssBytes.value_or(0));
      info.fds = static_cast<int>(usage->openFiles.value_or(0));
    }
    all.push_back(std::move(info));
  }
  return all;
}

std::vector<ExitReport> Supervisor::exitReports(std::string_view moduleOrDriverId) const {
  std::vector<ExitReport> found;
  // What no module can be blamed for concerns all that the driver serves.
  std::string_view driverOfModule;
  for (const auto& [mod, group] : groupOf_) {
    if (mod->id() == moduleOrDriverId) {
      driverOfModule = group->spec->driver().id;
    }
  }
  for (const auto& [driverId, entry] : drivers_) {
    for (const ExitReport& report : entry.reports) {
      if (driverId == moduleOrDriverId || report.moduleId == moduleOrDriverId ||
          (report.moduleId.empty() && driverId == driverOfModule)) {
        found.push_back(report);
      }
    }
  }
  return found;
}

bool Supervisor::releaseDriver(const std::string& driverId) {
  const auto it = drivers_.find(driverId);
  if (it == drivers_.end()) {
    return false;
  }
  it->second.policy.forgetAll();
  return std::exchange(it->second.quarantined, false);
}

void Supervisor::forgiveModule(const Module& mod) {
  drivers_[mod.spec().driver().id].policy.forget(mod.id());
}

Status Supervisor::killRunner(const Module& mod) {
  Group* group = groupOf(mod);
  if (group == nullptr || !group->runner) {
    return Error::because(ErrorCode::FailedPrecondition, "module_not_running",
                          "module " + mod.id() + " has no runner at present");
  }
  group->runner->kill("killed_by_admin");
  return {};
}

void Supervisor::stopAll(Milliseconds limit, Callback<void()> done) {
  if (byRunner_.empty()) {
    done();
    return;
  }
  stopped_ = std::move(done);
  for (auto& [key, group] : groups_) {
    context_.loop.cancel(std::exchange(group->timer, 0));
    if (group->runner) {
      group->ending = true;
      group->runner->shutdown(limit);
    }
  }
  stopTimer_ = context_.loop.runAfter(limit + Milliseconds(500), [this] {
    stopTimer_ = 0;
    std::exchange(stopped_, nullptr)();
  });
}

}  // namespace busbar
