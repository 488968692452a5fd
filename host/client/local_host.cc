// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/client/local_host.h"

#include <algorithm>
#include <utility>

#include <busbar/driver.h>

#include "registry/settings/merge.h"
#include "registry/settings/module_time_zone.h"
#include "sdk/base/time_zone.h"

namespace busbar {
namespace {

constexpr unsigned kMaxCallsPerModule = 256;
constexpr size_t kMaxCallsPerRunner = 4096;
constexpr size_t kMaxUnsentBytes = 4U << 20U;
constexpr Milliseconds kSavePeriod{250};
// Under load answers come faster than a sleeping thread is woken.
constexpr auto kSpin = std::chrono::microseconds(20);
constexpr auto kReadLimit = std::chrono::seconds(10);

Error noModule(std::string_view id) {
  return Error::because(ErrorCode::NotFound, "module_not_found",
                        "there is no module " + std::string(id.substr(0, 64)));
}

// What the module's settings say about its time zone wins, if there is such a zone.
void setTimeZone(ModuleConfig& config) {
  const std::string& name = config.connection.timeZone;
  if (name.empty()) {
    return;
  }
  if (const auto zone = TimeZone::find(name); zone.ok()) {
    config.timeZone = name;
  } else if (config.settingsProblem.empty()) {
    config.settingsProblem = "/busbar/time_zone: " + zone.error().message;
  }
}

}  // namespace

class LocalHost::Listener : public Subscription {
 public:
  Listener(LocalHost& host, Callback<void(const HostEvent&)> listener)
      : host_(host), alive_(host.alive_), listener_(std::move(listener)) {
    host_.listeners_.push_back(this);
  }
  ~Listener() override {
    if (!*alive_) {
      return;
    }
    const auto it = std::find(host_.listeners_.begin(), host_.listeners_.end(), this);
    *it = nullptr;
    if (host_.publishing_ == 0) {
      std::erase(host_.listeners_, nullptr);
    }
  }
  void call(const HostEvent& event) { listener_(event); }

 private:
  LocalHost& host_;
  std::shared_ptr<bool> alive_;  // shared with the host, which may go first
  Callback<void(const HostEvent&)> listener_;
};

LocalHost::LocalHost(Context context, Supervisor::Options options)
    : context_(std::move(context)),
      links_(context_.siteCaFile),
      calls_(context_.loop,
             [](CallTable::Id id, Module& mod) {
               mod.callEnded();
               mod.cancel(id);
             }),
      supervisor_({context_.loop, context_.pool, context_.launcher, calls_, context_.log},
                  std::move(options)),
      moduleHub_({context_.loop, *this, context_.site, [this](const model::Driver& driver) {
                    const auto spec = specOf(driver);
                    return spec != nullptr ? spec->manifest().implements
                                           : std::vector<std::string>();
                  }}) {
  context_.services.push_back(modulesProvider(moduleHub_));
  context_.loop.setSpin(kSpin);
}

LocalHost::~LocalHost() {
  *alive_ = false;
  context_.loop.cancel(saveTimer_);
  context_.loop.cancel(stopTimer_);
  modules_.clear();
  leaving_.clear();
}

void LocalHost::start(Site& site, Callback<void(Status)> started) {
  siteSubscription_ = site.subscribe(
      [this](const ConfigChange& change, const model::Record*) { siteChanged(change); });
  for (const model::Module* mod : site.modules()) {
    refresh(mod->id);
  }
  Coordinator::Listener listener;
  listener.granted = [this](const std::string& id, const Epoch& epoch) { granted(id, epoch); };
  listener.revoked = [this](const std::string& id, Instant) { revoked(id); };
  context_.coordinator.start(std::move(listener),
                             [this, started = std::move(started)](Status status) mutable {
                               propose();
                               started(std::move(status));
                             });
}

// ---- following the site

void LocalHost::siteChanged(const ConfigChange& change) {
  const Site& site = context_.site;
  const auto touchAll = [&](const Site::Ids& ids) {
    for (const std::string& id : ids) {
      touch(id);
    }
  };
  if (const auto* mod = std::get_if<model::Module>(&change.record)) {
    touch(mod->id);
  } else if (const auto* driver = std::get_if<model::Driver>(&change.record)) {
    specs_.erase(driver->id);
    supervisor_.releaseDriver(driver->id);
    touchAll(site.modulesOfDriver(driver->id));
  } else if (const auto* system = std::get_if<model::System>(&change.record)) {
    touchAll(site.logicModulesOfSystem(system->id));
    for (const std::string& id : system->modules) {
      touch(id);
    }
  } else if (const auto* zone = std::get_if<model::Zone>(&change.record)) {
    for (const std::string& systemId : site.systemsOfZone(zone->id)) {
      touchAll(site.logicModulesOfSystem(systemId));
      for (const std::string& id : site.findSystem(systemId)->modules) {
        touch(id);  // its time zone may be that of the zone
      }
    }
  } else if (const auto* settings = std::get_if<model::Settings>(&change.record)) {
    touch(settings->parentId);
    touchAll(site.modulesOfDriver(settings->parentId));
    touchAll(site.logicModulesOfSystem(settings->parentId));
    for (const std::string& systemId : site.systemsOfZone(settings->parentId)) {
      touchAll(site.logicModulesOfSystem(systemId));
    }
  }
  moduleHub_.siteChanged(change);  // last: its task must see the modules as they are by then
}

void LocalHost::touch(std::string_view moduleId) {
  touched_.emplace(moduleId);
  if (!refreshScheduled_) {
    refreshScheduled_ = true;
    context_.loop.defer([this, alive = alive_] {
      if (*alive) {
        refreshScheduled_ = false;
        refreshTouched();
      }
    });
  }
}

void LocalHost::refreshTouched() {
  for (const std::string& id : std::exchange(touched_, {})) {
    refresh(id);
  }
  propose();
}

void LocalHost::refresh(const std::string& moduleId) {
  const model::Module* row = context_.site.findModule(moduleId);
  Module* present = find(moduleId);
  if (row == nullptr) {
    if (present != nullptr) {
      remove(moduleId);
    }
    return;
  }
  const model::Driver* driver = context_.site.findDriver(row->driverId);
  const auto spec = driver != nullptr ? specOf(*driver) : nullptr;
  if (spec == nullptr) {
    return;  // the row's reference is checked by the store; a bad manifest was logged by specOf
  }
  ModuleConfig config = configOf(*row, spec);
  if (present != nullptr) {
    present->configure(std::move(config));
    return;
  }
  const Module::Context context{context_.loop, context_.pool,     calls_,
                                *this,         context_.services, links_};
  modules_.emplace(moduleId, std::make_unique<Module>(context, std::move(config)));
  restoreState(moduleId);
}

// The row is gone: the module still stops in order before it goes.
void LocalHost::remove(const std::string& moduleId) {
  auto node = modules_.extract(moduleId);
  Module& mod = *node.mapped();
  dirty_.erase(&mod);
  context_.states.clear(moduleId, mod.config().epoch);
  leaving_.emplace(&mod, std::move(node.mapped()));
  calls_.failAll(mod, noModule(moduleId));
  mod.halt(BUSBAR_STOP_USER);
  forget(mod);
}

// Ends a leaving module once it is at rest; at the end of the turn, for it may be further up the
// stack.
void LocalHost::forget(Module& mod) {
  if (mod.state() != ModuleState::Stopped) {
    return;
  }
  context_.loop.post([this, alive = alive_, gone = &mod, id = mod.id()] {
    if (*alive && leaving_.erase(gone) > 0 && owned_.erase(id) > 0) {
      context_.coordinator.released(id);
    }
  });
}

void LocalHost::restoreState(const std::string& moduleId) {
  context_.states.read(moduleId, context_.loop.now() + kReadLimit,
                       [this, alive = alive_, moduleId](Result<std::vector<StateEntry>> entries) {
                         Module* mod = *alive ? find(moduleId) : nullptr;
                         if (mod != nullptr && entries.ok() && mod->instance() == 0) {
                           mod->status().restore(std::move(*entries));
                         }
                       });
}

std::shared_ptr<const DriverSpec> LocalHost::specOf(const model::Driver& driver) {
  if (const auto it = specs_.find(driver.id); it != specs_.end()) {
    return it->second;
  }
  auto spec = DriverSpec::build(driver);
  if (!spec) {
    context_.log.error("host", spec.error().message, {{"driver", driver.id}});
    return nullptr;
  }
  specs_[driver.id] = *spec;
  return *spec;
}

ModuleConfig LocalHost::configOf(const model::Module& mod, std::shared_ptr<const DriverSpec> spec) {
  ModuleConfig config;
  config.moduleId = mod.id;
  config.name = context_.site.resolvedName(mod);
  config.systemId = mod.controlSystemId;
  config.host = mod.ip;
  config.port = static_cast<uint16_t>(mod.port);
  config.udp = mod.udp;
  config.tls = mod.tls;
  config.makebreak = mod.makebreak;
  config.uri = mod.uri;
  config.debug = mod.debug;
  if (const auto epoch = owned_.find(mod.id); epoch != owned_.end()) {
    config.epoch = epoch->second;
  }
  config.timeZone = moduleTimeZone(context_.site, mod);
  if (config.timeZone.empty()) {
    config.timeZone = context_.timeZone;
  }
  const std::vector<const model::Settings*> chain = settingsChain(context_.site, mod);
  auto merged = mergeSettings(chain);
  if (!merged) {
    config.settingsProblem =
        (merged.error().field.empty() ? "" : merged.error().field + ": ") + merged.error().message;
  } else if (const Status fits = spec->manifest().settings.check(json::Value(merged->values), "");
             !fits.ok()) {
    config.settingsProblem =
        "The settings do not fit the driver: " + fits.error().field + ": " + fits.error().message;
  } else if (const Status links = checkLinkRoles(spec->manifest(), merged->connection);
             !links.ok()) {
    config.settingsProblem =
        "/" + std::string(kConnectionKey) + links.error().field + ": " + links.error().message;
  } else if (const Status peers = checkLinkPeers(spec->manifest(), merged->connection);
             !peers.ok()) {
    config.settingsProblem =
        "/" + std::string(kConnectionKey) + peers.error().field + ": " + peers.error().message;
  } else if (const Status tls = checkTls(merged->connection.tls); !tls.ok()) {
    config.settingsProblem =
        "/" + std::string(kConnectionKey) + tls.error().field + ": " + tls.error().message;
  } else {
    config.settingsJson =
        json::write(spec->manifest().settings.withDefaults(json::Value(merged->values)));
  }
  if (merged.ok()) {
    config.connection = std::move(merged->connection);
    setTimeZone(config);
    for (const auto& [key, value] : merged->values) {
      if (spec->manifest().isSecretSetting(key)) {
        collectSecretValues(value, merged->secretValues);
      }
    }
    config.secrets = std::move(merged->secretValues);
  }
  config.spec = std::move(spec);
  return config;
}

// Only what the settings say is theirs to answer for: to read the authorities takes milliseconds,
// and few modules need any.
Status LocalHost::checkTls(const TlsTrust& trust) {
  if (trust == TlsTrust()) {
    return {};
  }
  const auto client = links_.tlsClient(trust);
  return client.ok() ? Status() : Status(client.error());
}

void LocalHost::propose() {
  std::vector<std::string> wanted;
  for (const model::Module* mod : context_.site.modules()) {
    if (mod->running && modules_.contains(mod->id)) {
      wanted.push_back(mod->id);
    }
  }
  if (!stopping_) {
    context_.coordinator.propose(std::move(wanted));
  }
}

void LocalHost::granted(const std::string& moduleId, const Epoch& epoch) {
  owned_[moduleId] = epoch;
  refresh(moduleId);
  if (Module* mod = find(moduleId); mod != nullptr && !stopping_) {
    mod->run();
  }
}

void LocalHost::revoked(const std::string& moduleId) {
  Module* mod = find(moduleId);
  const bool leaving = std::any_of(leaving_.begin(), leaving_.end(), [&](const auto& entry) {
    return entry.first->id() == moduleId;
  });
  if (leaving) {
    return;  // released once it has stopped
  }
  if (mod == nullptr || mod->state() == ModuleState::Stopped) {
    owned_.erase(moduleId);
    context_.coordinator.released(moduleId);
    return;
  }
  const model::Module* row = context_.site.findModule(moduleId);
  mod->halt(row != nullptr && row->running ? BUSBAR_STOP_REBALANCE : BUSBAR_STOP_USER);
}

// ---- what modules report

void LocalHost::moduleStateChanged(Module& mod) {
  if (leaving_.contains(&mod)) {
    forget(mod);
    return;
  }
  if (mod.state() != ModuleState::Stopped || mod.wanted()) {
    return;
  }
  if (stopping_) {
    finishStop();
    return;
  }
  // Only after the call that brought the news has returned.
  context_.loop.post([this, alive = alive_, id = mod.id()] {
    const Module* stopped = *alive ? find(id) : nullptr;
    if (stopped != nullptr && stopped->state() == ModuleState::Stopped && !stopped->wanted() &&
        owned_.erase(id) > 0) {
      context_.coordinator.released(id);
    }
  });
}

void LocalHost::publish(const HostEvent& event) {
  if (event.kind == HostEvent::Kind::State) {
    if (Module* mod = find(event.moduleId)) {
      dirty_.insert(mod);
      if (saveTimer_ == 0) {
        saveTimer_ = context_.loop.runAfter(kSavePeriod, [this] {
          saveTimer_ = 0;
          saveStates();
        });
      }
    }
  }
  ++publishing_;
  for (size_t i = 0; i < listeners_.size(); ++i) {
    if (listeners_[i] != nullptr) {
      listeners_[i]->call(event);
    }
  }
  if (--publishing_ == 0) {
    std::erase(listeners_, nullptr);
  }
}

void LocalHost::saveStates() {
  for (Module* mod : std::exchange(dirty_, {})) {
    const Epoch& epoch = mod->config().epoch;
    mod->status().drainDirty(
        [&](const StateEntry& entry) { context_.states.put(mod->id(), epoch, entry); });
  }
}

std::unique_ptr<Subscription> LocalHost::subscribe(Callback<void(const HostEvent&)> listener) {
  return std::make_unique<Listener>(*this, std::move(listener));
}

// ---- calls

Module* LocalHost::find(std::string_view moduleId) const {
  const auto it = modules_.find(moduleId);
  return it == modules_.end() ? nullptr : it->second.get();
}

Result<const DriverSpec::Function*> LocalHost::checkCall(const ExecuteRequest& request,
                                                         Module*& mod) const {
  mod = find(request.moduleId);
  if (mod == nullptr) {
    return noModule(request.moduleId);
  }
  const DriverSpec::Function* function = mod->spec().findFunction(request.function);
  if (function == nullptr) {
    return Error::because(
        ErrorCode::NotFound, "function_not_found",
        "module " + mod->config().name + " has no function " + request.function.substr(0, 64));
  }
  if (static_cast<int>(request.caller.role) < static_cast<int>(function->manifest->minRole)) {
    return Error::because(ErrorCode::PermissionDenied, "permission_denied",
                          "function " + request.function + " needs the role " +
                              std::string(toString(function->manifest->minRole)));
  }
  if (mod->state() != ModuleState::Running) {
    const ModuleHealth health = mod->health();
    return Error::because(
        ErrorCode::Unavailable, health.code.empty() ? "module_not_running" : health.code,
        health.sentence.empty() ? "module " + mod->config().name + " is " + health.state
                                : health.sentence);
  }
  if (mod->callsInFlight() >= kMaxCallsPerModule ||
      mod->runner()->callsInFlight() >= kMaxCallsPerRunner ||
      mod->runner()->outboxBytes() > kMaxUnsentBytes) {
    return Error::because(ErrorCode::ResourceExhausted, "module_busy",
                          "module " + mod->config().name + " has " +
                              std::to_string(mod->callsInFlight()) + " calls in flight already");
  }
  return function;
}

HostClient::CallId LocalHost::execute(ExecuteRequest request, Done<ExecuteReply> done) {
  ++callsTotal_;
  Module* mod = nullptr;
  const auto function = checkCall(request, mod);
  if (!function) {
    done(function.error());
    return 0;
  }
  if (Status args = DriverSpec::toArguments(**function, request.args); !args.ok()) {
    done(std::move(args).error());
    return 0;
  }
  if (request.deadline <= context_.loop.now()) {
    request.deadline = context_.loop.now() + (*function)->manifest->timeout;
  }
  request.deadline = std::min(request.deadline, request.latest);
  return mod->execute(**function, request.args, {std::move(request.caller), request.hops},
                      request.deadline, std::move(done));
}

void LocalHost::cancel(CallId call) {
  if (Module* mod = calls_.moduleOf(call)) {
    mod->callEnded();
    mod->cancel(call);
    calls_.complete(call,
                    Error::because(ErrorCode::Aborted, "cancelled", "the call was cancelled"));
  }
}

// ---- what the API asks

Result<std::vector<StateEntry>> LocalHost::state(std::string_view moduleId) {
  const Module* mod = find(moduleId);
  if (mod == nullptr) {
    return noModule(moduleId);
  }
  return mod->status().all();
}

Result<std::string> LocalHost::stateKey(std::string_view moduleId, std::string_view key) {
  const Module* mod = find(moduleId);
  if (mod == nullptr) {
    return noModule(moduleId);
  }
  const StateMap::Entry* entry = mod->status().find(key);
  return entry == nullptr ? std::string() : entry->value.json;
}

ModuleHealth LocalHost::health(std::string_view moduleId) {
  if (const Module* mod = find(moduleId)) {
    return mod->health();
  }
  ModuleHealth health;
  health.state = "stored";
  const model::Module* row = context_.site.findModule(moduleId);
  // A row that has only just come is taken up at the end of the turn.
  if (row != nullptr && !touched_.contains(moduleId)) {
    health.code = "driver_missing";
    health.sentence = "The driver of this module cannot be used; install it again.";
  }
  return health;
}

Result<std::vector<LogLine>> LocalHost::logs(std::string_view moduleId) {
  const Module* mod = find(moduleId);
  if (mod == nullptr) {
    return noModule(moduleId);
  }
  return mod->logs();
}

std::vector<ExitReport> LocalHost::exitReports(std::string_view moduleOrDriverId) {
  return supervisor_.exitReports(moduleOrDriverId);
}

void LocalHost::reload(std::string moduleId, Done<void> done) {
  Module* mod = find(moduleId);
  if (mod == nullptr) {
    done(noModule(moduleId));
    return;
  }
  refresh(moduleId);
  mod->restart(BUSBAR_STOP_USER);
  done({});
}

Status LocalHost::release(std::string_view moduleOrDriverId) {
  const std::string id(moduleOrDriverId);
  if (Module* mod = find(id)) {
    supervisor_.forgiveModule(*mod);
    mod->release();
    return {};
  }
  if (context_.site.findDriver(id) == nullptr) {
    return noModule(id);
  }
  supervisor_.releaseDriver(id);
  for (const std::string& moduleId : context_.site.modulesOfDriver(id)) {
    if (Module* mod = find(moduleId)) {
      supervisor_.forgiveModule(*mod);
      mod->release();
    }
  }
  return {};
}

Status LocalHost::killRunner(std::string_view moduleId) {
  const Module* mod = find(moduleId);
  return mod == nullptr ? Status(noModule(moduleId)) : supervisor_.killRunner(*mod);
}

// ---- stopping

void LocalHost::stop(Milliseconds limit, Callback<void()> done) {
  stopping_ = true;
  stopped_ = std::move(done);
  stopLimit_ = limit / 4;
  for (const auto& [id, mod] : modules_) {
    mod->halt(BUSBAR_STOP_SHUTDOWN);
  }
  stopTimer_ = context_.loop.runAfter(limit / 2, [this] {
    stopTimer_ = 0;
    supervisor_.stopAll(stopLimit_, [this] {
      saveStates();
      std::exchange(stopped_, nullptr)();
    });
  });
  finishStop();
}

void LocalHost::finishStop() {
  const bool allStopped = std::all_of(modules_.begin(), modules_.end(), [](const auto& entry) {
    return entry.second->state() == ModuleState::Stopped;
  });
  if (!allStopped || stopTimer_ == 0) {
    return;
  }
  context_.loop.cancel(std::exchange(stopTimer_, 0));
  context_.loop.post([this] {
    supervisor_.stopAll(stopLimit_, [this] {
      saveStates();
      std::exchange(stopped_, nullptr)();
    });
  });
}

}  // namespace busbar
