// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tests/unit/api/triggers/random_document.h"

#include "sdk/base/json.h"
#include "tests/unit/sdk/base/local_time.h"

namespace busbar::triggers {

model::Trigger RandomDocument::trigger() {
  model::Trigger trigger;
  trigger.debounceMs = std::stoi(duration(roll(2) * roll(3000)));
  trigger.anyMatch = roll(2) == 0;
  trigger.enableWebhook = roll(3) == 0;
  isPulseHeld_ = trigger.debounceMs > 500;
  hasWebhook_ = trigger.enableWebhook;
  std::string comparisons;
  for (int i = roll(3); i > 0; --i) {
    comparisons += (comparisons.empty() ? "" : ",") + compare(true);
  }
  std::string text = "{\"comparisons\":[" + comparisons + "]";
  if (roll(4) == 0) {
    text += R"(,"time_dependents":[{"type":"cron","cron":"*/7 * * * * *"}])";
  }
  if (roll(5) != 0) {
    text += ",\"rule\":" + node(0);
  }
  trigger.conditions = json::parse(text + "}").value();
  return trigger;
}

const char* RandomDocument::value() {
  constexpr const char* kTexts[] = {"0",      "1",    "1.0",  "2",         "3",        "-1.5",
                                    "\"ab\"", "true", "null", "{\"k\":1}", "[1,\"a\"]"};
  const int i = roll(14);
  return i < 11 ? kTexts[i] : i < 13 ? "{\"k\":2}" : nullptr;
}

std::string RandomDocument::pick(std::initializer_list<const char*> words) {
  return *(words.begin() + roll(static_cast<int>(words.size())));
}

// Rounded up, so that what may not be 0 is not.
std::string RandomDocument::duration(int ms) {
  return std::to_string((ms + shape_.quantumMs - 1) / shape_.quantumMs * shape_.quantumMs);
}

std::string RandomDocument::one() {
  return R"({"mod":")" + pick({shape_.first, shape_.second}) + R"(","status":"x")" +
         (roll(4) == 0 ? R"(,"keys":["k"])" : "") + "}";
}

std::string RandomDocument::several(bool isChange) {
  return R"({"interface":")" + pick({"i/1", "none/1"}) + R"(","of":")" +
         (isChange ? "any" : pick({"any", "all", "none"})) + R"(","status":"x"})";
}

std::string RandomDocument::compare(bool mayHold) {
  const bool isOrdering = roll(2) == 0;
  const std::string left = roll(3) == 0 ? several(false) : one();
  std::string text =
      "{\"left\":" + left + ",\"operator\":\"" +
      (isOrdering
           ? pick({"greater_than", "less_than", "greater_than_or_equal", "less_than_or_equal"})
           : pick({"equal", "not_equal", "and", "or", "exclusive_or"})) +
      "\",\"right\":" + (roll(4) == 0 ? one() : pick({"1", "2", "0.5"}));
  if (isOrdering && roll(2) == 0) {
    text += ",\"hysteresis\":" + pick({"1", "0.5", "2"});
  }
  return text + (mayHold ? hold() : "") + "}";
}

std::string RandomDocument::hold() {
  return roll(3) == 0 ? ",\"for_ms\":" + duration(roll(4000)) : std::string();
}

std::string RandomDocument::node(int depth) {
  const int kind = roll(depth < 3 ? 16 : 10);
  const std::string held = isPulseHeld_ && roll(3) == 0 ? ",\"for_ms\":400" : "";
  switch (kind) {
    case 0:
    case 1:
      return "{\"compare\":" + compare(false) + hold() + "}";
    case 2:
      return "{\"changed\":" + (roll(2) == 0 ? one() : several(true)) + held + "}";
    case 3:
      return "{\"became\":" + compare(false) + held + "}";
    case 4:
      return "{\"stale\":{\"status\":" + plain() + ",\"after_ms\":" + duration(1 + roll(5000)) +
             "}" + hold() + "}";
    case 5:
    case 6:
      return "{\"offline\":{\"grace_ms\":" + duration(roll(3) * 900) +
             (roll(2) == 0 ? R"(,"interface":"i/1")" : "") + "}" + hold() + "}";
    case 7:
      return roll(2) == 0
                 ? R"({"between":{"from":"12:00:)" + pick({"05", "10", "30"}) +
                       R"(","to":"12:00:)" + pick({"12", "20", "05"}) + "\"}" + hold() + "}"
                 : R"({"days":{"weekdays":[")" + pick({"mon", "tue"}) + "\"]}}";
    case 8:
      return roll(2) == 0
                 ? R"({"cron":{"cron":"*/5 * * * * *"}})"
                 : "{\"at\":" +
                       std::to_string(utc("2025-06-02 12:00:09").time_since_epoch().count()) + "}";
    case 9:
      return hasWebhook_ ? "{\"webhook\":true" + held + "}"
                         : "{\"compare\":" + compare(false) + "}";
    default:
      return group(depth);
  }
}

std::string RandomDocument::plain() {
  return roll(2) == 0 ? "{\"mod\":\"" + std::string(shape_.first) + R"(","status":"x"})"
                      : several(false);
}

std::string RandomDocument::group(int depth) {
  std::string members;
  for (int i = 1 + roll(3); i > 0; --i) {
    members += (members.empty() ? "" : ",") + node(depth + 1);
  }
  return "{\"" + pick({"all", "any", "one_of", "none"}) + "\":[" + members + "]" + hold() + "}";
}

}  // namespace busbar::triggers
