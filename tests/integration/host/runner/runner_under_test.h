// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/runner/pages.h"
#include "sdk/base/unique_fd.h"
#include "sdk/wire/frame.h"
#include "sdk/wire/messages.h"

namespace busbar::test {

// A frame that owns its payload.
struct OwnedFrame {
  wire::Type type{};
  uint64_t id = 0;
  std::string payload;

  wire::WireError error() const;    // of an outcome frame; views into payload
  wire::Complete complete() const;  // views into payload
  wire::Log log() const;            // views into payload
  std::vector<wire::StatePoint> points() const;
};

// A real busbar-runner-test process on the other end of a socketpair, as a host sees it. Every wait
// ends after kPatience with a test failure.
class RunnerUnderTest {
 public:
  static constexpr std::chrono::seconds kPatience{10};

  // Starts the process and says hello.
  explicit RunnerUnderTest(const std::string& driverPath,
                           uint32_t wireVersion = wire::kWireVersion);
  RunnerUnderTest(const RunnerUnderTest&) = delete;
  RunnerUnderTest& operator=(const RunnerUnderTest&) = delete;
  ~RunnerUnderTest();

  // Encode frames to out(), then send(). send() may pass fds with the last frame.
  std::string& out() { return out_; }
  void send(const std::vector<int>& fds = {});
  // Bytes as they are.
  void sendRaw(std::string_view bytes);

  // Frames in order; waits. Nothing: the runner ended or said nothing.
  std::optional<OwnedFrame> next();
  // The next frame for which `wanted` holds; frames before it are kept in skipped().
  std::optional<OwnedFrame> waitFor(const std::function<bool(const OwnedFrame&)>& wanted);
  std::optional<OwnedFrame> waitFor(wire::Type type);
  std::optional<OwnedFrame> waitFor(wire::Type type, uint64_t id);
  // A driver_bug line whose message holds `text`, among skipped ones too.
  bool sawBug(std::string_view text);
  const std::deque<OwnedFrame>& skipped() const { return skipped_; }

  // create and start with `status` keys (a leading ^ makes a pattern); expects success of both.
  void createAndStart(uint32_t instance, const std::vector<std::string>& status = {"^.*$"},
                      const std::vector<wire::CreateLink>& links = {});
  // Sends execute; `deadline` from now.
  void execute(uint64_t call, uint32_t instance, std::string_view function,
               std::string_view args = "{}",
               std::chrono::milliseconds deadline = std::chrono::seconds(10));
  // execute, then the completion.
  std::optional<OwnedFrame> call(uint64_t call, uint32_t instance, std::string_view function,
                                 std::string_view args = "{}");

  // Waits for the end: exit code, or 1000 + signal.
  int waitExit();
  void closeChannel() { channel_.reset(); }
  void signal(int number);
  // What came on stderr so far; after waitExit() all of it.
  std::string stderrText();
  runner::LivenessPage& liveness() { return *liveness_; }
  int64_t& deadline(uint32_t slot) { return deadlines_[slot]; }
  pid_t pid() const { return pid_; }

 private:
  bool receive(std::chrono::steady_clock::time_point until);

  UniqueFd channel_;
  UniqueFd stderr_;
  pid_t pid_ = -1;
  std::string out_;
  std::string stderrText_;
  wire::FrameReader reader_{wire::kMaxToHostBytes, false};
  std::deque<OwnedFrame> skipped_;
  runner::LivenessPage* liveness_ = nullptr;
  int64_t* deadlines_ = nullptr;
};

// Paths in the build tree.
std::string builtDriver(const std::string& name);  // drivers/<name>/<name>.so
std::string faultDriver(const std::string& name);  // tests/drivers/<name>/<name>.so
int64_t bootNowNs();

}  // namespace busbar::test
