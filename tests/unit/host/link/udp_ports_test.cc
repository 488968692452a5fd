// SPDX-FileCopyrightText: The Busbar authors
// SPDX-License-Identifier: Apache-2.0
#include "host/link/udp_ports.h"

#include <netinet/in.h>
#include <sys/socket.h>

#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "host/link/peer_filter.h"
#include "host/link/peers_link.h"
#include "tests/support/await.h"
#include "tests/support/free_port.h"
#include "tests/support/present.h"

namespace busbar {
namespace {

wire::PeerAddress at(const std::string& text, uint16_t port) {
  wire::PeerAddress address = test::present(toAddress(text));
  address.port = port;
  return address;
}

class Client : public UdpPorts::Client {
 public:
  explicit Client(const std::string& block) { BUSBAR_CHECK(filter_.add(block).ok()); }
  bool permits(const wire::PeerAddress& peer) const override { return filter_.permits(peer); }
  bool isFull() const override { return full; }
  void received(const wire::PeerPacket& packet) override { got += std::string(packet.data) + ";"; }
  void missed(const wire::PeerAddress&) override { ++missedCount; }
  void refused(const wire::PeerAddress& peer) override { strangers += peer.text() + ";"; }

  std::string got;
  std::string strangers;
  int missedCount = 0;
  bool full = false;

 private:
  PeerFilter filter_;
};

// A device's socket at that address of loopback.
class Device {
 public:
  explicit Device(const std::string& host) {
    const SocketAddress own = toSocketAddress(at(host, 0));
    fd_.reset(::socket(own.storage.ss_family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
    isThere = ::bind(fd_.get(), own.get(), own.size) == 0;
    SocketAddress bound;
    bound.size = sizeof bound.storage;
    ::getsockname(fd_.get(), bound.get(), &bound.size);
    address = toPeer(bound);
  }
  void send(const std::string& host, uint16_t port, const std::string& text) const {
    const SocketAddress to = toSocketAddress(at(host, port));
    EXPECT_EQ(::sendto(fd_.get(), text.data(), text.size(), 0, to.get(), to.size),
              static_cast<ssize_t>(text.size()));
  }
  // What came, and from which port; empty when nothing has.
  std::string read(uint16_t* from = nullptr) const {
    std::string text(1000, '\0');
    SocketAddress sender;
    sender.size = sizeof sender.storage;
    const ssize_t n =
        ::recvfrom(fd_.get(), text.data(), text.size(), 0, sender.get(), &sender.size);
    text.resize(n < 0 ? 0 : static_cast<size_t>(n));
    if (n >= 0 && from != nullptr) {
      *from = toPeer(sender).port;
    }
    return text;
  }

  bool isThere = false;
  wire::PeerAddress address;

 private:
  UniqueFd fd_;
};

class UdpPortsTest : public testing::Test {
 protected:
  UdpPorts::Place place(const std::string& host = "127.0.0.1") const { return {at(host, port_)}; }
  Status add(Client& client, const UdpPorts::Place& where) {
    return ports_.add(*loop_, client, where, false);
  }
  template <class Condition>
  bool until(Condition condition) {
    return runUntil(*loop_, condition);
  }

  SystemClock clock_;
  std::unique_ptr<EventLoop> loop_ = EventLoop::create(clock_).value();
  UdpPorts ports_;
  const uint16_t port_ = test::freePort();
};

TEST_F(UdpPortsTest, ADatagramGoesToAllWhoPermitItsSender) {
  Client all("127.0.0.0/8");
  Client second("127.0.0.2");
  ASSERT_TRUE(add(all, place()).ok());
  ASSERT_TRUE(add(second, place()).ok());
  EXPECT_EQ(ports_.openPorts(), 1U);
  const Device two("127.0.0.2");
  const Device three("127.0.0.3");
  three.send("127.0.0.1", port_, "three");
  two.send("127.0.0.1", port_, "two");
  EXPECT_TRUE(until([&] { return all.got == "three;two;" && second.got == "two;"; }));
  EXPECT_EQ(second.strangers, "");  // somebody else wanted it
}

TEST_F(UdpPortsTest, WhatNobodyPermitsIsToldToAll) {
  Client second("127.0.0.2");
  Client third("127.0.0.3");
  ASSERT_TRUE(add(second, place()).ok());
  ASSERT_TRUE(add(third, place()).ok());
  const Device stranger("127.0.0.4");
  stranger.send("127.0.0.1", port_, "hello");
  EXPECT_TRUE(until([&] { return third.strangers == stranger.address.text() + ";"; }));
  EXPECT_EQ(second.strangers, third.strangers);
  EXPECT_EQ(second.got + third.got, "");
}

TEST_F(UdpPortsTest, AllSendOutOfTheSharedPort) {
  Client first("127.0.0.0/8");
  Client second("127.0.0.0/8");
  ASSERT_TRUE(add(first, place()).ok());
  ASSERT_TRUE(add(second, place()).ok());
  const Device device("127.0.0.2");
  for (const Client* client : {&first, &second}) {
    EXPECT_TRUE(ports_.send(*client, device.address, "question").ok());
    uint16_t from = 0;
    EXPECT_TRUE(until([&] { return device.read(&from) == "question"; }));
    EXPECT_EQ(from, port_);
  }
}

TEST_F(UdpPortsTest, ASlowClientMissesWhatOthersGet) {
  Client slow("127.0.0.0/8");
  Client quick("127.0.0.0/8");
  ASSERT_TRUE(add(slow, place()).ok());
  ASSERT_TRUE(add(quick, place()).ok());
  slow.full = true;
  const Device device("127.0.0.2");
  device.send("127.0.0.1", port_, "one");
  EXPECT_TRUE(until([&] { return quick.got == "one;"; }));
  EXPECT_EQ(slow.got, "");
  EXPECT_EQ(slow.missedCount, 1);
  slow.full = false;
  ports_.resume(slow);
  device.send("127.0.0.1", port_, "two");
  EXPECT_TRUE(until([&] { return slow.got == "two;" && quick.got == "one;two;"; }));
}

TEST_F(UdpPortsTest, WhileAllAreFullTheKernelKeepsWhatComes) {
  Client first("127.0.0.0/8");
  Client second("127.0.0.0/8");
  ASSERT_TRUE(add(first, place()).ok());
  ASSERT_TRUE(add(second, place()).ok());
  first.full = second.full = true;
  const Device device("127.0.0.2");
  device.send("127.0.0.1", port_, "one");
  for (int i = 0; i < 5; ++i) {
    loop_->runOnce(Milliseconds(1));
  }
  EXPECT_EQ(first.missedCount + second.missedCount, 0);
  first.full = second.full = false;
  ports_.resume(second);
  EXPECT_TRUE(until([&] { return first.got == "one;" && second.got == "one;"; }));
}

// One who joins while all others are full is heard at once.
TEST_F(UdpPortsTest, ANewClientWakesAPortThatRests) {
  Client slow("127.0.0.0/8");
  ASSERT_TRUE(add(slow, place()).ok());
  slow.full = true;
  const Device device("127.0.0.2");
  device.send("127.0.0.1", port_, "one");
  loop_->runOnce(Milliseconds(20));
  Client fresh("127.0.0.0/8");
  ASSERT_TRUE(add(fresh, place()).ok());
  EXPECT_TRUE(until([&] { return fresh.got == "one;"; }));
}

TEST_F(UdpPortsTest, APortClosesWithItsLastClient) {
  Client first("127.0.0.2");
  Client second("127.0.0.3");
  ASSERT_TRUE(add(first, place()).ok());
  ASSERT_TRUE(add(second, place()).ok());
  ports_.remove(first);
  ports_.remove(first);
  EXPECT_EQ(ports_.openPorts(), 1U);
  EXPECT_FALSE(ports_.send(first, at("127.0.0.2", 9), "x").ok());
  ports_.remove(second);
  EXPECT_EQ(ports_.openPorts(), 0U);
  UdpPorts others;  // the port is free again
  EXPECT_TRUE(others.add(*loop_, first, place(), false).ok());
}

TEST_F(UdpPortsTest, APortThatIsTakenIsNotShared) {
  Client first("127.0.0.2");
  UdpPorts others;
  ASSERT_TRUE(others.add(*loop_, first, place(), false).ok());
  const Status refused = add(first, place());
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("listen at 127.0.0.1:" + std::to_string(port_)),
            std::string::npos);
  EXPECT_EQ(ports_.openPorts(), 0U);
}

TEST_F(UdpPortsTest, PortZeroIsForOneAlone) {
  Client first("127.0.0.0/8");
  Client second("127.0.0.0/8");
  const UdpPorts::Place any{at("127.0.0.1", 0)};
  ASSERT_TRUE(add(first, any).ok());
  ASSERT_TRUE(add(second, any).ok());
  EXPECT_EQ(ports_.openPorts(), 2U);
}

TEST_F(UdpPortsTest, EachFamilyHasASocketOfItsOwn) {
  if (!Device("::1").isThere) {
    GTEST_SKIP() << "this machine has no IPv6";
  }
  Client both("127.0.0.0/8");
  ASSERT_TRUE(add(both, place("0.0.0.0")).ok());
  ASSERT_TRUE(add(both, place("::")).ok());  // the same port
  const Device four("127.0.0.2");
  const Device six("::1");
  EXPECT_TRUE(ports_.send(both, four.address, "four").ok());
  EXPECT_TRUE(ports_.send(both, six.address, "six").ok());
  EXPECT_TRUE(until([&] { return four.read() == "four"; }));
  EXPECT_TRUE(until([&] { return six.read() == "six"; }));
  six.send("::1", port_, "x");
  EXPECT_TRUE(until([&] { return both.strangers == six.address.text() + ";"; }));
}

TEST_F(UdpPortsTest, BroadcastsAreForThoseWhoSaySo) {
  Client quiet("127.0.0.0/8");
  ASSERT_TRUE(add(quiet, place()).ok());
  EXPECT_FALSE(ports_.send(quiet, at("255.255.255.255", 9), "x").ok());
  Client loud("127.0.0.0/8");
  ASSERT_TRUE(ports_.add(*loop_, loud, place(), true).ok());
  EXPECT_TRUE(ports_.send(loud, at("255.255.255.255", 9), "x").ok());
  EXPECT_FALSE(ports_.send(quiet, at("255.255.255.255", 9), "x").ok());  // over the same socket
}

TEST_F(UdpPortsTest, OtherGroupsAreOtherSockets) {
  const auto group = [&](const char* text) {
    return UdpPorts::Place{at("0.0.0.0", port_), at(text, 0), at("127.0.0.1", 0)};
  };
  Client first("127.0.0.0/8");
  Client second("127.0.0.0/8");
  Client third("127.0.0.0/8");
  ASSERT_TRUE(add(first, group("239.255.77.8")).ok());
  ASSERT_TRUE(add(second, group("239.255.77.8")).ok());
  ASSERT_TRUE(add(third, group("239.255.77.9")).ok());
  EXPECT_EQ(ports_.openPorts(), 2U);
  EXPECT_TRUE(ports_.send(third, at("239.255.77.8", port_), "to eight").ok());
  EXPECT_TRUE(until([&] { return first.got == "to eight;" && second.got == "to eight;"; }));
  EXPECT_EQ(third.got, "");
  Client lost("127.0.0.0/8");
  UdpPorts::Place nowhere = group("239.255.77.8");
  nowhere.interface = at("192.0.2.1", 0);
  const Status refused = add(lost, nowhere);
  ASSERT_FALSE(refused.ok());
  EXPECT_NE(refused.error().message.find("has the address 192.0.2.1"), std::string::npos);
}

}  // namespace
}  // namespace busbar
