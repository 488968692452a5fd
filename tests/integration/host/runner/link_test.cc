// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
// Links, the command queue and timers of a real driver in a real runner; this test is the device.
#include <netinet/in.h>
#include <sys/socket.h>

#include <array>
#include <chrono>
#include <string>

#include <gtest/gtest.h>

#include <busbar/driver.h>

#include "sdk/wire/peer_packet.h"
#include "tests/integration/host/runner/runner_under_test.h"

namespace busbar::test {
namespace {

using namespace std::chrono_literals;

class RunnerLink : public testing::Test {
 protected:
  void SetUp() override { start(R"({"type":"delimiter","delimiter_hex":"0a"})"); }

  void start(std::string_view framing, uint32_t kind = BUSBAR_LINK_TCP) {
    r_ = std::make_unique<RunnerUnderTest>(faultDriver("probe"));
    wire::CreateLink link;
    link.linkId = 1;
    link.kind = kind;
    link.role = "main";
    link.framing = framing;
    link.maxFrameBytes = 65'536;
    r_->createAndStart(1, {"^k[0-9]*$"}, {link});
  }

  // Passes a new connection to the runner and keeps the device's end.
  void linkUp(uint32_t generation, uint32_t kind = BUSBAR_LINK_TCP) {
    std::array<int, 2> pair{};
    const int type = kind == BUSBAR_LINK_UDP         ? SOCK_DGRAM
                     : kind == BUSBAR_LINK_UDP_PEERS ? SOCK_SEQPACKET
                                                     : SOCK_STREAM;
    ASSERT_EQ(socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, pair.data()), 0);
    device_.reset(pair[0]);
    const UniqueFd theirs(pair[1]);
    wire::LinkUp m;
    m.linkId = 1;
    m.generation = generation;
    m.kind = kind;
    m.peer = "192.0.2.7:502";
    wire::encode(r_->out(), uint64_t{1}, m);
    r_->send({theirs.get()});
    EXPECT_TRUE(logged("connected 192.0.2.7:502 generation " + std::to_string(generation) +
                       (kind > BUSBAR_LINK_UDP ? " kind " + std::to_string(kind) : "")));
  }

  bool logged(const std::string& text) {
    return r_
        ->waitFor([&text](const OwnedFrame& f) {
          return f.type == wire::Type::Log && f.log().message == text;
        })
        .has_value();
  }
  // The status that the driver got from the host function.
  int call(std::string_view function, std::string_view args) {
    const auto done = r_->call(++call_, 1, function, args);
    return done ? std::stoi(std::string(done->complete().result)) : -99;
  }
  void deviceSays(std::string_view bytes) {
    ASSERT_EQ(::send(device_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // Exactly `bytes` many bytes.
  std::string deviceReads(size_t bytes) {
    timeval limit{10, 0};
    setsockopt(device_.get(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
    std::string text(bytes, '\0');
    const ssize_t n = recv(device_.get(), text.data(), bytes, MSG_WAITALL);
    text.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return text;
  }

  std::unique_ptr<RunnerUnderTest> r_;
  UniqueFd device_;
  uint64_t call_ = 0;
};

TEST_F(RunnerLink, SendsAndReceivesFrames) {
  linkUp(1);
  EXPECT_EQ(call("send", R"({"t":"ping"})"), BUSBAR_OK);
  EXPECT_EQ(deviceReads(4), "ping");
  deviceSays("one\ntw");
  EXPECT_TRUE(logged("received one task 0"));
  deviceSays("o\n");
  EXPECT_TRUE(logged("received two task 0"));
}

TEST_F(RunnerLink, OldGenerationsAndDownLinksAreOffline) {
  EXPECT_EQ(call("send", R"({"t":"x"})"), BUSBAR_E_OFFLINE);
  linkUp(3);
  EXPECT_EQ(call("send", R"({"t":"x","g":2})"), BUSBAR_E_OFFLINE);
  EXPECT_EQ(call("send", R"({"t":"x","g":3})"), BUSBAR_OK);
}

TEST_F(RunnerLink, TellsWhenTheDeviceCloses) {
  linkUp(1);
  device_.reset();
  const auto lost = r_->waitFor(wire::Type::LinkLost, 1);
  ASSERT_TRUE(lost);
  wire::LinkDown m;
  ASSERT_TRUE(wire::decode(lost->payload, m));
  EXPECT_EQ(m.generation, 1u);
  EXPECT_EQ(m.error.code, "connection_closed");
  EXPECT_TRUE(logged("disconnected connection_closed"));
  linkUp(2);
  deviceSays("again\n");
  EXPECT_TRUE(logged("received again task 0"));
}

TEST_F(RunnerLink, HostTakesTheLinkDown) {
  linkUp(1);
  wire::LinkDown m;
  m.linkId = 1;
  m.generation = 1;
  m.error.status = BUSBAR_E_OFFLINE;
  m.error.code = "by_host";
  wire::encode(r_->out(), wire::Type::LinkDown, 1, m);
  r_->send();
  EXPECT_TRUE(logged("disconnected by_host"));
  EXPECT_EQ(deviceReads(1), "");
}

TEST_F(RunnerLink, TooLongAFrameEndsTheLink) {
  linkUp(1);
  deviceSays(std::string(70'000, 'x'));
  EXPECT_TRUE(logged("disconnected frame_too_long"));
}

TEST_F(RunnerLink, InternalFromReceivedFailsTheModule) {
  linkUp(1);
  deviceSays("fail\n");
  EXPECT_TRUE(r_->waitFor(wire::Type::Failed, 1));
}

TEST_F(RunnerLink, FramingCanBeChangedAndMayBeTheDrivers) {
  linkUp(1);
  EXPECT_EQ(call("framing", R"({"type":"driver"})"), BUSBAR_OK);
  deviceSays(".3abc..1");
  EXPECT_TRUE(logged("received 3abc task 0"));
  deviceSays("z");
  EXPECT_TRUE(logged("received 1z task 0"));
  EXPECT_EQ(call("framing", R"({"type":"idle_gap","gap_ms":20})"), BUSBAR_OK);
  deviceSays("gap");
  EXPECT_TRUE(logged("received gap task 0"));
  EXPECT_EQ(call("framing", R"({"type":"nonsense"})"), BUSBAR_E_INVALID);
}

TEST_F(RunnerLink, DatagramsAreFrames) {
  linkUp(1, BUSBAR_LINK_UDP);
  wire::CreateLink link;  // the kind of create decides; make a second module of kind UDP
  link.linkId = 1;
  link.kind = BUSBAR_LINK_UDP;
  link.role = "main";
  link.maxFrameBytes = 1500;
  r_->createAndStart(2, {}, {link});
  std::array<int, 2> pair{};
  ASSERT_EQ(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, pair.data()), 0);
  device_.reset(pair[0]);
  const UniqueFd theirs(pair[1]);
  wire::LinkUp m;
  m.linkId = 1;
  m.generation = 1;
  m.kind = BUSBAR_LINK_UDP;
  m.peer = "p";
  wire::encode(r_->out(), uint64_t{2}, m);
  r_->send({theirs.get()});
  EXPECT_TRUE(logged("connected p generation 1"));
  deviceSays("a\nb");
  EXPECT_TRUE(logged("received a\nb task 0"));
  const auto done = r_->call(50, 2, "send", R"({"t":"out"})");
  ASSERT_TRUE(done);
  std::array<char, 16> bytes{};
  EXPECT_EQ(recv(device_.get(), bytes.data(), bytes.size(), 0), 3);
}

TEST_F(RunnerLink, QueueWaitsForTheAnswer) {
  linkUp(1);
  EXPECT_EQ(call("enqueue", R"({"t":"first","token":5,"wait":1})"), BUSBAR_OK);
  EXPECT_EQ(call("enqueue", R"({"t":"second","token":6})"), BUSBAR_OK);
  EXPECT_EQ(deviceReads(5), "first");
  deviceSays("reply\n");
  EXPECT_TRUE(logged("received reply task 5"));
  EXPECT_EQ(call("done", R"({"token":5,"status":0})"), BUSBAR_OK);
  EXPECT_TRUE(logged("event 2 token 5 status 0 "));
  EXPECT_EQ(deviceReads(6), "second");
  EXPECT_TRUE(logged("event 2 token 6 status 0 "));
  EXPECT_EQ(call("done", R"({"token":5,"status":0})"), BUSBAR_E_STATE);
}

TEST_F(RunnerLink, QueueSendsAgainAfterATimeOutThenGivesUp) {
  linkUp(1);
  EXPECT_EQ(call("enqueue", R"({"t":"ask","token":5,"wait":1,"timeout":20,"retries":1})"), 0);
  EXPECT_EQ(deviceReads(6), "askask");
  EXPECT_TRUE(logged("event 2 token 5 status -5 "));
}

TEST_F(RunnerLink, LinkRequestsReachTheHost) {
  EXPECT_EQ(call("link", R"({"a":1})"), BUSBAR_OK);
  const auto frame = r_->waitFor(wire::Type::LinkRequest, 1);
  ASSERT_TRUE(frame);
  wire::LinkRequest m;
  ASSERT_TRUE(wire::decode(frame->payload, m));
  EXPECT_EQ(m.action, BUSBAR_LINK_CONNECT);
  EXPECT_EQ(call("link", R"({"a":99})"), BUSBAR_E_INVALID);
}

TEST_F(RunnerLink, TheDeadlinePageSilencesTheModule) {
  linkUp(1);
  r_->deadline(0) = bootNowNs() - 1;
  EXPECT_EQ(call("send", R"({"t":"x"})"), BUSBAR_E_OFFLINE);
  EXPECT_TRUE(logged("disconnected lease_lost"));
  EXPECT_EQ(deviceReads(1), "");
}

TEST_F(RunnerLink, TheDeadlinePageSilencesALinkWithManyPeersToo) {
  start(R"({"type":"none"})", BUSBAR_LINK_UDP_PEERS);
  linkUp(1, BUSBAR_LINK_UDP_PEERS);
  EXPECT_EQ(call("send", R"({"t":"x","peer":"192.0.2.9:1"})"), BUSBAR_OK);
  EXPECT_EQ(deviceReads(wire::kPeerHeaderBytes + 1).back(), 'x');
  r_->deadline(0) = bootNowNs() - 1;
  EXPECT_EQ(call("send", R"({"t":"x","peer":"192.0.2.9:1"})"), BUSBAR_E_OFFLINE);
  EXPECT_TRUE(logged("disconnected lease_lost"));
  EXPECT_EQ(deviceReads(1), "");
}

TEST_F(RunnerLink, ATimerClosesTheLinkAtTheDeadline) {
  r_->deadline(0) = bootNowNs() + 50'000'000;
  linkUp(1);
  EXPECT_TRUE(logged("disconnected lease_lost"));
  EXPECT_GE(bootNowNs(), r_->deadline(0));
}

TEST_F(RunnerLink, ARenewedDeadlineKeepsTheLink) {
  r_->deadline(0) = bootNowNs() + 30'000'000;
  linkUp(1);
  r_->deadline(0) = INT64_MAX;
  EXPECT_EQ(call("timer", R"({"token":9,"first":60})"), BUSBAR_OK);
  EXPECT_TRUE(logged("event 1 token 9 status 0 "));
  EXPECT_EQ(call("send", R"({"t":"x"})"), BUSBAR_OK);
}

TEST_F(RunnerLink, TimersRepeatAndCanBeCancelled) {
  EXPECT_EQ(call("timer", R"({"token":9,"first":1,"period":5})"), BUSBAR_OK);
  EXPECT_TRUE(logged("event 1 token 9 status 0 "));
  EXPECT_TRUE(logged("event 1 token 9 status 0 "));
  EXPECT_EQ(call("cancel", R"({"token":9})"), BUSBAR_OK);
  EXPECT_EQ(call("cancel", R"({"token":9})"), BUSBAR_E_NOTFOUND);
}

TEST_F(RunnerLink, PostsFromAThreadReachTheStrand) {
  EXPECT_EQ(call("post", "{}"), BUSBAR_OK);
  EXPECT_TRUE(logged("event 3 token 77 status 0 hello"));
}

TEST_F(RunnerLink, StopMayPendAndIsFinishedFromAThread) {
  linkUp(1);
  EXPECT_EQ(call("pend_stop", R"({"how":1})"), BUSBAR_OK);
  wire::encode(r_->out(), uint64_t{1}, wire::Stop{BUSBAR_STOP_USER, bootNowNs() + 5'000'000'000});
  r_->send();
  const auto stopped = r_->waitFor(wire::Type::Stopped, 1);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->error().status, 0);
  EXPECT_EQ(deviceReads(1), "");
}

TEST_F(RunnerLink, StopThatNeverEndsMeetsItsDeadline) {
  EXPECT_EQ(call("pend_stop", R"({"how":2})"), BUSBAR_OK);
  wire::encode(r_->out(), uint64_t{1}, wire::Stop{BUSBAR_STOP_USER, bootNowNs() + 50'000'000});
  r_->send();
  const auto stopped = r_->waitFor(wire::Type::Stopped, 1);
  ASSERT_TRUE(stopped);
  EXPECT_EQ(stopped->error().status, BUSBAR_E_TIMEOUT);
}

TEST_F(RunnerLink, StopWaitsForTheDeviceToTakeTheRest) {
  linkUp(1);
  // More than a socket buffer holds: the rest waits in the runner.
  const std::string chunk = R"({"t":")" + std::string(60'000, 'b') + R"("})";
  size_t sent = 0;
  while (call("send", chunk) == BUSBAR_OK) {
    sent += 60'000;
  }
  wire::encode(r_->out(), uint64_t{1}, wire::Stop{BUSBAR_STOP_USER, bootNowNs() + 8'000'000'000});
  r_->send();
  EXPECT_EQ(deviceReads(sent).size(), sent);
  EXPECT_EQ(deviceReads(1), "");
  EXPECT_TRUE(r_->waitFor(wire::Type::Stopped, 1));
}

TEST_F(RunnerLink, SettingsAreAppliedOrRefused) {
  wire::encode(r_->out(), uint64_t{1}, wire::SettingsUpdate{R"({"a":1})", R"(["a"])"});
  wire::encode(r_->out(), uint64_t{1}, wire::SettingsUpdate{"{}", "[]"});
  r_->send();
  const auto applied = r_->waitFor(wire::Type::SettingsDone, 1);
  const auto refused = r_->waitFor(wire::Type::SettingsDone, 1);
  ASSERT_TRUE(applied && refused);
  EXPECT_EQ(applied->error().status, BUSBAR_OK);
  EXPECT_EQ(refused->error().status, BUSBAR_E_INVALID);
}

}  // namespace
}  // namespace busbar::test
