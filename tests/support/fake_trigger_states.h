// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "api/triggers/trigger_states.h"

namespace busbar {

// An engine that says what a test has set.
class FakeTriggerStates : public triggers::TriggerStates {
 public:
  std::optional<State> stateOf(std::string_view instanceId) const override {
    const auto it = states.find(instanceId);
    return it == states.end() ? std::nullopt : std::optional(it->second);
  }

  std::map<std::string, State, std::less<>> states;
};

}  // namespace busbar
