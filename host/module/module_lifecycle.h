// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace busbar {

// The life of a module on the host that owns it (architecture section 6), as a table. Pure.
//
//               run      halt     ready    lost     done     refused  expired  failed   retry
//               quarantine
//  Stopped      Placed   -        -        -        -        -        -        -        -       -
//  Placed       -        Stopped  Creating -        -        -        -        -        -
//  Quarantined Creating     -        -        -        (ended)  Starting Failed   kill     - - -
//  Starting     -        -        -        (ended)  Running  Destroy. kill     Stopping -       -
//  Running      -        Stopping -        (ended)  -        -        -        Stopping -       -
//  Stopping     -        -        -        (ended)  Destroy. Destroy. Destroy. -        -       -
//  Destroying   -        -        -        (ended)  (ended)  (ended)  kill     -        -       -
//  Failed       Placed   Stopped  -        -        -        -        -        -        Placed
//  Quarantined Quarantined  -        Stopped  -        -        -        -        -        - Placed
//  -
//
// `run` and `halt` also set what is wanted; a state without a cell for them finishes its step
// first. (ended) goes to Failed when the instance failed, else to Placed when it is wanted, else to
// Stopped. "kill" ends the runner and waits for `lost`. Creating and Starting that are done while
// no longer wanted go on to Destroying and Stopping.
enum class ModuleState {
  Stopped,
  Placed,
  Creating,
  Starting,
  Running,
  Stopping,
  Destroying,
  Failed,
  Quarantined,
};

enum class ModuleEvent {
  Run,         // wanted: by the admin, or again after new settings
  Halt,        // no longer wanted here
  Ready,       // the runner can take the instance
  Lost,        // the runner is gone
  Done,        // the runner's answer to the last step: fine
  Refused,     // … not fine
  Expired,     // no answer in time
  Failed,      // the running instance cannot go on
  Retry,       // the wait after a failure is over, or the quarantine was lifted
  Quarantine,  // too many crashes
};

enum class ModuleAction {
  None,
  Attach,  // ask the supervisor for a runner
  Detach,  // give the runner back
  Create,
  Start,
  Announce,  // it serves calls from now on
  Stop,
  Destroy,
  KillRunner,
  ScheduleRetry,  // and detach
};

struct ModuleStep {
  ModuleState to;
  ModuleAction action;
  bool operator==(const ModuleStep&) const = default;
};

// What the module is, beside its state, when an event comes.
struct ModuleFacts {
  bool wanted = false;  // after the event was taken into account
  bool failed = false;  // the present instance has failed
};

// nullopt: the pair is illegal (for the funnel that logs and counts). A step may stay in its state.
std::optional<ModuleStep> nextStep(ModuleState state, ModuleEvent event, const ModuleFacts& facts);

// "stopped", "placed", … as in ModuleHealth::state.
std::string_view toString(ModuleState state);
std::string_view toString(ModuleEvent event);

}  // namespace busbar
