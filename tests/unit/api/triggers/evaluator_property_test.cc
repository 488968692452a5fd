// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstdlib>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "api/triggers/condition_reader.h"
#include "api/triggers/evaluator.h"
#include "tests/unit/api/triggers/naive_evaluator.h"
#include "tests/unit/api/triggers/random_document.h"
#include "tests/unit/sdk/base/local_time.h"

namespace busbar::triggers {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Event = NaiveEvaluator::Event;

int seedCount() {
  const char* isLong = std::getenv("BUSBAR_LONG");
  return isLong != nullptr && *isLong == '1' ? 20'000 : 100;
}

// Lives through random values, waits, jumps, new bindings and restarts, and asks both evaluators
// after each.
class Life {
 public:
  explicit Life(unsigned seed)
      : random_(seed),
        trigger_(random_.trigger()),
        spec_(specOf(trigger_)),
        binding_(bindingOf(*spec_)),
        now_{Instant(seconds(1000)),
             Nanoseconds(utc("2025-06-02 12:00:00").time_since_epoch()).count()},
        naive_(*spec_, binding_, now_) {
    make();
  }

  const model::Trigger& trigger() const { return trigger_; }
  // What both said, in words.
  std::string run(int steps) {
    std::string all = step();
    for (int i = 0; i < steps && !testing::Test::HasFailure(); ++i) {
      act();
      all += step();
    }
    return all;
  }

 private:
  static std::shared_ptr<const Spec> specOf(const model::Trigger& trigger) {
    ReadSpec read = readSpec(trigger);
    for (const model::FieldError& error : read.errors) {
      ADD_FAILURE() << error.field << ' ' << error.reason << '\n'
                    << json::write(trigger.conditions);
    }
    return std::make_shared<const Spec>(std::move(read.spec));
  }
  static Binding bindingOf(const Spec& spec) {
    Binding binding;
    for (const StatusRef& ref : operandsOf(spec)) {
      auto& operand = binding.operands.emplace_back();
      const bool isNobody = ref.interface == "none/1";
      for (const char* mod : {"A_1", "B_1", "C_1"}) {
        if (isNobody || (!ref.mod.empty() && ref.mod != mod)) {
          continue;
        }
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

  void make() { evaluator_ = std::make_unique<Evaluator>(spec_, shuffled(), Place(), shown()); }
  // The boot clock as the evaluator sees it: it begins anew with each restart.
  Moment shown() const { return {now_.now + bootShift_, now_.utcNs}; }

  // The same binding in another order.
  Binding shuffled() {
    std::vector<uint32_t> order(binding_.watches.size());
    for (uint32_t i = 0; i < order.size(); ++i) {
      order[i] = i;
    }
    for (size_t i = order.size(); i > 1; --i) {
      std::swap(order[i - 1], order[static_cast<size_t>(random_.roll(static_cast<int>(i)))]);
    }
    Binding binding;
    binding.watches.resize(order.size());
    for (size_t i = 0; i < order.size(); ++i) {
      binding.watches[order[i]] = binding_.watches[i];
    }
    for (const auto& operand : binding_.operands) {
      auto& other = binding.operands.emplace_back();
      for (const uint32_t watch : operand) {
        other.push_back(order[watch]);
      }
    }
    return binding;
  }

  void set(size_t i, const std::optional<json::Value>& value) {
    const Watch& watch = binding_.watches[i];
    current_[i] = value;
    history_.push_back({Event::Kind::Set, now_, watch, value});
    evaluator_->set(placeOf(watch), value, shown());
  }
  uint32_t placeOf(const Watch& watch) const {
    const auto& watches = evaluator_->binding().watches;
    return static_cast<uint32_t>(std::find(watches.begin(), watches.end(), watch) -
                                 watches.begin());
  }

  void act() {
    switch (random_.roll(12)) {
      case 0:
        history_.push_back({Event::Kind::Webhook, now_, {}, {}});
        evaluator_->deliverWebhook(shown());
        break;
      case 1:
        wait(milliseconds(random_.roll(9000)));
        break;
      case 2:
        if (evaluator_ != nullptr && wake_ != Instant::max()) {
          wait(wake_ - now_.now);
        }
        break;
      case 3:
        now_.utcNs += Nanoseconds(seconds(random_.roll(40) - 15)).count();
        break;
      case 4:
        evaluator_->rebind(shuffled(), Place(), shown());
        setSome();
        break;
      case 5:
        restart();
        break;
      case 6:
        forget();
        break;
      default:
        setSome();
    }
  }
  void wait(Nanoseconds by) {
    now_.now += by;
    now_.utcNs += by.count();
  }
  void setSome() {
    if (random_.roll(2) == 0) {
      wait(milliseconds(random_.roll(1500)));
    }
    for (size_t i = 0; i < binding_.watches.size(); ++i) {
      if (random_.roll(3) != 0) {
        continue;
      }
      if (binding_.watches[i].status.empty()) {
        const int what = random_.roll(5);
        set(i, what == 0 ? std::nullopt : std::optional(json::Value(what < 3)));
      } else {
        const char* text = random_.value();
        set(i, text != nullptr ? std::optional(json::parse(text).value()) : std::nullopt);
      }
    }
  }
  void forget() {
    for (size_t i = 0; i < binding_.watches.size(); ++i) {
      if (random_.roll(4) == 0) {
        history_.push_back({Event::Kind::Forget, now_, binding_.watches[i], {}});
        evaluator_->forget(placeOf(binding_.watches[i]));
      }
    }
  }
  // Owners deliver again what they have. An alarm begins with the present reading of the clock, so
  // that a clock that was put back would tell the two apart.
  void restart() {
    if (now_.utcNs < latestUtcNs_) {
      return;
    }
    const json::Value progress = json::parse(json::write(evaluator_->progress())).value();
    bootShift_ = seconds(random_.roll(5000) - 1000);
    make();
    evaluator_->restore(*progress.asObject(), shown());
    for (size_t i = 0; i < binding_.watches.size(); ++i) {
      set(i, current_[i]);
    }
  }

  std::string step() {
    latestUtcNs_ = std::max(latestUtcNs_, now_.utcNs);
    history_.push_back({Event::Kind::Evaluate, now_, {}, {}});
    const auto outcome = evaluator_->evaluate(shown());
    wake_ = outcome.wake == Instant::max() ? outcome.wake : outcome.wake - bootShift_;
    const auto expected = naive_.answer(history_);
    EXPECT_EQ(outcome.triggered, expected.triggered);
    EXPECT_EQ(outcome.rose, expected.rose);
    EXPECT_EQ(outcome.fell, expected.fell);
    std::vector<std::string> firings = outcome.firings;
    std::vector<std::string> named = expected.firings;
    std::sort(firings.begin(), firings.end());
    std::sort(named.begin(), named.end());
    EXPECT_EQ(firings, named);
    std::string words;
    for (const auto& state : evaluator_->conditions()) {
      EXPECT_EQ(state.isTrue, expected.conditions.at(std::string(state.key))) << state.key;
      words += state.isTrue ? 'T' : '.';
    }
    for (const std::string& firing : firings) {
      words += '(' + firing + ')';
    }
    checkWake(expected);
    return words + '\n';
  }
  // Until it wants to be asked again, time alone changes nothing.
  void checkWake(const NaiveEvaluator::Answer& expected) {
    EXPECT_GE(wake_, now_.now);
    const Nanoseconds quiet =
        wake_ == Instant::max() ? Nanoseconds(seconds(100)) : wake_ - now_.now - Nanoseconds(1);
    if (quiet <= Nanoseconds(0)) {
      return;
    }
    std::vector<Event> later = history_;
    later.push_back({Event::Kind::Evaluate, now_, {}, {}});
    later.back().at.now += quiet;
    later.back().at.utcNs += quiet.count();
    const auto answer = naive_.answer(later);
    EXPECT_FALSE(answer.rose || answer.fell || !answer.firings.empty());
    EXPECT_EQ(answer.conditions, expected.conditions);
  }

  RandomDocument random_;
  const model::Trigger trigger_;
  const std::shared_ptr<const Spec> spec_;
  const Binding binding_;
  Moment now_;
  NaiveEvaluator naive_;
  Nanoseconds bootShift_{0};
  int64_t latestUtcNs_ = 0;
  Instant wake_ = Instant::max();
  std::map<size_t, std::optional<json::Value>> current_;
  std::vector<Event> history_;
  std::unique_ptr<Evaluator> evaluator_;
};

TEST(EvaluatorProperty, IsWhatItWouldBeIfAllWereMadeAnewEachTime) {
  for (unsigned seed = 1; seed <= static_cast<unsigned>(seedCount()); ++seed) {
    Life life(seed);
    life.run(40);
    ASSERT_FALSE(HasFailure()) << "seed " << seed << ": " << json::write(life.trigger().conditions);
  }
}

TEST(EvaluatorProperty, TheSameLifeIsTheSameAgain) {
  for (unsigned seed = 1; seed <= 20; ++seed) {
    EXPECT_EQ(Life(seed).run(30), Life(seed).run(30));
  }
}

TEST(EvaluatorProperty, ConditionsReadWrittenAndReadAreTheSame) {
  for (unsigned seed = 1; seed <= static_cast<unsigned>(seedCount()); ++seed) {
    model::Trigger trigger = RandomDocument(seed).trigger();
    const ReadSpec first = readSpec(trigger);
    ASSERT_TRUE(first.errors.empty()) << json::write(trigger.conditions);
    trigger.conditions = toJson(first.spec.conditions);
    const ReadSpec second = readSpec(trigger);
    ASSERT_TRUE(second.errors.empty()) << json::write(trigger.conditions);
    ASSERT_EQ(json::write(toJson(second.spec.conditions)), json::write(trigger.conditions));
    ASSERT_EQ(operandsOf(second.spec), operandsOf(first.spec));
  }
}

}  // namespace
}  // namespace busbar::triggers
