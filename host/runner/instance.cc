// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/runner/instance.h"

#include <algorithm>
#include <utility>

#include "host/runner/blocks.h"

namespace busbar::runner {
namespace {

constexpr int64_t kDrainPollNs = 5'000'000;

}  // namespace

Instance::Instance(Process& process, uint32_t number, busbar_instance* handle,
                   std::shared_ptr<const StatusNames> names, const wire::Create& m)
    : process_(process),
      number_(number),
      handle_(handle),
      logLevel_(m.logLevel),
      extensions_(m.extensions.begin(), m.extensions.end()),
      gate_(std::move(names)),
      bucket_(process.logBytesPerS) {}

Instance::~Instance() {
  process_.loop.cancel(wake_);
}

void Instance::enter(State state) {
  const ProcessLock lock(process_);
  state_ = state;
}

busbar_id Instance::anyCall() {
  const ProcessLock lock(process_);
  return calls_.any();
}

bool Instance::setDirty(bool dirty) {
  return std::exchange(dirty_, dirty) != dirty;
}

void Instance::outcome(wire::Type type, busbar_status status, std::string_view message) {
  wire::WireError error;
  error.status = normalStatus(status);
  error.message = error.status == BUSBAR_OK ? std::string_view() : message;
  const ProcessLock lock(process_);
  wire::encodeOutcome(process_.outbox.priority(), type, number_, error);
  process_.touch();
}

void Instance::listen() {
  const ProcessLock lock(process_);
  reason_.emplace();
}

std::string Instance::refusal(const char* entry, busbar_status status) {
  const ProcessLock lock(process_);
  const std::string reason = std::exchange(reason_, std::nullopt).value_or("");
  return reason.empty() ? std::string(entry) + " answered " + statusName(status)
                        : reason + " (" + statusName(status) + ")";
}

busbar_status Instance::create(const wire::Create& m) {
  std::vector<busbar_create_link> links;
  links.reserve(m.links.size());
  for (const wire::CreateLink& link : m.links) {
    links.push_back({sizeof(busbar_create_link), link.linkId, link.kind, 0, toStr(link.role)});
  }
  std::vector<busbar_str> extensions;
  extensions.reserve(m.extensions.size());
  for (const std::string_view id : m.extensions) {
    extensions.push_back(toStr(id));
  }
  busbar_create_info info{};
  info.struct_size = sizeof info;
  info.module_id = toStr(m.moduleId);
  info.system_id = toStr(m.systemId);
  info.driver_id = toStr(m.driverId);
  info.epoch = toStr(m.epoch);
  info.time_zone = toStr(m.timeZone);
  info.locale = toStr(m.locale);
  info.settings = toDoc(m.settings);
  info.links = links.empty() ? nullptr : links.data();
  info.link_count = static_cast<uint32_t>(links.size());
  info.link_stride = sizeof(busbar_create_link);
  info.extensions = extensions.empty() ? nullptr : extensions.data();
  info.extension_count = static_cast<uint32_t>(extensions.size());
  busbar_status status = BUSBAR_OK;
  listen();
  {
    const CallScope scope(process_, Entry::Create, number_, 0);
    status = process_.driver.create(process_.host, handle_, &info, &driverState_);
  }
  outcome(wire::Type::Created, status, refusal("create", status));
  return normalStatus(status);
}

void Instance::start() {
  if (state_ != State::Created) {
    outcome(wire::Type::Started, BUSBAR_E_STATE, "the module was started before");
    return;
  }
  enter(State::Started);
  busbar_status status = BUSBAR_OK;
  listen();
  {
    const CallScope scope(process_, Entry::Start, number_, 0);
    status = process_.driver.start(driverState_);
  }
  if (status < 0) {
    leave(false);
  }
  outcome(wire::Type::Started, status, refusal("start", status));
}

void Instance::stop(const wire::Stop& m) {
  if (state_ == State::Created || state_ == State::Stopped) {
    enter(State::Stopped);
    outcome(wire::Type::Stopped, BUSBAR_OK, {});
    return;
  }
  if (state_ == State::Stopping) {
    outcome(wire::Type::Stopped, BUSBAR_E_STATE, "the module is stopping");
    return;
  }
  for (busbar_id call = anyCall(); call != 0; call = anyCall()) {
    if (cancel(call)) {
      endCall(call, BUSBAR_E_CANCELLED, "module_stopped", "the module is being stopped");
    }
  }
  enter(State::Stopping);
  stopDeadlineNs_ = m.deadlineNs;
  const busbar_stop_info info{sizeof(busbar_stop_info), m.reason, m.deadlineNs};
  busbar_status status = BUSBAR_OK;
  {
    const CallScope scope(process_, Entry::Stop, number_, 0);
    status = process_.driver.stop(driverState_, &info);
  }
  if (status != BUSBAR_PENDING) {
    finishStop(status, std::string("stop answered ") + statusName(status));
    return;
  }
  const ProcessLock lock(process_);
  process_.markDirty(*this);  // stop_done may have come already; else arms the deadline
}

// After this only destroy reaches the driver. What it wrote last still goes out, until the
// deadline.
void Instance::finishStop(busbar_status status, std::string message) {
  leave(true);
  stopStatus_ = status;
  stopMessage_ = std::move(message);
  draining_ = true;
  pumpStop(process_.nowNs());
  rearm();
}

bool Instance::areLinksDrained() {
  const ProcessLock lock(process_);
  return std::all_of(links_.begin(), links_.end(),
                     [](const auto& l) BUSBAR_REQUIRES(kProcess) { return l->isDrained(); });
}

void Instance::pumpStop(int64_t nowNs) {
  if (draining_) {
    if (nowNs >= stopDeadlineNs_ || areLinksDrained()) {
      draining_ = false;
      for (const auto& link : links_) {
        link->close();
      }
      outcome(wire::Type::Stopped, stopStatus_, stopMessage_);
    }
    return;
  }
  if (state_ != State::Stopping) {
    return;
  }
  bool answered = false;
  {
    const ProcessLock lock(process_);
    answered = stopAnswered_;
  }
  if (answered) {
    finishStop(stopStatus_, std::string("stop ended with ") + statusName(stopStatus_));
  } else if (nowNs >= stopDeadlineNs_) {
    finishStop(BUSBAR_E_TIMEOUT, "stop did not end before its deadline");
  }
}

// From here on the host table answers E_STATE. Calls can be open still: accepted while stop pended.
void Instance::leave(bool tellHost) {
  enter(State::Stopped);
  for (busbar_id call = anyCall(); call != 0; call = anyCall()) {
    {
      const ProcessLock lock(process_);
      static_cast<void>(calls_.cancel(call));
    }
    if (tellHost) {
      endCall(call, BUSBAR_E_CANCELLED, "module_stopped", "the module was stopped");
    }
  }
  {
    const ProcessLock lock(process_);
    timers_.clear();
    requests_.clear();
    pending_.clear();
    posts_ = 0;
  }
  rearm();
}

bool Instance::destroy() {
  if (isActive()) {
    const ProcessLock lock(process_);
    process_.logCheck(kLevelDriverBug, number_, 0, "destroy before stop");
    return false;
  }
  const CallScope scope(process_, Entry::Destroy, number_, 0);
  process_.driver.destroy(driverState_);
  return true;
}

void Instance::settings(const wire::SettingsUpdate& m) {
  busbar_status status = BUSBAR_E_UNSUPPORTED;
  listen();
  if (state_ == State::Started && process_.driver.on_settings != nullptr) {
    const busbar_settings block{sizeof(busbar_settings), 0, toDoc(m.settings),
                                toDoc(m.changedKeys)};
    const CallScope scope(process_, Entry::OnSettings, number_, 0);
    status = process_.driver.on_settings(driverState_, &block);
  }
  outcome(wire::Type::SettingsDone, status, refusal("on_settings", status));
}

void Instance::endCall(busbar_id call, busbar_status status, std::string_view code,
                       std::string_view message) {
  wire::Complete done;
  done.error.status = status;
  done.error.code = code;
  done.error.message = message;
  const ProcessLock lock(process_);
  wire::encode(process_.outbox.priority(), call, done);
  process_.touch();
}

void Instance::execute(busbar_id call, const wire::Execute& m) {
  if (state_ != State::Started) {
    endCall(call, BUSBAR_E_STATE, "module_not_running", "the module is not running");
    return;
  }
  if (process_.driver.execute == nullptr) {
    endCall(call, BUSBAR_E_UNSUPPORTED, {}, "the driver has no functions");
    return;
  }
  if (m.deadlineNs <= process_.loop.now().time_since_epoch().count()) {
    endCall(call, BUSBAR_E_TIMEOUT, {}, "the deadline passed before the driver was called");
    return;
  }
  busbar_call block{};
  block.struct_size = sizeof block;
  block.role = m.role;
  block.call_id = call;
  block.function = toStr(m.function);
  block.args = toDoc(m.args);
  block.user_id = toStr(m.userId);
  block.trace = toStr(m.trace);
  block.deadline_ns = m.deadlineNs;
  {
    const ProcessLock lock(process_);
    if (!calls_.open(call, m.deadlineNs)) {
      process_.logCheck(BUSBAR_LOG_ERROR, number_, call, "a call came twice");
      return;
    }
  }
  busbar_status status = BUSBAR_OK;
  {
    const CallScope scope(process_, Entry::Execute, number_, call);
    status = process_.driver.execute(driverState_, &block);
  }
  if (status >= 0) {
    return;
  }
  {
    const ProcessLock lock(process_);
    endChildren(call);
    if (calls_.complete(call) != OpenCalls::End::Done) {
      process_.logCheck(kLevelDriverBug, number_, call,
                        "execute refused a call that was completed already");
      return;
    }
  }
  endCall(call, normalStatus(status), {}, std::string("the driver answered ") + statusName(status));
}

bool Instance::cancel(busbar_id call) {
  {
    const ProcessLock lock(process_);
    if (!calls_.cancel(call)) {
      return false;  // it was completed while the host gave up
    }
    endChildren(call);
  }
  if (process_.driver.cancelled != nullptr) {
    const CallScope scope(process_, Entry::Cancelled, number_, call);
    process_.driver.cancelled(driverState_, call);
  }
  return true;
}

void Instance::setLogLevel(uint8_t level) {
  const ProcessLock lock(process_);
  logLevel_ = level;
}

void Instance::deliver(const Pending& pending) {
  if (process_.driver.event == nullptr) {
    return;
  }
  busbar_error error{};
  error.struct_size = sizeof error;
  error.status = pending.status;
  error.message = toStr(pending.message != nullptr ? pending.message : "");
  busbar_event event{};
  event.struct_size = sizeof event;
  event.type = pending.type;
  event.token = pending.token;
  event.status = pending.status;
  event.bytes = {reinterpret_cast<const uint8_t*>(pending.bytes.data()), pending.bytes.size()};
  event.error = pending.message != nullptr ? &error : nullptr;
  const CallScope scope(process_, Entry::Event, number_, 0);
  process_.driver.event(driverState_, &event);
}

void Instance::fireTimers(int64_t nowNs) {
  // A callback may set a timer that is due at once: bounded by what was set before.
  size_t budget = 0;
  {
    const ProcessLock lock(process_);
    budget = timers_.size();
  }
  for (; budget > 0 && isActive(); --budget) {
    Pending event{BUSBAR_EV_TIMER, BUSBAR_OK, 0, {}, nullptr};
    {
      const ProcessLock lock(process_);
      const auto token = timers_.takeDue(nowNs);
      if (!token) {
        return;
      }
      event.token = *token;
    }
    deliver(event);
  }
}

void Instance::pump() {
  const int64_t nowNs = process_.nowNs();
  if (isActive()) {
    pumpLinks(nowNs);
    fireTimers(nowNs);
    std::vector<Pending> events;
    {
      const ProcessLock lock(process_);
      events.swap(pending_);
      posts_ = 0;
    }
    for (const Pending& event : events) {
      if (isActive()) {
        deliver(event);
      }
    }
  }
  pumpStop(nowNs);
  rearm();
}

void Instance::rearm() {
  int64_t next = TimerSet::kNever;
  {
    const ProcessLock lock(process_);
    if (isActive()) {
      next = timers_.nextNs();
      for (const auto& link : links_) {
        next = std::min(next, link->nextNs());
      }
    }
  }
  if (state_ == State::Stopping) {
    next = std::min(next, stopDeadlineNs_);
  } else if (draining_) {
    next = std::min(stopDeadlineNs_, process_.nowNs() + kDrainPollNs);
  }
  if (next == wakeNs_) {
    return;
  }
  process_.loop.cancel(std::exchange(wake_, 0));
  wakeNs_ = next;
  if (next != TimerSet::kNever) {
    wake_ = process_.loop.runAt(Instant(Nanoseconds(next)), [this] {
      wakeNs_ = TimerSet::kNever;
      wake_ = 0;
      pump();
    });
  }
}

}  // namespace busbar::runner
