// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/trigger_words.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>

#include "tools/busbar/clock_text.h"
#include "tools/busbar/members.h"
#include "tools/busbar/output.h"

namespace busbar::cli {
namespace {

constexpr std::array<std::pair<std::string_view, std::string_view>, 12> kOperators{
    {{"equal", "="},
     {"not_equal", "!="},
     {"greater_than", ">"},
     {"greater_than_or_equal", ">="},
     {"less_than", "<"},
     {"less_than_or_equal", "<="},
     {"and", "and"},
     {"or", "or"},
     {"exclusive_or", "xor"},
     {"contains", "contains"},
     {"starts_with", "starts with"},
     {"ends_with", "ends with"}}};

std::string joined(const json::Array& words, std::string_view between) {
  std::string out;
  for (const json::Value& word : words) {
    out += (out.empty() ? "" : std::string(between)) +
           (word.asString() == nullptr ? json::write(word) : *word.asString());
  }
  return out;
}

// " for 10 s", or nothing.
std::string lasting(const json::Value& from, std::string_view member) {
  const int64_t ms = numberOf(from, member);
  return ms == 0 ? std::string() : " for " + exactDurationText(ms);
}

std::string inZone(const json::Value& from) {
  const std::string zone = cellText(from, "timezone");
  return zone.empty() ? zone : " (" + zone + ")";
}

std::string comparisonText(const json::Value& comparison) {
  const std::string name = cellText(comparison, "operator");
  const auto* found = std::find_if(kOperators.begin(), kOperators.end(),
                                   [&](const auto& entry) { return entry.first == name; });
  return operandText(memberOf(comparison, "left")) + " " +
         std::string(found == kOperators.end() ? name : found->second) + " " +
         operandText(memberOf(comparison, "right"));
}

std::string timeText(const json::Value& entry) {
  const std::string cron = cellText(entry, "cron");
  return cron.empty() ? "at " + dateAndClockText(cellText(entry, "time"))
                      : "cron " + cron + inZone(entry);
}

std::string offlineText(const json::Value& what) {
  std::string who = cellText(what, "mod");
  if (who.empty()) {
    const std::string interface = cellText(what, "interface");
    who = "any module" + (interface.empty() ? "" : " of " + interface);
  }
  const std::string zone = cellText(what, "zone_id");
  return who + (zone.empty() ? "" : " in " + zone) + " is offline" + lasting(what, "grace_ms");
}

// Of a node's one kind and what stands there.
std::string kindText(const std::string& kind, const json::Value& what) {
  if (kind == "all" || kind == "any" || kind == "one_of" || kind == "none") {
    const size_t count = what.asArray() == nullptr ? 0 : what.asArray()->size();
    return (kind == "one_of" ? "one of " : kind + " of ") + std::to_string(count);
  }
  if (kind == "compare") {
    return comparisonText(what);
  }
  if (kind == "became") {
    return comparisonText(what) + " comes true";
  }
  if (kind == "changed") {
    return operandText(what) + " changes";
  }
  if (kind == "stale") {
    return operandText(memberOf(what, "status")) + " is not updated" + lasting(what, "after_ms");
  }
  if (kind == "offline") {
    return offlineText(what);
  }
  if (kind == "at") {
    return "at " + dateAndClockText(json::write(what));
  }
  if (kind == "cron") {
    return "cron " + cellText(what, "cron") + inZone(what);
  }
  if (kind == "between") {
    return "from " + cellText(what, "from") + " to " + cellText(what, "to") + inZone(what);
  }
  if (kind == "days") {
    return "on " + joined(arrayOf(what, "weekdays"), ", ") + inZone(what);
  }
  if (kind == "webhook") {
    return "its webhook is called";
  }
  return what.asString() == nullptr ? kind : "at " + *what.asString();  // "sun"
}

// The node that a JSON pointer below `rule` names; null: none.
const json::Value* nodeAt(const json::Value* node, std::string_view pointer) {
  while (node != nullptr && !pointer.empty()) {
    pointer.remove_prefix(1);
    const std::string_view word = pointer.substr(0, pointer.find('/'));
    pointer.remove_prefix(word.size());
    if (const json::Array* array = node->asArray()) {
      size_t index = array->size();
      std::from_chars(word.data(), word.data() + word.size(), index);
      node = index < array->size() ? &(*array)[index] : nullptr;
    } else {
      node = node->find(word);
    }
  }
  return node;
}

// The number in "comparison_12".
std::optional<size_t> numberAfter(std::string_view key, std::string_view prefix) {
  size_t number = 0;
  if (!key.starts_with(prefix)) {
    return std::nullopt;
  }
  const std::string_view digits = key.substr(prefix.size());
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() && end == digits.data() + digits.size() ? std::optional(number)
                                                                      : std::nullopt;
}

std::string amount(size_t count, const std::string& one, const std::string& many) {
  return count == 0 ? std::string() : std::to_string(count) + " " + (count == 1 ? one : many);
}

std::string listed(const std::vector<std::string>& parts) {
  std::string out;
  for (const std::string& part : parts) {
    out += (out.empty() || part.empty() ? "" : ", ") + part;
  }
  return out;
}

std::string functionText(const json::Value& call) {
  const std::string mod = cellText(call, "mod");
  const json::Value& args = memberOf(call, "args");
  std::string text = (mod.empty() ? "all of " + cellText(call, "interface") : mod) + "." +
                     cellText(call, "method") + "(";
  const std::string written = args.isNull() ? std::string() : json::write(args);
  return text + (written == "{}" || written == "[]" ? "" : written) + ")";
}

std::string mailText(const json::Value& mail) {
  return "mail to " + joined(arrayOf(mail, "emails"), ", ");
}

std::string webhookText(const json::Value& call) {
  const std::string method = cellText(call, "method");
  return (method.empty() ? "POST" : method) + " " + cellText(call, "url");
}

void addSteps(std::vector<std::pair<std::string, std::string>>& out, const json::Array& steps,
              const std::string& prefix) {
  for (size_t i = 0; i < steps.size(); ++i) {
    const std::string key = prefix + "/" + std::to_string(i);
    out.emplace_back(key, stepText(steps[i]));
    addSteps(out, arrayOf(steps[i], "parallel"), key + "/parallel");
  }
}

}  // namespace

std::string operandText(const json::Value& operand) {
  if (operand.asObject() == nullptr) {
    return json::write(operand);
  }
  std::string text = cellText(operand, "trigger");
  if (text.empty()) {
    text = cellText(operand, "mod");
  }
  if (text.empty()) {
    const std::string of = cellText(operand, "of");
    text = (of.empty() ? "" : of + " of ") + cellText(operand, "interface");
  }
  text += "." + cellText(operand, "status");
  for (const json::Value& key : arrayOf(operand, "keys")) {
    text += "." + (key.asString() == nullptr ? json::write(key) : *key.asString());
  }
  const std::string zone = cellText(operand, "zone_id");
  return text + (zone.empty() ? "" : " in " + zone);
}

std::string nodeText(const json::Value& node) {
  if (node.asObject() == nullptr) {
    return json::write(node);
  }
  for (const auto& [kind, what] : *node.asObject()) {
    if (kind != "for_ms") {
      return kindText(kind, what) + lasting(node, "for_ms");
    }
  }
  return json::write(node);
}

std::string conditionText(const json::Value& conditions, std::string_view key) {
  if (key == "webhook") {
    return "its webhook is called";
  }
  if (const auto index = numberAfter(key, "comparison_")) {
    const json::Array& all = arrayOf(conditions, "comparisons");
    return *index < all.size() ? comparisonText(all[*index]) + lasting(all[*index], "for_ms") : "";
  }
  if (const auto index = numberAfter(key, "time_")) {
    const json::Array& all = arrayOf(conditions, "time_dependents");
    return *index < all.size() ? timeText(all[*index]) : "";
  }
  if (key == "rule" || key.starts_with("rule/")) {
    const json::Value* node = nodeAt(conditions.find("rule"), key.substr(4));
    return node == nullptr ? "" : nodeText(*node);
  }
  return {};
}

std::string stepText(const json::Value& step) {
  if (const json::Value* call = step.find("function")) {
    return functionText(*call);
  }
  if (const json::Value* mail = step.find("mail")) {
    return mailText(*mail);
  }
  if (const json::Value* call = step.find("webhook")) {
    return webhookText(*call);
  }
  if (const json::Value* status = step.find("status")) {
    return "status " + cellText(*status, "name") + " = " + json::write(memberOf(*status, "value"));
  }
  if (const json::Value* other = step.find("trigger")) {
    return "trigger " + cellText(*other, "trigger_id");
  }
  if (step.find("parallel") != nullptr) {
    return std::to_string(arrayOf(step, "parallel").size()) + " side by side";
  }
  return json::write(step);
}

std::vector<std::pair<std::string, std::string>> actionTexts(const json::Value& actions) {
  std::vector<std::pair<std::string, std::string>> out;
  const json::Array& functions = arrayOf(actions, "functions");
  for (size_t i = 0; i < functions.size(); ++i) {
    out.emplace_back("functions/" + std::to_string(i), functionText(functions[i]));
  }
  const json::Array& mailers = arrayOf(actions, "mailers");
  for (size_t i = 0; i < mailers.size(); ++i) {
    out.emplace_back("mailers/" + std::to_string(i), mailText(mailers[i]));
  }
  addSteps(out, arrayOf(actions, "steps"), "steps");
  addSteps(out, arrayOf(actions, "ended"), "ended");
  return out;
}

std::string conditionsSummary(const json::Value& trigger) {
  const json::Value& conditions = memberOf(trigger, "conditions");
  return listed({amount(arrayOf(conditions, "comparisons").size(), "comparison", "comparisons"),
                 amount(arrayOf(conditions, "time_dependents").size(), "time", "times"),
                 memberOf(conditions, "rule").isNull() ? "" : "rule",
                 isSet(trigger, "enable_webhook") ? "webhook" : ""});
}

std::string actionsSummary(const json::Value& trigger) {
  const json::Value& actions = memberOf(trigger, "actions");
  return listed({amount(arrayOf(actions, "functions").size(), "function", "functions"),
                 amount(arrayOf(actions, "mailers").size(), "mail", "mails"),
                 amount(arrayOf(actions, "steps").size(), "step", "steps"),
                 amount(arrayOf(actions, "ended").size(), "at the end", "at the end")});
}

}  // namespace busbar::cli
