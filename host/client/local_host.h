// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "host/client/host_client.h"
#include "host/link/link_shares.h"
#include "host/module/call_table.h"
#include "host/module/module.h"
#include "host/service/modules/modules_service.h"
#include "host/supervisor/supervisor.h"
#include "registry/cluster/coordinator.h"
#include "registry/site/site.h"
#include "registry/state/state_store.h"
#include "sdk/base/log.h"
#include "sdk/base/name_hash.h"

namespace busbar {

// The host in this process: follows the site, runs the modules that the coordinator grants, and
// serves the API. Loop-only.
class LocalHost final : public HostClient, private Module::Owner {
 public:
  struct Context {
    EventLoop& loop;
    WorkerPool& pool;
    const Site& site;
    StateStore& states;
    Coordinator& coordinator;
    Launcher& launcher;
    Logger& log;
    ServiceProviders services = {};  // those of other modules are the host's own
    std::string timeZone = "UTC";    // of modules whose place has none
    std::string siteCaFile = {};     // whom TLS links trust; empty: whom the system trusts
  };

  LocalHost(Context context, Supervisor::Options options);
  LocalHost(const LocalHost&) = delete;
  LocalHost& operator=(const LocalHost&) = delete;
  ~LocalHost() override;

  // After the site is loaded. `started` is called when the coordinator answers; modules come up
  // later.
  void start(Site& site, Callback<void(Status)> started);
  // Stops every module in order, then every runner; what is not done at the limit is killed. State
  // is handed to the store first.
  void stop(Milliseconds limit, Callback<void()> done);

  CallId execute(ExecuteRequest request, Done<ExecuteReply> done) override;
  void cancel(CallId call) override;
  Result<std::vector<StateEntry>> state(std::string_view moduleId) override;
  Result<std::string> stateKey(std::string_view moduleId, std::string_view key) override;
  ModuleHealth health(std::string_view moduleId) override;
  Result<std::vector<LogLine>> logs(std::string_view moduleId) override;
  std::vector<RunnerInfo> runners() override { return supervisor_.runners(); }
  std::vector<ExitReport> exitReports(std::string_view moduleOrDriverId) override;
  void reload(std::string moduleId, Done<void> done) override;
  Status release(std::string_view moduleOrDriverId) override;
  Status killRunner(std::string_view moduleId) override;
  std::unique_ptr<Subscription> subscribe(Callback<void(const HostEvent&)> listener) override;

  // Figures for metrics.
  size_t callsInFlight() const { return calls_.size(); }
  uint64_t callsTotal() const { return callsTotal_; }
  uint64_t restarts() const { return supervisor_.restarts(); }

 private:
  class Listener;

  void attach(Module& mod) override { supervisor_.attach(mod); }
  void detach(Module& mod) override { supervisor_.detach(mod); }
  void publish(const HostEvent& event) override;
  void moduleStateChanged(Module& mod) override;

  void siteChanged(const ConfigChange& change);
  void touch(std::string_view moduleId);
  void refreshTouched();
  void refresh(const std::string& moduleId);
  void remove(const std::string& moduleId);
  void forget(Module& mod);
  void propose();
  void granted(const std::string& moduleId, const Epoch& epoch);
  void revoked(const std::string& moduleId);
  void restoreState(const std::string& moduleId);
  std::shared_ptr<const DriverSpec> specOf(const model::Driver& driver);
  ModuleConfig configOf(const model::Module& mod, std::shared_ptr<const DriverSpec> spec);
  Status checkTls(const TlsTrust& trust);
  void saveStates();
  void finishStop();
  Module* find(std::string_view moduleId) const;
  // nullptr and an error when the call cannot be made.
  Result<const DriverSpec::Function*> checkCall(const ExecuteRequest& request, Module*& mod) const;

  Context context_;
  LinkShares links_;
  CallTable calls_;
  Supervisor supervisor_;
  ModuleHub moduleHub_;
  std::unordered_map<std::string, std::unique_ptr<Module>, NameHash, std::equal_to<>> modules_;
  // Without a row any more, but not yet out of their runners.
  std::unordered_map<const Module*, std::unique_ptr<Module>> leaving_;
  std::unordered_map<std::string, std::shared_ptr<const DriverSpec>, NameHash, std::equal_to<>>
      specs_;
  std::unordered_map<std::string, Epoch, NameHash, std::equal_to<>> owned_;
  std::set<std::string, std::less<>> touched_;
  bool refreshScheduled_ = false;
  std::set<Module*> dirty_;
  TimerId saveTimer_ = 0;
  Site::Subscription siteSubscription_;
  std::vector<Listener*> listeners_;  // nullptr: ended while events were handed out
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // for subscriptions that outlive the host
  unsigned publishing_ = 0;
  uint64_t callsTotal_ = 0;
  bool stopping_ = false;
  Milliseconds stopLimit_{0};
  TimerId stopTimer_ = 0;
  Callback<void()> stopped_;
};

}  // namespace busbar
