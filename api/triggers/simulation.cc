// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/simulation.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "api/triggers/facts.h"
#include "api/triggers/instance.h"
#include "api/triggers/template.h"

namespace busbar::triggers {
namespace {

constexpr const char* kId = "simulation";  // of the instance and of its firings
constexpr int64_t kLongestMs = int64_t{400} * 24 * 3600 * 1000;

class Reader {
 public:
  explicit Reader(model::FieldErrors& errors) : errors_(errors) {}

  void only(const json::Object& from, const std::string& path,
            std::initializer_list<std::string_view> names) {
    for (const auto& [name, value] : from) {
      if (std::find(names.begin(), names.end(), name) == names.end()) {
        fail(path + name, "is not known");
      }
    }
  }
  std::string text(const json::Object& from, const std::string& path, std::string_view name) {
    const json::Value* value = from.find(name);
    if (value != nullptr && value->asString() == nullptr) {
      fail(path + std::string(name), "must be a text");
    }
    return value == nullptr || value->asString() == nullptr ? std::string() : *value->asString();
  }
  int64_t number(const json::Object& from, const std::string& path, std::string_view name,
                 int64_t otherwise, int64_t least, int64_t most) {
    const json::Value* value = from.find(name);
    if (value == nullptr) {
      return otherwise;
    }
    if (value->asInt() == nullptr || *value->asInt() < least || *value->asInt() > most) {
      fail(path + std::string(name),
           "must be a whole number from " + std::to_string(least) + " to " + std::to_string(most));
      return otherwise;
    }
    return *value->asInt();
  }
  const json::Array* list(const json::Object& from, const std::string& path, std::string_view name,
                          size_t most) {
    const json::Value* value = from.find(name);
    const json::Array* array = value == nullptr ? nullptr : value->asArray();
    if (value != nullptr && (array == nullptr || array->size() > most)) {
      fail(path + std::string(name),
           "must be a list of at most " + std::to_string(most) + " members");
      return nullptr;
    }
    return array;
  }
  void fail(std::string path, std::string reason) {
    errors_.push_back({std::move(path), std::move(reason)});
  }

 private:
  model::FieldErrors& errors_;
};

void readUpdates(Reader& reader, const json::Object& from, const std::string& path,
                 Simulation::Step& step) {
  const json::Array* values = reader.list(from, path, "values", 1000);
  for (size_t i = 0; values != nullptr && i < values->size(); ++i) {
    const std::string at = path + "values." + std::to_string(i) + ".";
    const json::Object* update = (*values)[i].asObject();
    if (update == nullptr) {
      reader.fail(path + "values." + std::to_string(i), "must be an object");
      continue;
    }
    reader.only(*update, at, {"mod", "status", "value", "online"});
    Simulation::Update read;
    read.mod = reader.text(*update, at, "mod");
    read.status = reader.text(*update, at, "status");
    const json::Value* value = update->find(read.status.empty() ? "online" : "value");
    if (read.mod.empty() || value == nullptr) {
      reader.fail(at + (read.mod.empty() ? "mod" : "value"), "must be given");
      continue;
    }
    read.value = *value;
    step.updates.push_back(std::move(read));
  }
}

json::Object describe(const Step& step, const json::Object& facts) {
  json::Object out;
  out.set("key", step.key);
  const auto filled = [&](std::string_view name, json::Value value) {
    auto rendered = render(value, facts);
    if (rendered.ok()) {
      out.set(name, std::move(*rendered));
    } else {
      out.set("problem", rendered.error().message);
    }
  };
  if (const auto* call = std::get_if<CallFunction>(&step.what)) {
    out.set("kind", "function");
    out.set("mod", call->mod.empty() ? call->interface : call->mod);
    out.set("method", call->method);
    filled("args", call->args);
  } else if (const auto* mail = std::get_if<SendMail>(&step.what)) {
    out.set("kind", "mail");
    out.set("emails", json::Array(mail->to.begin(), mail->to.end()));
    filled("subject", mail->subject);
    filled("content", mail->text);
  } else if (const auto* hook = std::get_if<CallWebhook>(&step.what)) {
    out.set("kind", "webhook");
    out.set("method", hook->method);
    if (auto url = renderUrl(hook->url, facts); url.ok()) {
      out.set("url", *url);
    } else {
      out.set("problem", url.error().message);
    }
    filled("body", hook->body);
  } else if (const auto* status = std::get_if<SetStatus>(&step.what)) {
    out.set("kind", "status");
    out.set("name", status->name);
    filled("value", status->value);
  } else if (const auto* trigger = std::get_if<CallTrigger>(&step.what)) {
    out.set("kind", "trigger");
    out.set("trigger_id", trigger->triggerId);
  } else {
    out.set("kind", "parallel");
    json::Array members;
    for (const Step& member : std::get<Parallel>(step.what).steps) {
      members.emplace_back(describe(member, facts));
    }
    out.set("steps", std::move(members));
  }
  return out;
}

class Run {
 public:
  Run(const model::Trigger& trigger, std::shared_ptr<const Spec> spec,
      const SimulatedSystem& system, const Simulation& simulation)
      : system_(system),
        simulation_(simulation),
        now_{Instant(std::chrono::hours(24)), simulation.startUtcMs * 1'000'000},
        instance_(rowOf(trigger, system), trigger, spec,
                  bindOperands(operandsOf(*spec), system.site, system.manifests, system.systemId),
                  placeOf(system.site, system.systemId, system.siteTimeZone), now_) {}

  Result<json::Object> result() {
    beginOnline();
    for (size_t i = 0; i < simulation_.steps.size(); ++i) {
      const Simulation::Step& step = simulation_.steps[i];
      passUntil(now_.now + step.after, i);
      if (step.updates.empty() && !step.webhook) {
        evaluate(causeOf(i == 0 ? Cause::Kind::Start : Cause::Kind::Time), i, true, {});
      }
      Cause start;
      const std::vector<bool> isLast = lastOnes(step.updates);
      for (size_t u = 0; u < step.updates.size(); ++u) {
        if (i == 0 && !isLast[u]) {
          continue;
        }
        const std::string path = "steps." + std::to_string(i) + ".values." + std::to_string(u);
        const bool hadChange = instance_.evaluator().hasChange();
        Cause cause;
        BUSBAR_TRY(update(step.updates[u], path, cause));
        if (i > 0) {
          evaluate(cause, i, true, {});
          passUntil(now_.now, i);
        } else if (isToldAtStart(cause, hadChange)) {
          start = std::move(cause);
        }
      }
      // The values of the first step are there from the beginning.
      if (i == 0 && !step.updates.empty()) {
        evaluate(start, i, true, {});
      }
      if (step.webhook) {
        instance_.evaluator().deliverWebhook(now_);
        evaluate(causeOf(Cause::Kind::Webhook), i, true, step.webhookFacts);
      }
      passUntil(now_.now, i);
      if (evaluations_ >= kMaxSimulatedEvaluations) {
        return Error::at(ErrorCode::InvalidArgument, "steps." + std::to_string(i) + ".after_ms",
                         "is too long: too much would happen in it");
      }
    }
    json::Object out;
    out.set("time_zone", placeOf(system_.site, system_.systemId, system_.siteTimeZone).zone.name());
    out.set("evaluations", std::move(entries_));
    out.set("triggered", instance_.triggered());
    out.set("trigger_count", instance_.count());
    out.set("suppressed", instance_.suppressed());
    return out;
  }

 private:
  static model::TriggerInstance rowOf(const model::Trigger& trigger,
                                      const SimulatedSystem& system) {
    model::TriggerInstance row;
    row.id = kId;
    row.triggerId = trigger.id;
    row.systemId = system.systemId;
    return row;
  }

  // With what happens by time alone. It may be due now: a pulse without a debounce period ends.
  void passUntil(Instant until, size_t step) {
    while (wake_ <= until && evaluations_ < kMaxSimulatedEvaluations) {
      advance(std::max(wake_, now_.now));
      evaluate(causeOf(Cause::Kind::Time), step, false, {});
    }
    advance(until);
  }

  void advance(Instant to) {
    now_.utcNs += (to - now_.now).count();
    now_.now = to;
  }

  void beginOnline() {
    const auto& watches = instance_.evaluator().binding().watches;
    for (uint32_t i = 0; i < watches.size(); ++i) {
      if (watches[i].status.empty()) {
        instance_.evaluator().set(i, json::Value(true), now_);
      }
    }
  }

  // At the beginning a status has one value: which updates are the last of theirs.
  std::vector<bool> lastOnes(const std::vector<Simulation::Update>& updates) const {
    std::set<std::pair<std::string, std::string>> given;
    std::vector<bool> isLast(updates.size());
    for (size_t u = updates.size(); u-- > 0;) {
      isLast[u] = given.emplace(moduleIdOf(updates[u]), updates[u].status).second;
    }
    return isLast;
  }

  // A module may be named by its name or its id; what is no module of the system stays as it is.
  std::string moduleIdOf(const Simulation::Update& update) const {
    const model::Module* mod = system_.site.resolve(system_.systemId, update.mod);
    return mod == nullptr ? update.mod : mod->id;
  }

  // As the engine's feed decides it: what an instance finds when it begins is mostly no cause.
  bool isToldAtStart(const Cause& cause, bool hadChange) const {
    const auto& watches = instance_.evaluator().binding().watches;
    return cause.kind == Cause::Kind::Status && !cause.value.isNull() &&
           ((!hadChange && instance_.evaluator().hasChange()) ||
            (watches.size() == 1 && watches[0] == Watch{cause.moduleId, cause.key}));
  }

  Status update(const Simulation::Update& update, const std::string& path, Cause& cause) {
    const model::Module* mod = system_.site.resolve(system_.systemId, update.mod);
    const std::string moduleId = moduleIdOf(update);
    const auto& watches = instance_.evaluator().binding().watches;
    const auto watch = std::find(watches.begin(), watches.end(), Watch{moduleId, update.status});
    values_[{moduleId, update.status}] = update.value;
    cause = update.status.empty()
                ? causeOf(Cause::Kind::Offline, moduleId)
                : Cause{Cause::Kind::Status, moduleId, update.status, update.value, {}, {}};
    if (watch == watches.end()) {
      // Templates may want it.
      return mod != nullptr ? Status()
                            : Status(Error::at(ErrorCode::InvalidArgument, path + ".mod",
                                               update.mod + " is no module of the system"));
    }
    instance_.evaluator().set(
        static_cast<uint32_t>(watch - watches.begin()),
        update.value.isNull() ? std::nullopt : std::optional<json::Value>(update.value), now_);
    return {};
  }

  void evaluate(const Cause& cause, size_t step, bool isAsked, const json::Object& webhook) {
    ++evaluations_;
    const auto outcome = instance_.evaluator().evaluate(now_);
    wake_ = outcome.wake;
    json::Array done;
    int64_t fired = 0;
    for (const std::string& subject : outcome.firings) {
      const int64_t utcMs = now_.utcNs / 1'000'000;
      if (!instance_.mayFire(utcMs)) {
        continue;
      }
      instance_.fired(utcMs, kId);
      ++fired;
      add(done, false, subject.empty() ? cause : causeOf(Cause::Kind::Offline, subject), webhook);
    }
    if (outcome.fell) {
      add(done, true, causeOf(Cause::Kind::Ended, cause.moduleId), webhook);
    }
    if (!isAsked && !outcome.rose && !outcome.fell && outcome.firings.empty()) {
      return;
    }
    json::Object entry;
    entry.set("step", static_cast<int64_t>(step));
    entry.set("time_ms", now_.utcNs / 1'000'000);
    entry.set("cause", toString(cause.kind));
    entry.set("triggered", outcome.triggered);
    entry.set("fired", fired);
    entry.set("ended", outcome.fell);
    entry.set("conditions", instance_.conditions(now_));
    entry.set("actions", std::move(done));
    entries_.emplace_back(std::move(entry));
  }

  static Cause causeOf(Cause::Kind kind, std::string moduleId = {}) {
    return {kind, std::move(moduleId), {}, {}, {}, {}};
  }

  // What the steps would be of a firing with this cause.
  void add(json::Array& out, bool isEnd, Cause cause, const json::Object& webhook) {
    Firing firing;
    firing.id = kId;
    firing.instanceId = instance_.id();
    firing.triggerId = instance_.triggerId();
    firing.systemId = system_.systemId;
    firing.timeMs = now_.utcNs / 1'000'000;
    firing.isEnd = isEnd;
    firing.cause = std::move(cause);
    firing.conditions = instance_.conditions(now_);
    firing.webhook = webhook;
    json::Object facts = factsOf(
        firing, *instance_.spec(), system_.site,
        [this](const std::string& moduleId, const std::string& key) {
          const auto it = values_.find({moduleId, key});
          return it == values_.end() ? std::nullopt : std::optional<json::Value>(it->second);
        });
    json::Object self;  // the trigger need not be saved
    self.set("id", instance_.triggerId());
    self.set("name", instance_.name());
    facts.set("trigger", std::move(self));
    for (const Step& step : isEnd ? instance_.spec()->ended : instance_.spec()->begin) {
      out.emplace_back(describe(step, facts));
    }
  }

  const SimulatedSystem& system_;
  const Simulation& simulation_;
  Moment now_;
  Instance instance_;
  Instant wake_ = Instant::max();
  std::map<std::pair<std::string, std::string>, json::Value> values_;
  json::Array entries_;
  size_t evaluations_ = 0;
};

}  // namespace

ReadSimulation readSimulation(const json::Object& body, int64_t nowUtcMs) {
  ReadSimulation out;
  Reader reader(out.errors);
  out.simulation.startUtcMs =
      reader.number(body, "", "start_ms", nowUtcMs, 0, int64_t{253'402'300'799'000});
  const json::Array* steps = reader.list(body, "", "steps", kMaxSimulatedSteps);
  if (steps == nullptr || steps->empty()) {
    if (out.errors.empty()) {
      reader.fail("steps", "must have at least one member");
    }
    return out;
  }
  int64_t total = 0;
  for (size_t i = 0; i < steps->size(); ++i) {
    const std::string path = "steps." + std::to_string(i) + ".";
    const json::Object* from = (*steps)[i].asObject();
    if (from == nullptr) {
      reader.fail("steps." + std::to_string(i), "must be an object");
      continue;
    }
    reader.only(*from, path, {"after_ms", "values", "webhook"});
    Simulation::Step step;
    step.after = Milliseconds(reader.number(*from, path, "after_ms", 0, 0, kLongestMs));
    total += step.after.count();
    readUpdates(reader, *from, path, step);
    if (const json::Value* webhook = from->find("webhook")) {
      if (webhook->asObject() == nullptr) {
        reader.fail(path + "webhook", "must be an object");
      } else {
        step.webhook = true;
        step.webhookFacts = *webhook->asObject();
      }
    }
    out.simulation.steps.push_back(std::move(step));
  }
  if (total > kLongestMs) {
    reader.fail("steps", "must last 400 days at most");
  }
  return out;
}

Result<json::Object> simulate(const model::Trigger& trigger, std::shared_ptr<const Spec> spec,
                              const SimulatedSystem& system, const Simulation& simulation) {
  return Run(trigger, std::move(spec), system, simulation).result();
}

}  // namespace busbar::triggers
