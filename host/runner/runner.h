// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/runner/instance_table.h"
#include "host/runner/process.h"
#include "host/runner/status_gate.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/result.h"
#include "sdk/base/unique_fd.h"
#include "sdk/wire/frame.h"
#include "sdk/wire/messages.h"

namespace busbar::runner {

// How the process ends. Shape: README.md "Exit codes".
enum class Exit : int {
  Shutdown = 0,
  Usage = 2,
  Protocol = 70,  // the channel carried what no host of this release sends
  HostGone = 71,  // the channel was closed
  Refused = 72,   // the driver could not be loaded; the ready frame told why
  Sandbox = 73,   // a layer of the sandbox could not be entered
};

// The runner's side of the channel: takes frames, keeps instances, sends what they produce.
// Loop-only.
class Runner {
 public:
  // The channel must be non-blocking and connected.
  Runner(EventLoop& loop, UniqueFd channel, const Pages& pages);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  // Blocks until the first frame came, which must be a hello of this wire.
  Status awaitHello();
  bool isHostGone() const { return exit_ == Exit::HostGone; }
  // What the driver is loaded into, after the hello.
  Process& process() { return process_; }
  // Runs process_init, says ready (with `loaded`'s error if there is one) and serves until the end.
  Exit serve(const Status& loaded);

 private:
  void onReadable();
  // Reads once. False: nothing came.
  bool receive();
  void takeFrames();
  bool handle(const wire::Frame& frame);
  bool handleInstance(const wire::Frame& frame, Instance& instance);
  bool handleCreate(const wire::Frame& frame);
  void refuseCreate(uint32_t number, const Error& why);
  bool handleExecute(const wire::Frame& frame);
  bool handleCancel(const wire::Frame& frame);
  void remove(uint32_t number);
  UniqueFd takeFd();
  void shutdown();
  void endTurn();
  void flush();
  void end(Exit exit, const std::string& why = {});
  void sendReady(const Status& loaded);

  UniqueFd channel_;
  FdWatch watch_;
  Process process_;
  InstanceTable instances_;
  wire::FrameReader reader_;
  std::deque<UniqueFd> fds_;                  // received, not yet claimed by their frame
  std::shared_ptr<const StatusNames> names_;  // shared by instances that declare the same keys
  std::vector<Instance*> dirty_;
  std::string hostVersion_;
  std::optional<Exit> exit_;
};

}  // namespace busbar::runner
