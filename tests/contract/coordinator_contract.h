// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "registry/cluster/coordinator.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// A place where coordinators of one host can be started one after the other, alone in their
// cluster.
class CoordinatorBackend {
 public:
  virtual ~CoordinatorBackend() = default;
  virtual std::unique_ptr<Coordinator> make(EventLoop& loop) = 0;
};
using CoordinatorBackendFactory = std::function<std::unique_ptr<CoordinatorBackend>()>;

// What registry/cluster/coordinator.h promises to a host that is alone.
class CoordinatorContract : public testing::TestWithParam<CoordinatorBackendFactory> {
 protected:
  CoordinatorContract();
  void restart();
  // Turns the loop until the listener heard `count` things, then takes them: "+mod-1", "-mod-1".
  std::vector<std::string> heard(size_t count);
  // Turns the loop a while; nothing may be heard.
  void expectSilence();

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_;
  std::unique_ptr<CoordinatorBackend> backend_;
  std::unique_ptr<Coordinator> coordinator_;
  std::vector<std::string> heard_;
  std::vector<Epoch> epochs_;  // in the order granted
};

}  // namespace busbar
