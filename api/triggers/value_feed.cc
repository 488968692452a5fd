// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/value_feed.h"

#include <utility>

namespace busbar::triggers {
namespace {

constexpr json::Limits kValueLimits{1 << 20, 64};
constexpr Milliseconds kLook{500};

}  // namespace

Moment momentOf(const EventLoop& loop) {
  return {loop.clock().now(), loop.clock().utcNs()};
}

ValueFeed::ValueFeed(EventLoop& loop, const Site& site, HostClient& host, Settle settle,
                     TriggerStatus triggerStatus)
    : loop_(loop),
      site_(site),
      host_(host),
      settle_(std::move(settle)),
      triggerStatus_(std::move(triggerStatus)) {}

ValueFeed::~ValueFeed() {
  close();
}

void ValueFeed::open() {
  subscription_ = host_.subscribe([this](const HostEvent& event) { onEvent(event); });
}

void ValueFeed::close() {
  subscription_.reset();
  loop_.cancel(std::exchange(timer_, 0));
  awaited_.clear();
}

Cause ValueFeed::add(Instance& instance) {
  Cause cause;
  const Binding& binding = instance.evaluator().binding();
  index_.add(instance, binding);
  const Moment now = momentOf(loop_);
  for (uint32_t i = 0; i < binding.watches.size(); ++i) {
    const Watch& watch = binding.watches[i];
    if (auto value = present(watch)) {
      const bool hadChange = instance.evaluator().hasChange();
      instance.evaluator().set(i, value, now);
      const bool isNew = !hadChange && instance.evaluator().hasChange();
      if (isNew || (binding.watches.size() == 1 && !watch.status.empty())) {
        cause = {Cause::Kind::Status, watch.moduleId, watch.status, std::move(*value), {}, {}};
      }
    } else if (!isGone(watch.moduleId)) {
      await(watch.moduleId, watch.status);
    } else {
      instance.evaluator().set(i, std::nullopt, now);
    }
  }
  return cause;
}

void ValueFeed::remove(Instance& instance) {
  index_.remove(instance, instance.evaluator().binding());
}

void ValueFeed::onEvent(const HostEvent& event) {
  if (event.kind == HostEvent::Kind::State) {
    onStatus(event);
  } else if (event.kind == HostEvent::Kind::Module) {
    moduleChanged(event.moduleId);
  }
}

void ValueFeed::onStatus(const HostEvent& event) {
  WatchIndex::Module* mod = index_.find(event.moduleId);
  if (mod == nullptr) {
    return;
  }
  const uint64_t sequence = event.state->sequence;
  const bool isSame = mod->epoch == event.epoch;
  if (isSame && sequence > 0 && mod->sequence > 0 && sequence > mod->sequence + 1) {
    ++gaps_;
    mod->sequence = sequence;
    readAgain(event.moduleId);
    return;
  }
  if (!isSame) {
    mod->epoch = event.epoch;
  }
  mod->sequence = sequence;
  if (!event.state->json.empty()) {
    take(event.moduleId, event.state->key, event.state->json);
    return;
  }
  // Taken away: by the driver, or because its module starts anew.
  if (mod->find(event.state->key) == nullptr) {
    return;
  }
  if (host_.health(event.moduleId).state == "running") {
    take(event.moduleId, event.state->key, {});
  } else {
    await(event.moduleId, event.state->key);
  }
}

void ValueFeed::readAgain(std::string_view moduleId) {
  for (const std::string& status : index_.statusesOf(moduleId)) {
    auto text =
        status.empty() ? Result<std::string>(std::string()) : host_.stateKey(moduleId, status);
    if (text.ok() && !text->empty()) {
      take(moduleId, status, *text);
    } else if (!status.empty()) {
      await(moduleId, status);
    }
  }
}

// An empty text: it has no such status.
void ValueFeed::take(std::string_view moduleId, std::string_view status, std::string_view text) {
  const WatchIndex::Module* mod = index_.find(moduleId);
  const auto* watchers = mod == nullptr ? nullptr : mod->find(status);
  if (watchers == nullptr) {
    return;
  }
  Cause cause{Cause::Kind::Status, std::string(moduleId), std::string(status), {}, {}, {}};
  std::optional<json::Value> value;
  if (!text.empty()) {
    auto parsed = json::parse(text, kValueLimits);
    if (!parsed.ok()) {
      return;  // the host checked it
    }
    value = std::move(*parsed);
    cause.value = *value;
  }
  if (!awaited_.empty()) {
    awaited_.erase({cause.moduleId, cause.key});
  }
  tell(*watchers, value, cause);
}

void ValueFeed::tell(const std::vector<WatchIndex::Watcher>& watchers,
                     const std::optional<json::Value>& value, const Cause& cause) {
  ++updates_;
  const Moment now = momentOf(loop_);
  for (size_t i = 0; i < watchers.size(); ++i) {
    watchers[i].instance->evaluator().set(watchers[i].watch, value, now);
    settle_(*watchers[i].instance, cause);
  }
}

void ValueFeed::moduleChanged(std::string_view moduleId) {
  const WatchIndex::Module* mod = index_.find(moduleId);
  if (mod == nullptr) {
    return;
  }
  if (const auto* watchers = mod->find("")) {
    const Cause cause{Cause::Kind::Offline, std::string(moduleId), {}, {}, {}, {}};
    tell(*watchers, online(moduleId), cause);
  }
}

void ValueFeed::triggerStatusChanged(std::string_view instanceId, const std::string& name) {
  const WatchIndex::Module* setter = index_.find(instanceId);
  const auto* watchers = setter == nullptr ? nullptr : setter->find(name);
  if (watchers == nullptr) {
    return;
  }
  const auto value = triggerStatus_(instanceId, name);
  tell(*watchers, value,
       {Cause::Kind::Status, std::string(instanceId), name, value.value_or(json::Value()), {}, {}});
}

std::optional<json::Value> ValueFeed::present(const Watch& watch) {
  if (site_.findTriggerInstance(watch.moduleId) != nullptr) {
    return triggerStatus_(watch.moduleId, watch.status);
  }
  if (watch.status.empty()) {
    return online(watch.moduleId);
  }
  const auto text = host_.stateKey(watch.moduleId, watch.status);
  if (!text.ok() || text->empty()) {
    return std::nullopt;
  }
  auto value = json::parse(*text, kValueLimits);
  return value.ok() ? std::optional<json::Value>(std::move(*value)) : std::nullopt;
}

// Nothing will come: there is no such module, or it is stopped.
bool ValueFeed::isGone(std::string_view moduleId) const {
  const model::Module* mod = site_.findModule(moduleId);
  return mod == nullptr || !mod->running;
}

// None: it is stopped because somebody wants it so, or gone.
std::optional<json::Value> ValueFeed::online(std::string_view moduleId) {
  const model::Module* mod = site_.findModule(moduleId);
  if (mod == nullptr || !mod->running) {
    return std::nullopt;
  }
  const ModuleHealth health = host_.health(moduleId);
  return json::Value(health.running && health.connected);
}

void ValueFeed::await(std::string_view moduleId, std::string_view status) {
  if (status.empty()) {
    return;
  }
  awaited_.emplace(std::pair(std::string(moduleId), std::string(status)), Instant::max());
  if (timer_ == 0) {
    timer_ = loop_.runAfter(kLook, [this] { checkAwaited(); });
  }
}

void ValueFeed::checkAwaited() {
  timer_ = 0;
  const Instant now = loop_.clock().now();
  std::vector<std::pair<std::string, std::string>> gone;
  for (auto it = awaited_.begin(); it != awaited_.end();) {
    const auto& [moduleId, status] = it->first;
    if (host_.health(moduleId).state != "running") {
      it->second = Instant::max();
    } else if (it->second == Instant::max()) {
      it->second = now;
    } else if (now - it->second >= kStatusGrace) {
      gone.push_back(it->first);
      it = awaited_.erase(it);
      continue;
    }
    ++it;
  }
  for (const auto& [moduleId, status] : gone) {
    take(moduleId, status, {});
  }
  if (!awaited_.empty() && timer_ == 0) {
    timer_ = loop_.runAfter(kLook, [this] { checkAwaited(); });
  }
}

}  // namespace busbar::triggers
