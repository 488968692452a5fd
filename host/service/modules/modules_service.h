// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "host/service/modules/module_calls.h"
#include "host/service/modules/module_hub.h"
#include "host/service/modules/value_subscriptions.h"
#include "host/service/service.h"

namespace busbar {

// "busbar.modules/1" for one logic module: the other modules of its system are called and followed
// by name or by interface, and told of. Rules: architecture in README.md, busbar/driver.h.
// Loop-only.
class ModulesService final : public Service, private ModuleHub::Follower {
 public:
  static constexpr size_t kMaxOpen = 256;  // calls and subscriptions

  // Tells of the modules at once.
  ModulesService(ModuleHub& hub, ServiceClient& client);
  ModulesService(const ModulesService&) = delete;
  ModulesService& operator=(const ModulesService&) = delete;
  ~ModulesService() override;

  bool request(const wire::Frame& frame, std::string& why) override;
  void release(uint64_t token) override;

 private:
  void systemChanged() override;
  void call(const wire::ModuleCall& m);
  void callInterface(const wire::ModuleCall& m);
  void subscribe(const wire::Subscribe& m);
  bool isOpen(uint64_t token) const { return calls_.contains(token) || values_.contains(token); }
  void announce();
  void retryLater();

  ModuleHub& hub_;
  ServiceClient& client_;
  const std::string systemId_;
  SystemMembers members_;
  std::string announced_;  // the list that the driver knows
  bool announceLater_ = false;
  TimerId retryTimer_ = 0;
  ModuleCalls calls_;
  ValueSubscriptions values_;
};

// Makes the service for each module that may have it. `hub` outlives the services.
ServiceProvider modulesProvider(ModuleHub& hub);

}  // namespace busbar
