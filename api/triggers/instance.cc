// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/instance.h"

#include <utility>

namespace busbar::triggers {
namespace {

constexpr json::Limits kProgressLimits{16 << 20, 64};

int64_t numberIn(const json::Object& from, std::string_view name) {
  const json::Value* value = from.find(name);
  return value == nullptr || value->asInt() == nullptr ? 0 : *value->asInt();
}

std::string textIn(const json::Object& from, std::string_view name) {
  const json::Value* value = from.find(name);
  return value == nullptr || value->asString() == nullptr ? std::string() : *value->asString();
}

}  // namespace

Instance::Instance(const model::TriggerInstance& row, const model::Trigger& trigger,
                   std::shared_ptr<const Spec> spec, Binding binding, Place place, Moment now)
    : id_(row.id),
      triggerId_(trigger.id),
      systemId_(row.systemId),
      name_(trigger.name),
      triggerRevision_(trigger.revision),
      rowRevision_(row.revision),
      spec_(spec),
      operands_(operandsOf(*spec)),
      evaluator_(std::move(spec), std::move(binding), std::move(place), now) {}

void Instance::note(const Evaluator::Outcome& outcome, std::string_view cause, Moment now) {
  const bool decided = outcome.rose || outcome.fell || !outcome.firings.empty();
  if (!decided && noted_ != Instant::min() && now.now - noted_ < kNoteEvery) {
    return;
  }
  noted_ = now.now;
  json::Object entry;
  entry.set("time_ms", now.utcNs / 1'000'000);
  entry.set("cause", cause);
  entry.set("triggered", outcome.triggered);
  entry.set("fired", !outcome.firings.empty());
  entry.set("conditions", conditions(now));
  std::string text = json::write(json::Value(entry));
  if (text.size() > kMaxNoteBytes) {
    for (json::Value& condition : *entry.find("conditions")->asArray()) {
      condition.asObject()->erase("left");
      condition.asObject()->erase("right");
    }
    text = json::write(json::Value(std::move(entry)));
  }
  evaluations_.push_front(std::move(text));
  if (evaluations_.size() > kKeptEvaluations) {
    evaluations_.pop_back();
  }
}

bool Instance::mayFire(int64_t utcMs) {
  if (spec_->maxFirings == 0) {
    return true;
  }
  while (!firedMs_.empty() && firedMs_.front() <= utcMs - spec_->period.count()) {
    firedMs_.pop_front();
  }
  if (firedMs_.size() >= spec_->maxFirings) {
    ++suppressed_;
    return false;
  }
  return true;
}

void Instance::fired(int64_t utcMs, const std::string& firingId) {
  ++count_;
  lastFiring_ = firingId;
  if (spec_->maxFirings > 0) {
    firedMs_.push_back(utcMs);
  }
}

Status Instance::setStatus(const std::string& name, json::Value value) {
  if (value.isNull()) {
    statuses_.erase(name);
    return {};
  }
  if (json::write(value).size() > kMaxStatusBytes) {
    return Error::because(ErrorCode::ResourceExhausted, "status_too_large",
                          "the status " + name + " is over 16 KiB");
  }
  if (!statuses_.contains(name) && statuses_.size() >= kMaxStatuses) {
    return Error::because(ErrorCode::ResourceExhausted, "too_many_statuses",
                          "a trigger keeps at most 64 statuses");
  }
  statuses_[name] = std::move(value);
  return {};
}

std::optional<json::Value> Instance::statusOf(std::string_view name) const {
  const auto it = statuses_.find(name);
  return it == statuses_.end() ? std::nullopt : std::optional<json::Value>(it->second);
}

json::Object Instance::state() const {
  json::Object out;
  out.set("triggered", triggered());
  out.set("trigger_count", count_);
  out.set("action_errors", actionErrors_);
  out.set("comparison_errors", evaluator_.comparisonErrors());
  json::Object conditions;
  for (const auto& condition : evaluator_.conditions()) {
    if (condition.key.find('/') == std::string_view::npos) {
      conditions.set(condition.key, condition.isTrue);
    }
  }
  out.set("conditions", std::move(conditions));
  if (!statuses_.empty()) {
    json::Object statuses;
    for (const auto& [name, value] : statuses_) {
      statuses.set(name, value);
    }
    out.set("status", std::move(statuses));
  }
  if (!stopped_.empty()) {
    out.set("stopped", stopped_);
  }
  return out;
}

json::Object toJson(const Evaluator::ConditionState& state, Moment now) {
  json::Object out;
  out.set("key", state.key);
  out.set("is_true", state.isTrue);
  if (state.isHeld) {
    out.set("held", true);
  }
  if (!state.problem.empty()) {
    out.set("problem", state.problem);
  }
  if (!state.left.isNull()) {
    out.set("left", state.left);
  }
  if (!state.right.isNull()) {
    out.set("right", state.right);
  }
  if (state.next && *state.next != Instant::max()) {
    out.set("next_ms", (now.utcNs + (*state.next - now.now).count()) / 1'000'000);
  }
  return out;
}

json::Array Instance::conditions(Moment now) const {
  json::Array out;
  for (const auto& condition : evaluator_.conditions()) {
    out.emplace_back(toJson(condition, now));
  }
  return out;
}

json::Array Instance::evaluations() const {
  json::Array out;
  for (const std::string& text : evaluations_) {
    if (auto entry = json::parse(text, kProgressLimits); entry.ok()) {
      out.push_back(std::move(*entry));
    }
  }
  return out;
}

std::string Instance::progress() {
  json::Object out;
  out.set("trigger_revision", triggerRevision_);
  out.set("row_revision", rowRevision_);
  out.set("count", count_);
  out.set("action_errors", actionErrors_);
  out.set("suppressed", suppressed_);
  out.set("last_firing", lastFiring_);
  out.set("stopped", stopped_);
  out.set("fired_ms", json::Array(firedMs_.begin(), firedMs_.end()));
  json::Object statuses;
  for (const auto& [name, value] : statuses_) {
    statuses.set(name, value);
  }
  out.set("status", std::move(statuses));
  out.set("conditions", evaluator_.progress());
  return json::write(json::Value(std::move(out)));
}

void Instance::restore(const std::string& document, Moment now) {
  const auto parsed = json::parse(document, kProgressLimits);
  const json::Object* from = parsed.ok() ? parsed->asObject() : nullptr;
  // Other rows: it begins anew.
  if (from == nullptr || numberIn(*from, "trigger_revision") != triggerRevision_ ||
      numberIn(*from, "row_revision") != rowRevision_) {
    return;
  }
  count_ = numberIn(*from, "count");
  actionErrors_ = numberIn(*from, "action_errors");
  suppressed_ = numberIn(*from, "suppressed");
  lastFiring_ = textIn(*from, "last_firing");
  stopped_ = textIn(*from, "stopped");
  if (const json::Value* times = from->find("fired_ms"); times != nullptr && times->asArray()) {
    for (const json::Value& time : *times->asArray()) {
      firedMs_.push_back(time.asInt() == nullptr ? 0 : *time.asInt());
    }
  }
  if (const json::Value* statuses = from->find("status"); statuses && statuses->asObject()) {
    for (const auto& [name, value] : *statuses->asObject()) {
      statuses_[name] = value;
    }
  }
  if (const json::Value* conditions = from->find("conditions");
      conditions && conditions->asObject()) {
    evaluator_.restore(*conditions->asObject(), now);
  }
}

}  // namespace busbar::triggers
