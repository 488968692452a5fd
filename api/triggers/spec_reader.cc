// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <utility>

#include "api/triggers/action_reader.h"
#include "api/triggers/condition_reader.h"
#include "api/triggers/fields.h"
#include "api/triggers/operators.h"
#include "api/triggers/spec.h"

namespace busbar::triggers {
namespace {

constexpr int64_t kLongestDebounceMs = 86'400'000;
constexpr int64_t kLongestPeriodMs = int64_t{31} * 86'400'000;
constexpr int64_t kMostFirings = 1'000'000;
constexpr size_t kMaxChecks = 32;

int64_t within(int64_t value, int64_t most, const char* field, model::FieldErrors& errors) {
  if (value < 0 || value > most) {
    noteError(errors, field, "must be from 0 to " + std::to_string(most));
    return 0;
  }
  return value;
}

bool isPointer(std::string_view text) {  // RFC 6901 s. 3
  for (size_t at = text.find('~'); at != std::string_view::npos; at = text.find('~', at + 1)) {
    if (at + 1 == text.size() || (text[at + 1] != '0' && text[at + 1] != '1')) {
      return false;
    }
  }
  return text.empty() || text.front() == '/';
}

BodyCheck bodyCheck(const json::Value& value, std::string path, model::FieldErrors& errors) {
  Fields fields(value, std::move(path), errors);
  BodyCheck check;
  if (const json::Value* pointer = fields.require("pointer")) {  // an empty one is the whole body
    const std::string* text = pointer->asString();
    if (text == nullptr || text->size() > kMaxShortTextBytes || !isPointer(*text)) {
      fields.fail("pointer", "must be a JSON pointer such as /event/type (RFC 6901)");
    } else {
      check.pointer = *text;
    }
  }
  const std::string* name = fields.requireText("operator");
  const auto op = name != nullptr ? toOperator(*name) : std::nullopt;
  if (name != nullptr && !op) {
    fields.fail("operator", "must be an operator of comparisons, such as equal");
  }
  check.op = op.value_or(Operator::Equal);
  const json::Value* constant = fields.findValue("value");
  if (constant == nullptr) {
    fields.fail("value", "is required");
  } else if (std::string problem = constantProblem(check.op, false, *constant); !problem.empty()) {
    fields.fail("value", std::move(problem));
  } else if (json::write(*constant).size() > kMaxLongTextBytes) {
    fields.fail("value", "must not be larger than 64 KiB");
  } else {
    check.value = *constant;
  }
  fields.finish();
  return check;
}

WebhookRules webhookRules(const model::Trigger& trigger, model::FieldErrors& errors) {
  WebhookRules rules;
  rules.methods = trigger.supportedMethods;
  for (const std::string& method : rules.methods) {
    if (std::find(kHttpMethods.begin(), kHttpMethods.end(), method) == kHttpMethods.end()) {
      noteError(errors, "supported_methods", "must be some of GET, POST, PUT, PATCH and DELETE");
      break;
    }
  }
  if (trigger.webhook.isNull()) {
    return rules;
  }
  Fields fields(trigger.webhook, "webhook", errors);
  if (const std::string* proof = fields.text("proof")) {
    rules.proof = *proof == "hmac" ? WebhookRules::Proof::Hmac : WebhookRules::Proof::Secret;
    if (*proof != "hmac" && *proof != "secret") {
      fields.fail("proof", "must be secret or hmac");
    }
  }
  const json::Array* checks = fields.array("checks", kMaxChecks);
  for (size_t i = 0; checks != nullptr && i < checks->size(); ++i) {
    rules.checks.push_back(bodyCheck((*checks)[i], pathOf(fields.pathOf("checks"), i), errors));
  }
  fields.finish();
  return rules;
}

void addOperands(const Condition& condition, std::vector<StatusRef>& out) {
  const auto addSides = [&out](const Compare& compare) {
    for (const Operand* side : {&compare.left, &compare.right}) {
      if (const StatusRef* ref = std::get_if<StatusRef>(side)) {
        out.push_back(*ref);
      }
    }
  };
  if (const Compare* compare = std::get_if<Compare>(&condition.what)) {
    addSides(*compare);
  } else if (const Became* became = std::get_if<Became>(&condition.what)) {
    addSides(became->compare);
  } else if (const Changed* changed = std::get_if<Changed>(&condition.what)) {
    out.push_back(changed->status);
  } else if (const Stale* stale = std::get_if<Stale>(&condition.what)) {
    out.push_back(stale->status);
  } else if (const Offline* offline = std::get_if<Offline>(&condition.what)) {
    out.push_back(offline->modules);
  } else if (const Group* group = std::get_if<Group>(&condition.what)) {
    for (const Condition& member : group->members) {
      addOperands(member, out);
    }
  }
}

}  // namespace

ReadSpec readSpec(const model::Trigger& trigger) {
  ReadSpec read;
  Spec& spec = read.spec;
  spec.anyMatch = trigger.anyMatch;
  spec.hasWebhook = trigger.enableWebhook;
  spec.debounce =
      Milliseconds(within(trigger.debounceMs, kLongestDebounceMs, "debounce_period", read.errors));
  spec.maxFirings =
      static_cast<unsigned>(within(trigger.maxFirings, kMostFirings, "max_firings", read.errors));
  spec.period = Milliseconds(within(trigger.periodMs, kLongestPeriodMs, "period_ms", read.errors));
  if (spec.maxFirings > 0 && spec.period == Milliseconds(0)) {
    noteError(read.errors, "period_ms", "is required with max_firings");
  }
  spec.conditions =
      readConditions(trigger.conditions.isNull() ? json::Object() : trigger.conditions,
                     {spec.hasWebhook, spec.debounce}, read.errors);
  if (!trigger.actions.isNull()) {
    readActions(trigger.actions, spec, read.errors);
  }
  spec.webhook = webhookRules(trigger, read.errors);
  return read;
}

std::vector<StatusRef> operandsOf(const Spec& spec) {
  std::vector<StatusRef> operands;
  for (const Condition& condition : spec.conditions) {
    addOperands(condition, operands);
  }
  return operands;
}

}  // namespace busbar::triggers
