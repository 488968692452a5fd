// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "plugins/snmp/settings.h"

#include <string>
#include <utility>
#include <vector>

namespace busbar::snmp {
namespace {

constexpr size_t kMinPasswordBytes = 8;  // RFC 3414 s.11.2

Version versionOf(const std::string& text) {
  if (text == "1") {
    return Version::V1;
  }
  return text == "3" ? Version::V3 : Version::V2c;
}

void checkUser(const UsmUser& user) {
  if (user.name.empty()) {
    throw Failure::invalid("/user is needed with version 3");
  }
  if (user.auth != AuthProtocol::None && user.authPassword.size() < kMinPasswordBytes) {
    throw Failure::invalid("/auth_password must have at least 8 characters");
  }
  if (user.priv != PrivProtocol::None && user.auth == AuthProtocol::None) {
    throw Failure::invalid("/priv_protocol needs an auth_protocol");
  }
  if (user.priv != PrivProtocol::None && user.privPassword.size() < kMinPasswordBytes) {
    throw Failure::invalid("/priv_password must have at least 8 characters");
  }
}

Credentials readCredentials(const Json& json) {
  Credentials credentials;
  credentials.version = versionOf(json["version"].valueOr<std::string>("2c"));
  credentials.community = json["community"].valueOr<std::string>("public");
  credentials.contextName = json["context_name"].valueOr<std::string>("");
  UsmUser& user = credentials.user;
  user.name = json["user"].valueOr<std::string>("");
  const auto auth = authFromText(json["auth_protocol"].valueOr<std::string>("none"));
  const auto priv = privFromText(json["priv_protocol"].valueOr<std::string>("none"));
  if (!auth || !priv) {
    throw Failure::invalid(auth ? "/priv_protocol is not known" : "/auth_protocol is not known");
  }
  user.auth = *auth;
  user.authPassword = json["auth_password"].valueOr<std::string>("");
  user.priv = *priv;
  user.privPassword = json["priv_password"].valueOr<std::string>("");
  if (credentials.version == Version::V3) {
    checkUser(user);
  }
  return credentials;
}

}  // namespace

Settings Settings::fromJson(const Json& json) {
  Settings settings;
  settings.credentials = readCredentials(json);
  settings.pollInterval =
      std::chrono::milliseconds(json["poll_interval_ms"].valueOr<int64_t>(10'000));
  settings.timeoutMs = json["timeout_ms"].valueOr<uint32_t>(2000);
  settings.retries = json["retries"].valueOr<uint32_t>(2);
  settings.maxObjects = json["max_objects"].valueOr<size_t>(20);
  settings.maxRepetitions = json["max_repetitions"].valueOr<int32_t>(20);
  std::vector<ObjectSpec> specs;
  const Json objects = json["objects"];
  specs.reserve(objects.size());
  for (size_t i = 0; i < objects.size(); ++i) {
    const Json object = objects[i];
    specs.push_back({.oid = object["oid"].as<std::string>(),
                     .key = object["key"].as<std::string>(),
                     .form = object["type"].valueOr<std::string>("auto"),
                     .scale = object["scale"].valueOr(1.0),
                     .isPolled = object["poll"].valueOr(true),
                     .isTable = object["walk"].valueOr(false)});
  }
  if (std::string error = settings.map.build(specs); !error.empty()) {
    throw Failure::invalid(error);
  }
  return settings;
}

}  // namespace busbar::snmp
