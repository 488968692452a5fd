// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>
#include <map>

#include "tools/busbar/clock_text.h"
#include "tools/busbar/follow.h"
#include "tools/busbar/input.h"
#include "tools/busbar/paths.h"
#include "tools/busbar/resolve.h"
#include "tools/busbar/session.h"
#include "tools/busbar/table.h"
#include "tools/busbar/verbs/verbs.h"

namespace busbar::cli {
namespace {

Status exec(Session& session, const Arguments& arguments) {
  auto system = resolveSystem(session.client(), arguments.text("SYSTEM"));
  if (!system) {
    return system.error();
  }
  auto call = toCallArguments(arguments.list("ARGUMENTS"));
  if (!call) {
    return call.error();
  }
  auto result = session.client().post(kSystems + "/" + encoded(*system) + "/" +
                                          encoded(arguments.text("MODULE")) + "/" +
                                          encoded(arguments.text("FUNCTION")) + session.callLimit(),
                                      *call);
  if (!result) {
    return result.error();
  }
  session.output().value(*result);
  return {};
}

// The API gives status values as JSON text; people and scripts want the values.
json::Object decodedState(const json::Value& texts) {
  json::Object state;
  for (const auto& [key, text] : texts.asObject() == nullptr ? json::Object() : *texts.asObject()) {
    auto value = text.asString() == nullptr ? Result<json::Value>(text)
                                            : json::parse(*text.asString(), {1 << 20, 128});
    state.set(key, value ? *value : text);
  }
  return state;
}

Status state(Session& session, const Arguments& arguments) {
  std::string path;
  if (arguments.has("MODULE")) {
    auto system = resolveSystem(session.client(), arguments.text("SYSTEM"));
    if (!system) {
      return system.error();
    }
    // By id: the slug route answers {} for a module that does not exist.
    auto moduleId = resolveModule(session.client(), *system + "/" + arguments.text("MODULE"));
    if (!moduleId) {
      return moduleId.error();
    }
    path = kSystems + "/" + encoded(*system) + "/" + encoded(arguments.text("MODULE"));
  } else {
    auto moduleId = resolveModule(session.client(), arguments.text("SYSTEM"));
    if (!moduleId) {
      return moduleId.error();
    }
    path = kModules + "/" + encoded(*moduleId) + "/state";
  }
  auto texts = session.client().get(path);
  if (!texts) {
    return texts.error();
  }
  const json::Object values = decodedState(*texts);
  if (!arguments.has("KEY")) {
    session.output().object(values);
    return {};
  }
  const json::Value* value = values.find(arguments.text("KEY"));
  if (value == nullptr) {
    return Error::of(ErrorCode::NotFound,
                     "the module has no status '" + arguments.text("KEY") + "'");
  }
  session.output().value(*value);
  return {};
}

std::string text(const json::Value& data, std::string_view member) {
  return cellText(data, member);
}

// Names of modules for people: "Name_1" within one system, else the own name.
std::map<std::string, std::string> moduleNames(Session& session, const std::string& systemId) {
  std::map<std::string, std::string> names;
  if (!systemId.empty()) {
    if (auto slots = modulesOfSystem(session.client(), systemId)) {
      for (const auto& [name, id] : *slots) {
        names[id] = name;
      }
    }
    return names;
  }
  if (auto rows = session.client().list(kModules)) {
    for (const json::Value& row : *rows) {
      const std::string custom = text(row, "custom_name");
      names[text(row, "id")] = custom.empty() ? text(row, "name") : custom;
    }
  }
  return names;
}

std::string watchLine(const json::Value& data, const std::string& kind, const std::string& name) {
  std::string line = clockText(text(data, "time")) + "  " + name + "  ";
  if (kind == "state") {
    const json::Value* value = data.find("value");
    return line + text(data, "key") + " = " + (value == nullptr ? "(unset)" : json::write(*value));
  }
  if (kind == "progress") {
    const json::Value* value = data.find("progress");
    return line + "progress " + (value == nullptr ? "" : json::write(*value));
  }
  line += text(data, "state");
  const std::string sentence = text(data, "sentence");
  return sentence.empty() ? line : line + ": " + sentence;
}

Status watch(Session& session, const Arguments& arguments) {
  std::string query = "?kinds=state,module,progress";
  std::string system;
  if (arguments.has("SYSTEM")) {
    auto id = resolveSystem(session.client(), arguments.text("SYSTEM"));
    if (!id) {
      return id.error();
    }
    system = *id;
    query += "&system=" + encoded(system);
  }
  if (arguments.has("MODULE")) {
    auto id = resolveModule(session.client(), system + "/" + arguments.text("MODULE"));
    if (!id) {
      return id.error();
    }
    query += "&module=" + encoded(*id);
  }
  const auto names = moduleNames(session, system);
  session.output().say("watching; Ctrl-C ends it");
  return follow(session, query, [&](const ServerEvent& event) {
    const auto data = json::parse(event.data, {4 << 20, 128});
    if (!data || data->asObject() == nullptr) {
      return;
    }
    if (arguments.has("KEY") && text(*data, "key") != arguments.text("KEY")) {
      return;
    }
    if (!session.output().isForPeople()) {
      session.output().streamed(*data);
      return;
    }
    const std::string id = text(*data, "module_id");
    const auto name = names.find(id);
    session.output().line(watchLine(*data, event.name, name == names.end() ? id : name->second));
  });
}

void printLog(const Output& output, const json::Value& line) {
  if (!output.isForPeople()) {
    output.streamed(line);
    return;
  }
  const std::string level = text(line, "level");
  static const std::map<std::string, int> kColours{{"error", 31},    {"warn", 33},
                                                   {"debug", 90},    {"trace", 90},
                                                   {"host_bug", 31}, {"driver_bug", 31}};
  const auto colour = kColours.find(level);
  std::string padded = level;
  padded.resize(std::max<size_t>(padded.size(), 5), ' ');
  output.line(clockText(text(line, "time")) + " " +
              (colour == kColours.end() ? padded : output.coloured(padded, colour->second)) + " " +
              printable(text(line, "message")));
}

Status logs(Session& session, const Arguments& arguments) {
  auto id = resolveModule(session.client(), arguments.text("MODULE"));
  if (!id) {
    return id.error();
  }
  auto kept = session.client().get(std::string(kBusbar) + "/modules/" + encoded(*id) + "/logs");
  if (!kept) {
    return kept.error();
  }
  const json::Array lines = kept->asArray() == nullptr ? json::Array() : *kept->asArray();
  for (const json::Value& line : lines) {
    printLog(session.output(), line);
  }
  if (!arguments.has("follow")) {
    return {};
  }
  return follow(session, "?kinds=log&module=" + encoded(*id), [&](const ServerEvent& event) {
    if (const auto data = json::parse(event.data, {4 << 20, 128})) {
      printLog(session.output(), *data);
    }
  });
}

}  // namespace

void addControlVerbs(VerbTable& table) {
  const Parameter system{"SYSTEM", "Id or name of a system"};
  const Parameter slug{"MODULE", "Its name in the system, Display_1"};
  table.verbs.insert(
      table.verbs.end(),
      {{"",
        "exec",
        "Call a function of a module in a system",
        {system,
         slug,
         {"FUNCTION", "Name of the function"},
         {"ARGUMENTS", "JSON, name=value words, or values by position", false, true}},
        {},
        exec},
       {"",
        "state",
        "Status of a module",
        {{"SYSTEM", "Id or name of a system; or, alone, a module"},
         {"MODULE", "Its name in the system", false},
         {"KEY", "Only this value", false}},
        {},
        state},
       {"",
        "watch",
        "Status as it changes, and progress of calls",
        {{"SYSTEM", "Only this system", false},
         {"MODULE", "Only this module of it", false},
         {"KEY", "Only this value", false}},
        {},
        watch},
       {"",
        "logs",
        "What a module and its driver log",
        {{"MODULE", "Id, name, or SYSTEM/Name_1"}},
        {{"-f,--follow", "Go on with what comes", "", {}}},
        logs}});
}

}  // namespace busbar::cli
