// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace busbar::triggers {

// What the engine knows of an instance at this moment. Loop-only.
class TriggerStates {
 public:
  struct State {
    bool triggered = false;
    int64_t count = 0;  // firings, since the instance was made
    int64_t actionErrors = 0;
    int64_t comparisonErrors = 0;
    std::string json = {};  // openapi.yaml "TriggerState"
  };

  virtual ~TriggerStates() = default;
  // None: the engine has no such instance (yet), or it is not enabled.
  virtual std::optional<State> stateOf(std::string_view instanceId) const = 0;
};

}  // namespace busbar::triggers
