// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "api/triggers/evaluator.h"
#include "registry/model/records.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/json.h"

namespace busbar::triggers {

// One trigger at work in one system: its conditions, what its actions set, what it counts. Decides
// nothing by itself and waits for nothing; the engine does. Loop-only.
class Instance {
 public:
  static constexpr size_t kKeptEvaluations = 16;
  static constexpr Milliseconds kNoteEvery{200};
  static constexpr size_t kMaxNoteBytes = 2048;  // beyond, without its values
  static constexpr size_t kMaxStatuses = 64;
  static constexpr size_t kMaxStatusBytes = 16U << 10U;

  Instance(const model::TriggerInstance& row, const model::Trigger& trigger,
           std::shared_ptr<const Spec> spec, Binding binding, Place place, Moment now);

  const std::string& id() const { return id_; }
  const std::string& triggerId() const { return triggerId_; }
  const std::string& systemId() const { return systemId_; }
  const std::string& name() const { return name_; }
  // Of the rows that it was made from: other ones make another instance.
  int64_t triggerRevision() const { return triggerRevision_; }
  int64_t rowRevision() const { return rowRevision_; }
  const std::shared_ptr<const Spec>& spec() const { return spec_; }
  const std::vector<StatusRef>& operands() const { return operands_; }
  Evaluator& evaluator() { return evaluator_; }
  const Evaluator& evaluator() const { return evaluator_; }

  // Keeps what an evaluation found for explanations; of those that decided nothing at most one in
  // kNoteEvery.
  void note(const Evaluator::Outcome& outcome, std::string_view cause, Moment now);
  // False: it fired as often as it may in this period.
  bool mayFire(int64_t utcMs);
  void fired(int64_t utcMs, const std::string& firingId);
  const std::string& lastFiring() const { return lastFiring_; }
  void failed(size_t steps) { actionErrors_ += static_cast<int64_t>(steps); }

  // What actions set. ResourceExhausted: too many, or too large.
  Status setStatus(const std::string& name, json::Value value);
  std::optional<json::Value> statusOf(std::string_view name) const;

  // It sets itself off: stopped until it or its trigger is saved again. A sentence.
  void stop(std::string why) { stopped_ = std::move(why); }
  const std::string& stopped() const { return stopped_; }

  bool triggered() const { return evaluator_.triggered(); }
  int64_t count() const { return count_; }
  int64_t actionErrors() const { return actionErrors_; }
  // Shape: openapi.yaml "TriggerState".
  json::Object state() const;
  // The conditions now, with their values. Shape: openapi.yaml "TriggerConditionState".
  json::Array conditions(Moment now) const;
  // Shape: openapi.yaml "TriggerEvaluation"; newest first.
  json::Array evaluations() const;
  int64_t suppressed() const { return suppressed_; }

  std::string progress();
  void restore(const std::string& document, Moment now);

  TimerId wake = 0;  // the engine's

 private:
  const std::string id_;
  const std::string triggerId_;
  const std::string systemId_;
  const std::string name_;
  const int64_t triggerRevision_;
  const int64_t rowRevision_;
  const std::shared_ptr<const Spec> spec_;  // shared with the jobs of its firings
  const std::vector<StatusRef> operands_;
  Evaluator evaluator_;
  std::map<std::string, json::Value, std::less<>> statuses_;
  std::deque<std::string> evaluations_;  // as JSON text, which is small
  Instant noted_ = Instant::min();
  std::deque<int64_t> firedMs_;  // within the period
  std::string lastFiring_;
  std::string stopped_;
  int64_t count_ = 0;
  int64_t actionErrors_ = 0;
  int64_t suppressed_ = 0;  // firings beyond maxFirings
};

// One condition with its values. Shape: openapi.yaml "TriggerConditionState".
json::Object toJson(const Evaluator::ConditionState& state, Moment now);

}  // namespace busbar::triggers
