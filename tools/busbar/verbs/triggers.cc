// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "tools/busbar/confirm.h"
#include "tools/busbar/exit_code.h"
#include "tools/busbar/input.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/trigger_reference.h"
#include "tools/busbar/trigger_text.h"
#include "tools/busbar/trigger_words.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

Status listTriggers(Session& session, const Arguments&) {
  auto rows = session.client().list(kTriggers);
  if (!rows) {
    return rows.error();
  }
  session.output().list(
      *rows, {{"ID", [](const json::Value& row) { return cellText(row, "id"); }},
              {"NAME", [](const json::Value& row) { return cellText(row, "name"); }},
              {"WHEN", [](const json::Value& row) { return conditionsSummary(row); }},
              {"DOES", [](const json::Value& row) { return actionsSummary(row); }},
              {"IMPORTANT", [](const json::Value& row) { return cellText(row, "important"); }}});
  return {};
}

// For people in words, for programs the document.
void showDocument(Session& session, const json::Value& trigger) {
  if (session.output().isForPeople()) {
    session.output().text(triggerText(trigger));
  } else {
    session.output().object(trigger);
  }
}

Status showTrigger(Session& session, const Arguments& arguments) {
  auto id = resolveTrigger(session.client(), arguments.text("TRIGGER"));
  if (!id) {
    return id.error();
  }
  auto trigger = session.client().get(kTriggers + "/" + encoded(*id));
  if (!trigger) {
    return trigger.error();
  }
  showDocument(session, *trigger);
  return {};
}

Status createTrigger(Session& session, const Arguments& arguments) {
  auto document = readDocument(arguments.text("FILE"));
  if (!document) {
    return document.error();
  }
  auto made = session.client().post(kTriggers, *document);
  if (!made) {
    return made.error();
  }
  showDocument(session, *made);
  return {};
}

Status updateTrigger(Session& session, const Arguments& arguments) {
  auto id = resolveTrigger(session.client(), arguments.text("TRIGGER"));
  if (!id) {
    return id.error();
  }
  auto document = readDocument(arguments.text("FILE"));
  if (!document) {
    return document.error();
  }
  auto changed = session.client().patch(kTriggers + "/" + encoded(*id), *document);
  if (!changed) {
    return changed.error();
  }
  showDocument(session, *changed);
  return {};
}

Status deleteTrigger(Session& session, const Arguments& arguments) {
  auto id = resolveTrigger(session.client(), arguments.text("TRIGGER"));
  if (!id) {
    return id.error();
  }
  BUSBAR_TRY(eraseAfterAsking(session, arguments, kTriggers + "/" + encoded(*id)));
  session.output().say("deleted " + *id);
  return {};
}

// A trigger that is not saved: its own document beside one of what happens, or both in one.
Result<json::Object> draftWith(const Arguments& arguments) {
  auto draft = readDocument(arguments.text("file"));
  if (!draft) {
    return draft.error();
  }
  const std::string script = arguments.text("TRIGGER");
  if (arguments.has("FILE")) {
    return usageError("with --file there is no TRIGGER: give the file of what happens alone");
  }
  if (draft->contains("trigger")) {
    return script.empty() ? std::move(draft)
                          : Result<json::Object>(usageError(arguments.text("file") +
                                                            " holds a trigger and what happens"));
  }
  if (script.empty()) {
    return usageError("give a file that says what happens: its member `steps`");
  }
  auto body = readDocument(script);
  if (body) {
    body->set("trigger", std::move(*draft));
  }
  return body;
}

Result<json::Object> scriptOf(const Arguments& arguments) {
  if (arguments.has("file")) {
    return draftWith(arguments);
  }
  if (!arguments.has("TRIGGER") || !arguments.has("FILE")) {
    return usageError(
        "give a TRIGGER and a FILE of what happens, or --file with a trigger that is not saved");
  }
  return readDocument(arguments.text("FILE"));
}

// --system, else what the file says, else the only system that the trigger is at work in.
Status putSystem(Session& session, const Arguments& arguments, const std::string& triggerId,
                 json::Object& body) {
  if (arguments.has("system")) {
    auto id = resolveSystem(session.client(), arguments.text("system"));
    if (!id) {
      return id.error();
    }
    body.set("system_id", *id);
  } else if (!body.contains("system_id")) {
    if (triggerId.empty()) {
      return usageError("in which system? give --system, or system_id in the file");
    }
    auto instance = resolveInstance(session.client(), triggerId);
    if (!instance) {
      return usageError("in which system? give --system, or system_id in the file");
    }
    body.set("system_id", instance->systemId);
  }
  return {};
}

Status simulate(Session& session, const Arguments& arguments) {
  auto body = scriptOf(arguments);
  if (!body) {
    return body.error();
  }
  std::string path = std::string(kBusbar) + "/triggers/simulate";
  json::Value trigger;
  std::string id;
  if (!arguments.has("file")) {
    auto resolved = resolveTrigger(session.client(), arguments.text("TRIGGER"));
    if (!resolved) {
      return resolved.error();
    }
    id = *resolved;
    auto saved = session.client().get(kTriggers + "/" + encoded(id));
    if (!saved) {
      return saved.error();
    }
    trigger = *saved;
    path = std::string(kBusbar) + "/triggers/" + encoded(id) + "/simulate";
  } else {
    trigger = *body->find("trigger");
  }
  BUSBAR_TRY(putSystem(session, arguments, id, *body));
  auto result = session.client().post(path, *body);
  if (!result) {
    return result.error();
  }
  if (session.output().isForPeople()) {
    session.output().text(simulationText(*result, trigger));
  } else {
    session.output().value(*result);
  }
  return {};
}

}  // namespace

void addTriggerVerbs(VerbTable& table) {
  table.nouns.push_back(
      {"triggers", {"trigger"}, "Conditions, and what is done when they are true"});
  const Parameter trigger{"TRIGGER", "Id or name of a trigger"};
  const Parameter file{"FILE", "Its document, JSON or YAML; - is stdin"};
  table.verbs.insert(
      table.verbs.end(),
      {{"triggers", "list", "All triggers", {}, {}, listTriggers},
       {"triggers", "show", "What a trigger waits for and does", {trigger}, {}, showTrigger},
       {"triggers", "create", "Make a trigger from a document", {file}, {}, createTrigger},
       {"triggers",
        "update",
        "Change what a document names; the rest stays",
        {trigger, file},
        {},
        updateTrigger},
       {"triggers",
        "delete",
        "Delete a trigger, in all systems",
        {trigger},
        {yesFlag()},
        deleteTrigger},
       {"triggers",
        "simulate",
        "What a trigger would do if things happened; nothing is done",
        {{"TRIGGER", "Id or name; with --file, the FILE instead", false},
         {"FILE", "What happens, in steps; JSON or YAML, - is stdin", false}},
        {{"--file", "A trigger that is not saved; or that and what happens, in one", "FILE", {}},
         {"--system", "The system that it would be at work in", "SYSTEM", {}}},
        simulate}});
}

}  // namespace busbar::cli
