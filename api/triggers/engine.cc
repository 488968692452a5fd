// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/engine.h"

#include <algorithm>
#include <functional>
#include <utility>

namespace busbar::triggers {
namespace {

constexpr Milliseconds kLoadLimit{30'000};
constexpr Milliseconds kDrainLook{20};

// What comes of an update that is no status.
const Cause kTime{Cause::Kind::Time, {}, {}, {}, {}, {}};

bool looksBeyondItsSystem(const Instance& instance) {
  const auto& operands = instance.operands();
  return std::any_of(operands.begin(), operands.end(),
                     [](const StatusRef& ref) { return !ref.zoneId.empty(); });
}

}  // namespace

Engine::Engine(Surroundings surroundings)
    : around_(std::move(surroundings)),
      journal_(around_.loop, around_.store,
               [this](const std::string& id) {
                 Instance* instance = find(id);
                 return instance == nullptr ? std::string() : instance->progress();
               }),
      feed_(
          around_.loop, around_.site, around_.host,
          [this](Instance& instance, const Cause& cause) { settle(instance, cause); },
          [this](std::string_view id, std::string_view name) -> std::optional<json::Value> {
            const Instance* instance = find(id);
            return instance == nullptr ? std::nullopt : instance->statusOf(name);
          }) {}

Engine::~Engine() {
  *alive_ = false;
  around_.loop.cancel(beatTimer_);
  around_.loop.cancel(stopTimer_);
  for (const auto& [id, instance] : instances_) {
    around_.loop.cancel(instance->wake);
  }
}

void Engine::start(Callback<void(Status)> done) {
  siteSubscription_ =
      around_.site.subscribe([this](const ConfigChange& change, const model::Record* before) {
        onSiteChange(change, before);
      });
  beat();
  done({});
}

// Elections come and go with the cluster; this is how long a change may go unnoticed.
void Engine::beat() {
  const bool isElected = around_.coordinator.isElected(kSingleton);
  if (isElected && !isActive_) {
    isActive_ = true;
    activate();
  } else if (!isElected && isActive_) {
    isActive_ = false;
    deactivate();
  }
  beatTimer_ = around_.loop.runAfter(kElectionBeat, [this] { beat(); });
}

// What an earlier term left on its way to the disk is waited for, and read back with the rest.
void Engine::activate() {
  journal_.flush([this, alive = alive_] {
    if (*alive && isActive_ && !firings_) {
      load();
    }
  });
}

void Engine::load() {
  around_.store.loadTriggers(
      around_.loop.now() + kLoadLimit, [this, alive = alive_](Result<TriggerStore::Loaded> loaded) {
        if (!*alive || !isActive_ || firings_) {
          return;
        }
        if (!loaded.ok()) {
          around_.log.error("triggers", "triggers are not at work: their store cannot be read",
                            {{"why", loaded.error().message}});
          isActive_ = false;  // the next beat tries again
          return;
        }
        firings_.emplace(Firings::Surroundings{
            around_.loop, around_.site, around_.host, around_.audit, around_.ids, around_.http,
            around_.webhooks, around_.manifests, around_.mailer, journal_, *this});
        for (TriggerProgress& progress : loaded->progress) {
          left_[progress.instanceId] = std::move(progress.document);
        }
        feed_.open();
        for (const model::TriggerInstance* row : around_.site.triggerInstances()) {
          refresh(row->id);
        }
        // What is left belongs to instances that are gone or do not work.
        for (const auto& [id, document] : left_) {
          if (around_.site.findTriggerInstance(id) == nullptr) {
            journal_.write(TriggerForget{id});
          }
        }
        std::vector<Firing> unfinished;
        for (const TriggerFiring& stored : loaded->unfinished) {
          if (auto firing = toFiring(stored)) {
            unfinished.push_back(std::move(*firing));
          }
        }
        firings_->resume(std::move(unfinished));
      });
}

void Engine::deactivate() {
  feed_.close();
  journal_.flush([] {});
  while (!instances_.empty()) {
    remove(std::string(instances_.begin()->first));
  }
  firings_.reset();
  left_.clear();
}

void Engine::stop(Instant limit, Callback<void()> done) {
  isStopping_ = true;
  stopDone_ = std::move(done);
  feed_.close();
  siteSubscription_ = {};
  around_.loop.cancel(std::exchange(beatTimer_, 0));
  for (const auto& [id, instance] : instances_) {
    around_.loop.cancel(std::exchange(instance->wake, 0));
  }
  checkDrained(limit);
}

void Engine::checkDrained(Instant limit) {
  stopTimer_ = 0;
  if (firings_ && firings_->open() > 0 && around_.loop.clock().now() < limit) {
    stopTimer_ = around_.loop.runAfter(kDrainLook, [this, limit] { checkDrained(limit); });
    return;
  }
  firings_.reset();
  journal_.flush([this, alive = alive_] {
    if (*alive) {
      stopDone_();
    }
  });
}

void Engine::onSiteChange(const ConfigChange& change, const model::Record*) {
  if (!firings_) {
    return;
  }
  const auto touchSystemsOf = [this](std::string_view moduleId) {
    const auto& systems = around_.site.systemsOfModule(moduleId);
    touchedSystems_.insert(systems.begin(), systems.end());
  };
  if (const auto* row = std::get_if<model::TriggerInstance>(&change.record)) {
    touchedInstances_.insert(row->id);
  } else if (const auto* trigger = std::get_if<model::Trigger>(&change.record)) {
    const auto& ids = around_.site.instancesOfTrigger(trigger->id);
    touchedInstances_.insert(ids.begin(), ids.end());
  } else if (const auto* system = std::get_if<model::System>(&change.record)) {
    touchedSystems_.insert(system->id);
  } else if (const auto* zone = std::get_if<model::Zone>(&change.record)) {
    const auto& systems = around_.site.systemsOfZone(zone->id);
    touchedSystems_.insert(systems.begin(), systems.end());
  } else if (const auto* mod = std::get_if<model::Module>(&change.record)) {
    touchSystemsOf(mod->id);
    feed_.moduleChanged(mod->id);
  } else if (const auto* driver = std::get_if<model::Driver>(&change.record)) {
    for (const std::string& id : around_.site.modulesOfDriver(driver->id)) {
      touchSystemsOf(id);
    }
  } else {
    return;
  }
  lookSoon();
}

// What a transaction changes is looked at when all of it is seen.
void Engine::lookSoon() {
  if (std::exchange(willLook_, true)) {
    return;
  }
  around_.loop.defer([this, alive = alive_] {
    if (*alive) {
      lookAgain();
    }
  });
}

void Engine::lookAgain() {
  willLook_ = false;
  if (!firings_ || isStopping_) {
    return;
  }
  auto instances = std::exchange(touchedInstances_, {});
  for (const std::string& id : instances) {
    refresh(id);
  }
  const auto systems = std::exchange(touchedSystems_, {});
  std::set<std::string> again = systems.empty() ? std::set<std::string>() : wide_;
  for (const std::string& systemId : systems) {
    const auto& ids = around_.site.instancesOfSystem(systemId);
    again.insert(ids.begin(), ids.end());
  }
  for (const std::string& id : again) {
    if (Instance* instance = find(id)) {
      rebind(*instance);
    }
  }
}

// Makes the instance what its rows say.
void Engine::refresh(const std::string& instanceId) {
  const model::TriggerInstance* row = around_.site.findTriggerInstance(instanceId);
  const model::Trigger* trigger =
      row == nullptr ? nullptr : around_.site.findTrigger(row->triggerId);
  const Instance* present = find(instanceId);
  if (row == nullptr || trigger == nullptr) {
    remove(instanceId);
    journal_.write(TriggerForget{instanceId});
    return;
  }
  if (present != nullptr && row->enabled && present->triggerRevision() == trigger->revision &&
      present->rowRevision() == row->revision) {
    return;
  }
  remove(instanceId);
  if (row->enabled) {
    add(*row, *trigger);
  }
}

void Engine::add(const model::TriggerInstance& row, const model::Trigger& trigger) {
  ReadSpec read = readSpec(trigger);
  if (!read.errors.empty()) {  // it was checked when it was saved, by an older Busbar maybe
    around_.log.error("triggers", "a trigger is not at work: it does not read as one",
                      {{"trigger", trigger.id},
                       {"field", read.errors.front().field},
                       {"why", read.errors.front().reason}});
    return;
  }
  const Moment now = momentOf(around_.loop);
  auto spec = std::make_shared<const Spec>(std::move(read.spec));
  auto made = std::make_unique<Instance>(
      row, trigger, spec,
      bindOperands(operandsOf(*spec), around_.site, around_.manifests, row.systemId),
      placeOf(around_.site, row.systemId, around_.siteTimeZone), now);
  Instance& instance = *made;
  if (const auto left = left_.find(row.id); left != left_.end()) {
    instance.restore(left->second, now);
    left_.erase(left);
  }
  instances_[row.id] = std::move(made);
  if (looksBeyondItsSystem(instance)) {
    wide_.insert(row.id);
  }
  settle(instance, feed_.add(instance));
  publishSoon(instance);
}

void Engine::remove(const std::string& instanceId) {
  const auto it = instances_.find(instanceId);
  if (it == instances_.end()) {
    return;
  }
  around_.loop.cancel(it->second->wake);
  feed_.remove(*it->second);
  wide_.erase(instanceId);
  published_.erase(instanceId);
  instances_.erase(it);
}

void Engine::rebind(Instance& instance) {
  Binding binding =
      bindOperands(instance.operands(), around_.site, around_.manifests, instance.systemId());
  feed_.remove(instance);
  instance.evaluator().rebind(std::move(binding),
                              placeOf(around_.site, instance.systemId(), around_.siteTimeZone),
                              momentOf(around_.loop));
  settle(instance, feed_.add(instance));
}

Instance* Engine::find(std::string_view instanceId) const {
  const auto it = instances_.find(instanceId);
  return it == instances_.end() ? nullptr : it->second.get();
}

Status Engine::deliver(std::string_view instanceId, json::Object facts,
                       const std::string& deliveryId) {
  Instance* instance = find(instanceId);
  if (instance == nullptr || isStopping_) {
    return Error::because(ErrorCode::Unavailable, "trigger_not_at_work",
                          "the trigger is not at work now");
  }
  webhookFacts_ = std::move(facts);
  instance->evaluator().deliverWebhook(momentOf(around_.loop));
  settle(*instance, {Cause::Kind::Webhook, {}, {}, {}, deliveryId, {}});
  webhookFacts_ = {};
  return {};
}

void Engine::settle(Instance& instance, const Cause& cause) {
  if (!firings_ || isStopping_ || !instance.stopped().empty()) {
    return;
  }
  ++evaluations_;
  const Moment now = momentOf(around_.loop);
  const auto outcome = instance.evaluator().evaluate(now);
  instance.note(outcome, toString(cause.kind), now);
  if (outcome.progressChanged) {
    journal_.progressChanged(instance.id());
    publishSoon(instance);
  }
  arm(instance, outcome.wake);
  for (const std::string& subject : outcome.firings) {
    Cause why = cause;
    if (!subject.empty()) {
      why = {Cause::Kind::Offline, subject, {}, {}, {}, {}};
    }
    LoopGuard::Chain chain =
        why.moduleId.empty() ? LoopGuard::Chain() : firings_->chainOf(why.moduleId);
    fire(instance, std::move(why), false, std::move(chain));
  }
  if (outcome.fell && !instance.spec()->ended.empty()) {
    Cause why{Cause::Kind::Ended, cause.moduleId, {}, {}, {}, {}};
    LoopGuard::Chain chain =
        why.moduleId.empty() ? LoopGuard::Chain() : firings_->chainOf(why.moduleId);
    fire(instance, std::move(why), true, std::move(chain));
  }
}

void Engine::fire(Instance& instance, Cause cause, bool isEnd, LoopGuard::Chain chain) {
  if (!instance.stopped().empty()) {
    return;
  }
  const unsigned limit = instance.spec()->loopLimit;
  if (limit > 0 && LoopGuard::countIn(chain, instance.id()) >= limit) {
    stopLoop(instance, chain);
    return;
  }
  if (!isEnd && !instance.mayFire(around_.loop.clock().utcNs() / 1'000'000)) {
    ++suppressed_;
    journal_.progressChanged(instance.id());
    return;
  }
  const Status started =
      firings_->start(instance, std::move(cause), isEnd, std::move(chain), webhookFacts_);
  if (!started.ok()) {
    around_.log.warn("triggers", "a firing was left out",
                     {{"instance", instance.id()}, {"why", started.error().message}});
  }
  publishSoon(instance);
}

void Engine::called(Instance& instance, const Cause& cause, LoopGuard::Chain chain) {
  if (firings_ && !isStopping_) {
    fire(instance, cause, false, std::move(chain));
  }
}

// Names the circle: what lies between the last two times that it came by.
void Engine::stopLoop(Instance& instance, const LoopGuard::Chain& chain) {
  const auto last = std::find(chain.rbegin(), chain.rend(), instance.id());
  std::string circle;
  for (auto id = last.base() - 1; id != chain.end(); ++id) {
    const Instance* member = find(*id);
    circle += (member == nullptr ? *id : member->name()) + " -> ";
  }
  circle += instance.name();
  ++loops_;
  instance.stop("It was stopped because it sets itself off: " + circle +
                ". Change the trigger, or save it or its instance again.");
  around_.log.error("triggers", "a trigger sets itself off and was stopped",
                    {{"instance", instance.id()}, {"circle", circle}});
  around_.loop.cancel(std::exchange(instance.wake, 0));
  journal_.progressChanged(instance.id());
  publishSoon(instance);
}

void Engine::arm(Instance& instance, Instant wake) {
  around_.loop.cancel(std::exchange(instance.wake, 0));
  if (wake == Instant::max()) {
    return;
  }
  instance.wake = around_.loop.runAt(wake, [this, &instance] {
    instance.wake = 0;
    settle(instance, kTime);
  });
}

void Engine::statusSet(Instance& instance, const std::string& name) {
  feed_.triggerStatusChanged(instance.id(), name);
  publishSoon(instance);
}

void Engine::countersChanged(Instance& instance) {
  journal_.progressChanged(instance.id());
  publishSoon(instance);
}

void Engine::publishSoon(const Instance& instance) {
  changed_.insert(instance.id());
  if (std::exchange(willPublish_, true)) {
    return;
  }
  around_.loop.defer([this, alive = alive_] {
    if (*alive) {
      publishAll();
    }
  });
}

void Engine::publishAll() {
  willPublish_ = false;
  for (const std::string& id : std::exchange(changed_, {})) {
    const Instance* instance = find(id);
    if (instance == nullptr || !listener_) {
      continue;
    }
    const std::string text = json::write(json::Value(instance->state()));
    size_t& last = published_[id];
    if (const size_t hash = std::hash<std::string>{}(text); hash != last) {
      last = hash;
      listener_(id, text);
    }
  }
}

std::optional<TriggerStates::State> Engine::stateOf(std::string_view instanceId) const {
  const Instance* instance = find(instanceId);
  if (instance == nullptr) {
    return std::nullopt;
  }
  return State{instance->triggered(), instance->count(), instance->actionErrors(),
               static_cast<int64_t>(instance->evaluator().comparisonErrors()),
               json::write(json::Value(instance->state()))};
}

std::optional<json::Object> Engine::explain(std::string_view instanceId) const {
  const Instance* instance = find(instanceId);
  if (instance == nullptr) {
    return std::nullopt;
  }
  const Moment now = momentOf(around_.loop);
  const Place place = placeOf(around_.site, instance->systemId(), around_.siteTimeZone);
  json::Object out;
  out.set("time_zone", place.zone.name());
  out.set("state", instance->state());
  out.set("conditions", instance->conditions(now));
  out.set("evaluations", instance->evaluations());
  out.set("suppressed", instance->suppressed());
  return out;
}

Engine::Counts Engine::counts() const {
  Counts counts;
  counts.instances = instances_.size();
  counts.triggered = static_cast<size_t>(
      std::count_if(instances_.begin(), instances_.end(),
                    [](const auto& entry) { return entry.second->triggered(); }));
  counts.open = firings_ ? firings_->open() : 0;
  counts.updates = feed_.updates();
  counts.evaluations = evaluations_;
  counts.suppressed = suppressed_;
  counts.loops = loops_;
  counts.gaps = feed_.gaps();
  if (firings_) {
    counts.firings = firings_->counts();
  }
  return counts;
}

}  // namespace busbar::triggers
