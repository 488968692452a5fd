// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "host/client/host_client.h"
#include "host/supervisor/launcher.h"
#include "host/supervisor/runner_pages.h"
#include "sdk/base/event_loop.h"
#include "sdk/base/json.h"
#include "sdk/wire/frame.h"
#include "sdk/wire/messages.h"

namespace busbar {

// The host's side of one runner process: channel, liveness, output pipes, end. It knows frames and
// limits; what instances mean is its owner's business. Life: launching -> loading (until the ready
// frame and the check of its filters) -> ready -> ended. Loop-only; never deleted from within a
// call of Owner (post the deletion).
class Runner {
 public:
  enum class State { Launching, Loading, Ready, Ended };

  class Owner {
   public:
    virtual ~Owner() = default;
    virtual void runnerReady(Runner& runner) = 0;
    // A frame for an instance or a call, well formed as a frame only. False: it breaks the
    // protocol, `why` says how, and the runner is killed.
    virtual bool runnerFrame(Runner& runner, const wire::Frame& frame, std::string& why) = 0;
    // A line that the driver printed, or one of the runner itself.
    virtual void runnerPrinted(Runner& runner, LogLine line) = 0;
    // The last call. `report.cause` is stable text, see host/supervisor/README.md "Causes".
    virtual void runnerEnded(Runner& runner, ExitReport report) = 0;
  };

  struct Limits {
    Milliseconds loadLimit{10'000};  // from launch to ready
    Milliseconds strandHard{5'000};
    uint32_t logBytesPerSecond = 1U << 20U;
  };

  Runner(EventLoop& loop, Owner& owner, std::string id, Limits limits);
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;
  ~Runner();

  // Once. Failures arrive through runnerEnded().
  void launch(Launcher& launcher, LaunchSpec spec, std::string_view hostVersion);

  // Append frames to this and call flushSoon(). All that is appended in one turn goes out in one
  // write.
  std::string& outbox() { return out_; }
  void flushSoon();
  // Appends the frame that `write` builds, with one fd.
  void sendWithFd(UniqueFd fd, Callback<void(std::string&)> write);

  // Ends it for `cause`; runnerEnded() follows.
  void kill(std::string cause);
  // Asks it to end by itself; killed after `limit`.
  void shutdown(Milliseconds limit);

  State state() const { return state_; }
  const std::string& id() const { return id_; }
  RunnerPages* pages() { return pages_.get(); }
  pid_t pid() const { return child_ ? child_->pid() : 0; }
  std::string tier() const { return child_ ? child_->tier() : std::string(); }
  Result<sandbox::RunnerUsage> usage() const;
  // Credit: the calls that it has not answered yet, counted by the modules.
  void callStarted() { ++callsInFlight_; }
  void callsEnded(unsigned count) { callsInFlight_ -= count; }
  unsigned callsInFlight() const { return callsInFlight_; }
  size_t outboxBytes() const { return out_.size() - sent_; }

 private:
  struct PendingFd {
    size_t offset;  // in out_
    UniqueFd fd;
  };
  class OutputPipe;

  void launched(Result<std::unique_ptr<RunnerChild>> child, std::string_view hostVersion);
  Status watchChild();
  void onChannel(uint32_t events);
  void readChannel(size_t budgetBytes);
  bool handleFrames();
  bool handleReady(const wire::Frame& frame);
  void flush();
  ssize_t sendSome();
  void checkLiveness();
  void endLateShutdown();
  void hung(const RunnerPages::Liveness& liveness);
  void printed(std::string_view stream, std::string_view line);
  bool parseCrashLine(std::string_view line);
  void onExit();
  void finish(ExitReport report);
  ExitReport makeReport(const std::optional<sandbox::ExitStatus>& status);

  EventLoop& loop_;
  Owner& owner_;
  const std::string id_;
  const Limits limits_;
  State state_ = State::Launching;
  std::shared_ptr<bool> alive_ =
      std::make_shared<bool>(true);  // guards posted tasks after deletion
  std::unique_ptr<RunnerPages> pages_;
  std::unique_ptr<RunnerChild> child_;
  UniqueFd channel_;
  FdWatch channelWatch_;
  FdWatch exitWatch_;
  std::unique_ptr<OutputPipe> stdout_;
  std::unique_ptr<OutputPipe> stderr_;
  wire::FrameReader reader_{wire::kMaxToHostBytes, false};
  std::string out_;
  size_t sent_ = 0;
  unsigned callsInFlight_ = 0;
  std::deque<PendingFd> pendingFds_;
  bool flushScheduled_ = false;
  bool writable_ = true;
  bool shuttingDown_ = false;
  TimerId loadTimer_ = 0;
  TimerId livenessTimer_ = 0;
  TimerId killTimer_ = 0;
  std::string cause_;  // set by kill(); wins over the exit status
  std::string crashCause_;
  std::string lastCall_;
  uint32_t lastInstance_ = 0;
  std::vector<std::string> backtrace_;
  std::deque<std::string> lastLines_;

 public:
  // The instance whose callback ran when it ended; 0 when none did. Valid in runnerEnded().
  uint32_t culpritInstance() const { return lastInstance_; }
};

}  // namespace busbar
