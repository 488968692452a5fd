// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/http_json/settings.h"

#include <algorithm>
#include <set>
#include <utility>

namespace busbar::http_json {
namespace {

Point readPoint(const Json& json) {
  Point point;
  point.name = json["name"].as<std::string>();
  point.pointerText = json["pointer"].as<std::string>();
  auto pointer = Pointer::parse(point.pointerText);
  if (!pointer) {
    throw Failure::invalid("point " + point.name + ": " + point.pointerText +
                           " is no JSON Pointer; it begins with /, and a / in a name is ~1");
  }
  point.pointer = std::move(*pointer);
  point.type = typeFromText(json["type"].valueOr<std::string>("auto")).value_or(Type::Auto);
  point.scale = json["scale"].valueOr(1.0);
  point.offset = json["offset"].valueOr(0.0);
  return point;
}

std::vector<Point> readPoints(const Json& json) {
  std::vector<Point> points;
  for (size_t i = 0; i < json.size(); ++i) {
    points.push_back(readPoint(json[i]));
  }
  return points;
}

Place placeOf(const std::string& contentType) {
  if (contentType.rfind("application/x-www-form-urlencoded", 0) == 0) {
    return Place::Form;
  }
  return contentType.find("json") != std::string::npos ? Place::Json : Place::Text;
}

RemoteCommand readCommand(const Json& json) {
  RemoteCommand command;
  command.name = json["name"].as<std::string>();
  command.method = json["method"].valueOr<std::string>("POST");
  command.path = RequestTemplate(json["path"].as<std::string>(), Place::Url);
  command.contentType = json["content_type"].valueOr<std::string>("application/json");
  command.body =
      RequestTemplate(json["body"].valueOr<std::string>(""), placeOf(command.contentType));
  command.points = readPoints(json["points"]);
  command.isFollowedByPoll = json["poll_after"].valueOr(true);
  if (command.method == "GET" && !command.body.isEmpty()) {
    throw Failure::invalid("command " + command.name + ": GET takes no body");
  }
  return command;
}

Login readLogin(const Json& json) {
  const std::map<std::string, Login::Kind> kinds = {{"none", Login::Kind::None},
                                                    {"basic", Login::Kind::Basic},
                                                    {"digest", Login::Kind::Digest},
                                                    {"bearer", Login::Kind::Bearer},
                                                    {"header", Login::Kind::Header}};
  Login login;
  login.kind = kinds.at(json["auth"].valueOr<std::string>("none"));
  login.username = json["username"].valueOr<std::string>("");
  login.header = json["auth_header"].valueOr<std::string>("");
  const bool isPassword = login.kind == Login::Kind::Basic || login.kind == Login::Kind::Digest;
  login.secret = json[isPassword ? "password" : "token"].valueOr<std::string>("");
  if (isPassword && login.username.empty()) {
    throw Failure::invalid("auth basic and digest need a username");
  }
  if ((login.kind == Login::Kind::Bearer || login.kind == Login::Kind::Header) &&
      login.secret.empty()) {
    throw Failure::invalid("auth bearer and header need a token");
  }
  if (login.kind == Login::Kind::Header && login.header.empty()) {
    throw Failure::invalid("auth header needs auth_header, the name of the header");
  }
  return login;
}

void checkNames(const Settings& settings) {
  std::set<std::string> commands;
  for (const RemoteCommand& command : settings.commands) {
    if (!commands.insert(command.name).second) {
      throw Failure::invalid("command " + command.name + " is there twice");
    }
  }
  // A command may set what a poll reads, but within one answer each name stands for one field.
  const auto check = [](const std::vector<Point>& points) {
    std::set<std::string> names = {"online", "last_error"};
    for (const Point& point : points) {
      if (!names.insert(point.name).second) {
        throw Failure::invalid("point " + point.name +
                               " is there twice, or has a name that the driver uses itself");
      }
    }
  };
  std::vector<Point> polled;
  for (const Poll& poll : settings.polls) {
    polled.insert(polled.end(), poll.points.begin(), poll.points.end());
  }
  check(polled);
  for (const RemoteCommand& command : settings.commands) {
    check(command.points);
  }
}

}  // namespace

Settings Settings::fromJson(const Json& json) {
  Settings settings;
  settings.pollInterval =
      std::chrono::milliseconds(json["poll_interval_ms"].valueOr<int64_t>(10'000));
  settings.timeout = std::chrono::milliseconds(json["timeout_ms"].valueOr<int64_t>(5'000));
  settings.login = readLogin(json);
  json["headers"].forEachMember([&settings](std::string_view name, Json value) {
    settings.headers[std::string(name)] = value.as<std::string>();
  });
  const Json polls = json["polls"];
  for (size_t i = 0; i < polls.size(); ++i) {
    settings.polls.push_back({polls[i]["path"].as<std::string>(), readPoints(polls[i]["points"])});
  }
  const Json commands = json["commands"];
  for (size_t i = 0; i < commands.size(); ++i) {
    settings.commands.push_back(readCommand(commands[i]));
  }
  checkNames(settings);
  return settings;
}

const RemoteCommand* Settings::findCommand(std::string_view name) const {
  const auto found = std::find_if(commands.begin(), commands.end(),
                                  [name](const RemoteCommand& c) { return c.name == name; });
  return found == commands.end() ? nullptr : &*found;
}

std::string_view withoutQuery(std::string_view path) {
  return path.substr(0, path.find('?'));
}

}  // namespace busbar::http_json
