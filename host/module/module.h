// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/client/host_client.h"
#include "host/module/call_table.h"
#include "host/module/driver_spec.h"
#include "host/module/link_set.h"
#include "host/module/module_lifecycle.h"
#include "host/module/module_log.h"
#include "host/module/state_map.h"
#include "host/service/service_set.h"
#include "host/supervisor/runner.h"
#include "sdk/base/backoff.h"

namespace busbar {

// What a module is made from; a change of it is applied live where the driver can, else by a
// restart.
struct ModuleConfig {
  std::shared_ptr<const DriverSpec> spec;  // shared by the modules of a driver
  std::string moduleId;
  std::string name;      // resolved name, for messages
  std::string systemId;  // logic modules only
  std::string timeZone = "UTC";
  Connection connection;
  std::string uri;                  // the module's own address as an URL, or empty
  std::string settingsJson = "{}";  // merged, defaults filled in, fits the schema
  std::vector<std::string> secrets;
  std::string settingsProblem;  // not empty: the settings do not fit, and why
  Epoch epoch;
  std::string host;  // device address; empty: no link
  uint16_t port = 0;
  bool udp = false;
  bool tls = false;
  bool makebreak = false;
  bool debug = false;
};

// One module on the host that owns it: its life in a runner, its links, calls, status and log.
// Table of states and events: module_lifecycle.h. Loop-only.
class Module final : private LinkSet::Owner, private ServiceClient {
 public:
  // What a module needs from around it.
  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void attach(Module& mod) = 0;  // runnerReady() follows, now or later
    virtual void detach(Module& mod) = 0;
    virtual void publish(const HostEvent& event) = 0;
    virtual void moduleStateChanged(Module& mod) = 0;
  };
  struct Context {
    EventLoop& loop;
    WorkerPool& pool;
    CallTable& calls;
    Owner& owner;
    ServiceProviders& services;
    LinkShares& links;
  };

  Module(const Context& context, ModuleConfig config);
  Module(const Module&) = delete;
  Module& operator=(const Module&) = delete;
  ~Module() override;

  const std::string& id() const { return config_.moduleId; }
  const DriverSpec& spec() const { return *config_.spec; }
  const ModuleConfig& config() const { return config_; }
  ModuleState state() const { return state_; }
  bool wanted() const { return wanted_; }
  ModuleHealth health() const;
  const StateMap& status() const { return status_; }
  StateMap& status() { return status_; }
  std::vector<LogLine> logs() const { return log_.all(); }

  void configure(ModuleConfig config);
  void run();
  void halt(uint32_t reason);     // BUSBAR_STOP_…
  void restart(uint32_t reason);  // halt, then run again
  void quarantine(std::string code, std::string sentence);
  void release();  // from quarantine or a wait

  // Called by the supervisor.
  void runnerReady(Runner& runner, uint32_t instance, uint32_t slot);
  // `culprit`: the runner ended inside one of this module's callbacks.
  void runnerLost(const ExitReport& report, bool culprit);
  bool frame(const wire::Frame& frame, std::string& why);
  void addLog(LogLine line);
  Runner* runner() const { return runner_; }
  uint32_t instance() const { return instance_; }

  // Sends a call. `args` is checked and is an object. The call is in the table; Done has run or
  // will.
  CallTable::Id execute(const DriverSpec::Function& function, std::string_view args,
                        Origin&& origin, Instant deadline, CallTable::Done&& done);
  void cancel(CallTable::Id call);
  void callEnded() { endCalls(1); }
  unsigned callsInFlight() const { return callsInFlight_; }

 private:
  void event(ModuleEvent event);
  void act(ModuleAction action);
  void create();
  void stop();
  Error whyCallsEnd() const;
  void afterStop();
  void releaseRunner();
  void endCalls(unsigned count);
  void armStep(Milliseconds limit);
  void changed();
  void fail(std::string code, std::string sentence);
  void clearStatus();
  void publishState(const StateMap::Entry& entry);
  void applySettings(const std::string& oldSettings);

  bool onOutcome(const wire::Frame& frame, std::string& why);
  bool onSettingsDone(const wire::WireError& error);
  bool onComplete(const wire::Frame& frame, std::string& why);
  bool onProgress(const wire::Frame& frame, std::string& why);
  bool onState(const wire::Frame& frame, std::string& why);
  bool onLog(const wire::Frame& frame, std::string& why);
  bool onLinkLost(const wire::Frame& frame, std::string& why);
  bool onLinkRequest(const wire::Frame& frame, std::string& why);
  bool onService(const wire::Frame& frame, std::string& why);
  std::string clean(std::string_view text) const;  // UTF-8 and without secrets

  std::vector<std::string> grantedExtensions() const;

  // LinkSet::Owner
  void sendLinkUp(const wire::LinkUp& m, UniqueFd fd) override;
  void sendLinkDown(const wire::LinkDown& m) override;
  bool mayWrite() const override;
  void linksChanged(bool connected, std::string code, std::string why) override;

  // ServiceClient
  const std::string& moduleId() const override { return config_.moduleId; }
  const std::string& systemId() const override { return config_.systemId; }
  const std::string& timeZone() const override { return config_.timeZone; }
  const std::string& uri() const override { return config_.uri; }
  const Connection& connection() const override { return config_.connection; }
  const Epoch& epoch() const override { return config_.epoch; }
  const Origin* originOf(uint64_t parent) const override;
  void send(const wire::ServiceEvent& event) override;
  void send(const wire::HttpPart& part) override;
  size_t unsentBytes() const override;
  void log(int level, std::string message) override;

  Context context_;
  ModuleConfig config_;
  SecretMask mask_;
  ModuleState state_ = ModuleState::Stopped;
  bool wanted_ = false;
  bool failed_ = false;
  bool restartAfterStop_ = false;
  bool connected_ = true;
  uint32_t stopReason_ = 0;
  std::string code_;
  std::string sentence_;
  int64_t sinceUtcNs_ = 0;
  Runner* runner_ = nullptr;
  uint32_t instance_ = 0;
  uint32_t slot_ = 0;
  unsigned callsInFlight_ = 0;
  TimerId stepTimer_ = 0;
  TimerId retryTimer_ = 0;
  Backoff retry_{Milliseconds(1000), Milliseconds(30'000)};
  StateMap status_;
  LogRing log_;
  std::unique_ptr<LinkSet> links_;        // while the driver runs
  std::unique_ptr<ServiceSet> services_;  // while the driver runs
  std::string pendingSettings_;           // sent, not yet answered
  std::vector<wire::StatePoint> points_;
  std::string spareResult_;  // room for the next result
};

}  // namespace busbar
