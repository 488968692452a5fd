// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// The evaluator of triggers alone: four comparisons of numbers, all of which must hold. Each
// evaluation follows a value that turns one of them; against the same values put where nobody
// evaluates. Every outcome is compared with what it must be.
#include <array>
#include <memory>
#include <optional>

#include "api/triggers/evaluator.h"
#include "sdk/base/result.h"
#include "tests/bench/figure.h"

namespace busbar::bench {
namespace {

using triggers::Evaluator;
using triggers::Moment;

constexpr uint32_t kConditions = 4;
constexpr int64_t kLimit = 20;
constexpr int kBatch = 4096;

// The values in turn: each step turns the comparison that a Gray code turns, so that all of their
// sixteen states come.
class Values {
 public:
  struct Step {
    uint32_t watch = 0;
    int64_t value = 0;
  };
  Step next() {
    ++count_;
    const auto bit = static_cast<uint32_t>(__builtin_ctz(count_ | 1U << (kConditions - 1)));
    state_ ^= 1U << bit;
    const bool isAbove = (state_ >> bit & 1U) != 0;
    return {bit, isAbove ? kLimit + 1 + (count_ & 7) : kLimit - (count_ & 7)};
  }
  bool all() const { return state_ == (1U << kConditions) - 1; }

 private:
  uint32_t count_ = 0;
  uint32_t state_ = 0;
};

template <class Step>
Run repeat(double seconds, Step step) {
  const Instant begin = BootClock::now();
  const auto length = Nanoseconds(static_cast<int64_t>(seconds * 1e9));
  Instant now = begin;
  uint64_t count = 0;
  while (now - begin < length) {
    for (int i = 0; i < kBatch; ++i) {
      step(now);
    }
    count += kBatch;
    now = BootClock::now();
  }
  return {static_cast<double>(count) * 1e9 / static_cast<double>((now - begin).count()), count};
}

std::shared_ptr<const triggers::Spec> spec() {
  auto read = std::make_shared<triggers::Spec>();
  for (uint32_t i = 0; i < kConditions; ++i) {
    triggers::StatusRef ref;
    ref.mod = "Sensor_" + std::to_string(i + 1);
    ref.status = "level";
    read->conditions.push_back(
        {"comparison_" + std::to_string(i), Milliseconds(0),
         triggers::Compare{ref, triggers::Operator::Greater, json::Value(kLimit), 0}});
  }
  return read;
}

triggers::Binding binding() {
  triggers::Binding binding;
  for (uint32_t i = 0; i < kConditions; ++i) {
    binding.watches.push_back({"mod-" + std::to_string(i), "level"});
    binding.operands.push_back({i});
  }
  return binding;
}

Run evaluations(double seconds) {
  Values values;
  Moment now{BootClock::now(), 1'743'290'000'000'000'000};
  const int64_t difference = now.utcNs - now.now.time_since_epoch().count();
  Evaluator evaluator(spec(), binding(), {}, now);
  for (uint32_t i = 0; i < kConditions; ++i) {
    evaluator.set(i, json::Value(kLimit), now);
  }
  evaluator.evaluate(now);
  return repeat(seconds, [&](Instant t) {
    const bool before = values.all();
    const Values::Step step = values.next();
    now = {t, t.time_since_epoch().count() + difference};
    evaluator.set(step.watch, json::Value(step.value), now);
    const Evaluator::Outcome outcome = evaluator.evaluate(now);
    BUSBAR_CHECK(outcome.triggered == values.all());
    BUSBAR_CHECK(outcome.rose == (values.all() && !before));
    BUSBAR_CHECK(outcome.fell == (before && !values.all()));
    BUSBAR_CHECK(outcome.firings.size() == (outcome.rose ? 1U : 0U));
  });
}

Run changesAlone(double seconds) {
  Values values;
  std::array<std::optional<json::Value>, kConditions> stored;
  uint64_t trueCount = 0;
  return repeat(seconds, [&](Instant) {
    const Values::Step step = values.next();
    stored[step.watch] = json::Value(step.value);
    trueCount += values.all() ? 1U : 0U;
    BUSBAR_CHECK(stored[step.watch]->asInt() != nullptr);
  });
}

}  // namespace
}  // namespace busbar::bench

int main(int argc, char** argv) {
  using namespace busbar::bench;
  const char* name = "trigger evaluations";
  if (!isSelected(argc, argv, name)) {
    return 0;
  }
  pinTo(0);
  measure({name, "evaluations/s", "the changes of values alone", "cpu 0",
           ">= 3,000,000 /s with 4 conditions"},
          evaluations, changesAlone);
  return 0;
}
