// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

#include "api/triggers/condition_reader.h"
#include "api/triggers/evaluator.h"

namespace {

using namespace busbar;
using namespace busbar::triggers;

// Two modules for what is of several, one for the rest.
Binding bindingOf(const Spec& spec) {
  Binding binding;
  for (const StatusRef& ref : operandsOf(spec)) {
    auto& operand = binding.operands.emplace_back();
    const bool isOne = ref.of == Quantifier::One;
    for (const char* mod : {"m1", "m2"}) {
      if (!isOne || ref.mod.size() % 2 == (mod[1] == '2')) {
        operand.push_back(static_cast<uint32_t>(binding.watches.size()));
        binding.watches.push_back({mod, ref.status});
      }
    }
  }
  return binding;
}

void live(const Spec& spec) {
  const auto shared = std::make_shared<const Spec>(spec);
  Moment now{Instant(std::chrono::seconds(1000)), 1'743'290'000'000'000'000};  // 2025-03-29
  const Binding binding = bindingOf(spec);
  const Place place{TimeZone(), Coordinates{52.5, 13.4}};
  auto evaluator = std::make_unique<Evaluator>(shared, binding, place, now);
  const json::Value values[] = {true, 5, "a", json::Object(), nullptr, false, 21.5, json::Array()};
  size_t next = 0;
  for (int step = 0; step < 12; ++step) {
    for (uint32_t watch = 0; watch < binding.watches.size() && watch < 16; ++watch) {
      evaluator->set(watch, values[next++ % std::size(values)], now);
    }
    evaluator->deliverWebhook(now);
    for (int wake = 0; wake < 4; ++wake) {
      const auto outcome = evaluator->evaluate(now);
      if (outcome.wake == Instant::max()) {
        break;
      }
      const Nanoseconds wait = std::max(outcome.wake - now.now, Nanoseconds(0));
      now.now += wait;
      now.utcNs += wait.count();
    }
    (void)evaluator->conditions();
    const json::Object progress = evaluator->progress();
    if (step % 4 == 3) {
      evaluator = std::make_unique<Evaluator>(shared, binding, place, now);
      evaluator->restore(progress, now);
    }
  }
}

}  // namespace

// The members of the document are those of a trigger. What is accepted is at work for a while, and
// its conditions read as the same when they are written.
// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer's name
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const auto document = json::parse({reinterpret_cast<const char*>(data), size});
  if (!document.ok() || document->asObject() == nullptr) {
    return 0;
  }
  const auto part = [&document](std::string_view name) {
    const json::Value* value = document->find(name);
    return value != nullptr ? *value : json::Value();
  };
  model::Trigger trigger;
  trigger.conditions = part("conditions");
  trigger.actions = part("actions");
  trigger.webhook = part("webhook");
  trigger.enableWebhook = part("enable_webhook") == json::Value(true);
  trigger.anyMatch = part("any_match") == json::Value(true);
  const json::Value debounce = part("debounce_period");
  trigger.debounceMs = debounce.asInt() != nullptr ? *debounce.asInt() : 0;
  const ReadSpec read = readSpec(trigger);
  if (!read.errors.empty()) {
    return 0;
  }
  live(read.spec);
  model::Trigger again = trigger;
  again.conditions = toJson(read.spec.conditions);
  const ReadSpec second = readSpec(again);
  if (!second.errors.empty() || !(toJson(second.spec.conditions) == again.conditions)) {
    __builtin_trap();
  }
  return 0;
}
