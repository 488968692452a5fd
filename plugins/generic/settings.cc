// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/generic/settings.h"

#include <string_view>
#include <utility>

#include <busbar/json_writer.hpp>

namespace busbar::generic {
namespace {

constexpr size_t kMaxDelimiterBytes = 16;

void require(const std::string& where, const std::string& error) {
  if (!error.empty()) {
    throw Failure::invalid(where + " " + error);
  }
}

std::string wrongKey(std::string_view key) {
  const bool isOwn = key == "online" || key == "last_error" || key == "last_received";
  return isOwn        ? "uses the status key " + std::string(key) + ", which is the driver's own"
         : isKey(key) ? std::string()
                      : "has a status key that is none: " + std::string(key);
}

Pattern readPattern(const std::string& where, const std::string& text) {
  Pattern pattern;
  require(where, pattern.build(text));
  for (const std::string& key : pattern.keys()) {
    require(where, wrongKey(key));
  }
  return pattern;
}

Value readValue(const Json& json) {
  if (json.isBool()) {
    return json.as<bool>();
  }
  if (json.isString()) {
    return json.as<std::string>();
  }
  try {
    return json.as<int64_t>();
  } catch (const Failure&) {
    return json.as<double>();  // not a whole number
  }
}

Captures readPublishes(const std::string& where, const Json& json) {
  Captures captures;
  json.forEachMember([&](std::string_view key, const Json& value) {
    require(where, wrongKey(key));
    captures.emplace_back(std::string(key), readValue(value));
  });
  return captures;
}

Request readCommand(const std::string& where, const Json& json, uint32_t timeoutMs) {
  Request command;
  if (json["send"].isNull() == json["send_hex"].isNull()) {
    throw Failure::invalid(where + " must have one of send and send_hex");
  }
  if (!json["send"].isNull()) {
    require(where + "/send", command.message.buildText(json["send"].as<std::string>()));
  } else {
    require(where + "/send_hex", command.message.buildHex(json["send_hex"].as<std::string>()));
  }
  if (!json["expect"].isNull()) {
    command.expectText = json["expect"].as<std::string>();
    command.expect = readPattern(where + "/expect", command.expectText);
  }
  command.publishes = readPublishes(where + "/publishes", json["publishes"]);
  command.timeoutMs = json["timeout_ms"].valueOr(timeoutMs);
  command.retries = json["retries"].valueOr<uint32_t>(0);
  return command;
}

// A framing object of the manifest's schema.
std::string readFraming(const Json& json) {
  const auto type = json["framing"].valueOr<std::string>("");
  JsonObject framing;
  framing.set("type", type);
  if (type == "idle_gap") {
    framing.set("gap_ms", json["idle_gap_ms"].as<int64_t>());
  } else if (type == "delimiter") {
    const auto bytes = fromText(json["delimiter"].as<std::string>());
    if (!bytes || bytes->empty() || bytes->size() > kMaxDelimiterBytes) {
      throw Failure::invalid("/delimiter must be 1 to 16 bytes; escapes are \\r \\n \\xHH");
    }
    framing.set("delimiter_hex", toHex(*bytes));
  }
  return type.empty() ? std::string() : framing.text();
}

}  // namespace

Settings Settings::fromJson(const Json& json) {
  Settings settings;
  const auto timeoutMs = json["timeout_ms"].valueOr<uint32_t>(1000);
  json["commands"].forEachMember([&](std::string_view name, const Json& command) {
    const std::string where = "/commands/" + std::string(name);
    settings.commands[std::string(name)] = readCommand(where, command, timeoutMs);
  });
  const Json matchers = json["matchers"];
  for (size_t i = 0; i < matchers.size(); ++i) {
    const std::string where = "/matchers/" + std::to_string(i);
    settings.matchers.push_back(
        {readPattern(where + "/pattern", matchers[i]["pattern"].as<std::string>()),
         readPublishes(where + "/publishes", matchers[i]["publishes"])});
  }
  settings.poll = json["poll"].valueOr(std::vector<std::string>());
  for (const std::string& name : settings.poll) {
    if (settings.commands.count(name) == 0) {
      throw Failure::invalid("/poll names " + name + ", which is not among the commands");
    }
  }
  settings.pollInterval = std::chrono::milliseconds(json["poll_interval_ms"].valueOr<int64_t>(0));
  settings.delayMs = json["delay_ms"].valueOr<uint32_t>(0);
  settings.framingJson = readFraming(json);
  return settings;
}

}  // namespace busbar::generic
