// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/module/state_map.h"
#include "registry/model/records.h"
#include "sdk/manifest/json_schema.h"
#include "sdk/manifest/manifest.h"

namespace busbar {

// One installed driver as the host runs it: its manifest in the form that calls need. Immutable,
// shared by its modules.
class DriverSpec {
 public:
  struct Function {
    std::string name;
    model::UserRole minRole = model::UserRole::User;
    std::vector<std::string> order;  // positional arguments
    JsonSchema params;
    // No parameter is constrained beyond its name: an argument list that names only `order` and all
    // of `required` needs no parse.
    bool unconstrained = false;
    Milliseconds timeout{10'000};
  };

  // FailedPrecondition when the manifest in the row is not valid (it was when it was installed).
  static Result<std::shared_ptr<const DriverSpec>> build(const model::Driver& driver);

  const model::Driver& driver() const { return driver_; }
  const Manifest& manifest() const { return manifest_; }
  const JsonSchema& settings() const { return settings_; }
  const Function* findFunction(std::string_view name) const;
  // By name first, then by pattern; nullptr when undeclared.
  const StatusRule* findStatus(std::string_view key) const;
  // Top-level settings whose change needs a restart (x-restart), and those that hold secrets
  // (x-secret).
  bool needsRestart(std::string_view key) const;
  const std::vector<std::string>& secretKeys() const { return secretKeys_; }

  // The object that the driver gets for `args` (object or array, checked JSON text): positional
  // ones are mapped and all are checked against the schema. InvalidArgument names the parameter.
  static Result<std::string> toArguments(const Function& function, std::string args);

 private:
  struct Hash {
    using is_transparent = void;
    size_t operator()(std::string_view s) const { return std::hash<std::string_view>{}(s); }
  };
  DriverSpec() = default;

  model::Driver driver_;
  Manifest manifest_;
  JsonSchema settings_;
  std::unordered_map<std::string, Function, Hash, std::equal_to<>> functions_;
  std::vector<StatusRule> statusRules_;  // same index as manifest().status
  std::vector<std::string> restartKeys_;
  std::vector<std::string> secretKeys_;
};

}  // namespace busbar
