// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/module/state_map.h"
#include "registry/model/records.h"
#include "sdk/base/name_hash.h"
#include "sdk/manifest/manifest.h"

namespace busbar {

// One installed driver as the host runs it: its row and its manifest, with what calls and status
// updates need precomputed. Immutable, shared by its modules.
class DriverSpec {
 public:
  struct Function {
    const Manifest::Function* manifest = nullptr;
    // No parameter is constrained beyond its name, so arguments need no parse. Bits by the
    // manifest's order[].
    bool unconstrained = false;
    uint64_t required = 0;
  };

  // DataLoss when the manifest in the row is not valid (it was when it was installed).
  static Result<std::shared_ptr<const DriverSpec>> build(const model::Driver& driver);
  DriverSpec(const DriverSpec&) = delete;
  DriverSpec& operator=(const DriverSpec&) = delete;

  const model::Driver& driver() const { return driver_; }
  const Manifest& manifest() const { return manifest_; }
  const Function* findFunction(std::string_view name) const;
  // nullptr when the manifest does not declare the key.
  const StatusRule* findStatus(std::string_view key) const;

  // Makes of `args` (object or array, checked JSON text) the object that the driver gets:
  // positional ones are mapped to names and all are checked against the schema. InvalidArgument
  // (reason bad_arguments) names the parameter.
  static Status toArguments(const Function& function, std::string& args);

 private:
  DriverSpec() = default;

  model::Driver driver_;
  Manifest manifest_;
  std::unordered_map<std::string, Function, NameHash, std::equal_to<>> functions_;
  std::unordered_map<const Manifest::StatusKey*, StatusRule> statusRules_;
};

}  // namespace busbar
