// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "api/triggers/evaluator.h"
#include "tests/unit/sdk/base/local_time.h"

namespace busbar::triggers {

// An evaluator with modules and clocks. A module's id is its name ("A_1"); interfaces have the
// modules that `members` says, and an Offline without a name has those of "all".
class EvaluatorRig {
 public:
  using Modules = std::map<std::string, std::vector<std::string>>;

  explicit EvaluatorRig(const std::string& conditions, int64_t debounceMs = 0, Modules members = {},
                        const char* wall = "2025-06-02 12:00:00")
      : members_(std::move(members)) {
    model::Trigger trigger;
    auto document = json::parse(conditions);
    EXPECT_TRUE(document.ok()) << conditions;
    trigger.conditions = document.ok() ? *document : json::Value();
    trigger.debounceMs = debounceMs;
    trigger.enableWebhook = conditions.find("\"webhook\"") != std::string::npos;
    trigger.anyMatch = trigger.enableWebhook;  // so that a rule decides alone, too
    start(trigger, wall);
  }
  EvaluatorRig(const model::Trigger& trigger, Modules members, const char* wall)
      : members_(std::move(members)) {
    start(trigger, wall);
  }

  Moment now() const { return now_; }
  Evaluator& evaluator() { return *evaluator_; }
  Place& place() { return place_; }
  // What happened since the last call: "rose", "fell", and "fire" with what it names.
  std::string take() { return std::exchange(log_, ""); }
  const Evaluator::Outcome& last() const { return last_; }

  void put(const std::string& mod, const std::string& status, const char* json) {
    const auto& watches = evaluator_->binding().watches;
    for (uint32_t i = 0; i < watches.size(); ++i) {
      if (watches[i].moduleId == mod && watches[i].status == status) {
        evaluator_->set(
            i, json != nullptr ? std::optional(json::parse(json).value()) : std::nullopt, now_);
      }
    }
  }
  std::string set(const std::string& mod, const std::string& status, const char* json) {
    put(mod, status, json);
    return evaluate();
  }
  void forget(const std::string& mod, const std::string& status) {
    const auto& watches = evaluator_->binding().watches;
    for (uint32_t i = 0; i < watches.size(); ++i) {
      if (watches[i].moduleId == mod && watches[i].status == status) {
        evaluator_->forget(i);
      }
    }
  }
  // One evaluation; what happened in it.
  std::string evaluate() {
    last_ = evaluator_->evaluate(now_);
    std::string words;
    const auto add = [&words](const std::string& word) {
      words += words.empty() ? word : " " + word;
    };
    if (last_.fell) {
      add("fell");
    }
    if (last_.rose) {
      add("rose");
    }
    for (const std::string& firing : last_.firings) {
      add("fire(" + firing + ")");
    }
    log_ += log_.empty() || words.empty() ? words : " " + words;
    return words;
  }
  void move(Nanoseconds by) {
    now_.now += by;
    now_.utcNs += by.count();
  }
  void jump(std::chrono::seconds by) { now_.utcNs += Nanoseconds(by).count(); }
  // Lives through `span`, evaluating whenever the evaluator wants it; what happened, with the
  // seconds since the begin.
  std::string run(Nanoseconds span) {
    std::string words;
    const Instant begin = now_.now;
    const Instant end = begin + span;
    for (int i = 0; i < 100'000; ++i) {
      const Instant wake = std::max(last_.wake, now_.now);
      if (wake > end) {
        break;
      }
      move(wake - now_.now);
      if (const std::string word = evaluate(); !word.empty()) {
        const auto after = std::chrono::duration<double>(now_.now - begin).count();
        char text[32];
        std::snprintf(text, sizeof text, "%g", after);
        words += (words.empty() ? "" : " ") + std::string(text) + ":" + word;
      }
    }
    move(end - now_.now);
    return words;
  }
  bool isTrue(std::string_view key) const { return stateOf(key).isTrue; }
  Evaluator::ConditionState stateOf(std::string_view key) const {
    for (const auto& state : evaluator_->conditions()) {
      if (state.key == key) {
        return state;
      }
    }
    ADD_FAILURE() << "no condition " << key;
    return {};
  }
  void rebind(Modules members) {
    members_ = std::move(members);
    evaluator_->rebind(bindingOf(), place_, now_);
  }
  void rebind() { rebind(members_); }

  // Stops and starts again, with the boot clock at another reading.
  void restart(Nanoseconds down = Nanoseconds(0)) {
    const std::string progress = json::write(evaluator_->progress());
    now_.now = Instant(std::chrono::seconds(++boots_ * 1000));
    now_.utcNs += down.count();
    make();
    evaluator_->restore(*json::parse(progress).value().asObject(), now_);
  }
  void restartWith(const std::string& conditions) {
    model::Trigger trigger;
    trigger.conditions = json::parse(conditions).value();
    spec_ = std::make_shared<const Spec>(readSpec(trigger).spec);
    restart();
  }

 private:
  void start(const model::Trigger& trigger, const char* wall) {
    ReadSpec read = readSpec(trigger);
    for (const model::FieldError& error : read.errors) {
      ADD_FAILURE() << error.field << ' ' << error.reason;
    }
    spec_ = std::make_shared<const Spec>(std::move(read.spec));
    now_.now = Instant(std::chrono::seconds(1000));
    now_.utcNs = Nanoseconds(utc(wall).time_since_epoch()).count();
    make();
  }
  void make() { evaluator_ = std::make_unique<Evaluator>(spec_, bindingOf(), place_, now_); }

  std::vector<std::string> modulesOf(const StatusRef& ref) {
    if (!ref.mod.empty() || !ref.triggerId.empty()) {
      const std::string& name = ref.mod.empty() ? ref.triggerId : ref.mod;
      const auto gone = members_.find("gone");
      if (gone != members_.end() &&
          std::find(gone->second.begin(), gone->second.end(), name) != gone->second.end()) {
        return {};
      }
      return {name};
    }
    return members_[ref.interface.empty() ? "all" : ref.interface];
  }
  Binding bindingOf() {
    Binding binding;
    for (const StatusRef& ref : operandsOf(*spec_)) {
      auto& operand = binding.operands.emplace_back();
      for (const std::string& mod : modulesOf(ref)) {
        const Watch watch{mod, ref.status};
        const auto found = std::find(binding.watches.begin(), binding.watches.end(), watch);
        operand.push_back(static_cast<uint32_t>(found - binding.watches.begin()));
        if (found == binding.watches.end()) {
          binding.watches.push_back(watch);
        }
      }
    }
    return binding;
  }

  Modules members_;
  Place place_;
  std::shared_ptr<const Spec> spec_;
  std::unique_ptr<Evaluator> evaluator_;
  Moment now_;
  Evaluator::Outcome last_;
  std::string log_;
  int boots_ = 1;
};

}  // namespace busbar::triggers
