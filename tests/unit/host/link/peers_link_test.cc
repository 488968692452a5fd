// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0

// Links with many peers without a runner: this test has its end of the pair, and the devices.
#include "host/link/peers_link.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/link/link_shares.h"
#include "tests/support/await.h"
#include "tests/support/fake_clock.h"
#include "tests/support/free_port.h"

namespace busbar {
namespace {

using Kind = wire::PeerPacketKind;

// A device's socket at 127.0.0.2.
class Device {
 public:
  explicit Device(int type) {
    fd_.reset(::socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    sockaddr_in at = address(2, 0);
    socklen_t size = sizeof at;
    BUSBAR_CHECK(::bind(fd_.get(), reinterpret_cast<sockaddr*>(&at), size) == 0);
    BUSBAR_CHECK(::getsockname(fd_.get(), reinterpret_cast<sockaddr*>(&at), &size) == 0);
    peer.family = 4;
    peer.port = ntohs(at.sin_port);
    peer.bytes = {127, 0, 0, 2};
  }
  static sockaddr_in address(uint32_t last, uint16_t port) {
    sockaddr_in at{};
    at.sin_family = AF_INET;
    at.sin_addr.s_addr = htonl(0x7f000000U + last);
    at.sin_port = htons(port);
    return at;
  }
  void connect(uint16_t port) const {
    const sockaddr_in to = address(1, port);
    const int begun = ::connect(fd_.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to);
    EXPECT_TRUE(begun == 0 || errno == EINPROGRESS) << strerrorname_np(errno);
  }
  void takeLittle() const {
    const int bytes = 4096;
    setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  std::string read() {
    std::string text(70'000, '\0');
    const ssize_t n = ::recv(fd_.get(), text.data(), text.size(), 0);
    hasEnded = hasEnded || n == 0 || (n < 0 && errno != EAGAIN);
    text.resize(n < 0 ? 0 : static_cast<size_t>(n));
    return text;
  }
  bool ends() {
    read();
    return hasEnded;
  }
  void close() { fd_.reset(); }

  wire::PeerAddress peer;
  bool hasEnded = false;

 private:
  UniqueFd fd_;
};

class PeersLinkUnitTest : public testing::Test, protected Link::Owner {
 protected:
  void linkUp(uint32_t, uint32_t, LinkKind, UniqueFd fd, std::string) override {
    runner_ = std::move(fd);
  }
  void linkDown(uint32_t, uint32_t, const Error* why) override {
    down_ = why == nullptr ? "orderly" : why->reason;
  }
  void linkFailed(uint32_t, const Error& error) override { failed_ = error.message; }
  bool linkMayWrite() const override { return mayWrite_; }
  void linkLog(int, std::string message) override { logged_.push_back(std::move(message)); }

  void open(LinkTarget target) {
    target.interfaceAddress = "127.0.0.1";
    target.port = port_;
    Link::Owner& self = *this;
    auto made = Link::create({*loop_, pool_, shares_, self, 1, 7}, std::move(target));
    ASSERT_TRUE(made.ok()) << made.error().message;
    link_ = std::move(*made);
    link_->connect();
    ASSERT_TRUE(runner_.valid()) << failed_;
  }
  void send(Kind kind, const wire::PeerAddress& peer, const std::string& data = {}) {
    wire::PeerPacket packet;
    packet.kind = kind;
    packet.peer = peer;
    packet.data = data;
    std::string bytes;
    wire::encode(bytes, packet);
    ASSERT_EQ(::send(runner_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
              static_cast<ssize_t>(bytes.size()));
  }
  // The kind of the next packet for the runner, and its data in `data_`.
  std::optional<Kind> next() {
    std::string bytes(wire::kPeerHeaderBytes + wire::kMaxPeerData, '\0');
    const ssize_t n = ::recv(runner_.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
    wire::PeerPacket packet;
    if (n <= 0 || !wire::decode({bytes.data(), static_cast<size_t>(n)}, packet)) {
      return std::nullopt;
    }
    data_ = packet.data;
    return packet.kind;
  }
  bool becomes(Kind kind) {
    return until([&] { return next() == kind; });
  }
  template <class Condition>
  bool until(Condition condition) {
    return runUntil(*loop_, condition);
  }
  void turn() {
    for (int i = 0; i < 10; ++i) {
      loop_->runOnce(Milliseconds(1));
    }
  }
  // A device that has called in.
  void callIn(Device& device) {
    device.connect(port_);
    ASSERT_TRUE(becomes(Kind::Connected));
  }

  FakeClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  WorkerPool pool_{1, 10};
  LinkShares shares_{""};
  const uint16_t port_ = test::freePort();
  std::unique_ptr<Link> link_;
  UniqueFd runner_;
  std::string down_;
  std::string failed_;
  std::string data_;
  bool mayWrite_ = true;
  std::vector<std::string> logged_;
};

TEST_F(PeersLinkUnitTest, AClosedConnectionMayStillBeReadForTwoSeconds) {
  open({LinkKind::TcpPeers, "127.0.0.2"});
  Device device(SOCK_STREAM);
  callIn(device);
  send(Kind::Data, device.peer, "goodbye");
  send(Kind::Close, device.peer);
  ASSERT_TRUE(until([&] { return device.read() == "goodbye"; }));
  EXPECT_TRUE(until([&] { return device.ends(); }));  // nothing more comes, but it is not reset
  clock_.advance(Milliseconds(1999));
  turn();
  EXPECT_EQ(next(), std::nullopt);
  clock_.advance(Milliseconds(1));
  EXPECT_TRUE(becomes(Kind::Disconnected));
  EXPECT_EQ(data_, "");                         // it was the driver's wish
  send(Kind::Data, device.peer, "crosses it");  // is no fault
  turn();
  EXPECT_EQ(down_, "");
}

TEST_F(PeersLinkUnitTest, ADeviceThatClosesTooEndsTheGoodbye) {
  open({LinkKind::TcpPeers, "127.0.0.2"});
  Device device(SOCK_STREAM);
  callIn(device);
  send(Kind::Close, device.peer);
  EXPECT_TRUE(until([&] { return device.ends(); }));
  device.close();
  EXPECT_TRUE(becomes(Kind::Disconnected));
  EXPECT_EQ(data_, "");
  clock_.advance(Milliseconds(5000));  // no timer is left
  turn();
  EXPECT_EQ(next(), std::nullopt);
}

TEST_F(PeersLinkUnitTest, ALostLeaseClosesAPortOfDevicesThatCallIn) {
  open({LinkKind::TcpPeers, "127.0.0.2"});
  Device device(SOCK_STREAM);
  callIn(device);
  mayWrite_ = false;
  send(Kind::Data, device.peer, "too late");
  EXPECT_TRUE(until([&] { return down_ == "lease_lost"; }));
  EXPECT_TRUE(until([&] { return device.read().empty() && device.hasEnded; }));
  EXPECT_EQ(shares_.listeners().openPorts(), 0U);
}

TEST_F(PeersLinkUnitTest, ALostLeaseClosesAPortOfDatagrams) {
  open({LinkKind::UdpPeers, "127.0.0.2"});
  Device device(SOCK_DGRAM);
  send(Kind::Data, device.peer, "in time");
  ASSERT_TRUE(until([&] { return device.read() == "in time"; }));
  mayWrite_ = false;
  send(Kind::Data, device.peer, "too late");
  EXPECT_TRUE(until([&] { return down_ == "lease_lost"; }));
  turn();
  EXPECT_EQ(device.read(), "");
  EXPECT_EQ(shares_.udpPorts().openPorts(), 0U);
}

// As after a pause of this host: what waited in a connection does not go out either.
TEST_F(PeersLinkUnitTest, WhatWaitsForASlowDeviceIsDroppedWithTheLease) {
  open({LinkKind::TcpPeers, "127.0.0.2"});
  Device device(SOCK_STREAM);
  device.takeLittle();
  callIn(device);
  const std::string much(60'000, 'x');
  for (int i = 0; i < 4; ++i) {
    send(Kind::Data, device.peer, much);
    turn();
  }
  mayWrite_ = false;
  size_t got = 0;
  EXPECT_TRUE(until([&] {
    got += device.read().size();
    return down_ == "lease_lost" || device.hasEnded;
  }));
  EXPECT_EQ(down_, "lease_lost");
  EXPECT_LT(got, 4 * much.size());
}

TEST_F(PeersLinkUnitTest, ADriverThatBroadcastsNeedsNoPort) {
  LinkTarget target;
  target.kind = LinkKind::UdpPeers;
  target.broadcast = true;
  target.interfaceAddress = "127.0.0.1";
  Link::Owner& self = *this;
  link_ = Link::create({*loop_, pool_, shares_, self, 1, 7}, target).value();
  link_->connect();
  EXPECT_TRUE(runner_.valid()) << failed_;
  EXPECT_EQ(shares_.udpPorts().openPorts(), 1U);
}

}  // namespace
}  // namespace busbar
