// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <utility>

#include "api/triggers/condition_reader.h"
#include "api/triggers/day_time.h"
#include "api/triggers/weekdays.h"

namespace busbar::triggers {
namespace {

using json::Object;
using json::Value;

Object only(std::string_view name, Value value) {
  Object object;
  object.set(name, std::move(value));
  return object;
}

int64_t countOf(Milliseconds time) {
  return time.count();
}

Value quantifierJson(Quantifier of) {
  return of == Quantifier::All ? "all" : of == Quantifier::None ? "none" : "any";
}

Value statusJson(const StatusRef& ref) {
  Object object;
  if (!ref.mod.empty()) {
    object.set("mod", ref.mod);
  } else if (!ref.triggerId.empty()) {
    object.set("trigger", ref.triggerId);
  } else {
    object.set("interface", ref.interface);
    object.set("of", quantifierJson(ref.of));
    if (!ref.zoneId.empty()) {
      object.set("zone_id", ref.zoneId);
    }
  }
  object.set("status", ref.status);
  if (!ref.keys.empty()) {
    json::Array keys(ref.keys.begin(), ref.keys.end());
    object.set("keys", std::move(keys));
  }
  return object;
}

Value operandJson(const Operand& operand) {
  const StatusRef* ref = std::get_if<StatusRef>(&operand);
  return ref != nullptr ? statusJson(*ref) : std::get<Value>(operand);
}

Object compareJson(const Compare& compare) {
  Object object;
  object.set("left", operandJson(compare.left));
  object.set("operator", toString(compare.op));
  object.set("right", operandJson(compare.right));
  if (compare.hysteresis > 0) {
    object.set("hysteresis", compare.hysteresis);
  }
  return object;
}

void addZone(Object& object, const std::optional<TimeZone>& zone) {
  if (zone) {
    object.set("timezone", zone->name());
  }
}

Object cronJson(const Cron& cron) {
  Object object = only("cron", cron.schedule.text());
  addZone(object, cron.zone);
  if (cron.runMissed) {
    object.set("missed", "run_once");
  }
  return object;
}

// The kind's member, by its name in a rule.
struct KindJson {
  Object operator()(const Compare& what) const { return only("compare", compareJson(what)); }
  Object operator()(const Changed& what) const { return only("changed", statusJson(what.status)); }
  Object operator()(const Became& what) const { return only("became", compareJson(what.compare)); }
  Object operator()(const Stale& what) const {
    Object object = only("status", statusJson(what.status));
    object.set("after_ms", countOf(what.after));
    return only("stale", std::move(object));
  }
  Object operator()(const Offline& what) const {
    Object object = only("grace_ms", countOf(what.grace));
    const StatusRef& modules = what.modules;
    for (const auto& [name, text] :
         {std::pair("mod", &modules.mod), std::pair("interface", &modules.interface),
          std::pair("zone_id", &modules.zoneId)}) {
      if (!text->empty()) {
        object.set(name, *text);
      }
    }
    return only("offline", std::move(object));
  }
  Object operator()(const At& what) const {
    return only("at", int64_t{what.time.time_since_epoch().count()});
  }
  Object operator()(const Cron& what) const { return only("cron", cronJson(what)); }
  Object operator()(const Sun& what) const { return only("sun", toString(what.when)); }
  Object operator()(const Between& what) const {
    Object object = only("from", toString(what.from));
    object.set("to", toString(what.to));
    addZone(object, what.zone);
    return only("between", std::move(object));
  }
  Object operator()(const Days& what) const {
    json::Array names;
    for (size_t i = 0; i < kWeekdayNames.size(); ++i) {
      if ((what.weekdays >> i & 1U) != 0) {
        names.emplace_back(kWeekdayNames[i]);
      }
    }
    Object object = only("weekdays", std::move(names));
    addZone(object, what.zone);
    return only("days", std::move(object));
  }
  Object operator()(const Webhook&) const { return only("webhook", true); }
  Object operator()(const Group& what) const {
    constexpr std::string_view kNames[] = {"all", "any", "one_of", "none"};
    json::Array members;
    for (const Condition& member : what.members) {
      members.push_back(toJson(member));
    }
    return only(kNames[static_cast<size_t>(what.kind)], std::move(members));
  }
};

// As an entry of "time_dependents".
Object timeDependentJson(const Condition& condition) {
  if (const Cron* cron = std::get_if<Cron>(&condition.what)) {
    Object object = cronJson(*cron);
    object.set("type", "cron");
    return object;
  }
  Object object = only("type", "at");
  object.set("time", int64_t{std::get<At>(condition.what).time.time_since_epoch().count()});
  return object;
}

}  // namespace

Value toJson(const Condition& condition) {
  Object object = std::visit(KindJson{}, condition.what);
  if (condition.holdFor > Milliseconds(0)) {
    object.set("for_ms", countOf(condition.holdFor));
  }
  return object;
}

Value toJson(const std::vector<Condition>& conditions) {
  Object document;
  json::Array comparisons;
  json::Array times;
  for (const Condition& condition : conditions) {
    if (condition.key == "rule") {
      document.set("rule", toJson(condition));
    } else if (const Compare* compare = std::get_if<Compare>(&condition.what)) {
      Object object = compareJson(*compare);
      if (condition.holdFor > Milliseconds(0)) {
        object.set("for_ms", countOf(condition.holdFor));
      }
      comparisons.emplace_back(std::move(object));
    } else if (condition.key != "webhook") {
      times.emplace_back(timeDependentJson(condition));
    }
  }
  document.set("comparisons", std::move(comparisons));
  document.set("time_dependents", std::move(times));
  return document;
}

}  // namespace busbar::triggers
