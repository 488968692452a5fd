// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "registry/model/records.h"
#include "registry/model/validate.h"
#include "sdk/base/clock.h"
#include "sdk/base/cron.h"
#include "sdk/base/json.h"
#include "sdk/base/time_zone.h"

// A trigger's conditions and actions, typed: what api/openapi.yaml "TriggerConditions" and
// "TriggerActions" say as JSON. Plain values; nothing here depends on a system or on the present.
namespace busbar::triggers {

// Of several modules that an operand stands for.
enum class Quantifier { One, Any, All, None };

// A status of one or several modules.
struct StatusRef {
  std::string mod;        // "Display_1", as in the system; empty: `interface` says which
  std::string interface;  // "powerable/1": modules whose driver implements it
  std::string triggerId;  // instead of a module: what that trigger's actions set, in this system
  Quantifier of = Quantifier::One;
  std::string zoneId;  // with `interface`: of every system of that zone instead of this system
  std::string status;
  std::vector<std::string> keys;  // into an object; "0" into an array
  bool operator==(const StatusRef&) const = default;
};

// A constant or a status.
using Operand = std::variant<json::Value, StatusRef>;

enum class Operator {
  Equal,
  NotEqual,
  Greater,
  GreaterOrEqual,
  Less,
  LessOrEqual,
  And,
  Or,
  ExclusiveOr,
  // Busbar's own
  Contains,  // a text in a text, a value in an array, a member in an object
  StartsWith,
  EndsWith,
};
std::string_view toString(Operator op);  // "equal", "greater_than_or_equal", …
std::optional<Operator> toOperator(std::string_view name);

// A moment of the day: a time on the wall, or the sun with an offset.
struct DayTime {
  enum class Kind { Wall, Sunrise, Sunset };
  Kind kind = Kind::Wall;
  std::chrono::seconds offset{0};  // Wall: since midnight
  bool operator==(const DayTime&) const = default;
};

// Kinds of conditions. Those marked `pulse` come true at a moment and stay so for the trigger's
// debounce period; the others are true as long as what they say holds.
struct Compare {
  Operand left;
  Operator op = Operator::Equal;
  Operand right;
  double hysteresis = 0;  // once true, false only when the other side is passed by more than this
};
struct Changed {  // pulse: a new value that differs from the last one; of several modules: any
  StatusRef status;
};
struct Became {  // pulse: the comparison turned true
  Compare compare;
};
struct Stale {  // no update, not even with the same value, for so long
  StatusRef status;
  Milliseconds after{0};
};
// A module has not been connected for so long; fires for each of them.
struct Offline {
  StatusRef modules;  // `status` is empty; all empty: every module of the system
  Milliseconds grace{0};
};
struct At {  // pulse; up to three hours late if busbard was not running
  SysSeconds time;
};
struct Cron {  // pulse
  CronSchedule schedule;
  std::optional<TimeZone> zone;  // none: that of the system, its zones, or the site
  bool runMissed = false;        // once after busbard was not running; else left out
};
struct Sun {  // pulse
  DayTime when;
};
// From `from`, which is included, until `to`, which is not; over midnight when to <= from. Summer
// time, polar day and night: day_time.h.
struct Between {
  DayTime from;
  DayTime to;
  std::optional<TimeZone> zone;
};
struct Days {
  uint8_t weekdays = 0;  // bit 0: Sunday
  std::optional<TimeZone> zone;
};
struct Webhook {};  // pulse: a delivery was accepted

struct Condition;
struct Group {
  enum class Kind { All, Any, OneOf, None };  // OneOf: an odd number, as exclusive_or
  Kind kind = Kind::All;
  std::vector<Condition> members;
};

struct Condition {
  // Names it in states and explanations: "comparison_0", "time_1", "webhook", "rule", and inside of
  // the rule its JSON pointer there: "rule/all/0".
  std::string key;
  Milliseconds holdFor{0};  // true only after what it says held for so long without a break
  std::variant<Compare, Changed, Became, Stale, Offline, At, Cron, Sun, Between, Days, Webhook,
               Group>
      what;
};

struct Retry {
  unsigned times = 0;  // after the first attempt
  Milliseconds first{1000};
  Milliseconds longest{60'000};  // doubles up to this
};

// Texts of these may hold templates (template.h).
struct CallFunction {
  std::string mod;  // "Display_1"; or every module of `interface` in the system, in parallel
  std::string interface;
  std::string method;
  json::Value args;  // an object by name, or an array
};
struct SendMail {
  std::vector<std::string> to;
  std::string subject;  // empty: the trigger's name
  std::string text;
};
struct CallWebhook {
  std::string method = "POST";
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;
  json::Value body;  // null: what fired (webhook_call.h)
};
struct SetStatus {
  std::string name;
  json::Value value;
};
struct CallTrigger {
  std::string triggerId;  // its instance in the same system
};
struct Step;
struct Parallel {
  std::vector<Step> steps;
};

struct Step {
  enum class OnFailure { Continue, Stop };
  std::string key;  // "functions/0", "mailers/1", "steps/2/parallel/0", "ended/0"
  std::variant<CallFunction, SendMail, CallWebhook, SetStatus, CallTrigger, Parallel> what;
  Milliseconds timeout{10'000};  // of one attempt
  Retry retry;
  OnFailure onFailure = OnFailure::Continue;
};

// What a webhook's body must hold.
struct BodyCheck {
  std::string pointer;  // RFC 6901
  Operator op = Operator::Equal;
  json::Value value;
};
struct WebhookRules {
  enum class Proof { Secret, Hmac };
  Proof proof = Proof::Secret;  // Hmac: a signature is demanded, the secret in the URL is refused
  std::vector<std::string> methods{"POST"};
  std::vector<BodyCheck> checks;
};

struct Spec {
  bool anyMatch = false;  // of the conditions at the top; else all of them
  Milliseconds debounce{0};
  std::vector<Condition> conditions;
  std::vector<Step> begin;  // functions, then mailers, then steps
  std::vector<Step> ended;  // when it is no longer triggered
  WebhookRules webhook;
  bool hasWebhook = false;
  // At most so many firings in a period; 0: any number.
  unsigned maxFirings = 0;
  Milliseconds period{0};
  // Firings in a row that its own actions caused, before it is stopped.
  unsigned loopLimit = 8;
};

struct ReadSpec {
  Spec spec;
  model::FieldErrors errors;  // fields are paths: "conditions.comparisons.0.operator"
};
// Types, ranges, operators, zones, cron, templates' syntax: all that needs no site.
ReadSpec readSpec(const model::Trigger& trigger);

// Every status that the conditions look at, in a fixed order: the operands of Evaluator.
std::vector<StatusRef> operandsOf(const Spec& spec);

}  // namespace busbar::triggers
