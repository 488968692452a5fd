// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "registry/model/records.h"
#include "registry/state/state_store.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/result.h"

namespace busbar {

// Who asks, as a driver gets to know it.
struct CallerInfo {
  std::string userId;
  model::UserRole role = model::UserRole::User;
  std::string traceparent;  // W3C trace context header value, checked, or empty
};

// On whose behalf something is done.
struct Origin {
  CallerInfo caller;
  unsigned hops = 0;  // calls from module to module so far
};

struct ExecuteRequest {
  std::string moduleId;
  std::string function;
  // JSON text, checked: an object by parameter name, or an array that the manifest's order[] maps.
  std::string args = "{}";
  CallerInfo caller;
  unsigned hops = 0;   // as in Origin
  Instant deadline{};  // at most 10 minutes ahead; passed: the function's own limit from now
  Instant latest = Instant::max();  // whatever the function's own limit is
};

struct ExecuteReply {
  std::string resultJson;  // checked JSON text; "null" when the driver gave none
  int httpStatus = 200;    // the driver's own, 200..599
};

// What users see of a module. `code` and `sentence` are empty while all is well.
struct ModuleHealth {
  std::string state;  // stored, placed, starting, running, stopping, stopped, failed, quarantined
  bool running = false;        // serves calls
  bool connected = true;       // link up, or no link
  std::string code;            // stable, "driver_crashed"
  std::string sentence;        // cause and remedy
  int64_t sinceUtcNs = 0;      // of the present state
  std::string runnerId;        // empty when none
  bool tlsVerifyNone = false;  // its TLS links and HTTP trust anybody
};

struct LogLine {
  int64_t utcNs = 0;
  int level = 2;  // 0 trace 1 debug 2 info 3 warn 4 error, 5 host_bug, 6 driver_bug
  std::string message;
  std::string fieldsJson;  // object text or empty
  std::string traceId;
};

// What happened to a runner that ended.
struct ExitReport {
  int64_t utcNs = 0;
  std::string runnerId;
  std::string driverId;
  std::string cause;     // signal SIGSEGV, hang, memory, protocol_error, exit 3, killed, …
  std::string moduleId;  // whose call it was in, if known
  std::string lastCall;  // function name or callback
  std::vector<std::string> backtrace;
  std::vector<std::string> lastLogs;
};

struct RunnerInfo {
  std::string id;
  std::string driverId;
  int pid = 0;
  std::string tier;   // full, no-userns, seccomp-only
  std::string state;  // starting, ready, backing_off, quarantined
  int64_t startedUtcNs = 0;
  uint32_t restarts = 0;
  size_t modules = 0;
  double cpuSeconds = 0;
  int64_t pssBytes = 0;
  int fds = 0;
  std::optional<ExitReport> lastExit;
};

// What a driver says of a call that still runs. Borrowed as HostEvent is.
struct CallProgress {
  uint64_t callId = 0;
  std::string_view traceId;  // of the call; empty when it has none
  std::string_view json;     // checked
  int64_t utcNs = 0;
};

// One thing that happened, as streamed to clients. Everything is borrowed: copy what outlives the
// listener's call.
struct HostEvent {
  enum class Kind { State, Log, Module, Progress };
  Kind kind = Kind::State;
  std::string_view moduleId;
  std::string_view epoch;
  const StateEntry* state = nullptr;  // Kind::State; empty json: the key was removed
  bool conflates = true;  // Kind::State: a newer value may replace it (manifest kind "state")
  const LogLine* log = nullptr;            // Kind::Log
  const ModuleHealth* health = nullptr;    // Kind::Module
  const CallProgress* progress = nullptr;  // Kind::Progress
};

// Ends the subscription when destroyed. Loop-only.
class Subscription {
 public:
  virtual ~Subscription() = default;
};

// The host as the API sees it, in the same process or on another machine. Loop-only; completions
// are called on the loop, exactly once, possibly before the call returns.
class HostClient {
 public:
  template <class T>
  using Done = Callback<void(Result<T>&&)>;
  using CallId = uint64_t;

  virtual ~HostClient() = default;

  // Errors by reason: module_not_found, module_not_running, function_not_found, bad_arguments,
  // permission_denied (the manifest's min_role), driver_crashed, deadline_exceeded, cancelled,
  // module_restarted, module_moved, module_stopped, shutting_down (it stopped during the call),
  // module_busy (queue full, 429), device_offline, driver_error (the driver's own message;
  // Error::httpStatus when the driver gave one).
  virtual CallId execute(ExecuteRequest request, Done<ExecuteReply> done) = 0;
  virtual void cancel(CallId call) = 0;

  virtual Result<std::vector<StateEntry>> state(std::string_view moduleId) = 0;
  // Empty when the key is unset.
  virtual Result<std::string> stateKey(std::string_view moduleId, std::string_view key) = 0;
  virtual ModuleHealth health(std::string_view moduleId) = 0;
  virtual Result<std::vector<LogLine>> logs(std::string_view moduleId) = 0;  // at most 500
  virtual std::vector<RunnerInfo> runners() = 0;
  virtual std::vector<ExitReport> exitReports(std::string_view moduleOrDriverId) = 0;

  // Restarts the module with its latest settings.
  virtual void reload(std::string moduleId, Done<void> done) = 0;
  // Lifts a quarantine of a module or a driver.
  virtual Status release(std::string_view moduleOrDriverId) = 0;
  // Kills the runner of a module: for tests and for the impatient admin.
  virtual Status killRunner(std::string_view moduleId) = 0;

  // Every event from now on; the listener filters. Called on the loop; must not block.
  virtual std::unique_ptr<Subscription> subscribe(Callback<void(const HostEvent&)> listener) = 0;
};

}  // namespace busbar
