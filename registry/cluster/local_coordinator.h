// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "registry/cluster/coordinator.h"
#include "registry/store/config_store.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// Coordinator of the embedded profile: this host owns every module it proposes, at once, and is
// every singleton. Epochs rise over restarts because start() takes a new generation from the
// configuration store. A module that is taken away and proposed again is granted when it was
// released. Loop-only.
//
//   state      propose with it   propose without it   released
//   (none)     Granted           -                    -
//   Granted    -                 Revoked              (none)
//   Revoked    Wanted            -                    (none)
//   Wanted     -                 Revoked              Granted
//
// A module that the host releases of its own accord is granted again at the next propose() with it.
class LocalCoordinator : public Coordinator {
 public:
  // Both must outlive this object.
  LocalCoordinator(EventLoop& loop, ConfigStore& store) : loop_(loop), store_(store) {}
  LocalCoordinator(const LocalCoordinator&) = delete;
  LocalCoordinator& operator=(const LocalCoordinator&) = delete;
  ~LocalCoordinator() override { *alive_ = false; }

  void start(Listener listener, Callback<void(Status)> started) override;
  void propose(std::vector<std::string> moduleIds) override;
  void released(const std::string& moduleId) override;
  Instant leaseDeadline() const override { return Instant::max(); }
  bool isElected(const std::string&) const override { return true; }

 private:
  enum class State { Granted, Revoked, Wanted };

  void postSettle();
  void settle();

  EventLoop& loop_;
  ConfigStore& store_;
  Listener listener_;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);  // shared with posted tasks
  std::set<std::string> proposed_;
  std::map<std::string, State> owned_;
  uint64_t generation_ = 0;  // 0: not started
  uint64_t claims_ = 0;
  bool settling_ = false;  // settle() is posted
};

// Shape: KEYS.md "epoch".
Epoch makeEpoch(uint64_t generation, uint64_t claim);

}  // namespace busbar
