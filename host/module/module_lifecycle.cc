// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/module/module_lifecycle.h"

#include <array>

namespace busbar {
namespace {

using S = ModuleState;
using E = ModuleEvent;
using A = ModuleAction;
using Step = std::optional<ModuleStep>;

Step stay(S state) {
  return ModuleStep{state, A::None};
}

// Where a module goes once nothing of it is left in a runner.
Step ended(const ModuleFacts& facts, bool runnerGone) {
  if (facts.failed && facts.wanted) {
    return ModuleStep{S::Failed, A::ScheduleRetry};
  }
  if (facts.wanted) {
    // The supervisor starts a lost runner again for those attached to it.
    return ModuleStep{S::Placed, runnerGone ? A::None : A::Attach};
  }
  return ModuleStep{S::Stopped, A::Detach};
}

Step fromPlaced(E event) {
  switch (event) {
    case E::Ready:
      return ModuleStep{S::Creating, A::Create};
    case E::Halt:
      return ModuleStep{S::Stopped, A::Detach};
    case E::Quarantine:
      return ModuleStep{S::Quarantined, A::Detach};
    case E::Run:
    case E::Lost:
      return stay(S::Placed);
    default:
      return std::nullopt;
  }
}

Step fromCreating(E event, const ModuleFacts& facts) {
  switch (event) {
    case E::Done:
      return facts.wanted ? ModuleStep{S::Starting, A::Start}
                          : ModuleStep{S::Destroying, A::Destroy};
    case E::Refused:
      return facts.wanted ? ModuleStep{S::Failed, A::ScheduleRetry}
                          : ModuleStep{S::Stopped, A::Detach};
    case E::Expired:
      return ModuleStep{S::Creating, A::KillRunner};
    case E::Lost:
      return ended(facts, true);
    case E::Run:
    case E::Halt:
      return stay(S::Creating);
    default:
      return std::nullopt;
  }
}

Step fromStarting(E event, const ModuleFacts& facts) {
  switch (event) {
    case E::Done:
      return facts.wanted ? ModuleStep{S::Running, A::Announce} : ModuleStep{S::Stopping, A::Stop};
    case E::Refused:
      return ModuleStep{S::Destroying, A::Destroy};
    case E::Expired:
      return ModuleStep{S::Starting, A::KillRunner};
    case E::Failed:
      return ModuleStep{S::Stopping, A::Stop};
    case E::Lost:
      return ended(facts, true);
    case E::Run:
    case E::Halt:
      return stay(S::Starting);
    default:
      return std::nullopt;
  }
}

Step fromRunning(E event, const ModuleFacts& facts) {
  switch (event) {
    case E::Halt:
    case E::Failed:
      return ModuleStep{S::Stopping, A::Stop};
    case E::Lost:
      return ended(facts, true);
    case E::Run:
      return stay(S::Running);
    default:
      return std::nullopt;
  }
}

Step fromStopping(E event, const ModuleFacts& facts) {
  switch (event) {
    case E::Done:
    case E::Refused:
    case E::Expired:
      return ModuleStep{S::Destroying, A::Destroy};
    case E::Lost:
      return ended(facts, true);
    case E::Run:
    case E::Halt:
    case E::Failed:
      return stay(S::Stopping);
    default:
      return std::nullopt;
  }
}

Step fromDestroying(E event, const ModuleFacts& facts) {
  switch (event) {
    case E::Done:
    case E::Refused:
      return ended(facts, false);
    case E::Expired:
      return ModuleStep{S::Destroying, A::KillRunner};
    case E::Lost:
      return ended(facts, true);
    case E::Run:
    case E::Halt:
      return stay(S::Destroying);
    default:
      return std::nullopt;
  }
}

Step fromFailed(E event) {
  switch (event) {
    case E::Run:
    case E::Retry:
      return ModuleStep{S::Placed, A::Attach};
    case E::Halt:
      return ModuleStep{S::Stopped, A::None};
    case E::Quarantine:
      return ModuleStep{S::Quarantined, A::None};
    default:
      return std::nullopt;
  }
}

Step fromQuarantined(E event) {
  switch (event) {
    case E::Retry:
      return ModuleStep{S::Placed, A::Attach};
    case E::Halt:
      return ModuleStep{S::Stopped, A::None};
    case E::Run:
    case E::Quarantine:
      return stay(S::Quarantined);
    default:
      return std::nullopt;
  }
}

Step fromStopped(E event) {
  switch (event) {
    case E::Run:
      return ModuleStep{S::Placed, A::Attach};
    case E::Halt:
    case E::Retry:
      return stay(S::Stopped);
    default:
      return std::nullopt;
  }
}

}  // namespace

Step nextStep(S state, E event, const ModuleFacts& facts) {
  switch (state) {
    case S::Stopped:
      return fromStopped(event);
    case S::Placed:
      return fromPlaced(event);
    case S::Creating:
      return fromCreating(event, facts);
    case S::Starting:
      return fromStarting(event, facts);
    case S::Running:
      return fromRunning(event, facts);
    case S::Stopping:
      return fromStopping(event, facts);
    case S::Destroying:
      return fromDestroying(event, facts);
    case S::Failed:
      return fromFailed(event);
    case S::Quarantined:
      return fromQuarantined(event);
  }
  return std::nullopt;
}

std::string_view toString(S state) {
  constexpr std::array<std::string_view, 9> kNames{"stopped",    "placed",  "creating",
                                                   "starting",   "running", "stopping",
                                                   "destroying", "failed",  "quarantined"};
  return kNames[static_cast<size_t>(state)];
}

std::string_view toString(E event) {
  constexpr std::array<std::string_view, 10> kNames{"run",   "halt",      "ready",   "lost",
                                                    "done",  "refused",   "expired", "failed",
                                                    "retry", "quarantine"};
  return kNames[static_cast<size_t>(event)];
}

}  // namespace busbar
