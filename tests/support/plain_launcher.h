// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <utility>

#include "host/supervisor/launcher.h"
#include "sdk/base/event_loop.h"

namespace busbar {

// Starts the tests' runner as an ordinary child without a sandbox, for what is tested apart from
// it.
class PlainLauncher : public Launcher {
 public:
  PlainLauncher(EventLoop& loop, std::string runnerPath)
      : loop_(loop), runnerPath_(std::move(runnerPath)) {}
  void launch(LaunchSpec spec, Done done) override;

  int launched() const { return launched_; }
  // Every launch from now on fails with this message, until it is empty.
  void failWith(std::string message) { failure_ = std::move(message); }

 private:
  EventLoop& loop_;
  std::string runnerPath_;
  int launched_ = 0;
  std::string failure_;
};

}  // namespace busbar
