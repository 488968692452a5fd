// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include <busbar/json.hpp>

#include "plugins/http_json/mapping.h"
#include "plugins/http_json/request_template.h"

namespace busbar::http_json {

struct Login {
  enum class Kind { None, Basic, Digest, Bearer, Header };
  Kind kind = Kind::None;
  std::string username;
  std::string secret;  // password, token, or value of the header
  std::string header;  // its name
};

struct Poll {
  std::string path;
  std::vector<Point> points;
};

struct RemoteCommand {
  std::string name;
  std::string method;
  RequestTemplate path;
  RequestTemplate body;
  std::string contentType;
  std::vector<Point> points;  // of its answer
  bool isFollowedByPoll = false;
};

// The settings of a module, read and checked as a whole. Shape: manifest.json "settings".
struct Settings {
  std::chrono::milliseconds pollInterval{10'000};  // 0: only when asked
  std::chrono::milliseconds timeout{5'000};
  Login login;
  std::map<std::string, std::string> headers;
  std::vector<Poll> polls;
  std::vector<RemoteCommand> commands;

  // Throws Failure::invalid with a sentence that names the point or command and the rule.
  static Settings fromJson(const Json& json);
  // nullptr when there is none of that name.
  const RemoteCommand* findCommand(std::string_view name) const;
};

// "/status?key=1" without what may be a secret: "/status".
std::string_view withoutQuery(std::string_view path);

}  // namespace busbar::http_json
