// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Triggers at work in systems: verbs of the noun "triggers".
#include <time.h>

#include <map>
#include <string>
#include <utility>

#include "tools/busbar/clock_text.h"
#include "tools/busbar/confirm.h"
#include "tools/busbar/exit_code.h"
#include "tools/busbar/follow.h"
#include "tools/busbar/input.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/table.h"
#include "tools/busbar/trigger_reference.h"
#include "tools/busbar/trigger_text.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

const std::string kInstances = std::string(kBusbar) + "/trigger_instances";

std::string systemsTriggers(const std::string& systemId) {
  return kSystems + "/" + encoded(systemId) + "/triggers";
}

// Never on a screen by the way: `secret` is for that.
json::Value withoutSecret(json::Value row) {
  if (row.asObject() != nullptr) {
    row.asObject()->erase("webhook_secret");
  }
  return row;
}

void showInstance(Session& session, json::Value row) {
  session.output().object(session.output().isForPeople() ? withoutSecret(std::move(row))
                                                         : std::move(row));
}

Status attach(Session& session, const Arguments& arguments) {
  auto trigger = resolveTrigger(session.client(), arguments.text("TRIGGER"));
  if (!trigger) {
    return trigger.error();
  }
  auto system = resolveSystem(session.client(), arguments.text("SYSTEM"));
  if (!system) {
    return system.error();
  }
  json::Object body;
  body.set("trigger_id", *trigger);
  if (arguments.has("exec")) {
    body.set("exec_enabled", true);
  }
  auto made = session.client().post(systemsTriggers(*system), body);
  if (!made) {
    return made.error();
  }
  showInstance(session, std::move(*made));
  return {};
}

Status detach(Session& session, const Arguments& arguments) {
  auto instance = resolveInstance(session.client(), arguments.text("INSTANCE"));
  if (!instance) {
    return instance.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, instance->path()));
  session.output().say(instance->id + " is no longer at work in " + instance->systemId);
  return {};
}

Status change(Session& session, const Arguments& arguments, const char* member, bool value) {
  auto instance = resolveInstance(session.client(), arguments.text("INSTANCE"));
  if (!instance) {
    return instance.error();
  }
  json::Object body;
  body.set(member, value);
  auto changed = session.client().patch(instance->path(), body);
  if (!changed) {
    return changed.error();
  }
  if (!session.output().isForPeople()) {
    session.output().object(*changed);
  }
  session.output().say(instance->id + ": " + member + " is " + (value ? "on" : "off"));
  return {};
}

Status enable(Session& session, const Arguments& arguments) {
  return change(session, arguments, "enabled", true);
}

Status disable(Session& session, const Arguments& arguments) {
  return change(session, arguments, "enabled", false);
}

Status switchTo(Session& session, const Arguments& arguments, const char* member) {
  const std::string state = arguments.text("STATE");
  if (state != "on" && state != "off") {
    return usageError("on or off, not '" + state + "'");
  }
  return change(session, arguments, member, state == "on");
}

Status setImportant(Session& session, const Arguments& arguments) {
  return switchTo(session, arguments, "important");
}

Status setExec(Session& session, const Arguments& arguments) {
  return switchTo(session, arguments, "exec_enabled");
}

// Adds the instances of one trigger, with its name.
Status addInstancesOf(Session& session, const std::string& triggerId, const std::string& name,
                      json::Array& out) {
  auto rows = session.client().list(kTriggers + "/" + encoded(triggerId) + "/instances");
  if (!rows) {
    return rows.error();
  }
  for (json::Value& row : *rows) {
    if (row.asObject() != nullptr && !row.asObject()->contains("name")) {
      row.asObject()->set("name", name);
    }
    out.push_back(std::move(row));
  }
  return {};
}

// The list of a trigger's instances has only the ids of systems.
void nameSystems(Session& session, json::Array& rows) {
  std::map<std::string, json::Object> systems;
  auto listed = rows.empty() ? Result<json::Array>(json::Array()) : session.client().list(kSystems);
  for (const json::Value& system : listed ? *listed : json::Array()) {
    json::Object& named = systems[cellText(system, "id")];
    named.set("id", cellText(system, "id"));
    named.set("name", cellText(system, "name"));
  }
  for (json::Value& row : rows) {
    const auto system = systems.find(systemOf(row));
    if (row.asObject() != nullptr && system != systems.end()) {
      row.asObject()->set("control_system", system->second);
    }
  }
}

Result<json::Array> allInstances(Session& session) {
  auto triggers = session.client().list(kTriggers);
  if (!triggers) {
    return triggers.error();
  }
  json::Array out;
  for (const json::Value& trigger : *triggers) {
    BUSBAR_TRY(addInstancesOf(session, cellText(trigger, "id"), cellText(trigger, "name"), out));
  }
  nameSystems(session, out);
  return out;
}

Result<json::Array> instancesFor(Session& session, const Arguments& arguments) {
  if (arguments.has("system")) {
    auto id = resolveSystem(session.client(), arguments.text("system"));
    if (!id) {
      return id.error();
    }
    std::string path = systemsTriggers(*id);
    if (arguments.has("TRIGGER")) {
      auto trigger = resolveTrigger(session.client(), arguments.text("TRIGGER"));
      if (!trigger) {
        return trigger.error();
      }
      path += "?trigger_id=" + encoded(*trigger);
    }
    return session.client().list(path);
  }
  if (!arguments.has("TRIGGER")) {
    return allInstances(session);
  }
  auto id = resolveTrigger(session.client(), arguments.text("TRIGGER"));
  if (!id) {
    return id.error();
  }
  auto trigger = session.client().get(kTriggers + "/" + encoded(*id));
  if (!trigger) {
    return trigger.error();
  }
  json::Array out;
  BUSBAR_TRY(addInstancesOf(session, *id, cellText(*trigger, "name"), out));
  nameSystems(session, out);
  return out;
}

Status listInstances(Session& session, const Arguments& arguments) {
  auto rows = instancesFor(session, arguments);
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      *rows, {{"ID", [](const json::Value& row) { return cellText(row, "id"); }},
              {"TRIGGER", [](const json::Value& row) { return cellText(row, "name"); }},
              {"SYSTEM",
               [](const json::Value& row) {
                 const json::Value* system = row.find("control_system");
                 const std::string name = system == nullptr ? "" : cellText(*system, "name");
                 return name.empty() ? systemOf(row) : name;
               }},
              {"ENABLED", [](const json::Value& row) { return cellText(row, "enabled"); }},
              {"TRIGGERED", [](const json::Value& row) { return cellText(row, "triggered"); }},
              {"FIRED", [](const json::Value& row) { return cellText(row, "trigger_count"); }},
              {"IMPORTANT", [](const json::Value& row) { return cellText(row, "important"); }},
              {"ZONE", [](const json::Value& row) { return cellText(row, "zone_id"); }}});
  return {};
}

Status renewWebhookSecret(Session& session, const Arguments& arguments) {
  auto instance = resolveInstance(session.client(), arguments.text("INSTANCE"));
  if (!instance) {
    return instance.error();
  }
  BUSBAR_TRY(confirm(arguments, "The present secret ends at once. Make a new one?"));
  auto made =
      session.client().post(kInstances + "/" + encoded(instance->id) + "/secret", json::Object());
  if (!made) {
    return made.error();
  }
  if (!session.output().isForPeople()) {
    session.output().object(*made);
    return {};
  }
  json::Object shown;
  // Over the control socket it is not known where the server listens.
  shown.set("url", session.client().connection().serverUrl + std::string(kEngine) + "/webhook/" +
                       encoded(instance->id) + "/notify");
  shown.set("webhook_secret", cellText(*made, "webhook_secret"));
  session.output().object(std::move(shown));
  session.output().say("give it as ?secret=…, or sign with it; keep it safe: it is shown only now");
  return {};
}

Status explain(Session& session, const Arguments& arguments) {
  const std::string reference = arguments.text("INSTANCE");
  auto instance = arguments.has("SYSTEM")
                      ? resolveInstance(session.client(), reference, arguments.text("SYSTEM"))
                      : resolveInstance(session.client(), reference);
  if (!instance) {
    return instance.error();
  }
  auto explanation = session.client().get(kInstances + "/" + encoded(instance->id) + "/explain");
  if (!explanation) {
    return explanation.error();
  }
  if (!session.output().isForPeople()) {
    session.output().object(*explanation);
    return {};
  }
  // Only for the words of its conditions.
  auto trigger =
      session.client().get(kTriggers + "/" + encoded(cellText(*explanation, "trigger_id")));
  session.output().text(explanationText(*explanation, trigger ? *trigger : json::Value()));
  return {};
}

// The newest rows of what is kept of an instance.
Result<json::Array> keptRows(Session& session, const Arguments& arguments, const char* what) {
  auto instance = resolveInstance(session.client(), arguments.text("INSTANCE"));
  if (!instance) {
    return instance.error();
  }
  const std::string limit = arguments.has("limit") ? arguments.text("limit") : "50";
  auto rows = session.client().get(kInstances + "/" + encoded(instance->id) + "/" + what +
                                   "?limit=" + encoded(limit));
  if (!rows) {
    return rows.error();
  }
  return rows->asArray() == nullptr ? json::Array() : std::move(*rows->asArray());
}

std::string timeCell(const json::Value& row) {
  return dateAndClockText(cellText(row, "time_ms"));
}

Status listFirings(Session& session, const Arguments& arguments) {
  auto rows = keptRows(session, arguments, "firings");
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      *rows, {{"TIME", timeCell},
              {"ID", [](const json::Value& row) { return cellText(row, "id"); }},
              {"CAUSE", causeText},
              {"OVER", [](const json::Value& row) { return cellText(row, "over"); }},
              {"REPEATED", [](const json::Value& row) { return cellText(row, "retry"); }},
              {"STEPS", progressText},
              {"FAILED", failuresText}});
  return {};
}

Status listDeliveries(Session& session, const Arguments& arguments) {
  auto rows = keptRows(session, arguments, "deliveries");
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      *rows, {{"TIME", timeCell},
              {"ID", [](const json::Value& row) { return cellText(row, "id"); }},
              {"METHOD", [](const json::Value& row) { return cellText(row, "method"); }},
              {"BYTES", [](const json::Value& row) { return cellText(row, "body_bytes"); }},
              {"STATUS", [](const json::Value& row) { return cellText(row, "status"); }},
              {"REASON", [](const json::Value& row) { return cellText(row, "reason"); }},
              {"FROM", [](const json::Value& row) { return cellText(row, "peer"); }},
              {"REPLAY OF", [](const json::Value& row) { return cellText(row, "replay_of"); }}});
  return {};
}

Status replay(Session& session, const Arguments& arguments) {
  const std::string id = arguments.text("DELIVERY");
  auto done = session.client().post(
      std::string(kBusbar) + "/webhook_deliveries/" + encoded(id) + "/replay", json::Object());
  if (!done) {
    return done.error();
  }
  if (!session.output().isForPeople()) {
    session.output().value(*done);
  }
  session.output().say("delivered again, as " + cellText(*done, "delivery_id"));
  return {};
}

// "Empty room in Demo room" by instance. Best effort: ids do as well.
std::map<std::string, std::string> instanceNames(Session& session, const std::string& systemId) {
  std::map<std::string, std::string> names;
  auto rows =
      systemId.empty() ? allInstances(session) : session.client().list(systemsTriggers(systemId));
  for (const json::Value& row : rows ? *rows : json::Array()) {
    const json::Value* system = row.find("control_system");
    const std::string where = system == nullptr ? "" : cellText(*system, "name");
    names[cellText(row, "id")] = cellText(row, "name") + (where.empty() ? "" : " in " + where);
  }
  return names;
}

Status watchTriggers(Session& session, const Arguments& arguments) {
  std::string query = "?kinds=trigger";
  std::string system;
  if (arguments.has("SYSTEM")) {
    auto id = resolveSystem(session.client(), arguments.text("SYSTEM"));
    if (!id) {
      return id.error();
    }
    system = *id;
    query += "&system=" + encoded(system);
  }
  const auto names = instanceNames(session, system);
  session.output().say("watching; Ctrl-C ends it");
  return follow(session, query, [&](const ServerEvent& event) {
    const auto data = json::parse(event.data, {4 << 20, 128});
    if (!data || data->asObject() == nullptr) {
      return;
    }
    if (!session.output().isForPeople()) {
      session.output().streamed(*data);
      return;
    }
    const std::string id = cellText(*data, "instance_id");
    const auto name = names.find(id);
    const json::Value* state = data->find("state");
    session.output().line(clockText(std::to_string(time(nullptr))) + "  " +
                          printable(name == names.end() ? id : name->second) + "  " +
                          stateLine(state == nullptr ? json::Value() : *state));
  });
}

}  // namespace

void addTriggerInstanceVerbs(VerbTable& table) {
  const Parameter instance{"INSTANCE", "Its id, SYSTEM/TRIGGER, or a trigger with one instance"};
  const Parameter trigger{"TRIGGER", "Id or name of a trigger"};
  const Parameter system{"SYSTEM", "Id or name of a system"};
  const Parameter state{"STATE", "on or off"};
  const Flag limit{"-n,--limit", "At most this many (default 50)", "COUNT", {}};
  table.verbs.insert(
      table.verbs.end(),
      {{"triggers",
        "attach",
        "Put a trigger to work in a system",
        {trigger, system},
        {{"--exec", "Its webhook may call functions of modules", "", {}}},
        attach},
       {"triggers", "detach", "End its work in a system", {instance}, {yesFlag()}, detach},
       {"triggers", "enable", "Let it work", {instance}, {}, enable},
       {"triggers", "disable", "Let it rest", {instance}, {}, disable},
       {"triggers",
        "important",
        "Mark it as important, or not",
        {instance, state},
        {},
        setImportant},
       {"triggers",
        "exec",
        "Let its webhook call functions of modules, or not",
        {instance, state},
        {},
        setExec},
       {"triggers",
        "instances",
        "Where triggers are at work, and whether they are triggered",
        {{"TRIGGER", "Only this one", false}},
        {{"--system", "Only those in a system", "SYSTEM", {}}},
        listInstances},
       {"triggers",
        "secret",
        "Make a new secret for its webhook and print both; the present one ends",
        {instance},
        {yesFlag()},
        renewWebhookSecret},
       {"triggers",
        "explain",
        "Why it is triggered or not, what comes next, and what its last firings did",
        {instance, {"SYSTEM", "With a TRIGGER before it: where it is at work", false}},
        {},
        explain},
       {"triggers", "firings", "What it did, newest first", {instance}, {limit}, listFirings},
       {"triggers",
        "deliveries",
        "What came to its webhook, newest first",
        {instance},
        {limit},
        listDeliveries},
       {"triggers",
        "replay",
        "Deliver again what came to a webhook",
        {{"DELIVERY", "Its id"}},
        {},
        replay},
       {"triggers",
        "watch",
        "States of triggers as they change",
        {{"SYSTEM", "Only this system", false}},
        {},
        watchTriggers}});
}

}  // namespace busbar::cli
