// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "registry/state/state_store.h"
#include "sdk/base/callback.h"
#include "sdk/base/clock.h"
#include "sdk/base/result.h"

namespace busbar {

// Decides which modules this host runs. The host names the modules it could run; the coordinator
// says which it owns and under which epoch, and takes ownership back. The local coordinator grants
// everything at once; the cluster one claims in etcd. Asynchronous like ConfigStore; loop-only.
// Contract tests: tests/contract/coordinator_contract.h.
class Coordinator {
 public:
  struct Listener {
    // This host owns `moduleId` from now on; every state write carries `epoch`.
    Callback<void(const std::string& moduleId, const Epoch& epoch)> granted;
    // Stop the module and call released(); after `deadline` the next owner may start it.
    Callback<void(const std::string& moduleId, Instant deadline)> revoked;
  };

  virtual ~Coordinator() = default;

  virtual void start(Listener listener, Callback<void(Status)> started) = 0;
  // The modules that should run somewhere. Replaces the earlier list.
  virtual void propose(std::vector<std::string> moduleIds) = 0;
  // The module has stopped here.
  virtual void released(const std::string& moduleId) = 0;
  // Time until which this host may act for its modules; Instant::max() without a cluster.
  virtual Instant leaseDeadline() const = 0;
  // True while this process is the one to run the named singleton.
  virtual bool isElected(const std::string& singleton) const = 0;
};

}  // namespace busbar
