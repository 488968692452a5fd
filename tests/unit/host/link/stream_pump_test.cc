// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/stream_pump.h"

#include <sys/socket.h>

#include <array>
#include <cerrno>
#include <memory>
#include <optional>
#include <string>

#include <gtest/gtest.h>

#include "tests/support/await.h"

namespace busbar {
namespace {

// A pump in clear between two socketpairs; the test has their other ends.
class StreamPumpTest : public testing::Test, protected StreamPump::Owner {
 protected:
  void SetUp() override {
    UniqueFd device;
    UniqueFd pair;
    makePair(device, device_);
    makePair(pair, runner_);
    StreamPump::Owner& self = *this;
    pump_ = std::make_unique<StreamPump>(*loop_, self, std::move(device), nullptr, std::move(pair));
    ASSERT_TRUE(pump_->start().ok());
  }
  static void makePair(UniqueFd& a, UniqueFd& b) {
    std::array<int, 2> pair{};
    BUSBAR_CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair.data()) ==
                 0);
    a.reset(pair[0]);
    b.reset(pair[1]);
  }
  bool pumpMayWrite() const override { return mayWrite_; }
  void pumpEnded(const Error* why) override {
    ended_ = why == nullptr ? "orderly" : why->reason.empty() ? why->message : why->reason;
    pump_.reset();
  }
  void pumpDrained() override { drained_ = true; }

  static size_t sendAll(int fd, std::string_view bytes) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    return n < 0 ? 0 : static_cast<size_t>(n);
  }
  static std::string read(int fd) {
    std::string text(4096, '\0');
    const ssize_t n = ::recv(fd, text.data(), text.size(), 0);
    text.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return text;
  }
  bool reads(int fd, const std::string& wanted) {
    std::string got;
    return runUntil(*loop_, [&] { return (got += read(fd)) == wanted; });
  }
  void turn() {
    for (int i = 0; i < 20; ++i) {
      loop_->runOnce(Milliseconds(1));
    }
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  UniqueFd device_;
  UniqueFd runner_;
  std::unique_ptr<StreamPump> pump_;
  bool mayWrite_ = true;
  bool drained_ = false;
  std::optional<std::string> ended_;
};

TEST_F(StreamPumpTest, CarriesBothWays) {
  sendAll(runner_.get(), "to device");
  sendAll(device_.get(), "to runner");
  EXPECT_TRUE(reads(device_.get(), "to device"));
  EXPECT_TRUE(reads(runner_.get(), "to runner"));
}

// One side after the other: what is taken beyond the two socket buffers is bounded by the pump's.
TEST_F(StreamPumpTest, StopsReadingWhileTheOtherSideIsFull) {
  const std::string chunk(16 * 1024, 'x');
  for (const auto& [from, to] :
       {std::pair(runner_.get(), device_.get()), std::pair(device_.get(), runner_.get())}) {
    size_t sent = 0;
    for (int idle = 0; idle < 20;) {
      const size_t n = sendAll(from, chunk);
      sent += n;
      idle = n == 0 ? idle + 1 : 0;
      loop_->runOnce(Milliseconds(0));
    }
    EXPECT_GT(sent, StreamPump::kBufferBytes);
    EXPECT_LT(sent, 1U << 20U);
    size_t got = 0;
    EXPECT_TRUE(runUntil(*loop_, [&, end = to] { return (got += read(end).size()) == sent; }));
  }
}

TEST_F(StreamPumpTest, WhatTheRunnerWroteBeforeItClosedGoesOut) {
  sendAll(runner_.get(), "last words");
  runner_.reset();
  EXPECT_TRUE(reads(device_.get(), "last words"));
  EXPECT_TRUE(runUntil(*loop_, [&] { return ended_ == "orderly"; }));
}

TEST_F(StreamPumpTest, TheRunnerReadsTheRestAndThenTheEnd) {
  sendAll(device_.get(), "last words");
  device_.reset();
  EXPECT_TRUE(reads(runner_.get(), "last words"));
  char byte = 0;
  EXPECT_TRUE(runUntil(*loop_, [&] { return ::recv(runner_.get(), &byte, 1, 0) == 0; }));
  EXPECT_FALSE(ended_);
  runner_.reset();
  EXPECT_TRUE(runUntil(*loop_, [&] { return ended_.has_value(); }));
}

TEST_F(StreamPumpTest, SendsNothingOnceItMayNotWrite) {
  mayWrite_ = false;
  sendAll(runner_.get(), "too late");
  EXPECT_TRUE(runUntil(*loop_, [&] { return ended_ == "lease_lost"; }));
  EXPECT_EQ(read(device_.get()), "");
}

TEST_F(StreamPumpTest, DrainLeavesTheDevicesBytesAlone) {
  sendAll(runner_.get(), "STARTTLS");
  pump_->drain();
  sendAll(device_.get(), "server hello");
  EXPECT_TRUE(runUntil(*loop_, [&] { return drained_; }));
  EXPECT_EQ(read(device_.get()), "STARTTLS");
  const UniqueFd fd = pump_->takeDevice();
  EXPECT_EQ(read(fd.get()), "server hello");
  turn();
  EXPECT_EQ(read(runner_.get()), "");
}

TEST_F(StreamPumpTest, FinishSendsWhatGoesAtOnce) {
  sendAll(runner_.get(), "power off");
  pump_->finish();
  pump_.reset();
  EXPECT_EQ(read(device_.get()), "power off");
}

}  // namespace
}  // namespace busbar
