// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/module.h"

#include <algorithm>
#include <limits>
#include <utility>

#include <busbar/driver.h>

#include "sdk/base/json.h"

namespace busbar {
namespace {

constexpr Milliseconds kStopLimit{5'000};
constexpr Milliseconds kDestroyLimit{5'000};

uint32_t seedOf(std::string_view id) {
  return static_cast<uint32_t>(std::hash<std::string_view>{}(id));
}

// Codes of a module that is not connected.
bool isLinkCode(std::string_view code) {
  return code == "device_offline" || code.starts_with("tls_");
}

// The top-level members that differ.
std::vector<std::string> changedKeys(const std::string& before, const std::string& after) {
  const auto old = json::parse(before);
  const auto now = json::parse(after);
  std::vector<std::string> keys;
  if (!old || !now || old->asObject() == nullptr || now->asObject() == nullptr) {
    return keys;
  }
  for (const auto& [key, value] : *now->asObject()) {
    const json::Value* was = old->find(key);
    if (was == nullptr || !(*was == value)) {
      keys.push_back(key);
    }
  }
  for (const auto& [key, value] : *old->asObject()) {
    if (now->find(key) == nullptr) {
      keys.push_back(key);
    }
  }
  return keys;
}

}  // namespace

Module::Module(const Context& context, ModuleConfig config)
    : context_(context),
      config_(std::move(config)),
      mask_(config_.secrets),
      sinceUtcNs_(context.loop.clock().utcNs()),
      status_([this](std::string_view key) { return config_.spec->findStatus(key); }) {}

Module::~Module() {
  context_.loop.cancel(stepTimer_);
  context_.loop.cancel(retryTimer_);
  context_.calls.failAll(
      *this, Error::because(ErrorCode::NotFound, "module_not_found", "the module was removed"));
}

ModuleHealth Module::health() const {
  ModuleHealth health;
  health.state = toString(state_);
  health.running = state_ == ModuleState::Running;
  health.connected = health.running ? connected_ : links_ == nullptr || !links_->isOpen();
  health.tlsVerifyNone = config_.connection.tls.verify == TlsVerify::None;
  health.code = code_;
  health.sentence = sentence_;
  health.sinceUtcNs = sinceUtcNs_;
  health.runnerId = runner_ != nullptr ? runner_->id() : std::string();
  return health;
}

void Module::configure(ModuleConfig config) {
  const bool otherPlace = config.spec != config_.spec || config.host != config_.host ||
                          config.port != config_.port || config.udp != config_.udp ||
                          config.tls != config_.tls || config.makebreak != config_.makebreak ||
                          config.systemId != config_.systemId || config.epoch != config_.epoch ||
                          config.uri != config_.uri ||
                          config.connection.tls != config_.connection.tls ||
                          config.connection.links != config_.connection.links ||
                          config.connection.denied != config_.connection.denied;
  const bool otherSurroundings =
      config.timeZone != config_.timeZone || config.connection != config_.connection;
  const bool otherLevel = config.debug != config_.debug;
  const std::string oldSettings = std::move(config_.settingsJson);
  Connection oldConnection = config_.connection;
  const bool hadProblem = !config_.settingsProblem.empty();
  config_ = std::move(config);
  mask_ = SecretMask(config_.secrets);
  if (!config_.settingsProblem.empty()) {
    // What runs goes on with what it has; what does not run waits for settings that fit.
    code_ = "settings_invalid";
    sentence_ =
        config_.settingsProblem + ". Correct the settings; the module then starts by itself.";
    config_.settingsJson = oldSettings;
    config_.connection = std::move(oldConnection);
    changed();
    return;
  }
  if (hadProblem) {
    code_.clear();
    sentence_.clear();
  }
  if (otherLevel && runner_ != nullptr && instance_ != 0) {
    wire::encodeLogLevel(runner_->outbox(), instance_,
                         config_.debug ? BUSBAR_LOG_DEBUG : BUSBAR_LOG_INFO);
    runner_->flushSoon();
  }
  if (otherSurroundings && services_ != nullptr) {
    services_->configured();
  }
  if (otherPlace) {
    restart(BUSBAR_STOP_SETTINGS);
  } else if (oldSettings != config_.settingsJson || hadProblem) {
    applySettings(oldSettings);
  }
}

void Module::applySettings(const std::string& oldSettings) {
  const std::vector<std::string> keys = changedKeys(oldSettings, config_.settingsJson);
  const bool restartNeeded = std::any_of(keys.begin(), keys.end(), [&](const std::string& key) {
    return spec().manifest().needsRestart(key);
  });
  if (state_ != ModuleState::Running || restartNeeded) {
    restart(BUSBAR_STOP_SETTINGS);
    return;
  }
  if (keys.empty()) {
    return;
  }
  json::Array names(keys.begin(), keys.end());
  pendingSettings_ = config_.settingsJson;
  const std::string changedJson = json::write(json::Value(std::move(names)));
  wire::encode(runner_->outbox(), instance_,
               wire::SettingsUpdate{config_.settingsJson, changedJson});
  runner_->flushSoon();
}

void Module::run() {
  wanted_ = true;
  if (!config_.settingsProblem.empty()) {
    changed();  // configure() runs it again
    return;
  }
  context_.loop.cancel(std::exchange(retryTimer_, 0));
  event(ModuleEvent::Run);
}

void Module::halt(uint32_t reason) {
  wanted_ = false;
  restartAfterStop_ = false;
  stopReason_ = reason;
  context_.loop.cancel(std::exchange(retryTimer_, 0));
  event(ModuleEvent::Halt);
}

void Module::restart(uint32_t reason) {
  if (!wanted_) {
    return;
  }
  retry_.reset();
  if (state_ == ModuleState::Running || state_ == ModuleState::Starting ||
      state_ == ModuleState::Creating) {
    stopReason_ = reason;
    restartAfterStop_ = true;
    wanted_ = false;
    event(ModuleEvent::Halt);
  } else if (state_ != ModuleState::Quarantined) {
    run();
  } else {
    release();  // changed settings lift a quarantine
  }
}

void Module::quarantine(std::string code, std::string sentence) {
  code_ = std::move(code);
  sentence_ = std::move(sentence);
  event(ModuleEvent::Quarantine);
}

void Module::release() {
  code_.clear();
  sentence_.clear();
  context_.loop.cancel(std::exchange(retryTimer_, 0));
  retry_.reset();
  if (state_ == ModuleState::Quarantined || state_ == ModuleState::Failed) {
    event(ModuleEvent::Retry);
  }
}

void Module::event(ModuleEvent event) {
  const ModuleState before = state_;
  const auto step = nextStep(state_, event, {wanted_, failed_});
  if (!step) {
    LogLine line;
    line.utcNs = context_.loop.clock().utcNs();
    line.level = 5;
    line.message = "illegal event " + std::string(toString(event)) + " in state " +
                   std::string(toString(state_));
    addLog(std::move(line));
    return;
  }
  if (event == ModuleEvent::Done || event == ModuleEvent::Refused || event == ModuleEvent::Lost ||
      event == ModuleEvent::Expired) {
    context_.loop.cancel(std::exchange(stepTimer_, 0));
  }
  state_ = step->to;
  if (state_ != before) {
    sinceUtcNs_ = context_.loop.clock().utcNs();
    changed();
  }
  act(step->action);
  const bool atRest = state_ == ModuleState::Stopped || state_ == ModuleState::Failed ||
                      state_ == ModuleState::Placed;
  if (atRest && restartAfterStop_) {
    restartAfterStop_ = false;
    run();
  }
}

void Module::act(ModuleAction action) {
  switch (action) {
    case ModuleAction::None:
      break;
    case ModuleAction::Attach:
      failed_ = false;
      runner_ = nullptr;
      context_.owner.attach(*this);
      break;
    case ModuleAction::Detach:
      releaseRunner();
      break;
    case ModuleAction::Create:
      create();
      break;
    case ModuleAction::Start:
      wire::encodeEmpty(runner_->outbox(), wire::Type::Start, instance_);
      runner_->flushSoon();
      armStep(spec().manifest().limits.strand + Milliseconds(5'000));
      break;
    case ModuleAction::Announce:
      code_.clear();
      sentence_.clear();
      retry_.reset();
      services_->start();
      if (config_.connection.tls.verify == TlsVerify::None) {
        log(BUSBAR_LOG_WARN,
            "tls_verify_none: certificates are not verified; set busbar.tls.verify to full or pin");
      }
      links_->open(seedOf(id()));
      changed();
      break;
    case ModuleAction::Stop:
      stop();
      break;
    case ModuleAction::Destroy:
      links_->finish();
      links_.reset();
      services_.reset();
      wire::encodeEmpty(runner_->outbox(), wire::Type::Destroy, instance_);
      runner_->flushSoon();
      armStep(kDestroyLimit);
      break;
    case ModuleAction::KillRunner:
      runner_->kill("no answer from module " + id() + " in state " + std::string(toString(state_)));
      break;
    case ModuleAction::ScheduleRetry:
      releaseRunner();
      retryTimer_ =
          context_.loop.runAfter(retry_.next(seedOf(id()) * (retry_.tries() + 1)), [this] {
            retryTimer_ = 0;
            event(ModuleEvent::Retry);
          });
      break;
  }
}

void Module::armStep(Milliseconds limit) {
  context_.loop.cancel(stepTimer_);
  stepTimer_ = context_.loop.runAfter(limit, [this] {
    stepTimer_ = 0;
    event(ModuleEvent::Expired);
  });
}

void Module::runnerReady(Runner& runner, uint32_t instance, uint32_t slot) {
  runner_ = &runner;
  instance_ = instance;
  slot_ = slot;
  event(ModuleEvent::Ready);
}

void Module::create() {
  clearStatus();
  failed_ = false;
  pendingSettings_.clear();
  const Manifest& manifest = spec().manifest();
  const std::vector<std::string> granted = grantedExtensions();
  ServiceClient& self = *this;
  services_ = std::make_unique<ServiceSet>(context_.services, self, granted);
  wire::Create m;
  m.moduleId = config_.moduleId;
  m.systemId = config_.systemId;
  m.driverId = spec().driver().id;
  m.epoch = config_.epoch;
  m.timeZone = config_.timeZone;
  m.locale = "en";
  m.settings = config_.settingsJson;
  m.logLevel = config_.debug ? BUSBAR_LOG_DEBUG : BUSBAR_LOG_INFO;
  m.slot = slot_;
  LinkSet::Owner& linkOwner = *this;
  links_ = std::make_unique<LinkSet>(
      LinkSet::Context{context_.loop, context_.pool, context_.links, linkOwner}, manifest,
      linkTargets(manifest, {config_.host, config_.port, config_.tls, config_.makebreak,
                             config_.connection}));
  std::vector<std::string> framings;
  m.links = links_->describe(framings);
  m.extensions.assign(granted.begin(), granted.end());
  for (const Manifest::StatusKey& key : manifest.status) {
    m.status.push_back({key.pattern.has_value(), key.key});
  }
  runner_->pages()->setDeadline(slot_, std::numeric_limits<int64_t>::max());
  wire::encode(runner_->outbox(), instance_, m);
  runner_->flushSoon();
  armStep(manifest.limits.strand + Milliseconds(5'000));
}

void Module::stop() {
  context_.calls.failAll(*this, whyCallsEnd());
  endCalls(callsInFlight_);
  const Instant deadline = context_.loop.now() + kStopLimit;
  wire::encode(
      runner_->outbox(), instance_,
      wire::Stop{failed_ ? BUSBAR_STOP_ERROR : stopReason_, deadline.time_since_epoch().count()});
  runner_->flushSoon();
  armStep(kStopLimit + Milliseconds(1'000));
}

// What the callers of a stopping module can do differs: wait a moment, or not at all.
Error Module::whyCallsEnd() const {
  const auto because = [](const char* reason, const std::string& what) {
    return Error::because(ErrorCode::Unavailable, reason,
                          what + " during the call; the device may have done what was asked");
  };
  if (failed_) {
    return because(code_.c_str(), "module " + config_.name + " failed");
  }
  if (restartAfterStop_) {
    return because("module_restarted", "module " + config_.name + " was restarted");
  }
  switch (stopReason_) {
    case BUSBAR_STOP_REBALANCE:
      return because("module_moved", "module " + config_.name + " was moved to another host");
    case BUSBAR_STOP_SHUTDOWN:
      return because("shutting_down", "busbard was stopped");
    default:
      return because("module_stopped", "module " + config_.name + " was stopped");
  }
}

void Module::releaseRunner() {
  links_.reset();
  services_.reset();
  context_.owner.detach(*this);
  runner_ = nullptr;
  instance_ = 0;
}

void Module::runnerLost(const ExitReport& report, bool culprit) {
  runner_ = nullptr;
  instance_ = 0;
  links_.reset();
  services_.reset();
  const bool ours = culprit || report.cause == "shutdown";
  context_.calls.failAll(
      *this, Error::because(ErrorCode::Unavailable, "driver_crashed",
                            "the driver's process ended (" + report.cause + ")" +
                                (ours ? "" : " because of another module of this driver") +
                                "; it is started again"));
  callsInFlight_ = 0;
  if (wanted_ || restartAfterStop_) {
    code_ = "driver_crashed";
    sentence_ = "The driver's process ended: " + report.cause +
                (report.lastCall.empty() ? "" : " (in " + report.lastCall + ")") +
                ". It is started again by itself; see its exit report.";
    wanted_ = true;
    restartAfterStop_ = false;
  }
  if (state_ != ModuleState::Stopped && state_ != ModuleState::Failed &&
      state_ != ModuleState::Quarantined) {
    event(ModuleEvent::Lost);
  }
}

void Module::changed() {
  const ModuleHealth now = health();
  HostEvent event;
  event.kind = HostEvent::Kind::Module;
  event.moduleId = config_.moduleId;
  event.epoch = config_.epoch;
  event.health = &now;
  context_.owner.publish(event);
  context_.owner.moduleStateChanged(*this);
}

void Module::fail(std::string code, std::string sentence) {
  failed_ = true;
  code_ = std::move(code);
  sentence_ = std::move(sentence);
}

void Module::clearStatus() {
  for (const StateEntry& entry : status_.all()) {
    StateMap::Entry removed;
    removed.value = entry;
    removed.value.json.clear();
    publishState(removed);
  }
  status_.clear();
}

void Module::publishState(const StateMap::Entry& entry) {
  HostEvent event;
  event.kind = HostEvent::Kind::State;
  event.moduleId = config_.moduleId;
  event.epoch = config_.epoch;
  event.state = &entry.value;
  event.conflates = entry.rule.conflates;
  context_.owner.publish(event);
}

// ---- links

void Module::linksChanged(bool connected, std::string code, std::string why) {
  bool news = connected_ != connected;
  const std::string sentence = connected ? std::string() : why + ". Trying again by itself.";
  if (state_ == ModuleState::Running && (code_.empty() || isLinkCode(code_)) &&
      (code_ != code || sentence_ != sentence)) {
    code_ = std::move(code);
    sentence_ = sentence;
    news = true;
  }
  const bool isTold = status_.find("connected") != nullptr;
  if (connected_ != connected || (!isTold && links_->isOpen())) {
    connected_ = connected;
    publishState(
        status_.set("connected", connected ? "true" : "false", context_.loop.clock().utcNs()));
    news = true;
  }
  if (news) {
    changed();
  }
}

void Module::sendLinkUp(const wire::LinkUp& m, UniqueFd fd) {
  runner_->sendWithFd(std::move(fd), [&](std::string& out) { wire::encode(out, instance_, m); });
}

void Module::sendLinkDown(const wire::LinkDown& m) {
  if (runner_ != nullptr && instance_ != 0) {
    wire::encode(runner_->outbox(), wire::Type::LinkDown, instance_, m);
    runner_->flushSoon();
  }
}

bool Module::mayWrite() const {
  return runner_ != nullptr &&
         runner_->pages()->deadline(slot_) > context_.loop.clock().now().time_since_epoch().count();
}

// ---- calls

CallTable::Id Module::execute(const DriverSpec::Function& function, std::string_view args,
                              Origin&& origin, Instant deadline, CallTable::Done&& done) {
  const CallTable::Id id = context_.calls.add(*this, deadline, std::move(origin), std::move(done));
  const CallerInfo& caller = context_.calls.originOf(id, *this)->caller;
  ++callsInFlight_;
  runner_->callStarted();
  wire::Execute m;
  m.instance = instance_;
  m.role = static_cast<uint32_t>(caller.role);
  m.deadlineNs = deadline.time_since_epoch().count();
  m.function = function.manifest->name;
  m.args = args;
  m.userId = caller.userId;
  m.trace = caller.traceparent;
  wire::encode(runner_->outbox(), id, m);
  runner_->flushSoon();
  return id;
}

void Module::endCalls(unsigned count) {
  callsInFlight_ -= count;
  if (runner_ != nullptr) {
    runner_->callsEnded(count);
  }
}

void Module::cancel(CallTable::Id call) {
  if (runner_ != nullptr && instance_ != 0) {
    wire::encodeCancel(runner_->outbox(), call, instance_);
    runner_->flushSoon();
  }
}

// ---- services

std::vector<std::string> Module::grantedExtensions() const {
  std::vector<std::string> granted;
  const std::vector<std::string>& denied = config_.connection.denied;
  for (const std::string& wanted : spec().manifest().permissions) {
    if (std::find(denied.begin(), denied.end(), wanted) == denied.end()) {
      granted.push_back(wanted);
    }
  }
  return granted;
}

const Origin* Module::originOf(uint64_t parent) const {
  static const Origin ofSystem{{{}, model::UserRole::Support, {}}, 0};
  return parent == 0 ? &ofSystem : context_.calls.originOf(parent, *this);
}

void Module::send(const wire::ServiceEvent& event) {
  if (runner_ != nullptr && instance_ != 0) {
    wire::encode(runner_->outbox(), instance_, event);
    runner_->flushSoon();
  }
}

void Module::send(const wire::HttpPart& part) {
  if (runner_ != nullptr && instance_ != 0) {
    wire::encode(runner_->outbox(), instance_, part);
    runner_->flushSoon();
  }
}

size_t Module::unsentBytes() const {
  return runner_ != nullptr ? runner_->outboxBytes() : 0;
}

void Module::log(int level, std::string message) {
  LogLine line;
  line.utcNs = context_.loop.clock().utcNs();
  line.level = level;
  line.message = std::move(message);
  addLog(std::move(line));
}

void Module::addLog(LogLine line) {
  mask_.apply(line.message);
  mask_.apply(line.fieldsJson);
  HostEvent event;
  event.kind = HostEvent::Kind::Log;
  event.moduleId = config_.moduleId;
  event.epoch = config_.epoch;
  event.log = &line;
  context_.owner.publish(event);
  log_.add(std::move(line));
}

}  // namespace busbar
