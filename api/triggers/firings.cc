// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/firings.h"

#include <algorithm>
#include <utility>

#include "api/triggers/facts.h"
#include "api/triggers/value_feed.h"

namespace busbar::triggers {
namespace {

constexpr Milliseconds kResumeLook{250};

bool hasSteps(const Instance& instance, bool isEnd) {
  return isEnd ? !instance.spec()->ended.empty() : !instance.spec()->begin.empty();
}

}  // namespace

Firings::Firings(Surroundings surroundings)
    : around_(std::move(surroundings)),
      runner_(std::make_unique<ActionRunner>(ActionRunner::Surroundings{
          around_.loop, around_.host, around_.http, around_.webhooks, around_.mailer, *this})) {}

Firings::~Firings() {
  *alive_ = false;
  around_.loop.cancel(resumeTimer_);
}

Status Firings::start(Instance& instance, Cause cause, bool isEnd, LoopGuard::Chain chain,
                      json::Object webhook) {
  if (open() >= kMaxOpen) {
    ++counts_.dropped;
    return Error::because(ErrorCode::ResourceExhausted, "too_many_firings",
                          "too many firings are under way");
  }
  const Moment now = momentOf(around_.loop);
  Firing firing;
  firing.id = "fire-" + around_.ids.nextUlid();
  firing.instanceId = instance.id();
  firing.triggerId = instance.triggerId();
  firing.systemId = instance.systemId();
  firing.triggerRevision = instance.triggerRevision();
  firing.timeMs = now.utcNs / 1'000'000;
  firing.isEnd = isEnd;
  firing.cause = std::move(cause);
  firing.conditions = instance.conditions(now);
  firing.webhook = std::move(webhook);
  if (chain.size() >= LoopGuard::kMaxChain) {
    chain.erase(chain.begin());
  }
  chain.push_back(instance.id());
  firing.chain = std::move(chain);
  if (isEnd) {
    firing.cause.firingId = instance.lastFiring();
  } else {
    instance.fired(firing.timeMs, firing.id);
  }
  ++counts_.started;
  audit(firing);
  around_.journal.progressChanged(instance.id());
  if (!hasSteps(instance, isEnd)) {
    close(firing);
    return {};
  }
  const std::string id = firing.id;
  open_.emplace(id, Open{std::move(firing), instance.spec()});
  run(id);
  return {};
}

void Firings::run(const std::string& firingId) {
  Open& open = open_.find(firingId)->second;
  const Firing& firing = open.firing;
  const Instance* instance = around_.owner.findInstance(firing.instanceId);
  const model::TriggerInstance* row = around_.site.findTriggerInstance(firing.instanceId);
  ActionRunner::Job job;
  job.firingId = firing.id;
  job.instanceId = firing.instanceId;
  job.spec = open.spec;
  job.isEnd = firing.isEnd;
  job.facts = factsOf(firing, *open.spec, around_.site,
                      [this](const std::string& moduleId, const std::string& key) {
                        return presentStatus(moduleId, key);
                      });
  job.signingSecret = row == nullptr ? std::string() : row->webhookSecret;
  job.mailSubject = instance->name();
  job.caller = {{}, model::UserRole::Admin, traces_.begin().toHeader()};
  job.before = firing.steps;
  job.record = [this, firingId](const StepRecord& step, Callback<void(Status)> stored) {
    record(firingId, step, std::move(stored));
  };
  job.done = [this, firingId](size_t) { finish(firingId); };
  runner_->run(std::move(job));
}

// The first record of a firing carries the firing itself, so that both are on disk at once.
void Firings::record(const std::string& firingId, const StepRecord& step,
                     Callback<void(Status)> stored) {
  const auto it = open_.find(firingId);
  if (it == open_.end()) {
    return;
  }
  if (isErased(it->second.firing)) {
    around_.loop.defer([alive = alive_, stored = std::move(stored)]() mutable {
      if (*alive) {
        stored(Error::because(ErrorCode::NotFound, "trigger_not_at_work", "it was erased"));
      }
    });
    return;
  }
  putStep(it->second.firing, step);
  around_.journal.write(toStored(it->second.firing), std::move(stored));
}

void Firings::finish(const std::string& firingId) {
  const auto it = open_.find(firingId);
  if (it == open_.end()) {
    return;
  }
  Firing firing = std::move(it->second.firing);
  open_.erase(it);
  const size_t failures = failuresOf(firing);
  counts_.failures += failures;
  close(firing);
  if (Instance* instance = around_.owner.findInstance(firing.instanceId)) {
    instance->failed(failures);
    around_.owner.countersChanged(*instance);
  }
}

void Firings::resume(std::vector<Firing> left) {
  left_ = std::move(left);
  if (!left_.empty()) {
    resumeLimit_ = around_.loop.clock().now() + kResumeLimit;
    tryResume();
  }
}

void Firings::tryResume() {
  resumeTimer_ = 0;
  if (!areModulesUp() && around_.loop.clock().now() < resumeLimit_) {
    resumeTimer_ = around_.loop.runAfter(kResumeLook, [this] { tryResume(); });
    return;
  }
  for (Firing& firing : std::exchange(left_, {})) {
    goOn(std::move(firing));
  }
}

bool Firings::areModulesUp() {
  const auto modules = around_.site.modules();
  return std::all_of(modules.begin(), modules.end(), [this](const model::Module* mod) {
    if (!mod->running) {
      return true;
    }
    const std::string state = around_.host.health(mod->id).state;
    return state != "placed" && state != "starting" && state != "stored";
  });
}

void Firings::goOn(Firing firing) {
  Instance* instance = around_.owner.findInstance(firing.instanceId);
  if (instance == nullptr || instance->triggerRevision() != firing.triggerRevision) {
    firing.note = instance == nullptr ? "given up: the trigger is no longer at work here"
                                      : "given up: the trigger was changed";
    close(firing);
    return;
  }
  firing.isRetry = std::any_of(firing.steps.begin(), firing.steps.end(), [](const auto& step) {
    return step.state == StepRecord::State::Sending;
  });
  ++counts_.resumed;
  const std::string id = firing.id;
  open_.emplace(id, Open{std::move(firing), instance->spec()});
  run(id);
}

bool Firings::isErased(const Firing& firing) const {
  return around_.site.findTriggerInstance(firing.instanceId) == nullptr;
}

// Of an instance that was erased nothing stays, so a firing that ends after it leaves no row.
void Firings::close(Firing& firing) {
  firing.isOver = true;
  if (isErased(firing)) {
    around_.journal.write(TriggerForget{firing.instanceId});
  } else {
    around_.journal.write(toStored(firing));
  }
}

LoopGuard::Chain Firings::chainOf(std::string_view moduleId) {
  return guard_.chainOf(moduleId, around_.loop.clock().now());
}

std::optional<json::Value> Firings::presentStatus(const std::string& moduleId,
                                                  const std::string& key) {
  const auto text = around_.host.stateKey(moduleId, key);
  auto value =
      text.ok() && !text->empty() ? json::parse(*text) : Result<json::Value>(json::Value());
  return value.ok() && !value->isNull() ? std::optional<json::Value>(std::move(*value))
                                        : std::nullopt;
}

void Firings::audit(const Firing& firing) {
  AuditEntry entry;
  entry.action = firing.isEnd ? "end" : "fire";
  entry.record = model::toString(model::Table::TriggerInstance);
  entry.subject = firing.instanceId;
  json::Object details;
  details.set("firing", firing.id);
  details.set("trigger", firing.triggerId);
  details.set("system", firing.systemId);
  details.set("cause", toString(firing.cause.kind));
  entry.after = json::write(json::Value(std::move(details)));
  // What cannot be taken is counted, and shows in the metrics.
  static_cast<void>(around_.audit.append(std::move(entry)));
}

Status Firings::setStatus(std::string_view instanceId, std::string_view firingId,
                          const std::string& name, json::Value value) {
  Instance* instance = around_.owner.findInstance(instanceId);
  if (instance == nullptr) {
    return Error::because(ErrorCode::NotFound, "trigger_not_at_work",
                          "the trigger is no longer at work here");
  }
  BUSBAR_TRY(instance->setStatus(name, std::move(value)));
  const auto open = open_.find(firingId);
  if (open != open_.end()) {
    guard_.begin(instance->id(), open->first, open->second.firing.chain);
    guard_.end(instance->id(), open->first, around_.loop.clock().now());
  }
  around_.journal.progressChanged(instance->id());
  // Not from inside of a run: the change may start another one.
  around_.loop.defer([this, alive = alive_, id = instance->id(), name] {
    Instance* setter = *alive ? around_.owner.findInstance(id) : nullptr;
    if (setter != nullptr) {
      around_.owner.statusSet(*setter, name);
    }
  });
  return {};
}

Status Firings::callTrigger(std::string_view instanceId, const std::string& triggerId,
                            std::string_view firingId) {
  const Instance* caller = around_.owner.findInstance(instanceId);
  const model::TriggerInstance* row =
      caller == nullptr ? nullptr : findInstance(around_.site, caller->systemId(), triggerId);
  const Instance* callee = row == nullptr ? nullptr : around_.owner.findInstance(row->id);
  if (callee == nullptr) {
    return Error::because(ErrorCode::NotFound, "trigger_not_at_work",
                          "the trigger has no enabled instance in this system");
  }
  const auto open = open_.find(firingId);
  LoopGuard::Chain chain = open == open_.end() ? LoopGuard::Chain() : open->second.firing.chain;
  const unsigned limit = callee->spec()->loopLimit;
  const bool loops =
      !callee->stopped().empty() || (limit > 0 && LoopGuard::countIn(chain, callee->id()) >= limit);
  // Not from inside of a run. The owner stops an instance that loops.
  around_.loop.defer([this, alive = alive_, id = callee->id(), chain = std::move(chain),
                      cause = std::string(firingId)]() mutable {
    Instance* instance = *alive ? around_.owner.findInstance(id) : nullptr;
    if (instance != nullptr) {
      around_.owner.called(*instance, {Cause::Kind::Trigger, {}, {}, {}, {}, std::move(cause)},
                           std::move(chain));
    }
  });
  return loops ? Status(Error::because(ErrorCode::FailedPrecondition, "trigger_loop",
                                       "the triggers set each other off in a circle"))
               : Status();
}

std::string Firings::moduleOf(std::string_view instanceId, const std::string& slug) {
  const Instance* instance = around_.owner.findInstance(instanceId);
  const model::Module* mod =
      instance == nullptr ? nullptr : around_.site.resolve(instance->systemId(), slug);
  return mod == nullptr ? std::string() : mod->id;
}

std::vector<std::string> Firings::modulesOf(std::string_view instanceId,
                                            const std::string& interface) {
  const Instance* instance = around_.owner.findInstance(instanceId);
  return instance == nullptr
             ? std::vector<std::string>()
             : modulesWith(around_.site, around_.manifests, instance->systemId(), interface);
}

void Firings::callBegins(std::string_view firingId, const std::string& moduleId) {
  if (const auto open = open_.find(firingId); open != open_.end()) {
    guard_.begin(moduleId, open->first, open->second.firing.chain);
  }
}

void Firings::callEnded(std::string_view firingId, const std::string& moduleId) {
  guard_.end(moduleId, std::string(firingId), around_.loop.clock().now());
}

}  // namespace busbar::triggers
