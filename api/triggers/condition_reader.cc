// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/triggers/condition_reader.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "api/triggers/day_time.h"
#include "api/triggers/fields.h"
#include "api/triggers/operators.h"
#include "api/triggers/weekdays.h"

namespace busbar::triggers {
namespace {

constexpr size_t kMaxConditions = 200;
constexpr unsigned kMaxRuleDepth = 8;
constexpr size_t kMaxKeys = 16;
constexpr int64_t kLongestMs = int64_t{366} * 24 * 3600 * 1000;
constexpr int64_t kLatestSecond = 7'258'118'400;  // 2200-01-01, still in nanoseconds
constexpr Fields::Range kDuration{0, kLongestMs};

enum class StatusUse {
  Operand,  // of a comparison, or stale: any number of modules
  Change,   // any of several modules
};

class Reader {
 public:
  Reader(const ConditionSurroundings& surroundings, model::FieldErrors& errors)
      : surroundings_(surroundings), errors_(errors) {}

  std::vector<Condition> read(const json::Value& document) {
    Fields fields(document, "conditions", errors_);
    std::vector<Condition> all;
    if (const json::Array* entries = fields.array("comparisons", kMaxConditions)) {
      for (size_t i = 0; i < entries->size(); ++i) {
        all.push_back(comparison((*entries)[i], pathOf(fields.pathOf("comparisons"), i),
                                 "comparison_" + std::to_string(i)));
      }
    }
    if (const json::Array* entries = fields.array("time_dependents", kMaxConditions)) {
      for (size_t i = 0; i < entries->size(); ++i) {
        all.push_back(timeDependent((*entries)[i], pathOf(fields.pathOf("time_dependents"), i),
                                    "time_" + std::to_string(i)));
      }
    }
    if (surroundings_.hasWebhook) {
      count("enable_webhook");
      all.push_back({"webhook", Milliseconds(0), Webhook{}});
    }
    if (const json::Value* rule = fields.find("rule")) {
      all.push_back(node(*rule, fields.pathOf("rule"), "rule", 1));
    }
    fields.finish();
    return all;
  }

 private:
  void count(const std::string& path) {
    if (++count_ == kMaxConditions + 1) {
      noteError(errors_, path,
                "is beyond the " + std::to_string(kMaxConditions) + " conditions of a trigger");
    }
  }

  Condition comparison(const json::Value& value, std::string path, std::string key) {
    count(path);
    Fields fields(value, std::move(path), errors_);
    Condition condition{std::move(key), holdOf(fields), compare(fields)};
    fields.finish();
    return condition;
  }

  Condition timeDependent(const json::Value& value, std::string path, std::string key) {
    count(path);
    Fields fields(value, std::move(path), errors_);
    Condition condition{std::move(key), Milliseconds(0), At{}};
    const std::string* type = fields.requireText("type");
    if (type != nullptr && *type == "at") {
      fields.find("cron");  // PlaceOS's clients send what is empty, too
      fields.require("time");
      condition.what = At{secondOf(fields, "time")};
    } else if (type != nullptr && *type == "cron") {
      fields.find("time");
      condition.what = cron(fields);
    } else if (type != nullptr) {
      fields.fail("type", "must be at or cron");
    }
    fields.finish();
    return condition;
  }

  // One of a rule, `depth` levels down.
  Condition node(const json::Value& value, std::string path, std::string key, unsigned depth) {
    count(path);
    Condition condition{std::move(key), Milliseconds(0), Webhook{}};
    if (depth > kMaxRuleDepth) {
      noteError(errors_, std::move(path),
                "is nested deeper than " + std::to_string(kMaxRuleDepth) + " levels");
      return condition;
    }
    Fields fields(value, std::move(path), errors_);
    const json::Member* kind =
        fields.findKind({"all", "any", "one_of", "none", "compare", "changed", "became", "stale",
                         "offline", "at", "cron", "sun", "between", "days", "webhook"});
    condition.holdFor = holdOf(fields);
    fields.finish();
    if (kind != nullptr) {
      readKind(fields, *kind, condition, depth);
      checkHold(fields, condition);
    }
    return condition;
  }

  void readKind(Fields& outer, const json::Member& kind, Condition& condition, unsigned depth) {
    const auto& [name, value] = kind;
    if (name == "all" || name == "any" || name == "one_of" || name == "none") {
      condition.what = group(outer, kind, condition.key, depth);
    } else if (name == "changed") {
      condition.what = Changed{status(value, outer.pathOf(name), StatusUse::Change)};
    } else if (name == "at") {
      condition.what = At{secondOf(outer, "at")};
    } else if (name == "sun") {
      condition.what = Sun{dayTime(outer, "sun", true)};
    } else if (name == "webhook") {
      if (value.asBool() == nullptr || !*value.asBool()) {
        outer.fail(name, "must be true");
      } else if (!surroundings_.hasWebhook) {
        outer.fail(name, "can never hold: enable_webhook is false");
      }
    } else {
      Fields fields(value, outer.pathOf(name), errors_);
      readObjectKind(fields, name, condition);
      fields.finish();
    }
  }

  void readObjectKind(Fields& fields, const std::string& name, Condition& condition) {
    if (name == "compare") {
      condition.what = compare(fields);
    } else if (name == "became") {
      condition.what = Became{compare(fields)};
    } else if (name == "stale") {
      condition.what = stale(fields);
    } else if (name == "offline") {
      condition.what = offline(fields);
    } else if (name == "cron") {
      condition.what = cron(fields);
    } else if (name == "between") {
      condition.what =
          Between{dayTime(fields, "from", false), dayTime(fields, "to", false), zoneOf(fields)};
    } else {
      condition.what = days(fields);
    }
  }

  Group group(Fields& outer, const json::Member& kind, const std::string& key, unsigned depth) {
    Group group;
    group.kind = kind.first == "all"      ? Group::Kind::All
                 : kind.first == "any"    ? Group::Kind::Any
                 : kind.first == "one_of" ? Group::Kind::OneOf
                                          : Group::Kind::None;
    const json::Array* members = outer.array(kind.first, kMaxConditions);
    if (members == nullptr || members->empty()) {
      if (members != nullptr) {
        outer.fail(kind.first, "must not be empty");
      }
      return group;
    }
    for (size_t i = 0; i < members->size() && count_ <= kMaxConditions; ++i) {
      group.members.push_back(node((*members)[i], pathOf(outer.pathOf(kind.first), i),
                                   key + "/" + kind.first + "/" + std::to_string(i), depth + 1));
    }
    return group;
  }

  Compare compare(Fields& fields) {
    Compare compare;
    const bool hasOperator = readOperator(fields, compare.op);
    compare.left = operand(fields, "left");
    compare.right = operand(fields, "right");
    if (hasOperator) {
      checkConstants(fields, compare);
    }
    const auto isMany = [](const Operand& operand) {
      const StatusRef* ref = std::get_if<StatusRef>(&operand);
      return ref != nullptr && ref->of != Quantifier::One;
    };
    if (isMany(compare.left) && isMany(compare.right)) {
      fields.fail("right", "must be of one module: left is of several");
    }
    if (const json::Value* slack = fields.find("hysteresis")) {
      compare.hysteresis = slack->toDouble();
      if (!slack->isNumber() || compare.hysteresis < 0) {
        compare.hysteresis = 0;
        fields.fail("hysteresis", "must be a number that is not negative");
      } else if (compare.hysteresis > 0 && hasOperator && !isOrdering(compare.op)) {
        fields.fail("hysteresis", "needs an operator that compares numbers");
      }
    }
    return compare;
  }

  static bool readOperator(Fields& fields, Operator& out) {
    const std::string* name = fields.requireText("operator");
    if (name == nullptr) {
      return false;
    }
    const std::optional<Operator> op = toOperator(*name);
    if (!op) {
      fields.fail("operator",
                  "must be equal, not_equal, greater_than, greater_than_or_equal, less_than, "
                  "less_than_or_equal, and, or, exclusive_or, contains, starts_with or ends_with");
      return false;
    }
    out = *op;
    return true;
  }

  static void checkConstants(Fields& fields, const Compare& compare) {
    const json::Value* left = std::get_if<json::Value>(&compare.left);
    const json::Value* right = std::get_if<json::Value>(&compare.right);
    for (const auto& [constant, name] : {std::pair(left, "left"), std::pair(right, "right")}) {
      if (constant == nullptr) {
        continue;
      }
      if (std::string problem = constantProblem(compare.op, constant == left, *constant);
          !problem.empty()) {
        fields.fail(name, std::move(problem));
      }
    }
    if (compare.op == Operator::Contains && left != nullptr && right != nullptr &&
        right->asString() == nullptr) {
      fields.fail("right", "must be a text: left is one");
    }
  }

  Operand operand(Fields& fields, std::string_view name) {
    const json::Value* value = fields.findValue(name);
    if (value == nullptr) {
      fields.fail(name, "is required");
      return json::Value();
    }
    if (value->asObject() != nullptr) {
      return status(*value, fields.pathOf(name), StatusUse::Operand);
    }
    const std::string* text = value->asString();
    if (value->asArray() != nullptr || (text != nullptr && text->size() > kMaxLongTextBytes)) {
      fields.fail(name,
                  "must be a number, true or false, null, a text of up to 64 KiB, or a status");
      return json::Value();
    }
    return *value;
  }

  StatusRef status(const json::Value& value, std::string path, StatusUse use) {
    Fields fields(value, std::move(path), errors_);
    StatusRef ref;
    const json::Member* kind = fields.findKind({"mod", "interface", "trigger"});
    if (const std::string* name = fields.requireText("status")) {
      ref.status = *name;
    }
    if (kind != nullptr && fields.text(kind->first) != nullptr) {
      (kind->first == "mod"         ? ref.mod
       : kind->first == "interface" ? ref.interface
                                    : ref.triggerId) = *kind->second.asString();
    }
    if (kind != nullptr && kind->first == "interface") {
      readSeveral(fields, ref, use);
    }
    if (kind == nullptr || kind->first != "trigger") {
      readKeys(fields, ref.keys);
    }
    fields.finish();
    return ref;
  }

  static void readSeveral(Fields& fields, StatusRef& ref, StatusUse use) {
    ref.of = Quantifier::Any;
    if (const std::string* of = fields.text("of")) {
      const bool isChange = use == StatusUse::Change;
      if (*of == "all" && !isChange) {
        ref.of = Quantifier::All;
      } else if (*of == "none" && !isChange) {
        ref.of = Quantifier::None;
      } else if (*of != "any") {
        fields.fail("of", isChange ? "must be any" : "must be any, all or none");
      }
    }
    if (const std::string* zone = fields.text("zone_id")) {
      ref.zoneId = *zone;
    }
  }

  static void readKeys(Fields& fields, std::vector<std::string>& keys) {
    const json::Array* entries = fields.array("keys", kMaxKeys);
    if (entries == nullptr) {
      return;
    }
    for (size_t i = 0; i < entries->size(); ++i) {
      const std::string* key = (*entries)[i].asString();
      if (key == nullptr || key->empty() || key->size() > kMaxShortTextBytes) {
        noteError(fields.errors(), pathOf(fields.pathOf("keys"), i),
                  "must be a text of 1 to 256 bytes");
        return;
      }
      keys.push_back(*key);
    }
  }

  Stale stale(Fields& fields) {
    Stale stale;
    if (const json::Value* ref = fields.require("status")) {
      stale.status = status(*ref, fields.pathOf("status"), StatusUse::Operand);
      if (!stale.status.keys.empty()) {
        noteError(errors_, fields.pathOf("status") + ".keys",
                  "make no sense here: an update is of the whole status");
      }
    }
    fields.require("after_ms");
    stale.after = Milliseconds(fields.integer("after_ms", {1, kLongestMs}).value_or(1));
    return stale;
  }

  static Offline offline(Fields& fields) {
    Offline offline;
    fields.require("grace_ms");
    offline.grace = Milliseconds(fields.integer("grace_ms", kDuration).value_or(0));
    const std::string* mod = fields.text("mod");
    const std::string* interface = fields.text("interface");
    const std::string* zone = fields.text("zone_id");
    if (mod != nullptr && (interface != nullptr || zone != nullptr)) {
      fields.fail("mod", "is one module: neither interface nor zone_id go with it");
    }
    offline.modules.mod = mod != nullptr ? *mod : "";
    offline.modules.interface = interface != nullptr ? *interface : "";
    offline.modules.zoneId = zone != nullptr ? *zone : "";
    offline.modules.of = mod != nullptr ? Quantifier::One : Quantifier::Any;
    return offline;
  }

  static SysSeconds secondOf(Fields& fields, std::string_view name) {
    return SysSeconds(std::chrono::seconds(fields.integer(name, {0, kLatestSecond}).value_or(0)));
  }

  static std::optional<TimeZone> zoneOf(Fields& fields) {
    const std::string* name = fields.text("timezone");
    if (name == nullptr) {
      return std::nullopt;
    }
    auto zone = TimeZone::find(*name);
    if (!zone) {
      fields.fail("timezone", "cannot be used: " + zone.error().message);
      return std::nullopt;
    }
    return *zone;
  }

  static Cron cron(Fields& fields) {
    Cron cron{anySchedule(), zoneOf(fields), false};
    if (const std::string* text = fields.requireText("cron")) {
      auto schedule = CronSchedule::parse(*text);
      if (schedule.ok()) {
        cron.schedule = std::move(*schedule);
      } else {
        fields.fail("cron", "cannot be used: " + schedule.error().message);
      }
    }
    if (const std::string* missed = fields.text("missed")) {
      cron.runMissed = *missed == "run_once";
      if (!cron.runMissed && *missed != "skip") {
        fields.fail("missed", "must be skip or run_once");
      }
    }
    return cron;
  }

  static CronSchedule anySchedule() { return std::move(CronSchedule::parse("@yearly")).value(); }

  static DayTime dayTime(Fields& fields, std::string_view name, bool isOfSun) {
    const std::string* text = fields.requireText(name);
    if (text == nullptr) {
      return {};
    }
    auto time = parseDayTime(*text);
    if (!time) {
      fields.fail(name, time.error().message);
      return {};
    }
    if (isOfSun && time->kind == DayTime::Kind::Wall) {
      fields.fail(name, "must be sunrise or sunset: cron is for times on the clock");
    }
    return *time;
  }

  static Days days(Fields& fields) {
    Days days{0, zoneOf(fields)};
    fields.require("weekdays");
    const json::Array* names = fields.array("weekdays", kWeekdayNames.size());
    if (names == nullptr) {
      return days;
    }
    for (const json::Value& entry : *names) {
      const std::string* name = entry.asString();
      const auto found = name == nullptr
                             ? kWeekdayNames.end()
                             : std::find(kWeekdayNames.begin(), kWeekdayNames.end(), *name);
      const auto bit = static_cast<unsigned>(found - kWeekdayNames.begin());
      if (found == kWeekdayNames.end() || (static_cast<unsigned>(days.weekdays) >> bit & 1U) != 0) {
        days.weekdays = 0;
        break;
      }
      days.weekdays = static_cast<uint8_t>(days.weekdays | 1U << bit);
    }
    if (days.weekdays == 0) {
      fields.fail("weekdays", "must be some of sun, mon, tue, wed, thu, fri and sat, each once");
    }
    return days;
  }

  static Milliseconds holdOf(Fields& fields) {
    return Milliseconds(fields.integer("for_ms", kDuration).value_or(0));
  }

  void checkHold(Fields& fields, const Condition& condition) const {
    const bool isPulse = std::visit(
        [](const auto& what) {
          using What = std::decay_t<decltype(what)>;
          return std::is_same_v<What, Changed> || std::is_same_v<What, Became> ||
                 std::is_same_v<What, At> || std::is_same_v<What, Cron> ||
                 std::is_same_v<What, Sun> || std::is_same_v<What, Webhook>;
        },
        condition.what);
    if (isPulse && condition.holdFor > Milliseconds(0) &&
        condition.holdFor >= surroundings_.debounce) {
      fields.fail("for_ms", "must be shorter than debounce_period, which is how long this holds");
    }
  }

  const ConditionSurroundings& surroundings_;
  model::FieldErrors& errors_;
  size_t count_ = 0;
};

}  // namespace

std::vector<Condition> readConditions(const json::Value& document,
                                      const ConditionSurroundings& surroundings,
                                      model::FieldErrors& errors) {
  return Reader(surroundings, errors).read(document);
}

}  // namespace busbar::triggers
