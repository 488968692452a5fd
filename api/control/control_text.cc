// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "api/control/control_text.h"

#include <array>

#include "sdk/base/json.h"

namespace busbar::api {
namespace {

// The reference's names; 5 and 6 are the host's word on its own and the driver's faults.
std::string_view levelName(int level) {
  constexpr std::array<std::string_view, 7> kNames{"trace", "debug", "info", "warn",
                                                   "error", "fatal", "fatal"};
  return level >= 0 && static_cast<size_t>(level) < kNames.size()
             ? kNames[static_cast<size_t>(level)]
             : std::string_view("error");
}

void begin(std::string& out, std::string_view id, std::string_view type) {
  out.append("{");
  if (!id.empty()) {
    out.append("\"id\":").append(id).append(",");
  }
  out.append("\"type\":\"").append(type).append("\"");
}

constexpr std::string_view kNameMember = ",\"name\":";

}  // namespace

std::string metaOf(const Command& command) {
  std::string out = "{\"sys\":";
  json::appendString(out, command.systemId);
  out.append(",\"mod\":");
  json::appendString(out, command.mod);
  out.append(",\"index\":").append(std::to_string(command.index)).append(kNameMember);
  json::appendString(out, command.name);
  out.append("}");
  return out;
}

std::string_view placeIn(std::string_view meta) {
  return meta.substr(0, meta.rfind(kNameMember));
}

void appendSuccess(std::string& out, std::string_view id, std::string_view meta) {
  begin(out, id, "success");
  if (!meta.empty()) {
    out.append(",\"meta\":").append(meta);
  }
  out.append("}");
}

void appendResult(std::string& out, std::string_view id, std::string_view meta,
                  const ExecuteReply& reply) {
  begin(out, id, "success");
  out.append(",\"meta\":").append(meta);
  out.append(",\"value\":").append(reply.resultJson);
  out.append(",\"code\":").append(std::to_string(reply.httpStatus)).append("}");
}

void appendError(std::string& out, std::string_view id, const ControlError& error) {
  begin(out, id, "error");
  out.append(",\"msg\":");
  json::appendString(out, error.message);
  out.append(",\"error_code\":").append(std::to_string(static_cast<int>(error.number)));
  out.append(",\"code\":").append(std::to_string(error.status)).append("}");
}

void appendLog(std::string& out, std::string_view id, std::string_view meta,
               std::string_view moduleId, const LogLine& line) {
  begin(out, id, "debug");
  out.append(",\"mod\":");
  json::appendString(out, moduleId);
  out.append(",\"level\":\"").append(levelName(line.level)).append("\",\"msg\":");
  json::appendString(out, line.message);
  out.append(",\"meta\":").append(meta).append("}");
}

std::string notifyEnd(std::string_view value, std::string_view meta) {
  std::string out = ",\"type\":\"notify\",\"value\":";
  out.append(value).append(",\"meta\":").append(meta).append("}");
  return out;
}

}  // namespace busbar::api
