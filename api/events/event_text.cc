// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/events/event_text.h"

#include "api/resources/shapes.h"
#include "sdk/base/json.h"

namespace busbar::api {
namespace {

constexpr int64_t kNsPerMs = 1'000'000;

void begin(std::string& out, uint64_t id, std::string_view name, std::string_view moduleId) {
  out.append("id: ").append(std::to_string(id)).append("\nevent: ").append(name);
  out.append("\ndata: {\"module_id\":");
  json::appendString(out, moduleId);
}

void end(std::string& out, bool isSnapshot) {
  out.append(isSnapshot ? ",\"snapshot\":true}\n\n" : "}\n\n");
}

// Checked JSON text has line breaks only between its tokens: a space means the same there, and an
// event's data must be one line.
void appendOnOneLine(std::string& out, std::string_view text) {
  for (const char c : text) {
    out.push_back(c == '\n' || c == '\r' ? ' ' : c);
  }
}

void appendMembers(std::string& out, const json::Object& members) {
  const std::string text = json::write(json::Value(members));
  if (text.size() > 2) {
    out.push_back(',');
    out.append(text, 1, text.size() - 2);
  }
}

void appendState(std::string& out, const StateEntry& entry, std::string_view epoch) {
  out.append(",\"key\":");
  json::appendString(out, entry.key);
  if (!entry.json.empty()) {
    out.append(",\"value\":");
    appendOnOneLine(out, entry.json);
  } else {
    out.append(",\"removed\":true");
  }
  if (!epoch.empty()) {
    out.append(",\"epoch\":");
    json::appendString(out, epoch);
  }
  out.append(",\"sequence\":").append(std::to_string(entry.sequence));
  out.append(",\"time\":").append(std::to_string(entry.timeNs / kNsPerMs));
}

void appendHealth(std::string& out, const ModuleHealth& health) {
  json::Object members = toJson(health);
  members.set("time", health.sinceUtcNs / kNsPerMs);
  appendMembers(out, members);
}

// The call's id as text: it has 64 bits, and a JSON number is safe up to 53.
void appendProgress(std::string& out, const CallProgress& progress) {
  out.append(",\"call_id\":\"").append(std::to_string(progress.callId)).append("\"");
  if (!progress.traceId.empty()) {
    out.append(",\"trace_id\":");
    json::appendString(out, progress.traceId);
  }
  out.append(",\"progress\":");
  appendOnOneLine(out, progress.json);
  out.append(",\"time\":").append(std::to_string(progress.utcNs / kNsPerMs));
}

}  // namespace

std::string toEventText(uint64_t id, const HostEvent& event) {
  std::string out;
  if (event.kind == HostEvent::Kind::State && event.state != nullptr) {
    out.reserve(200 + event.state->json.size());
    begin(out, id, "state", event.moduleId);
    appendState(out, *event.state, event.epoch);
  } else if (event.kind == HostEvent::Kind::Log && event.log != nullptr) {
    begin(out, id, "log", event.moduleId);
    appendMembers(out, toJson(*event.log));
  } else if (event.kind == HostEvent::Kind::Module && event.health != nullptr) {
    begin(out, id, "module", event.moduleId);
    appendHealth(out, *event.health);
  } else if (event.kind == HostEvent::Kind::Progress && event.progress != nullptr) {
    begin(out, id, "progress", event.moduleId);
    appendProgress(out, *event.progress);
  } else {
    return out;
  }
  end(out, false);
  return out;
}

std::string toTriggerText(uint64_t id, std::string_view instanceId, std::string_view systemId,
                          std::string_view stateJson) {
  std::string out("id: ");
  out.append(std::to_string(id)).append("\nevent: trigger\ndata: {\"instance_id\":");
  json::appendString(out, instanceId);
  out.append(",\"system_id\":");
  json::appendString(out, systemId);
  out.append(",\"state\":").append(stateJson);
  end(out, false);
  return out;
}

std::string toSnapshotText(uint64_t id, std::string_view moduleId, const StateEntry& entry) {
  std::string out;
  begin(out, id, "state", moduleId);
  appendState(out, entry, {});
  end(out, true);
  return out;
}

std::string toSnapshotText(uint64_t id, std::string_view moduleId, const ModuleHealth& health) {
  std::string out;
  begin(out, id, "module", moduleId);
  appendHealth(out, health);
  end(out, true);
  return out;
}

}  // namespace busbar::api
